"""The page of an evaluation. Oracle: results.json, and the HTML parser of Python on what hostile samples say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from neve.evaluation import published, results
from neve.evaluation.grading.samples import Grade
from neve.report.evaluation import SHOWN, write_page
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

HOSTILE = "</code><script>alert(1)</script><img src=x onerror='a()'>{{ 7 * 7 }}&amp;"
TASKS = [Task(f"T/{k}", "", "", "f", "") for k in range(60)]
SANDBOX = {"tier": "bubblewrap", "detail": HOSTILE}


class Page(HTMLParser):
    """Tags, and text as a reader sees it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        self.text += " " * (tag == "td")

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def found() -> dict:
    """Results of 55 tasks with two samples each, of which a third fail with something hostile; five tasks have none."""
    numbers = [(task.task_id, k) for task in TASKS[:55] for k in range(2)]
    grades = [
        Grade("fail", HOSTILE, "pass") if at % 3 == 0 else Grade("pass", "", "pass")
        for at in range(len(numbers))
    ]
    grades[1] = Grade("timeout", "not done within 9 s", "fail")
    grades[2] = Grade("error", "cut", "fail", "cut")
    entry = results.summarize(
        Benchmark(TABLE["humaneval+"], TASKS, "ab" * 32), TASKS, numbers, grades, (1, 2), 1
    )
    gap = {"tasks": 50, "difference": -0.125, "interval": [-0.2, 0.05], "p": 0.0625}
    figure = {"value": 0.7654, "interval": [0.7, 0.8], "bytes": 12345, "tasks": 55}
    return {
        "sandbox": SANDBOX,
        "benchmarks": {"humaneval+": entry},
        "bits_per_byte": {"humaneval+": figure, "heldout": {HOSTILE: figure}},
        "against": {"folder": HOSTILE, "benchmarks": {"humaneval+": gap}},
    }


@pytest.fixture(scope="module")
def page(found, tmp_path_factory) -> Page:
    row = published.beside(found["benchmarks"])
    out = tmp_path_factory.mktemp("page")
    path = write_page(out, HOSTILE, found, published.TABLE, published.COLUMNS, row)
    assert path == out / "index.html"
    return Page(path.read_text())


def test_what_anybody_says_is_text(page):
    assert not page.tags & {"script", "img", "iframe", "object", "link"}
    assert page.text.count(HOSTILE) >= SHOWN + 3  # in title, sandbox, another's folder and a language too


def test_figures_are_those_of_results(page, found):
    entry = found["benchmarks"]["humaneval+"]
    words = " ".join(page.text.split())
    for k in ("pass@1", "pass@2"):
        low, high = entry["intervals"][k]
        assert f"{k} {100 * entry[k]:.1f} % [{low:.3f}, {high:.3f}]" in words
    assert f"pass@1 {100 * entry['base']['pass@1']:.1f} %" in words
    statuses = [sample["status"] for sample in entry["samples"]]
    assert " ".join(str(statuses.count(s)) for s in ("pass", "fail", "timeout", "error")) in words
    assert "-12.5 points [-20.0, +5.0] 0.0625" in words
    assert "0.765 [0.700, 0.800] 12,345" in words
    assert "5 tasks have no sample and do not count: T/55, T/56, T/57, T/58, T/59." in words
    assert "1 task has an answer that was cut at its length" in words and "counted as unsolved: T/1." in words
    assert entry["data_sha256"] in words and "Not the published file" in words


def test_few_of_many_failures_are_shown_and_the_rest_is_counted(page, found):
    bad = sum(s["status"] != "pass" for s in found["benchmarks"]["humaneval+"]["samples"])
    assert bad > SHOWN or f"and {bad - SHOWN} more" not in page.text
    assert page.text.count("not done within 9 s") == 1


def test_a_page_without_another_or_bits_has_neither_heading(found, tmp_path):
    bare = {key: value for key, value in found.items() if key != "against"} | {"bits_per_byte": {}}
    text = write_page(tmp_path, "x", bare, published.TABLE, published.COLUMNS, dict.fromkeys(published.COLUMNS)).read_text()  # fmt: skip
    assert not re.search(r'id="(against|bits|beside)"', text)


def test_a_result_with_nothing_judged_has_a_page(tmp_path):
    """Every task ungraded, as without a library or a network."""
    grades = [Grade("error", "no such library", cause="ungraded") for _ in TASKS]
    numbers = [(task.task_id, 0) for task in TASKS]
    entry = results.summarize(Benchmark(TABLE["bigcodebench"], TASKS, "ab"), TASKS, numbers, grades, (1,), 1)
    found = {"sandbox": SANDBOX, "benchmarks": {"bigcodebench": entry}, "bits_per_byte": {}}
    row = published.beside(found["benchmarks"])
    text = write_page(tmp_path, "x", found, published.TABLE, published.COLUMNS, row).read_text()
    words = " ".join(Page(text).text.split())
    assert "60 tasks cannot be judged on this machine and do not count" in words and "pass@1" not in words


def test_few_units_have_no_interval(found, tmp_path):
    """One document and nine tasks: the figure and how few they are, neither interval nor p."""
    few = {"value": 0.5, "interval": [0.5, 0.5], "bytes": 9}
    gap = {"tasks": 9, "difference": -0.143, "interval": [-0.143, -0.143], "p": 1.0}
    bits = {"humaneval+": {**few, "tasks": 9}, "heldout": {"Rust": {**few, "documents": 1}}}
    small = {**found, "bits_per_byte": bits, "against": {"folder": "b", "benchmarks": {"humaneval+": gap}}}
    row = published.beside(small["benchmarks"])
    text = write_page(tmp_path, "x", small, published.TABLE, published.COLUMNS, row).read_text()
    words = " ".join(Page(text).text.split())
    assert "0.500 1 document, no interval" in words and "0.500 9 tasks, no interval" in words
    assert (
        "-14.3 points too few tasks for an interval" in words
        and "[0.500" not in words
        and "[-14.3" not in words
    )
