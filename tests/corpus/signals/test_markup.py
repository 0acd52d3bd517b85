"""The text of a page that a reader sees. Oracle: regular expressions, and pages counted by hand."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.signals import markup
from neve.corpus.text import buffers

TAGS = (r"<!--[\s\S]*?-->", r"<(script|style)[^>]*>[\s\S]*?</\1[^>]*>", r"<[A-Za-z!/?][^>]*>")
PIECES = st.sampled_from(
    ["a", " ", "é", "\n", "< ", "&amp;", "<p>", "</p>", "<br/>", "<?php ?>", "<a href='x'>", "<!-- <b>no</b> -->", "<!DOCTYPE html>",
     "<script src=a>if (a < b) { }</script>", "<STYLE>p { }</STYLE>", "<style>\n<p></style >"]
)  # fmt: skip


def measured(page: str, language: str) -> list[float]:
    values, offsets, _ = buffers(pa.array([page], pa.large_string()))
    return markup.measure(values, offsets, [language])[:, 0].tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join))
def test_agrees_with_regular_expressions(page: str) -> None:
    """Of pages whose tags are closed, what is left when comments, scripts, styles and tags are cut out in one go."""
    seen = len(re.sub("|".join(TAGS), "", page, flags=re.IGNORECASE))
    assert measured(page, "HTML") == pytest.approx([seen / max(1, len(page)), seen])


@pytest.mark.parametrize(
    ("page", "characters_"),
    [
        ("<p>Hello <b>you</b></p>", 9), ("<script>var a = '<p>';</script>é", 1), ("<!-- <p>a</p> --> x", 2), ("a < b", 5),
        ("<style>\np {}\n</style>\nx", 2), ("<SCRIPT src=a></SCRIPT>ok", 2), ("<p", 0), ("", 0),
    ],
)  # fmt: skip
def test_visible_text(page: str, characters_: int) -> None:
    assert measured(page, "HTML") == pytest.approx([characters_ / max(1, len(page)), characters_])
    assert measured(page, "XML") == [0, 0]  # not measured
