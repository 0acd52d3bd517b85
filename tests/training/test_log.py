"""Oracles: lines counted and kept by hand; the packages that are installed here."""

import contextlib
import importlib.util
import math
import os
from types import SimpleNamespace

import pytest

from neve.errors import Fault
from neve.training import log


@pytest.mark.parametrize("torn", [b"", b'{"torn'])
def test_cut_leaves_the_first_lines(tmp_path, torn: bytes):
    path = tmp_path / "metrics.jsonl"
    log.cut(path, 3)
    assert not path.exists()
    rows = [b'{"step": %d}\n' % step for step in range(1, 6)]
    for kept in (5, 3, 0):
        path.write_bytes(b"".join(rows) + torn)
        assert log.count(path) == 5
        log.cut(path, kept)
        assert path.read_bytes() == b"".join(rows[:kept])


def test_a_kill_while_logs_are_cut_loses_none(tmp_path, monkeypatch):
    """The process ends at the only call that changes the file."""
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"{}\n" * 5)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "truncate", killed)
    with pytest.raises(KeyboardInterrupt):
        log.cut(path, 3)
    assert log.count(path) == 5


def test_skipped_steps_at_the_end_are_counted():
    for pattern, expected in (("", 0), ("ttt", 0), ("tss", 2), ("sts", 1), ("sss", 3)):
        assert log.failed([{"skipped": letter == "s"} for letter in pattern]) == expected


def test_scalars_are_numbers_by_name():
    row = log.finite({"step": 3, "loss": 2.5, "grad_norm": math.inf}) | {"skipped": False}
    assert row == {"step": 3, "loss": 2.5, "grad_norm": None, "skipped": False}
    row["heldout"] = log.finite({"Python": 1.5, "C": math.nan})
    assert log.scalars(row) == {"loss": 2.5, "heldout/Python": 1.5}


@pytest.mark.parametrize("first", [True, False])
def test_a_board_whose_package_is_missing_is_a_fault_on_every_process(tmp_path, first: bool):
    missing = [key for key in log.BOARDS if importlib.util.find_spec(key) is None]
    if not missing:
        pytest.skip("both packages are installed")
    asked = dict.fromkeys(log.BOARDS, False) | {missing[0]: True}
    with contextlib.ExitStack() as stack, pytest.raises(Fault, match=f"pip install {missing[0]}"):
        log.boards(SimpleNamespace(**asked), "quality", tmp_path, first, stack)
    none = SimpleNamespace(**dict.fromkeys(log.BOARDS, False))
    assert log.boards(none, "quality", tmp_path, first, contextlib.ExitStack()) == []


@pytest.mark.parametrize("first", [True, False])
def test_curves_reach_tensorboard(tmp_path, first: bool):
    """Oracle: TensorBoard's own reader, once all is closed."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with contextlib.ExitStack() as stack:
        boards = log.boards(SimpleNamespace(tensorboard=True, wandb=""), "quality", tmp_path, first, stack)
        for board in boards:
            board(1, {"loss": 2.5, "heldout/C": 1.0})
            board(2, {"loss": 2.0})
    assert len(boards) == first
    if first:
        found = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
        assert [(e.step, e.value) for e in found.Scalars("loss")] == [(1, 2.5), (2, 2.0)]
        assert [(e.step, e.value) for e in found.Scalars("heldout/C")] == [(1, 1.0)]


def test_a_measure_of_held_out_code_says_what_it_is(capsys):
    """It took 374 s beside 30 s of training once, without a word; a terminal's line is written over later."""
    log.measuring(2345)
    assert capsys.readouterr().err == "  measuring 2,345 windows of held-out code\n"
