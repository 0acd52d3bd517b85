"""Generation with a key-value cache: what a model writes after a prompt, greedily or sampled.

Prompts of similar length share a batch, padded on the left, so that all rows append at the same position of
the cache; positions count real tokens and the mask hides the padding, which gives the same result as one by
one. Rows that have ended leave the batch, and the cache is compacted: most of a step is reading the cache.
The trade-off: whether a row has ended is checked only every `CHECK_EVERY` steps, since decoding a text costs
more than some steps in vain.

A completion ends at a token that ends a text, or before the first of its stops; one that reaches its limit
was cut. Batches are fixed blocks over (length, prompt, key), so they are the same when a killed evaluation
is resumed; batches that are done are skipped as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neve.evaluation.generation.completion import Completion
from neve.evaluation.generation.sampling import Choose, Sampling, chooser, likeliest
from neve.progress import bar

if TYPE_CHECKING:
    from torch import Tensor

    from neve.evaluation.generation.model_tokenizer import ModelTokenizer
    from neve.training.model import Llama

GREEDY = Sampling()
BATCH = 64
CHECK_EVERY = 16
"""Steps between checks of which texts have ended."""


class Asked(NamedTuple):
    """Prompts as a model gets them; each of `keys` seeds its own draw."""

    texts: Sequence[str]
    keys: Sequence[str]
    max_new_tokens: int
    stops: Sequence[str] = ()
    sampling: Sampling = GREEDY


def batches(
    model: Llama,
    tokenizer: ModelTokenizer,
    asked: Asked,
    done: Set[str] = frozenset(),
    progress: str = "generate",
) -> Iterator[list[tuple[int, Completion]]]:
    """Completions as (number of the text, completion), a batch at a time; a batch whose keys are all `done`
    is skipped.

    A prompt and its completion share the model's sequence: a prompt keeps the last tokens that leave room
    for max_new_tokens or for half a sequence, whichever is less, and a completion ends where the sequence
    does.
    """
    window = model.config.max_positions
    room = min(asked.max_new_tokens, window // 2)
    encoded = [
        np.concatenate([tokenizer.prefix, ids]).astype(np.int64)[-(window - room) :]
        for ids in tokenizer.encode_batch(list(asked.texts))
    ]
    order = sorted(range(len(encoded)), key=lambda k: (len(encoded[k]), asked.texts[k], asked.keys[k]))
    ends = Ends(tokenizer, asked.stops)
    with bar(progress, total=len(encoded), unit="prompts") as advance:
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            if not all(asked.keys[k] in done for k in rows):
                choose = chooser(asked.sampling, [asked.keys[k] for k in rows])
                tokens = extend(model, [encoded[k] for k in rows], asked.max_new_tokens, ends, choose)
                yield [(k, ends.completion(ids)) for k, ids in zip(rows, tokens, strict=True)]
            advance(len(rows))


class Ends:
    """Where generated ids end: at a token that ends a text, or where their text comes to a stop."""

    def __init__(self, tokenizer: ModelTokenizer, stops: Sequence[str]):
        self.tokenizer, self.stops = tokenizer, stops

    def before_end(self, ids: np.ndarray) -> np.ndarray:
        """The ids before the first that ends a text."""
        found = np.flatnonzero(np.isin(ids, self.tokenizer.ends))
        return ids[: found[0]] if len(found) else ids

    def reached(self, ids: np.ndarray) -> bool:
        """Whether these ids contain an end."""
        return len(self.before_end(ids)) < len(ids) or self.completion(ids).ending == "ended"

    def completion(self, ids: np.ndarray) -> Completion:
        """The text of ids up to their end."""
        kept = self.before_end(ids)
        whole = self.tokenizer.decode(kept)
        text = cut(whole, self.stops)
        ended = len(kept) < len(ids) or len(text) < len(whole)
        return Completion(text, "ended" if ended else "cut")


def extend(
    model: Llama, prompts: list[np.ndarray], max_new_tokens: int, ends: Ends, choose: Choose = likeliest
) -> list[np.ndarray]:
    """The ids that follow each prompt as `choose` picks them, one batch; at most max_new_tokens, or the
    sequence's rest.

    A row leaves the batch some steps after its end; what it has beyond it is for `ends` to cut.
    """
    import torch

    from neve.evaluation.generation.kv_cache import Cache

    window = model.config.max_positions
    lengths = np.array([len(prompt) for prompt in prompts])
    budgets = np.minimum(max_new_tokens, window - lengths)
    width, steps, batch = int(lengths.max()), int(budgets.max()), len(prompts)
    tokens, first, real, mask = _padded(model, prompts, width, steps)
    positions = (torch.arange(width, device=tokens.device)[None] - first[:, None]).clamp_min(0)
    out = np.zeros((batch, steps), np.int64)
    written = np.zeros(batch, np.int64)
    rows = np.arange(batch)  # those that have not ended; the tensors below have these rows only
    with torch.inference_mode():
        cache = Cache(model, batch, width + steps)
        hidden = model(tokens, positions=positions, mask=mask, keep=cache.append)
        for step in range(steps):
            chosen = choose(model.logits(hidden[:, -1]), rows.tolist())
            out[rows, step] = chosen.cpu().numpy()
            written[rows] = step + 1
            if step + 1 == steps:
                break
            if (step + 1) % CHECK_EVERY == 0:
                live = [
                    step + 1 < budgets[row] and not ends.reached(out[row, : step + 1])
                    for row in rows.tolist()
                ]
                if not any(live):
                    break
                if not all(live):
                    rows, keep = rows[live], torch.tensor(live, device=tokens.device)
                    chosen, first, real = chosen[keep], first[keep], real[keep]
                    cache.select(keep)
            at = width + step
            # A row past the end of its own sequence stays at the last position; what it writes there is cut.
            positions = (at - first).clamp_max(window - 1)[:, None]
            seen = real[:, None, None, : at + 1]
            hidden = model(chosen[:, None], positions=positions, mask=seen, keep=cache.append)
    return [out[row, : min(written[row], budgets[row])] for row in range(batch)]


def _padded(
    model: Llama, prompts: list[np.ndarray], width: int, steps: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Prompts padded on the left: ids [B, width], column of each row's first real token [B], which columns
    are real [B, width + steps], and the mask of the prompts [B, 1, width, width]."""
    import torch

    device = next(model.parameters()).device
    padded = np.zeros((len(prompts), width), np.int64)
    for row, prompt in enumerate(prompts):
        padded[row, width - len(prompt) :] = prompt
    first = torch.tensor([width - len(prompt) for prompt in prompts], device=device)
    columns = torch.arange(width + steps, device=device)
    real = columns[None, :] >= first[:, None]
    causal = columns[None, :width] <= columns[:width, None]
    # A padding position attends to itself, since a softmax over nothing is no number.
    own = torch.eye(width, dtype=torch.bool, device=device)
    mask = (real[:, None, None, :width] & causal) | own
    return torch.from_numpy(padded).to(device), first, real, mask


def cut(text: str, stops: Sequence[str]) -> str:
    """`text`, which follows a newline, before the first of `stops`."""
    line = "\n" + text
    end = min((at for stop in stops if (at := line.find(stop)) >= 0), default=len(line))
    return line[1 : max(1, end)]
