"""The report's charts as plain data: what is drawn, and the same numbers as a table.

The page carries each chart as JSON and as a table. `assets/report.js` draws the JSON with Observable Plot,
bundled into the package, so a page opens without a network and without a server. Where scripts are off, the
tables remain. The trade-off: 260 kB of library in every page, for axes, hover and zoom that are not ours to
maintain.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

PARTS = 5
"""Of a stack, with a colour each."""


@dataclass(frozen=True)
class Chart:
    """One figure: `rows` are drawn by `shape` and listed under the names of `columns`."""

    name: str
    """Identifier on the page, unique."""
    shape: str
    """A drawing function of report.js: intervals, lines, bars, histogram."""
    title: str
    columns: dict[str, str]
    """Key in a row -> heading of the table; the first is a text, the others numbers."""
    rows: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    """What the drawing function needs beyond the rows: labels of axes, marks, links."""

    def data(self) -> dict[str, Any]:
        """What report.js reads."""
        return asdict(self)


def intervals(name: str, title: str, rows: list[dict[str, Any]], x: str) -> Chart:
    """Values with their intervals on one axis; rows: model, metric, value, low, high, control (bool)."""
    columns = {"model": "model", "metric": "on", "value": x, "low": "from", "high": "to"}
    return Chart(name, "intervals", title, columns, rows, {"x": x})


def lines(name: str, title: str, series: dict[str, tuple[list[float], list[float]]], x: str, y: str) -> Chart:
    """A line for each series with points; `series` is name -> (x values, y values)."""
    rows = [
        {"series": label, "x": at, "y": value}
        for label, (xs, ys) in series.items()
        for at, value in zip(xs, ys, strict=True)
        if value is not None
    ]
    return Chart(name, "lines", title, {"series": "phase", "x": x, "y": y}, rows, {"x": x, "y": y})


def bars(name: str, title: str, rows: list[dict[str, Any]], x: str, **options: Any) -> Chart:
    """Horizontal bars in the order given; rows: label, value, and `part` where a bar is made of parts."""
    columns = {"label": "", "value": x} | ({"part": "part"} if rows and "part" in rows[0] else {})
    return Chart(name, "bars", title, columns, rows, {"x": x, **options})


def histogram(
    name: str,
    title: str,
    edges: list[float],
    parts: dict[str, list[int]],
    x: str,
    y: str,
) -> Chart:
    """Stacked counts between `edges`, which has one value more than each part; empty bins are left out, and
    parts beyond the PARTS largest are one."""
    names = sorted(parts, key=lambda name: (-sum(parts[name]), name))
    if len(names) > PARTS + 1:
        rest = [sum(counts) for counts in zip(*(parts[name] for name in names[PARTS:]), strict=True)]
        parts = {name: parts[name] for name in names[:PARTS]} | {f"{len(names) - PARTS} others": rest}
    rows = [
        {"part": label, "low": edges[i], "high": edges[i + 1], "count": count}
        for label, counts in parts.items()
        for i, count in enumerate(counts)
        if count
    ]
    columns = {"part": "language", "low": "from", "high": "to", "count": y}
    return Chart(name, "histogram", title, columns, rows, {"x": x, "y": y})
