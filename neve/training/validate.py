"""Bits per byte of held-out documents by language during training, with torch and numpy alone.

The trade-off: documents are cut into windows of the phase's length and each window starts without context,
so that all batches have one shape; `evaluate` reads documents whole.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch

from neve.errors import Fault
from neve.training import distributed, log
from neve.training.distributed import World
from neve.training.loss import IGNORED, token_losses
from neve.training.model import Llama


class Heldout:
    """Held-out documents as windows of `sequence` tokens, opened from the folder of stage `heldout`."""

    def __init__(self, folder: Path, sequence: int, end: int) -> None:
        try:
            self.languages: list[str] = json.loads((folder / "heldout.json").read_text())["languages"]
            names = ("tokens", "starts", "language", "bytes")
            tokens, starts, language, sizes = (np.load(folder / f"{name}.npy") for name in names)
        except (OSError, ValueError, KeyError) as error:
            raise Fault(f"{folder}: not readable ({error}); build stage heldout again") from None
        places = [(d, k) for d, n in enumerate(np.diff(starts)) for k in range(0, int(n), sequence)]
        self.inputs = np.full((len(places), sequence), end, dtype=np.int64)
        self.targets = np.full_like(self.inputs, IGNORED)
        for row, (document, first) in enumerate(places):
            text = tokens[starts[document] : starts[document + 1]][first : first + sequence]
            self.targets[row, : len(text)] = text
            self.inputs[row, 1 : len(text)] = text[:-1]
            if first:
                self.inputs[row, 0] = tokens[starts[document] + first - 1]
        self.language = language[[document for document, _ in places]]
        self.bytes = np.bincount(language, weights=sizes, minlength=len(self.languages))

    def measure(self, model: Llama, micro_batch: int, world: World, precision: str) -> dict[str, float]:
        """Bits per byte by language, and over all of them under "all"; every process must call it."""
        if world.first:
            log.measuring(len(self.inputs))
        device, nats = world.device, np.zeros(len(self.languages))
        share = -(-len(self.inputs) // world.size)
        model.eval()
        for first in range(world.rank * share, (world.rank + 1) * share, micro_batch):
            rows = np.arange(first, min(first + micro_batch, (world.rank + 1) * share))
            real = rows < len(self.inputs)
            rows = np.where(real, rows, 0)
            inputs, targets = (torch.from_numpy(a[rows]).to(device) for a in (self.inputs, self.targets))
            with world.arithmetic(precision):
                losses = token_losses(model, inputs, targets)
            sums = losses.double().sum(1).cpu().numpy() * real
            nats += np.bincount(self.language[rows], weights=sums, minlength=len(nats))
        model.train()
        distributed.reshard(model)
        bits, size = np.array(world.sums(*nats)) / math.log(2), self.bytes
        found = {name: float(bits[i] / size[i]) for i, name in enumerate(self.languages) if size[i]}
        return found | ({"all": float(bits.sum() / size.sum())} if found else {})
