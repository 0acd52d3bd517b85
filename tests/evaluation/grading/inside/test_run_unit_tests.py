"""The guard between a candidate and a unittest class. Oracle: cheats known to pass elsewhere score nothing."""

from __future__ import annotations

import importlib
import json
import os
import unittest
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from unittest.mock import ANY, MagicMock

import pytest

from neve.evaluation.grading import unit_tests
from neve.evaluation.grading.inside import run_unit_tests as guard
from neve.tasks.task import Task

from ..cheats import CHEATS, program
from ..small import DOUBLE, verdicts, walled

pytestmark = walled


def test_right_and_wrong_programs():
    found = verdicts(
        [
            "def double(n):\n    return [n] * 2\n",
            "def double(n):\n    print('ok'); return [n]\n",
            "def double(n): return (",
            "import absent\n",
            "def double(n: Absent):\n    return [n, n]\n",
            "class L(list): pass\ndef double(n):\n    import logging, collections, functools\n    logging.info('x')\n    collections.namedtuple('P', 'x y')(1, 2)\n    return L([n, n])\n",
            "def double(n):\n    try: raise ValueError\n    except ValueError:\n        import traceback; traceback.format_exc()\n    return [n, n]\n",
        ]
    )
    assert [g.status for g in found] == ["pass", "fail", "fail", "fail", "fail", "pass", "pass"]
    assert "test_" in found[1].detail and "NameError" in found[4].detail


@pytest.fixture(scope="module")
def cheated() -> dict[str, str]:
    patch = pytest.MonkeyPatch()
    patch.setattr(unit_tests, "FLOOR_SECONDS", 2.0)
    grades = verdicts([program(cheat, DOUBLE.prompt, DOUBLE.entry_point) for cheat in CHEATS])
    patch.undo()
    return {cheat: f"{g.status}: {g.detail}" for cheat, g in zip(CHEATS, grades, strict=True)}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_scores_nothing(cheat, cheated):
    assert cheated[cheat].startswith(("fail", "timeout")), cheated[cheat]


def test_the_test_s_own_patches_are_its_own():
    task = Task(
        "T/2", "def read(p):\n", "    return open(p).read()\n", "read",
        "import unittest\nfrom unittest.mock import patch, mock_open\nclass TestCases(unittest.TestCase):\n"
        "    @patch('builtins.open', mock_open(read_data='snow'))\n    def test_a(self): self.assertEqual(read('x'), 'snow')\n"
        "    @patch('time.sleep')\n    def test_b(self, sleep):\n        with self.assertRaises(OSError): read('/absent')\n",
    )  # fmt: skip
    assert [g.status for g in verdicts([task.prompt + task.solution], task)] == ["pass"]


class Everything:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Number(int):
    pass


HOMES = (os.__file__.removesuffix("os.py"), "<frozen ")


def test_comparisons_of_ones_own_are_found_at_any_depth() -> None:
    """Values of libraries and subclasses without comparisons are let through."""
    for foreign in (Everything(), [1, {"a": (Everything(),)}], {3: Everything()}):
        assert guard.foreign_comparison(foreign, HOMES, False) == "Everything.__eq__"
    for plain in (
        1,
        [1, "a", {2: None}],
        Fraction(1, 2),
        Decimal(1),
        Number(3),
        MagicMock(),
        datetime(2024, 1, 1),
    ):
        assert guard.foreign_comparison(plain, HOMES, False) == "", plain
    assert guard.foreign_comparison([ANY], HOMES, False) == "unittest.mock.ANY"
    assert guard.foreign_comparison([ANY], HOMES, True) == ""


def test_a_changed_framework_is_named_and_a_restored_one_is_not(monkeypatch) -> None:
    for name in guard.FRAMEWORK:
        importlib.import_module(name)
    before = guard.fingerprint(())
    assert guard.changed(before, guard.fingerprint(())) == ""
    monkeypatch.setattr(unittest.TestCase, "assertEqual", lambda *given: None)
    assert guard.changed(before, guard.fingerprint(())) == "it changes TestCase.assertEqual"
    monkeypatch.undo()
    monkeypatch.setattr(json, "dumps", lambda *given: "")
    assert guard.changed(before, guard.fingerprint(())).startswith("it changes json.dumps")
    monkeypatch.undo()
    assert guard.changed(before, guard.fingerprint(())) == ""


def test_outcomes_are_kept_by_name_and_the_worst_counts() -> None:
    class Case(unittest.TestCase):
        def test_a(self) -> None:
            pass

        def test_b(self) -> None:
            for n in range(3):
                with self.subTest(n=n):
                    self.assertNotEqual(n, 1)

        def test_c(self) -> None:
            raise ValueError("two\nlines")

        @unittest.skip("no")
        def test_d(self) -> None: ...

        @unittest.expectedFailure
        def test_e(self) -> None:
            self.fail()

    outcomes = guard.Outcomes()
    unittest.TestLoader().loadTestsFromTestCase(Case).run(outcomes)
    assert {name: found.split()[0] for name, found in outcomes.found.items()} == {
        "test_a": "ok", "test_b": "fail", "test_c": "error", "test_d": "skip", "test_e": "ok",
    }  # fmt: skip
    assert outcomes.found["test_c"] == "error ValueError: two lines"
