"""Bits per byte of held-out documents by language, with torch and numpy alone, while a phase trains.

A loss per token depends on the tokenizer; bits per byte of text do not, so that phases, vocabularies and other models
can be set beside each other. The trade-off: documents are cut into windows of the phase's length, each with the
document's earlier text out of sight, so that all windows are one batch shape; `evaluate` reads them whole.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch

from neve.errors import Fault
from neve.training import distributed
from neve.training.distributed import World
from neve.training.loss import IGNORED, token_losses
from neve.training.model import Llama


class Heldout:
    """Held-out documents as windows of `sequence` tokens, opened from the folder of stage `heldout`."""

    def __init__(self, folder: Path, sequence: int, end: int) -> None:
        try:
            self.languages: list[str] = json.loads((folder / "heldout.json").read_text())["languages"]
            tokens, starts, language, sizes = (
                np.load(folder / f"{name}.npy") for name in ("tokens", "starts", "language", "bytes")
            )
        except (OSError, ValueError, KeyError) as error:
            raise Fault(
                f"{folder}: not readable held-out documents ({error}); build its stage again"
            ) from None
        lengths = np.diff(starts)
        windows = -(-lengths // sequence)
        document = np.repeat(np.arange(len(lengths)), windows)
        part = np.arange(len(document)) - np.repeat(np.cumsum(windows) - windows, windows)
        place = part[:, None] * sequence + np.arange(sequence)
        inside = place < lengths[document][:, None]
        flat = np.where(inside, starts[:-1][document][:, None] + place, 0)
        self.targets = np.where(inside, tokens[flat].astype(np.int64), IGNORED)
        self.inputs = np.full_like(self.targets, end)
        self.inputs[:, 1:] = np.where(inside[:, 1:], self.targets[:, :-1], end)
        first = np.where(part > 0, tokens[np.maximum(flat[:, 0] - 1, 0)], end)
        self.inputs[:, 0] = first
        self.language = language[document]
        self.bytes = np.bincount(language, weights=sizes, minlength=len(self.languages))

    def measure(self, model: Llama, micro_batch: int, world: World, precision: str) -> dict[str, float]:
        """Bits per byte by language, and of all together under "all"; every process has to call it."""
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
        distributed.share_out(model)
        bits = np.array(world.sums(*nats)) / math.log(2)
        found = {name: bits[i] / self.bytes[i] for i, name in enumerate(self.languages) if self.bytes[i]}
        return found | ({"all": bits.sum() / self.bytes.sum()} if found else {})
