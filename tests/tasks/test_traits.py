"""The table of benchmarks. Oracle: the rules, the prompts and the index that the entries name."""

from __future__ import annotations

import pytest

from neve.corpus.contamination import packaged
from neve.evaluation.grading import comparisons
from neve.tasks import benchmarks
from neve.tasks.traits import TABLE


def test_every_rule_that_is_named_exists():
    named = {rule for traits in TABLE.values() for rule in (traits.rule, *traits.rules.values())}
    assert named | comparisons.BY_ARGUMENTS <= comparisons.RULES.keys()


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [("bigcodebench-hard", 148, "instruction"), ("bigcodebench-instruct", 1140, "instruction")],
)
def test_a_view_is_a_choice_of_tasks_or_another_question(name, count, said, benchmark_files):
    """BigCodeBench-Hard has 148 tasks (its authors' list)."""
    view, whole = benchmarks.load(name, benchmark_files), benchmarks.load("bigcodebench", benchmark_files)
    assert len(view.tasks) == count and view.data_sha256 == whole.data_sha256 and view.published
    assert view.tasks == [task for task in whole.tasks if task in view.tasks]
    assert (TABLE[name].asks == said) == name.endswith("instruct")


def test_what_is_indexed_is_what_the_package_has():
    assert packaged.PACKAGED == ("humaneval", "humaneval+", "mbpp", "mbpp+", "bigcodebench")
