"""The learning rate as a pure function of the step: warm up from 0, then cosine, line, constant, or WSD.

Steps are counted from 1; lr(0) is where the curve starts and lr(total) where it ends, so a warm-up of w
steps reaches the peak at step w. WSD (warm up, stay, decay) takes its last `decay` steps along a line to the
floor. The trade-off: a floor of 0 spends the last step on nothing; in return the ends of the curve are those
that papers state.

Sources: Arctic-SnowCoder (arXiv 2409.02326); Hu et al., MiniCPM (arXiv 2404.06395) for WSD; of the decays
that Hägele et al. (arXiv 2405.18392) compare, the line is taken, which ends as the other curves do.
"""

from __future__ import annotations

import math

from neve.errors import Fault
from neve.training.settings import LearningRate


def check(total: int, rate: LearningRate) -> None:
    """Raises Fault where a phase of `total` steps is shorter than its warm-up and decay, or has one step
    alone, at the rate 0."""
    need = rate.warmup + rate.decay
    if total < need:
        steps = f"lr.warmup = {rate.warmup} and lr.decay = {rate.decay}"
        raise Fault(f"{steps} are longer than the phase of {total} steps; lower them, or give it more tokens")
    if total == 1 and wasted(total, rate):
        raise Fault(
            "lr.floor = 0 is the rate of its only step, so nothing is trained; "
            "set lr.floor, take lr.shape = 'constant', or give it more tokens"
        )


def wasted(total: int, rate: LearningRate) -> bool:
    """Whether the last of `total` steps has the rate 0: it costs what others do and changes no weight."""
    return rate.floor == 0 and rate.shape != "constant" and total > rate.warmup


def lr(step: int, total: int, rate: LearningRate) -> float:
    """Learning rate of step `step` of `total`; `rate` has peak, floor, shape, and warmup and
    decay in steps."""
    check(total, rate)
    peak, floor, warmup = rate.peak, rate.floor, rate.warmup
    if step < warmup:
        return peak * step / warmup
    begin = total - rate.decay if rate.shape == "wsd" else warmup
    done = max(step - begin, 0) / max(total - begin, 1)
    if rate.shape == "cosine":
        return floor + (peak - floor) * 0.5 * (1.0 + math.cos(math.pi * done))
    if rate.shape == "constant":
        return peak
    return peak + (floor - peak) * done
