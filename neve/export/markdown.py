"""Cards are Markdown with YAML at their head; what is written into them comes from outside and is escaped.

YAML reads JSON, so values at the head are written as JSON and no YAML library is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_ACTIVE = re.compile(r"([\\`*_\[\]|<>#~!])")
"""Characters that begin markup somewhere in a line."""


def head(values: Mapping[str, Any]) -> str:
    """The metadata at a card's head; a value of None is left out.

    >>> head({"tags": ["code"], "license": None})
    '---\\ntags: ["code"]\\n---\\n'
    """
    lines = [
        f"{key}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value is not None
    ]
    return "\n".join(["---", *lines, "---"]) + "\n"


def escaped(text: object) -> str:
    """Text that stays text in Markdown, on one line.

    >>> escaped("a|b <img>")
    'a\\\\|b \\\\<img\\\\>'
    """
    return _ACTIVE.sub(r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """A name in code type; a backtick or a bar in it, which would end the span or the cell, becomes '."""
    return f"`{' '.join(str(text).split()).replace('`', chr(39)).replace('|', chr(39))}`"


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; numbers are written with separators, text is taken as it is: `escaped` or `code` before."""
    names = list(headings)
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def share(part: float, whole: float) -> str:
    """A share in percent.

    >>> share(1, 8)
    '12.5 %'
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"
