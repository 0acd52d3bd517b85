"""Greedy generation with a key-value cache: what a base model writes after a prompt.

Prompts of similar length share a batch, padded on the left, so that all rows append at the same place of the
cache; positions count real tokens and the mask hides the padding, which gives the same result as one by one.
Rows that have ended leave the batch, and the cache is moved together: most of a step is reading the cache.
The trade-off: one looks for ends only now and then, since decoding a text costs more than some steps in vain.

Two rules that scores hang on, stated once. A prompt follows <|endoftext|>, as documents do in training, and
ends in exactly one newline, whatever white space it came with: Neve's tokenizer ends a token at a line's end
and starts one at its head, so this is where a model has learnt to go on (with a vocabulary that joins "\\n    "
it would be the place where scores are halved). A completion ends at a sentinel or before the first of STOPS.

Source: the stop sequences of Chen et al. (arXiv 2107.03374) and those that bigcode-evaluation-harness adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neve.progress import bar

if TYPE_CHECKING:
    from neve.training.model import Llama

STOPS = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```")
"""A completed function has ended where one of these begins: all stand in column 0."""

BATCH = 64
LOOK_EVERY = 16
"""Steps between looks at which texts have ended."""


def given(prompt: str) -> str:
    """The prompt as a model gets it, and as a completion is appended to it: with one newline at its end."""
    return prompt.rstrip() + "\n"


def complete(
    model: Llama,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    max_new_tokens: int,
    stops: Sequence[str] = STOPS,
    label: str = "generate",
) -> list[str]:
    """Greedy completions of `prompts`, in their order, cut before their stop.

    A prompt and its completion share the model's sequence: a prompt keeps the last tokens that leave room for
    max_new_tokens or for half a sequence, whichever is less, and a completion ends where the sequence does.
    """
    window = model.config.max_positions
    room = min(max_new_tokens, window // 2)
    encoded = [
        np.concatenate([[tokenizer.eos], ids]).astype(np.int64)[-(window - room) :]
        for ids in tokenizer.encode_batch([given(prompt) for prompt in prompts])
    ]
    order = sorted(range(len(prompts)), key=lambda k: (len(encoded[k]), prompts[k]))
    completions = [""] * len(prompts)
    with bar(label, total=len(prompts), unit="prompts") as advance:
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            tokens = greedy(model, [encoded[k] for k in rows], max_new_tokens, _Ended(tokenizer, stops))
            for k, ids in zip(rows, tokens, strict=True):
                completions[k] = _cut(tokenizer.decode(ids), stops)
            advance(len(rows))
    return completions


class _Ended:
    """Which rows of generated ids have come to their end."""

    def __init__(self, tokenizer: Any, stops: Sequence[str]):
        from neve.tokens.bpe import SENTINELS

        self.tokenizer, self.stops = tokenizer, stops
        self.sentinels = list(range(len(SENTINELS)))

    def cut(self, ids: np.ndarray) -> np.ndarray:
        """The ids before the first sentinel."""
        found = np.flatnonzero(np.isin(ids, self.sentinels))
        return ids[: found[0]] if len(found) else ids

    def __call__(self, ids: np.ndarray) -> bool:
        if len(self.cut(ids)) < len(ids):
            return True
        text = self.tokenizer.decode(ids)
        return len(_cut(text, self.stops)) < len(text)


def greedy(model: Llama, prompts: list[np.ndarray], max_new_tokens: int, ended: Any) -> list[np.ndarray]:
    """The likeliest next ids after each prompt, one batch; a row ends where `ended.cut` says or its budget does."""
    import torch

    from neve.training.model import Cache

    window = model.config.max_positions
    device = next(model.parameters()).device
    lengths = np.array([len(prompt) for prompt in prompts])
    budgets = np.minimum(max_new_tokens, window - lengths)
    width, steps, batch = int(lengths.max()), int(budgets.max()), len(prompts)
    padded = np.zeros((batch, width), np.int64)
    for row, prompt in enumerate(prompts):
        padded[row, width - len(prompt) :] = prompt
    tokens = torch.from_numpy(padded).to(device)
    first = torch.from_numpy(width - lengths).to(device)  # column of each row's first real token
    columns = torch.arange(width + steps, device=device)
    real = columns[None, :] >= first[:, None]  # [B, S]
    causal = columns[None, :width] <= columns[:width, None]
    # A padding position attends to itself, since a softmax over nothing is no number.
    own = torch.eye(width, dtype=torch.bool, device=device)
    mask = (real[:, None, None, :width] & causal) | own
    positions = (columns[None, :width] - first[:, None]).clamp_min(0)
    out = np.zeros((batch, steps), np.int64)
    written = np.zeros(batch, np.int64)
    rows = np.arange(batch)  # those not yet ended; the tensors below hold these rows only
    with torch.inference_mode():
        cache = Cache(model, batch, width + steps)
        hidden = model(tokens, positions=positions, mask=mask, cache=cache)
        for step in range(steps):
            chosen = model.logits(hidden[:, -1]).argmax(dim=-1)
            out[rows, step] = chosen.cpu().numpy()
            written[rows] = step + 1
            if step + 1 == steps:
                break
            if (step + 1) % LOOK_EVERY == 0:
                live = [step + 1 < budgets[row] and not ended(out[row, : step + 1]) for row in rows.tolist()]
                if not any(live):
                    break
                if not all(live):
                    rows, keep = rows[live], torch.tensor(live, device=device)
                    chosen, first, real = chosen[keep], first[keep], real[keep]
                    cache.keys, cache.values = cache.keys[:, keep], cache.values[:, keep]
            at = width + step
            # A row past the end of its own sequence stays at the last position; what it writes there is cut.
            positions = (at - first).clamp_max(window - 1)[:, None]
            hidden = model(
                chosen[:, None], positions=positions, mask=real[:, None, None, : at + 1], cache=cache
            )
    return [ended.cut(out[row, : min(written[row], budgets[row])]) for row in range(batch)]


def _cut(text: str, stops: Sequence[str]) -> str:
    """`text`, which follows a newline, before the first of `stops`."""
    line = "\n" + text
    end = min((at for stop in stops if (at := line.find(stop)) >= 0), default=len(line))
    return line[1 : max(1, end)]
