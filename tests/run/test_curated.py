"""What curation left. Oracles: counts written by hand, and the stages that verdicts can have."""

import shutil
from pathlib import Path

import pytest

from neve import documents
from neve.errors import Fault
from neve.recipe.file import parse
from neve.run import curated, runner
from neve.store import arm_stages

from ..conftest import SITE


def counts(documents: int, **by_rule: int) -> dict:
    found = {rule.replace("__", "/"): files for rule, files in by_rule.items()}
    return {"entering": documents + sum(found.values()), "documents": documents, "by_rule": found}


def test_nothing_left_names_the_rule_that_took_most_and_the_field_that_admits_it() -> None:
    with pytest.raises(
        Fault, match=r"no document is left of 625 files; licenses/unknown stopped most, 600: corpus\.licenses"
    ):
        curated.check(counts(0, licenses__unknown=600, languages__language=25))
    with pytest.raises(Fault, match=r"filters/max_line stopped most, 9: corpus\.filters\.max_line = false"):
        curated.check(counts(0, filters__max_line=9))
    with pytest.raises(Fault, match="no file entered"):
        curated.check(counts(0))


def test_a_corpus_with_documents_passes() -> None:
    curated.check(counts(1, licenses__unknown=600))


def test_every_stage_of_a_verdict_has_a_remedy() -> None:
    for stage in documents.STAGES:
        assert "`neve why` says of each file" not in curated.remedy(f"{stage}/rule"), stage


def test_rules_are_listed_by_what_they_stopped() -> None:
    shown = curated.lines(counts(3, exact__exact_duplicate=2, languages__language=1200))
    assert [line.split() for line in shown] == [
        ["languages/language", "1,200"],
        ["exact/exact_duplicate", "2"],
    ]


def test_a_run_without_annotator_and_phase_prints_the_table_and_links_the_page(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Oracle: a vendored copy of a file beside it, and no licence where none is asked for; the page is made once."""
    code = tmp_path / "code" / "jinja2"
    shutil.copytree(SITE / "jinja2", code, ignore=shutil.ignore_patterns("__pycache__", "py.typed"))
    shutil.copy(code / "lexer.py", code / "lexer_again.py")
    source = {"kind": "directory", "path": str(tmp_path / "code")}
    corpus = {"sources": [source], "licenses": "any", "languages": ["Python"]}
    recipe = parse({"run": {"name": "r"}, "corpus": corpus})
    assert runner.run(recipe, tmp_path / "run", until="curate")
    page = arm_stages(tmp_path / "run", "main")["curate"] / "index.html"
    said = capfd.readouterr().err.splitlines()
    assert f"  page: {page}" in said and any(
        line.split() == ["exact/exact-duplicate", "1"] for line in said
    ), said
    text = page.read_text()
    assert "exact-duplicate" in text
    page.unlink()
    assert not runner.run(recipe, tmp_path / "run", until="curate") and page.read_text() == text
    corpus["licenses"] = "permissive"
    with pytest.raises(Fault, match=r"no document is left of .* licenses/\S+ stopped most.*corpus\.licenses"):
        runner.run(parse({"run": {"name": "r"}, "corpus": corpus}), tmp_path / "run", until="curate")
    assert "  page: " in capfd.readouterr().err
