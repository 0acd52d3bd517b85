"""Oracle: the edges that the paper states, and the shapes at their middle."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.errors import Fault
from neve.settings import pick
from neve.training.schedule import lr, wasted
from neve.training.settings import LearningRate

PHASE_1 = LearningRate(5.3e-4, 5.3e-5, 600, 0, "cosine")
PHASE_2 = LearningRate(5.3e-4, 0.0, 1000, 0, "linear")


def test_phase_1_of_the_paper():
    """600 steps up to 5.3e-4, then a cosine to 5.3e-5 over 119,210 steps."""
    total = 119_210
    assert lr(0, total, PHASE_1) == 0.0
    assert lr(300, total, PHASE_1) == pytest.approx(2.65e-4)
    assert lr(600, total, PHASE_1) == pytest.approx(5.3e-4)
    assert lr((600 + total) // 2, total, PHASE_1) == pytest.approx((5.3e-4 + 5.3e-5) / 2)
    assert lr(total, total, PHASE_1) == pytest.approx(5.3e-5)


def test_phase_2_of_the_paper():
    """1000 steps from 0 to 5.3e-4, then a line to 0 over 11,921 steps."""
    total = 11_921
    assert lr(1, total, PHASE_2) == pytest.approx(5.3e-7)
    assert lr(1000, total, PHASE_2) == pytest.approx(5.3e-4)
    assert lr(6460, total, PHASE_2) == pytest.approx(5.3e-4 * (total - 6460) / (total - 1000))
    assert lr(total, total, PHASE_2) == pytest.approx(0.0, abs=1e-12)


def test_constant_and_a_phase_that_is_all_warm_up():
    rate = replace(PHASE_2, shape="constant", warmup=10)
    assert [lr(s, 10, rate) for s in (5, 10)] == pytest.approx([2.65e-4, 5.3e-4])
    assert lr(20, 20, rate) == lr(11, 20, rate) == 5.3e-4


def test_a_phase_shorter_than_its_warm_up_is_a_fault():
    with pytest.raises(
        Fault, match=r"lr.warmup = 1000 and lr.decay = 0 are longer than the phase of 900 steps"
    ):
        lr(1, 900, PHASE_2)


def test_a_phase_of_one_step_at_rate_0_is_a_fault():
    """Oracle: the rates themselves. With a floor, a constant rate or a warm-up of one step the step trains."""
    with pytest.raises(Fault, match=r"lr\.floor = 0 is the rate of its only step"):
        lr(1, 1, replace(PHASE_2, warmup=0))
    with pytest.raises(Fault, match=r"lr\.floor = 0 is the rate of its only step"):
        lr(1, 1, LearningRate(1.0, 0.0, 0, 1, "wsd"))
    for change in ({"floor": 1e-5}, {"shape": "constant"}, {"warmup": 1}):
        assert lr(1, 1, replace(PHASE_2, **({"warmup": 0} | change))) > 0


@given(
    st.sampled_from(["cosine", "linear", "constant", "wsd"]), st.integers(0, 5), st.integers(0, 5), st.data()
)
def test_a_last_step_is_wasted_where_its_rate_is_0(shape, warmup, more, data):
    """Oracle: the rate of the last step."""
    decay = data.draw(st.integers(1, 3)) if shape == "wsd" else 0
    rate = LearningRate(1.0, data.draw(st.sampled_from([0.0, 0.1])), warmup, decay, shape)
    total = max(2, warmup + decay + more)
    assert wasted(total, rate) == (lr(total, total, rate) == 0)


def test_every_edge_of_the_shipped_recipe_is_the_papers():
    """Oracle: arXiv 2409.02326, section 3: the rate before any step, at the end of warm-up, and at each phase's last step."""
    from neve.recipe.file import load
    from neve.run.plan import plan

    spec = load(Path(__file__).parents[2] / "recipes" / "arctic-snowcoder-1.3b.toml")
    rows = plan(spec, 64_000)["phases"]
    edges = [(119_210, 600, 5.3e-5), (11_921, 1000, 0.0), (1_193, 100, 0.0)]
    for phase, row, (total, warmup, floor) in zip(spec.phase, rows, edges, strict=True):
        assert row["steps"] == total
        got = [lr(step, total, pick(LearningRate, phase.lr)) for step in (0, warmup, total)]
        assert got == pytest.approx([0.0, 5.3e-4, floor], abs=1e-15)


def test_wsd_stays_at_the_peak_and_decays_along_a_line():
    """100 steps: 10 up, 70 at the peak, 20 down to a tenth."""
    rate = LearningRate(1.0, 0.1, 10, 20, "wsd")
    assert [lr(s, 100, rate) for s in (0, 5, 10, 45, 80)] == pytest.approx([0.0, 0.5, 1.0, 1.0, 1.0])
    assert [lr(s, 100, rate) for s in (81, 90, 100)] == pytest.approx([0.955, 0.55, 0.1])
    assert lr(10, 30, rate) == 1.0, "nothing between warm-up and decay"
    with pytest.raises(
        Fault, match=r"lr.warmup = 10 and lr.decay = 20 are longer than the phase of 29 steps"
    ):
        lr(1, 29, rate)


@settings(max_examples=50)
@given(
    st.sampled_from(["cosine", "linear", "constant", "wsd"]),
    st.integers(0, 50),
    st.integers(1, 200),
    st.data(),
)
def test_up_to_the_peak_then_never_up_again(shape, warmup, more, data):
    decay = data.draw(st.integers(1, more)) if shape == "wsd" else 0
    rate = LearningRate(1.0, 0.1, warmup, decay, shape)
    total = warmup + more
    step = data.draw(st.integers(1, total))
    here, before = lr(step, total, rate), lr(step - 1, total, rate)
    assert 0 <= here <= 1.0
    assert here >= before if step <= warmup else here <= before + 1e-12
