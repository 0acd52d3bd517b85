"""Aho and Corasick's automaton as a table, for compiled kernels that look for many words in one pass.

It works on classes of bytes, so that a caller folds case, or leaves out what no word has, by how it numbers
them. The trade-off: a whole row for each state, which is more memory than lists of edges and one look-up a
byte.

Source: Aho and Corasick, "Efficient string matching" (1975).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np


def build(words: Iterable[tuple[bytes, int]], classes: np.ndarray, wide: int) -> tuple[np.ndarray, list[int]]:
    """(next state int32 [states, wide], by state the bits of the words that end there), from the state 0.

    `words` are (word, bits); `classes` uint8 [256] says each byte's class, below `wide`.
    """
    after: list[dict[int, int]] = [{}]
    said = [0]
    for word, bits in words:
        state = 0
        for byte in word:
            number = int(classes[byte])
            if number not in after[state]:
                after[state][number] = len(after)
                after.append({})
                said.append(0)
            state = after[state][number]
        said[state] |= bits
    table = np.zeros((len(after), wide), np.int32)
    queue = deque([(0, 0)])  # states and where they fall back to, by depth
    while queue:
        state, fallback = queue.popleft()
        said[state] |= said[fallback]
        fallbacks = table[fallback].tolist()
        if state:
            table[state] = table[fallback]
        for number, target in after[state].items():
            queue.append((target, fallbacks[number] if state else 0))
            table[state, number] = target
    return table, said
