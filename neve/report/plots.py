"""Plots as inline SVG: a few kilobytes each, sharp at any size, readable without a network.

Three shapes are all that the report needs: lines, bars and stacked histograms. Colours come from the
page's style (classes s0 … s5), so that one picture serves light and dark.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 72, 12, 12, 42

Series = tuple[str, list[float], list[float]]
"""Label, x values, y values."""


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that span [low, high], about `count` of them.

    >>> ticks(0, 10)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if not high > low:
        high = low + 1
    step = 10 ** math.floor(math.log10((high - low) / count))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= count)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def short(value: float) -> str:
    """A number for an axis.

    >>> [short(v) for v in (0, 1500, 2_500_000, 0.002, 0.0015, 0.25)]
    ['0', '1.5k', '2.5M', '2e-03', '1.5e-03', '0.25']
    """
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:g}M"
    if size >= 1e3:
        return f"{value / 1e3:g}k"
    if 0 < size < 0.01:
        return f"{value:.0e}" if math.isclose(value, float(f"{value:.0e}")) else f"{value:.1e}"
    return f"{value:g}"


def lines(series: list[Series], x_label: str, y_label: str, height: int = HEIGHT, zero: bool = False) -> str:
    """A line for each series that has points, with a legend; `zero` starts the y axis at 0.

    A series keeps the colour of its place, so that plots that give the same series alike match.
    """
    xs = [x for _, x_values, _ in series for x in x_values]
    ys = [y for _, _, y_values in series for y in y_values]
    if not xs:
        return ""
    low, high = (0.0 if zero else min(ys)), max(ys)
    pad = 0.0 if zero else 0.03 * (high - low)
    box = _Box(min(xs), max(xs), low - pad, high + pad, height)
    body = [box.axes(x_label, y_label)]
    for number, (label, x_values, y_values) in enumerate(series):
        if not x_values:
            continue
        points = " ".join(f"{box.x(x):.1f},{box.y(y):.1f}" for x, y in zip(x_values, y_values, strict=True))
        body.append(
            f'<polyline class="line s{number % 6}" points="{points}"><title>{html.escape(label)}</title></polyline>'
        )
    return _svg("".join(body), height) + legend([label if xs else None for label, xs, _ in series])


def stacked(edges: list[float], parts: list[tuple[str, list[int]]], x_label: str, y_label: str) -> str:
    """Histograms of several parts on top of each other; `edges` has one value more than each part."""
    totals = [sum(values[i] for _, values in parts) for i in range(len(edges) - 1)]
    box = _Box(edges[0], edges[-1], 0, max([*totals, 1]), HEIGHT)
    body = [box.axes(x_label, y_label)]
    below = [0] * (len(edges) - 1)
    for number, (label, values) in enumerate(parts):
        for i, value in enumerate(values):
            if value:
                x0, x1, y0, y1 = (
                    box.x(edges[i]),
                    box.x(edges[i + 1]),
                    box.y(below[i]),
                    box.y(below[i] + value),
                )
                body.append(
                    f'<rect class="fill s{number % 6}" x="{x0:.1f}" y="{y1:.1f}" width="{max(x1 - x0 - 0.5, 0.5):.1f}" '
                    f'height="{y0 - y1:.1f}"><title>{html.escape(label)}: {value}</title></rect>'
                )
                below[i] += value
    return _svg("".join(body), HEIGHT) + legend([label for label, _ in parts])


def legend(labels: Sequence[str | None]) -> str:
    """The names of the series beside their colours; None keeps a colour's place."""
    items = (
        f'<span><i class="swatch s{n % 6}"></i>{html.escape(label)}</span>'
        for n, label in enumerate(labels)
        if label is not None
    )
    return f'<div class="legend">{"".join(items)}</div>'


class _Box:
    """The plotting area: data coordinates to pixels."""

    def __init__(self, x0: float, x1: float, y0: float, y1: float, height: int) -> None:
        self.x0, self.x1 = x0, x1 if x1 > x0 else x0 + 1
        self.y0, self.y1 = y0, y1 if y1 > y0 else y0 + 1
        self.height = height

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return self.height - BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (self.height - TOP - BOTTOM)

    def axes(self, x_label: str, y_label: str) -> str:
        bottom = self.height - BOTTOM
        parts = []
        for tick in ticks(self.y0, self.y1):
            y = self.y(tick)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
        for tick in ticks(self.x0, self.x1, 8):
            parts.append(
                f'<text x="{self.x(tick):.1f}" y="{bottom + 17}" text-anchor="middle">{short(tick)}</text>'
            )
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(
            f'<text x="{middle}" y="{self.height - 6}" text-anchor="middle">{html.escape(x_label)}</text>'
        )
        parts.append(
            f'<text transform="translate(13,{(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">{html.escape(y_label)}</text>'
        )
        return "".join(parts)


def _svg(body: str, height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{body}</svg>'
