"""Batches through a GPU that never waits for the host.

A thread pads the next batch while this one is computed, and the results of one are fetched when the next is
under way. The trade-off: two batches lie on the card at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np


def piped(
    device: str,
    parts: Sequence[np.ndarray],
    pad: Callable[[np.ndarray], tuple[Any, ...]],
    forward: Callable[..., Any],
) -> Iterator[tuple[np.ndarray, float]]:
    """`forward` of what `pad` makes of each part, in order: its result, and the seconds that the GPU took.

    `pad` gives tensors of the host, `forward` gets them on the device and gives a tensor there.
    """
    import torch

    torch.cuda.set_device(device)
    under_way: list[Any] = []
    with ThreadPoolExecutor(1, "padding") as padding:
        coming = padding.submit(pad, parts[0]) if parts else None
        for number in range(1, len(parts) + 1):
            assert coming is not None
            given = [tensor.pin_memory() for tensor in coming.result()]
            if number < len(parts):
                coming = padding.submit(pad, parts[number])
            begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begun.record()
            made = forward(*(tensor.to(device, non_blocking=True) for tensor in given))
            host = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)
            host.copy_(made, non_blocking=True)
            ended.record()
            under_way.append((host, begun, ended))
            if len(under_way) > 1:
                yield _fetched(*under_way.pop(0))
        for one in under_way:
            yield _fetched(*one)


def _fetched(host: Any, begun: Any, ended: Any) -> tuple[np.ndarray, float]:
    ended.synchronize()
    return host.numpy(), begun.elapsed_time(ended) / 1000
