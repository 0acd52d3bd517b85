"""Curation on the page. Oracles: counts written by hand, and Python's HTML parser."""

from html.parser import HTMLParser

import pytest

from neve.report.corpus import corpus_charts, difference, funnel, with_differences

CORPUS = {
    "entering": 10,
    "documents": 6,
    "rules": [
        {"stage": "near", "rule": "near-duplicate", "files": 1, "languages": {"C": 1}, "samples": []},
        {"stage": "licenses", "rule": "license", "files": 3, "languages": {"C": 3}, "samples": []},
    ],
    "by_language": [{"language": "C", "entering": 10, "left": 6, "stopped": {"near": 1, "licenses": 3}}],
}


def text_of(html: str) -> str:
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(html)
    return "".join(found)


def test_the_funnel_follows_the_stages_and_ends_at_the_documents() -> None:
    rows = funnel(CORPUS)
    assert [row["stage"] for row in rows] == ["files that enter", "licenses", "near"]
    assert [row["left"] for row in rows] == [10, 7, 6]


def test_charts_add_up_and_lead_to_the_rule_that_stopped_most() -> None:
    stages, languages = corpus_charts(CORPUS)
    by_stage = {(row["label"], row["part"]): row for row in stages.rows}
    assert by_stage["licenses", "stopped here"]["value"] == 3
    assert by_stage["licenses", "left"]["href"] == "#rule-licenses-license"
    assert sum(row["value"] for row in languages.rows) == CORPUS["entering"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a = 1\n", "a = 2\n"),
        ("", "x"),
        ("<b> & </b>", "<i> & </i>"),
        ("same", "same"),
        ("ü\t\n", "\U0001f600"),
    ],
)
def test_a_difference_keeps_both_texts_and_marks_only_what_differs(left: str, right: str) -> None:
    marked = difference(left, right)
    assert text_of(marked["left"]) == left and text_of(marked["right"]) == right
    assert ("<del>" in marked["left"] or "<ins>" in marked["right"]) == (left != right)


def test_only_near_duplicates_with_both_texts_are_compared() -> None:
    samples = [{"text": "a", "kept_text": "b"}, {"text": "a", "kept_text": "a"}, {"text": "a"}]
    rule = {**CORPUS["rules"][0], "samples": samples}
    shown = with_differences({**CORPUS, "rules": [rule]})["rules"][0]["samples"]
    assert ["diff" in sample for sample in shown] == [True, False, False]
    assert "diff" not in samples[0]
