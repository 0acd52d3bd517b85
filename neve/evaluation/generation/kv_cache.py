"""Keys and values of what a model has read, so that each further token costs one position, not all of them.

The trade-off: room for the longest text is allocated at the start and never grows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from neve.training.model import Llama


class Cache:
    """Keys and values, each [layers, batch, kv_heads, length, head size], of which the first `filled`
    positions are set."""

    def __init__(self, model: Llama, batch: int, length: int) -> None:
        config = model.config
        weight = model.model.embed_tokens.weight
        shape = (config.layers, batch, config.kv_heads, length, config.hidden // config.heads)
        self.keys = torch.zeros(shape, dtype=weight.dtype, device=weight.device)
        self.values = torch.zeros_like(self.keys)
        self.filled = 0

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Write k and v [B, kv_heads, T, D] after what is there; returns all keys and values of the layer.

        After the last layer's, the T positions count as filled. Raises ValueError if they do not fit.
        """
        start, end = self.filled, self.filled + k.shape[2]
        if end > self.keys.shape[3]:
            raise ValueError(f"the cache has {self.keys.shape[3]} positions; position {end} does not fit")
        self.keys[layer, :, :, start:end] = k
        self.values[layer, :, :, start:end] = v
        if layer == len(self.keys) - 1:
            self.filled = end
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def select(self, keep: Tensor) -> None:
        """Keep the rows of the batch where `keep` (bool [B]) is true."""
        self.keys, self.values = self.keys[:, keep], self.values[:, keep]
