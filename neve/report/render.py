"""How pages are made: templates that escape whatever they are given, and how numbers look on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


def environment() -> jinja2.Environment:
    """Templates of this folder; a missing value is an error, never an empty place."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("neve.report", "."), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["n"] = lambda value: f"{value:,.0f}"
    made.filters["f3"] = lambda value: "–" if value is None else f"{value:.3f}"
    made.filters["pct"] = lambda value: f"{100 * value:.1f} %"
    made.filters["interval"] = lambda pair: f"[{pair[0]:.3f}, {pair[1]:.3f}]"
    made.filters["signed"] = lambda value: f"{value:+.3f}"
    made.filters["json"] = lambda value: json.dumps(value, indent=1, ensure_ascii=False)
    made.filters["bytes"] = human_bytes
    return made


def human_bytes(value: float) -> str:
    """Bytes in the unit that reads best.

    >>> human_bytes(512), human_bytes(12_345_678)
    ('512 B', '12.3 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
