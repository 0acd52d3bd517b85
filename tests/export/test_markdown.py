"""Cards as Markdown. Oracles: markdown-it for what a reader sees, PyYAML for the head."""

from __future__ import annotations

import yaml
from markdown_it import MarkdownIt

from neve.export.markdown import code, escaped, head, share, table

HOSTILE = "a|b <script>alert(1)</script> [x](javascript:alert(1)) `c` *d*\n# e"


def test_hostile_text_stays_text() -> None:
    made = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(table(("name",), [(escaped(HOSTILE),), (code(HOSTILE),)]))
    )
    assert made.count("<td>") == 2 and made.count("<tr>") == 3
    for tag in ("<script", "<a ", "<em>", "<h1>", "<img"):
        assert tag not in made
    assert "a|b &lt;script&gt;" in made


def test_a_head_is_yaml() -> None:
    values = {
        "tags": ["code", "a: b"],
        "license": None,
        "configs": [{"data_files": [{"split": "train"}]}],
        "name": 'x "y"',
    }
    text = head(values)
    assert text.startswith("---\n") and text.endswith("---\n")
    assert yaml.safe_load(text.removesuffix("---\n").removeprefix("---\n")) == {
        key: value for key, value in values.items() if value is not None
    }


def test_numbers_read_well() -> None:
    assert table(("n",), [(1234567,), (0.008,), (None,)]).splitlines()[2:] == [
        "| 1,234,567 |",
        "| 0.008 |",
        "| – |",
    ]
    assert share(0, 0) == "–" and share(1, 3) == "33.3 %"
