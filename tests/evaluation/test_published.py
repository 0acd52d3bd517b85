"""Published figures. Oracle: the mean by hand; the paper's tables have a value in every column."""

from __future__ import annotations

import pytest

from neve.evaluation import published


def test_evoeval_is_the_mean_of_its_altered_sets():
    found = {name: {"pass@1": k / 10} for k, name in enumerate(published.ALTERED)}
    row = published.beside({**found, "mbpp+": {"pass@1": 0.5}})
    assert row["evoeval"] == pytest.approx(20.0)
    assert row["mbpp+"] == 50.0 and row["bigcodebench"] is None
    assert all(len(values) == len(published.COLUMNS) for values in published.TABLE.values())
