"""The page is self-contained, shows the summary's numbers, and source text in it is harmless."""

import copy

from neve.report.page import funnel, render
from neve.store import read_json


def test_hostile_text_is_escaped(small_run) -> None:
    summary = read_json(small_run / "report" / "summary.json")
    hostile = copy.deepcopy(summary)
    attack = "<script>alert(1)</script>"
    hostile["scores"]["best"][0]["text"] = attack
    hostile["scores"]["best"][0]["path"] = attack
    hostile["corpus"]["rules"][0]["samples"][0]["detail"] = attack
    hostile["recipe"]["run"]["name"] = attack
    page = render(hostile)
    assert attack not in page and "&lt;script&gt;" in page


def test_the_page_loads_nothing(small_run) -> None:
    page = (small_run / "report" / "index.html").read_text()
    assert "default-src 'none'" in page
    for loader in ("<script", "<link", "<img", "<iframe", "@import", "url("):
        assert loader not in page.replace("&lt;", "").split("<pre>")[0]


def test_the_funnel_ends_at_the_documents(small_run) -> None:
    corpus = read_json(small_run / "report" / "summary.json")["corpus"]
    rows = funnel(corpus)
    assert rows[0]["left"] == corpus["entering"] and rows[-1]["left"] == corpus["documents"]


def test_the_page_shows_the_figures_of_the_summary(small_run) -> None:
    page = (small_run / "report" / "index.html").read_text()
    summary = read_json(small_run / "report" / "summary.json")
    for model in summary["results"]["models"].values():
        assert f"{model['bits_per_byte']['humaneval']['value']:.3f}" in page
    assert f"{summary['corpus']['entering']:,}" in page
