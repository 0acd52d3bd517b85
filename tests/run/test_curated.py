"""What curation left. Oracles: counts written by hand, and the stages that verdicts can have."""

import pytest

from neve import documents
from neve.errors import Fault
from neve.run import curated


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
