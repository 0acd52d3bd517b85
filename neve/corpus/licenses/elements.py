"""The elements of an XML file, read from its tags alone.

Package metadata need a few of them, and are often no XML that a parser takes: templates, fragments,
undeclared entities. One pass over the tags reads whatever is there, in time that grows with the text,
however it was made. The trade-off: an element within another of its own name is not told apart.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Element(NamedTuple):
    start: int
    end: int
    name: str
    """In lower case."""
    attributes: str
    inner: str

    def attribute(self, *names: str) -> str:
        """The value of the first attribute of these names; empty where there is none."""
        found = re.search(rf"""\b(?:{"|".join(names)})\s*=\s*["']([^"']+)["']""", self.attributes)
        return found[1] if found else ""


_OTHERS = {"dependency", "dependencies", "plugin", "plugins"}
"""Elements about other projects, where they have no attributes."""
_TAG = re.compile(r"<(/?)([\w:.-]+)([^<>]*)>")


def elements(text: str, wanted: set[str]) -> list[Element]:
    """The outermost elements of these names that are closed, in one pass whatever the text."""
    found: list[Element] = []
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if opened is None:
            if name in wanted and not tag[1]:
                if tag[3].endswith("/"):
                    found.append(Element(tag.start(), tag.end(), name, tag[3], ""))
                else:
                    opened = tag
        elif tag[1] and name == opened[2].lower():
            inner = text[opened.end() : tag.start()]
            found.append(Element(opened.start(), tag.end(), name, opened[3], inner))
            opened = None
    return found


def without_comments(text: str) -> str:
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts.append(text[at:start])
        at = end + 3
    return "".join([*parts, text[at:]])


def without_others(text: str) -> str:
    """The text without what it says of other projects."""
    parts, at = [], 0
    for element in elements(text, _OTHERS):
        if not element.attributes.strip():
            parts.append(text[at : element.start])
            at = element.end
    return "".join([*parts, text[at:]])
