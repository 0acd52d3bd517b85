"""How pages are made: templates that escape whatever they are given, styles and scripts from this package
alone.

Source text on a page is hostile. Jinja escapes it, JSON inside a page cannot end its element, and the page's
policy admits this package's scripts by their digests and nothing from anywhere else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

    from neve.report.charts import Chart

ASSETS = Path(__file__).with_name("assets")
SCRIPTS = ("plot.js", "chart.js", "report.js")
LIVE = ("plot.js", "chart.js", "live.js")
NAMED = 8
"""Names that are listed one by one; of more the number is said."""
FEW = 10
"""Below this many documents or tasks an interval says more than is known: the count is shown instead."""


@functools.cache
def environment() -> jinja2.Environment:
    """Templates of this package; a missing value is an error, never an empty place."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("neve.report", "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["n"] = lambda value: f"{value:,.0f}"
    made.filters["f3"] = lambda value: "–" if value is None else f"{value:.3f}"
    made.filters["figure"] = lambda value: f"{value:,.5g}" if isinstance(value, int | float) else value
    made.filters["pct"] = lambda value: f"{100 * value:.1f} %"
    made.filters["interval"] = interval
    made.filters["units"] = units
    made.filters["signed"] = lambda value: f"{value:+.3f}"
    made.filters["json"] = lambda value: json.dumps(value, indent=1, ensure_ascii=False)
    made.filters["bytes"] = human_bytes
    made.filters["listed"] = listed
    made.filters["largest"] = largest
    return made


def page(template: str, charts: list[Chart], live: bool = False, **values: Any) -> str:
    """A page of `template` with its charts, which it finds by name under `charts`; a `live` one may ask its
    server for more."""
    scripts = [asset(name) for name in (LIVE if live else SCRIPTS if charts else ())]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    return environment().get_template(template).render(
        css=asset("style.css"),
        scripts=scripts,
        script_hashes=" ".join(f"'sha256-{digest}'" for digest in digests),
        charts={chart.name: chart for chart in charts},
        live=live,
        charts_json=embedded({chart.name: chart.data() for chart in charts}),
        **values,
    )  # fmt: skip


@functools.cache
def asset(name: str) -> str:
    """Text of a file of `assets/`."""
    return (ASSETS / name).read_text(encoding="utf-8")


def embedded(value: Any) -> str:
    """JSON that may stand inside a script element: no character of it can begin a tag.

    >>> embedded("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def interval(pair: list[float]) -> str:
    return f"[{pair[0]:.3f}, {pair[1]:.3f}]"


def units(figure: dict[str, Any]) -> str:
    """The interval of a figure, or how few units it rests on.

    >>> units({"interval": [1.0, 2.0], "documents": 40}), units({"interval": [1.5, 1.5], "documents": 1})
    ('[1.000, 2.000]', '1 document, no interval')
    """
    unit = "task" if "tasks" in figure else "document"
    count = figure.get(f"{unit}s", FEW)
    if count >= FEW:
        return interval(figure["interval"])
    return f"{count} {unit}{'' if count == 1 else 's'}, no interval"


def listed(names: Sequence[str]) -> str:
    """Names as in a sentence.

    >>> listed(["A", "B"]), listed([str(n) for n in range(20)])
    ('A and B', '0, 1, 2, 3, 4, 5, 6, 7 and 12 others')
    """
    if len(names) > NAMED + 1:
        names = [*names[:NAMED], f"{len(names) - NAMED} others"]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def largest(rows: Sequence[dict[str, Any]], most: int, name: str, *sums: str) -> list[dict[str, Any]]:
    """The first rows, and one for all others together: how many they are under `name`, and what `sums` come
    to.

    >>> largest([{"l": "A", "n": 5}, {"l": "B", "n": 2}, {"l": "C", "n": 1}], 1, "l", "n")
    [{'l': 'A', 'n': 5}, {'l': '2 others', 'n': 3}]
    """
    rest = rows[most:]
    if len(rest) < 2:
        return list(rows)
    total = {key: sum(row[key] for row in rest) for key in sums}
    return [*rows[:most], {**dict.fromkeys(rest[0]), name: f"{len(rest)} others", **total}]


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
