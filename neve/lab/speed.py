"""How fast a phase would train on one worker here: a few passes of the trainer itself, on random tokens.

For a plan before anything was trained. A step is as many passes as its batch takes and one update, so one
pass tells, and on a CPU, whose speed hardly depends on it, a small one: a whole batch of a large recipe
takes it minutes. The trade-off: some seconds now for an estimate within about a fifth; it
knows nothing of what else will run on the machine.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import torch

from neve.progress import bar
from neve.training import loop, optim
from neve.training.cores import Replicas
from neve.training.distributed import World
from neve.training.loop import resolve_precision
from neve.training.model import Config, Llama
from neve.training.settings import Settings

PASSES = 3
CPU_TOKENS = 2048
"""Tokens of a pass on a CPU, at most, but for one sequence."""


def tokens_per_second(settings: Settings, vocab_size: int) -> float:
    """By the medians of PASSES passes and updates, after one that is not counted."""
    settings = replace(settings, precision=resolve_precision(settings.precision))
    training, gpu = settings.training, torch.cuda.is_available()
    if not gpu:
        torch.set_num_threads(1)
    world = World(0, 1, torch.device("cuda" if gpu else "cpu"))
    config = Config(vocab_size=vocab_size, max_positions=training.sequence, **vars(settings.model))
    model = Llama(config, settings.seed)
    loop.prepare(model, settings, world)
    optimizer = optim.make(model, training, settings.precision == "bf16")
    replicas = Replicas(model, training.micro_batch, world)
    rows = training.micro_batch if gpu else min(training.micro_batch, max(1, CPU_TOKENS // training.sequence))
    tokens = torch.randint(1, vocab_size, (rows, training.sequence))
    seconds = []
    with replicas.pool, bar("trying the speed of training", total=PASSES + 1, unit="passes") as advance:
        for _ in range(PASSES + 1):
            begun = time.monotonic()
            mean = loop.accumulate(replicas, (tokens, tokens), tokens.numel(), settings, world, 0)
            if gpu:
                torch.cuda.synchronize()
            passed = time.monotonic()
            optim.update(optimizer, mean, 1e-4, training.clip)  # waits for the device
            seconds.append((passed - begun, time.monotonic() - passed))
            advance(1)
    once, update = (statistics.median(part) for part in zip(*seconds[1:], strict=True))
    return training.batch * training.sequence / (once * training.batch / rows + update)
