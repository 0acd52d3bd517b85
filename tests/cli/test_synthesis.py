"""The commands of synthesis alone, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neve.cli import synthesis
from neve.errors import Misuse

from .test_main import neve


def test_a_plan_asks_nothing(tmp_path: Path) -> None:
    done = neve(
        "synthesize", tmp_path, "--endpoint", "http://127.0.0.1:1", "--model", "m", "--out", tmp_path / "out", "--plan",
        "--tokens", 30_000, "--seeds", 500, "--set", "max_tokens=800", "--set", "budget.expected_yield=0.25", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["expected"]["requests"] == 300
    assert not (tmp_path / "out").exists()


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    given = ("--endpoint", "http://127.0.0.1:1", "--model", "m", "--out", tmp_path / "out")
    for more, said in (
        (("--kinds", "rewrit"), "no such kind"),
        (("--set", "gates.lin=1"), "gates.lin"),
        (("--set", "budget.money=1"), "needs input_price"),
    ):
        done = neve("synthesize", tmp_path, *given, *more)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert neve("ledger", tmp_path).returncode == 2


def test_shares() -> None:
    assert synthesis._shares("a=2, b") == {"a": 2.0, "b": 1.0}
    with pytest.raises(Misuse, match="must look like"):
        synthesis._shares("a=x")
