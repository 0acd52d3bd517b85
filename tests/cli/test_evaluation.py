"""What `grade` and `evaluate` print. Oracle: results written by hand."""

import pytest
from typer.testing import CliRunner

from neve.cli.evaluation import _table
from neve.cli.main import app

GRADED = {
    "tasks": 164, "samples": [{}] * 328, "pass@1": 0.285, "intervals": {"pass@1": [0.21, 0.355]},
    "base": {"pass@1": 0.31, "intervals": {"pass@1": [0.24, 0.38]}},
}  # fmt: skip


def test_a_row_for_each_figure_and_for_the_base_tests() -> None:
    table = _table({"humaneval+": GRADED, "snow": {"tasks": 2, "samples": [{}, {}]}})
    rows = list(zip(*(column.cells for column in table.columns), strict=True))
    assert rows == [
        ("humaneval+", "164", "328", "pass@1", "28.5", "21.0 to 35.5"),
        ("humaneval+, base tests", "164", "328", "pass@1", "31.0", "24.0 to 38.0"),
        ("snow", "2", "2", "no task could be judged", "–", "–"),
    ]


def test_few_tasks_have_no_interval() -> None:
    (sure,) = _table({"kata": GRADED | {"tasks": 2, "base": {}}}).columns[-1].cells
    assert sure == "too few tasks"


@pytest.mark.parametrize("k", ["0", "1,x", ""])
def test_k_must_be_numbers(k: str) -> None:
    done = CliRunner().invoke(app, ["evaluate", "absent", "--tasks", "humaneval", "--out", "x", "--k", k])
    assert done.exit_code == 2 and "must be numbers from 1 on" in done.output
