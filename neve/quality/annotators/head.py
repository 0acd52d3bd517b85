"""The annotator's head: logistic regression on frozen embeddings, several folds in one fit.

FineWeb-Edu's classifier is the public example that comes nearest to the paper's undisclosed one: encoder
frozen, a linear head, 20 epochs at 3e-4. AdamW updates each parameter by itself, so heads that differ only
in which rows they may see are columns of one matrix and are trained in one pass, each exactly as if alone.
Embeddings are standardised first, which makes one learning rate fit any encoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neve.permissions import by_umask

BATCH = 64
"""Rows of one step: small, so that some thousand labels still give a head enough steps at the usual rate."""
WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class Heads:
    """`count` linear heads over embeddings of `dimensions`; the last one has seen every training label."""

    weight: np.ndarray
    """float64 [count, dimensions]."""
    bias: np.ndarray
    """float64 [count]."""
    mean: np.ndarray
    std: np.ndarray
    """float64 [dimensions] of the training rows."""

    def probabilities(self, embeddings: np.ndarray, heads: np.ndarray) -> np.ndarray:
        """Probability of the positive class for each row, by the head named for that row: float64 [rows]."""
        standard = (embeddings.astype(np.float64) - self.mean) / self.std
        logits = np.einsum("nd,nd->n", standard, self.weight[heads]) + self.bias[heads]
        return 1.0 / (1.0 + np.exp(-logits))

    def save(self, path: Path) -> None:
        from safetensors.numpy import save_file

        save_file({"weight": self.weight, "bias": self.bias, "mean": self.mean, "std": self.std}, path)
        by_umask(path)

    @staticmethod
    def load(path: Path) -> Heads:
        from safetensors.numpy import load_file

        return Heads(**load_file(path))


def fit(
    embeddings: np.ndarray,
    labels: np.ndarray,
    row_weights: np.ndarray,
    seen: np.ndarray,
    epochs: int,
    lr: float,
    seed: int,
) -> Heads:
    """Train `count` heads on embeddings [rows, dimensions], labels 0 or 1 [rows], weights [rows].

    `seen` [rows, count] says which rows each head may learn from. Classes weigh the same in every head.
    Deterministic: the order of rows comes from `seed`, and one thread does the sums.
    """
    import torch

    weights = np.where(seen, row_weights[:, None], 0.0)
    for label in (0, 1):
        of_class = labels == label
        weights[of_class] /= np.maximum(weights[of_class].sum(0), 1e-12)
    weights *= len(labels) / 2  # a step's mean loss is then about that of unweighted rows
    mean, std = embeddings.mean(0, dtype=np.float64), embeddings.std(0, dtype=np.float64) + 1e-6
    x = torch.from_numpy(((embeddings - mean) / std).astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    w = torch.from_numpy(weights.astype(np.float32))
    layer = torch.nn.Linear(x.shape[1], seen.shape[1])
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    generator = torch.Generator().manual_seed(seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(
        1
    )  # steps of microseconds: threads would cost more than they do, and one order is exact
    try:
        for _ in range(epochs):
            for rows in torch.randperm(len(x), generator=generator).split(BATCH):
                logits = layer(x[rows])
                target = y[rows, None].expand_as(logits)
                losses = torch.nn.functional.binary_cross_entropy_with_logits(
                    logits, target, reduction="none"
                )
                optimizer.zero_grad()
                ((losses * w[rows]).sum() / len(rows)).backward()
                optimizer.step()
    finally:
        torch.set_num_threads(threads)
    weight, bias = layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
    return Heads(weight, bias, mean, std)
