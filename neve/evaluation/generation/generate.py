"""Generation with a key-value cache: what a model writes after a prompt, greedily or sampled.

Prompts of similar length share a batch, padded on the left, so that all rows append at the same place of the
cache; positions count real tokens and the mask hides the padding, which gives the same result as one by one.
Rows that have ended leave the batch, and the cache is moved together: most of a step is reading the cache.
The trade-off: one looks for ends only now and then, since decoding a text costs more than some steps in vain.

Two rules that scores hang on, stated once. A prompt follows <|endoftext|>, as documents do in training, and
ends in exactly one newline, whatever white space it came with: Neve's tokenizer ends a token at a line's end
and starts one at its head, so this is where a model has learnt to go on (with a vocabulary that joins "\\n    "
it would be the place where scores are halved). A completion ends at a token that ends a text or before the first of its stops.
A question in a chat template's words is taken as it is.

Batches are fixed blocks over (length, prompt, key), so they are the same when a killed evaluation goes on; those that are
done are passed over whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from neve.evaluation.generation.sampling import Choose, Sampling, chooser, likeliest
from neve.progress import bar
from neve.tasks.traits import FUNCTION_STOPS

if TYPE_CHECKING:
    from neve.evaluation.generation.model_tokenizer import Speech
    from neve.training.model import Llama

GREEDY = Sampling()
BATCH = 64
LOOK_EVERY = 16
"""Steps between looks at which texts have ended."""


def given(prompt: str) -> str:
    """The prompt as a model gets it, and as a completion is appended to it: with one newline at its end."""
    return prompt.rstrip() + "\n"


def complete(
    model: Llama,
    speech: Speech,
    prompts: Sequence[str],
    *,
    max_new_tokens: int,
    stops: Sequence[str] = FUNCTION_STOPS,
    label: str = "generate",
) -> list[str]:
    """Greedy completions of `prompts`, in their order, cut before their stop."""
    texts = [given(prompt) for prompt in prompts]
    completions = [""] * len(prompts)
    for batch in batches(
        model,
        speech,
        texts,
        [str(k) for k in range(len(texts))],
        max_new_tokens=max_new_tokens,
        stops=stops,
        label=label,
    ):
        for number, text in batch:
            completions[number] = text
    return completions


def batches(
    model: Llama,
    speech: Speech,
    texts: Sequence[str],
    keys: Sequence[str],
    *,
    max_new_tokens: int,
    stops: Sequence[str],
    sampling: Sampling = GREEDY,
    done: Set[str] = frozenset(),
    label: str = "generate",
) -> Iterator[list[tuple[int, str]]]:
    """Completions of `texts` as (number, text), a batch at a time; each of `keys` seeds its own draw.

    A prompt and its completion share the model's sequence: a prompt keeps the last tokens that leave room for
    max_new_tokens or for half a sequence, whichever is less, and a completion ends where the sequence does.
    A batch whose keys are all `done` is left out.
    """
    window = model.config.max_positions
    room = min(max_new_tokens, window // 2)
    encoded = [
        np.concatenate([speech.prefix, ids]).astype(np.int64)[-(window - room) :]
        for ids in speech.encode_batch(list(texts))
    ]
    order = sorted(range(len(texts)), key=lambda k: (len(encoded[k]), texts[k], keys[k]))
    with bar(label, total=len(texts), unit="prompts") as advance:
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            if not all(keys[k] in done for k in rows):
                choose = chooser(sampling, [keys[k] for k in rows])
                tokens = extend(
                    model, [encoded[k] for k in rows], max_new_tokens, _Ended(speech, stops), choose
                )
                yield [(k, cut(speech.decode(ids), stops)) for k, ids in zip(rows, tokens, strict=True)]
            advance(len(rows))


class _Ended:
    """Which rows of generated ids have come to their end."""

    def __init__(self, speech: Speech, stops: Sequence[str]):
        self.speech, self.stops = speech, stops

    def cut(self, ids: np.ndarray) -> np.ndarray:
        """The ids before the first that ends a text."""
        found = np.flatnonzero(np.isin(ids, self.speech.ends))
        return ids[: found[0]] if len(found) else ids

    def __call__(self, ids: np.ndarray) -> bool:
        if len(self.cut(ids)) < len(ids):
            return True
        text = self.speech.decode(ids)
        return len(cut(text, self.stops)) < len(text)


def extend(
    model: Llama, prompts: list[np.ndarray], max_new_tokens: int, ended: Any, choose: Choose = likeliest
) -> list[np.ndarray]:
    """The next ids after each prompt as `choose` has them, one batch; a row ends where `ended.cut` says or its budget does."""
    import torch

    from neve.evaluation.generation.kv_cache import Cache

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
        hidden = model(tokens, positions=positions, mask=mask, keep=cache.append)
        for step in range(steps):
            chosen = choose(model.logits(hidden[:, -1]), rows.tolist())
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
                chosen[:, None], positions=positions, mask=real[:, None, None, : at + 1], keep=cache.append
            )
    return [ended.cut(out[row, : min(written[row], budgets[row])]) for row in range(batch)]


def cut(text: str, stops: Sequence[str]) -> str:
    """`text`, which follows a newline, before the first of `stops`."""
    line = "\n" + text
    end = min((at for stop in stops if (at := line.find(stop)) >= 0), default=len(line))
    return line[1 : max(1, end)]
