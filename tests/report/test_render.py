"""How pages are made. Oracle: Python's JSON and HTML parsers."""

import json

import pytest

from neve.report.render import ASSETS, asset, embedded, human_bytes, page


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "]]>&lt;", "\u2028 \U0001f600"])
def test_embedded_json_cannot_end_its_element(text: str) -> None:
    made = embedded({"a": text})
    assert json.loads(made) == {"a": text} and "<" not in made and ">" not in made


def test_assets_cannot_end_their_element() -> None:
    for path in ASSETS.glob("*.js"):
        assert "</script" not in asset(path.name).lower()
    assert "</style" not in asset("style.css")


def test_a_page_without_charts_has_no_script() -> None:
    values = {"title": "t", "results": {"sandbox": {"tier": "a", "detail": "b"}, "bits_per_byte": {}}, "benchmarks": {},
              "published": {}, "columns": [], "row": {}, "any_beside": False}  # fmt: skip
    made = page("evaluation.html", [], **values)
    assert "<script" not in made and "script-src" not in made


def test_bytes() -> None:
    assert [human_bytes(v) for v in (0, 999, 1000, 2.5e15)] == ["0 B", "999 B", "1.0 kB", "2500.0 TB"]
