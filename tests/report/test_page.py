"""The report's page: self-contained, true to the summary, harmless. Oracles: `summary.json`, Python's HTML parser, SHA-256."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from neve.documents import read
from neve.evaluation import published
from neve.report.page import WORDS, render
from neve.store import read_json


class Page(HTMLParser):
    """Tags with their attributes, text of scripts, and text as a reader sees it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)
        elif self.inside != "style":
            self.text += data


@pytest.fixture(scope="module")
def summary(small_run: Path) -> dict:
    return read_json(small_run / "report" / "summary.json")


@pytest.fixture(scope="module")
def page(small_run: Path) -> Page:
    return Page((small_run / "report" / "index.html").read_text())


def test_hostile_text_is_escaped(summary) -> None:
    hostile = copy.deepcopy(summary)
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    hostile["scores"]["encoder"]["beside"][0]["best"][0] |= {"text": attack, "path": attack}
    hostile["scores"]["encoder"]["beside"][0]["language"] = attack
    hostile["corpus"]["rules"][0]["samples"][0]["detail"] = attack
    hostile["corpus"]["by_language"][0]["language"] = attack
    hostile["written"] = [
        {"task_id": attack, "models": [{"model": attack, "status": attack, "text": attack}]}
    ]
    hostile["recipe"]["run"]["name"] = attack
    for rule in hostile["corpus"]["rules"]:
        for sample in rule["samples"]:
            if "kept_text" in sample:
                sample |= {"text": f"one {attack}", "kept_text": f"two {attack}"}
    found = Page(render(hostile))
    assert not [tag for tag, attrs in found.tags if tag in ("img", "iframe", "object", "link")]
    assert sum(tag == "script" for tag, _ in found.tags) == 4
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert attack in found.text


def test_the_page_loads_nothing_and_runs_three_known_scripts(page: Page) -> None:
    for tag, attrs in page.tags:
        assert "src" not in attrs and (tag != "a" or str(attrs["href"]).startswith("#")), (tag, attrs)
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv"))
    admitted = set(re.findall(r"sha256-([^']+)", str(policy)))
    data, *scripts = page.scripts
    digests = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
    assert len(scripts) == 3 and digests == admitted and "default-src 'none'" in str(policy)
    assert json.loads(data)


def test_every_chart_stands_as_a_table_too(page: Page) -> None:
    data = json.loads(page.scripts[0])
    drawn = {attrs["data-chart"] for tag, attrs in page.tags if tag == "figure"}
    assert (
        drawn == set(data)
        and {"results", "funnel", "languages", "curve-loss", "scores-encoder", "times"} <= drawn
    )
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables > len(drawn)
    for chart in data.values():
        assert chart["rows"] and all(set(chart["columns"]) <= set(row) for row in chart["rows"])


def test_links_lead_to_something(page: Page) -> None:
    places = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    links = {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"}
    charts = json.loads(page.scripts[0])
    links |= {row["href"][1:] for row in charts["funnel"]["rows"]}
    assert links <= places, links - places


def test_the_page_shows_the_figures_of_the_summary(page: Page, summary) -> None:
    for model in summary["results"]["models"].values():
        assert f"{model['bits_per_byte']['humaneval']['value']:.3f}" in page.text
    assert f"{summary['corpus']['entering']:,}" in page.text
    assert all(word in page.text for word in WORDS)
    assert any(
        w["text"].strip() and w["text"][:40] in page.text for t in summary["written"] for w in t["models"]
    ) or not any(w["text"].strip() for t in summary["written"] for w in t["models"])


def test_documents_on_both_sides_of_the_cut_are_shown(summary, small_run: Path) -> None:
    beside = summary["scores"]["encoder"]["beside"]
    shown = beside[0]["marginal"]
    (chosen_file,) = small_run.glob("stages/selection-quality-*/selection.parquet")
    chosen = set(read(chosen_file)["doc_id"].to_pylist())
    assert {d["side"] for d in shown} == {"above the cut", "below"} and len(
        {d["language"] for d in shown}
    ) == 1
    assert all((d["doc_id"] in chosen) == (d["side"] == "above the cut") for d in shown)
    for side in ("above the cut", "below"):
        ranks = [d["rank"] for d in shown if d["side"] == side]
        assert ranks == sorted(ranks)
    assert sum(one["above"] for one in beside) == len(chosen)


def test_the_page_is_small(small_run: Path) -> None:
    assert (small_run / "report" / "index.html").stat().st_size < 5 << 20


def test_what_fell_short_the_papers_rows_and_a_text_are_shown(page: Page, summary) -> None:
    assert summary["shortages"] and all(line in page.text for line in summary["shortages"])
    for name, row in published.TABLE.items():
        assert name in page.text and f"{row[0]:.1f}" in page.text
    text = summary["results"]["continuation"]
    assert text["prompt"].strip()[:40] in page.text
    assert all(said.strip()[:20] in page.text for said in text["models"].values())


def test_it_says_how_long_devices_waited_while_an_annotator_scored(summary) -> None:
    scoring = {
        "frozen": {"device_seconds": 80.0, "device_waits": 0.0314},
        "still": {"device_seconds": 1.0, "device_waits": 0.0},
    }
    page = Page(render({**summary, "timings": {**summary["timings"], "scoring": scoring}}))
    assert "While frozen scored, the cores or GPUs that it had waited 3.1 % of the time." in page.text
    assert "While still scored, the cores or GPUs that it had waited 0.0 % of the time." in page.text


def test_curves_of_speed_and_gradients(page: Page, summary) -> None:
    """Oracle: the steps as they were timed; their mean is that of the table within the time that starting took."""
    charts = json.loads(page.scripts[0])
    assert {"curve-loss", "curve-grad_norm", "curve-speed"} <= set(charts)
    assert {row["series"] for row in charts["curve-speed"]["rows"]} == {p["name"] for p in summary["phases"]}
    assert all(row["y"] > 0 for row in charts["curve-speed"]["rows"])


def test_the_page_of_the_largest_corpus_is_small(summary) -> None:
    """Oracle: everything that grows at its limit: rules with their samples, languages, licences, curves, repositories."""
    large = copy.deepcopy(summary)
    corpus = large["corpus"]
    text = "".join(f"name_{i} = value\n" for i in range(75))[:1200]
    sample = {"repo": "r" * 40, "path": "p" * 80, "text": text}
    rule = {"stage": "filters", "files": 1000, "languages": dict.fromkeys(map(str, range(300)), 3)}
    corpus["rules"] = [
        {**rule, "rule": f"rule{i}", "samples": [dict(sample) for _ in range(5)]} for i in range(90)
    ]
    corpus["by_language"] = [{**corpus["by_language"][0], "language": str(i)} for i in range(26)]
    corpus["licenses"] = [{"license": f"Licence-{i}", "documents": 1000, "bytes": 10**9} for i in range(300)]
    corpus["heldout_repositories"] = [f"owner/repository-{i}" for i in range(5000)]
    assert len(render(large)) < 5 << 20


def test_a_corpus_of_many_languages_names_the_largest(summary) -> None:
    """Oracle: 300 languages put into a run's summary; of each list the head stands on the page and a count of the others."""
    many = copy.deepcopy(summary)
    names = [f"Language {i:03}" for i in range(300)]
    for about in many["selection"]["phases"].values():
        row = next(iter(about["languages"].values()))
        about["languages"] = {
            name: {**row, "documents": 1 if i < 100 else 0, "tokens": 300 - i} for i, name in enumerate(names)
        }
    for model in many["results"]["models"].values():
        whole = model["bits_per_byte"]["heldout"]["all"]
        model["bits_per_byte"]["heldout"] |= {name: {**whole, "documents": 1} for name in names}
    for found in many["scores"].values():
        found["histogram"] = {name: [1] * 40 for name in names}
    many["not_validated"] = dict.fromkeys(many["not_validated"], names)
    page = render(many)
    assert "Language 024</td>" in page and "Language 025</td>" not in page and "75 others</td>" in page
    assert "200 languages have no document in it" in page and "295 others" in page
    assert "Language 007 and 292 others: " in page and len(page) < len(render(summary)) + 300_000
