"""How fast a phase would train on one worker here: a few steps of the trainer itself, on random tokens.

For a plan before anything was trained. The trade-off: some seconds now for an estimate within about a fifth;
it knows nothing of what else will run on the machine.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import torch

from neve.training import loop, optim
from neve.training.cores import Replicas
from neve.training.distributed import World
from neve.training.loop import resolve_precision
from neve.training.model import Config, Llama
from neve.training.settings import Settings

STEPS = 3


def tokens_per_second(settings: Settings, vocab_size: int) -> float:
    """The median of STEPS steps, after one that is not counted."""
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
    tokens = torch.randint(1, vocab_size, (training.batch, training.sequence))
    seconds = []
    with replicas.pool:
        for _ in range(STEPS + 1):
            begun = time.monotonic()
            mean = loop.accumulate(replicas, (tokens, tokens), tokens.numel(), settings, world, 0)
            optim.update(optimizer, mean, 1e-4, training.clip)  # waits for the device
            seconds.append(time.monotonic() - begun)
    return tokens.numel() / statistics.median(seconds[1:])
