"""Bits per byte: how many bits a model needs for each byte of text it has not seen, the figure that moves
early.

Per byte and not per token, so that tokenizers can be compared; with units (documents, tasks) kept apart, so
that intervals can be taken. Two kinds of unit:

* a held-out document, from <|endoftext|> on, in windows of the model's sequence whose targets do not
  overlap. The trade-off: the first tokens of a window lack context; sliding windows would give lower figures
  at a multiple of the cost, and what matters here is the difference between models;
* a canonical solution given its prompt. The two are tokenised apart and joined, so the split is exact to the
  byte. Neve's tokenizer never merges across a line's start, so where one line ends the prompt and another
  opens the solution, this is also how the whole would be tokenised (blanks after the prompt's last newline
  count with the solution). What is longer than the model's sequence loses tokens of the prompt from the
  left; a solution that alone is longer than the sequence is read in windows.

Batches are fixed blocks over (length, key), so a figure does not depend on the order of its input.

Source: Gao et al., The Pile (arXiv 2101.00027) section 3.1 for the measure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neve.progress import bar
from neve.tasks.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

    from neve.training.model import Llama

BATCH_TOKENS = {"cpu": 2048, "cuda": 8192}
"""Padded tokens of one forward pass: what stays in a core's cache, and what fills a GPU."""
GROUP = 4
"""Blocks handed to each core at a time."""
IGNORED = -100
Row = tuple[int, np.ndarray, np.ndarray]
"""(text's number, inputs, targets) of a window."""


@dataclass(frozen=True)
class Text:
    """A unit to measure: `context` and `target` token ids, and the UTF-8 `before` and `after` that they
    encode."""

    key: str
    context: np.ndarray
    target: np.ndarray
    before: bytes
    after: bytes

    @property
    def size(self) -> int:
        """Bytes that the target encodes."""
        return len(self.after)


def measure(model: Llama, texts: Sequence[Text], label: str) -> np.ndarray:
    """Bits of each text's target given its context, float64 [texts]; contexts must not be empty.

    On a CPU each core reads a block of its own: products of this size gain little from a second core.
    """
    import torch

    rows = [
        row for number, text in enumerate(texts) for row in _windows(number, text, model.config.max_positions)
    ]
    rows.sort(key=lambda row: (len(row[1]), texts[row[0]].key))
    bits = np.zeros(len(texts))
    cores, device = torch.get_num_threads(), next(model.parameters()).device.type
    blocks = _blocks(rows, BATCH_TOKENS[device])
    pool = ThreadPoolExecutor(cores if device == "cpu" else 1, "core", torch.set_num_threads, (1,))
    with bar(label, total=sum(len(row[1]) for row in rows), unit="tokens") as advance, pool:
        while group := list(islice(blocks, GROUP * cores)):
            for block, nats in zip(group, pool.map(partial(_nats, model), group), strict=True):
                np.add.at(bits, [row[0] for row in block], nats / math.log(2))
                advance(sum(len(row[1]) for row in block))
    torch.set_num_threads(cores)
    return bits


def _blocks(rows: list[Row], tokens: int) -> Iterator[list[Row]]:
    """Rows in their order, of at most so many tokens when padded."""
    start = 0
    while start < len(rows):
        stop = start + 1
        while stop < len(rows) and (stop + 1 - start) * len(rows[stop][1]) <= tokens:
            stop += 1
        yield rows[start:stop]
        start = stop


def _nats(model: Llama, block: list[Row]) -> np.ndarray:
    """Negative log-likelihood of each row's targets, float64."""
    import torch

    from neve.training.loss import token_losses

    length = max(len(row[1]) for row in block)
    inputs = np.zeros((len(block), length), np.int64)
    targets = np.full((len(block), length), IGNORED, np.int64)
    for line, (_, given, wanted) in enumerate(block):
        inputs[line, : len(given)] = given
        targets[line, : len(wanted)] = wanted
    device = next(model.parameters()).device
    with torch.inference_mode():
        losses = token_losses(
            model, torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)
        )
        return losses.double().sum(dim=1).cpu().numpy()


def _windows(number: int, text: Text, length: int) -> list[Row]:
    """(number, inputs, targets) of a text, each at most `length` long; every target token is in
    exactly one."""
    room = max(1, length + 1 - len(text.target))
    context = text.context[-room:]
    stream = np.concatenate([context, text.target]).astype(np.int64)
    wanted = stream[1:].copy()
    wanted[: len(context) - 1] = IGNORED
    return [
        (number, stream[k : k + length][: len(stream) - 1 - k], wanted[k : k + length])
        for k in range(0, len(stream) - 1, length)
    ]


def solutions(tasks: Sequence[Task], tokenizer: Any) -> list[Text]:
    """The canonical solutions as units, given <|endoftext|> and their prompts."""
    prompts = [task.prompt.rstrip(" \t") for task in tasks]
    answers = [
        task.prompt[len(prompt) :] + task.solution for task, prompt in zip(tasks, prompts, strict=True)
    ]
    return _units([task.task_id for task in tasks], prompts, answers, tokenizer)


def documents(table: pa.Table, tokenizer: Any) -> list[Text]:
    """Rows of a document table (doc_id, content) as units, given <|endoftext|> alone."""
    contents = table["content"].to_pylist()
    return _units(table["doc_id"].to_pylist(), [""] * len(contents), contents, tokenizer)


def _units(keys: list[str], contexts: list[str], targets: list[str], tokenizer: Any) -> list[Text]:
    before, after = tokenizer.encode_batch(contexts), tokenizer.encode_batch(targets)
    return [
        Text(
            key,
            np.concatenate([[tokenizer.eos], given]).astype(np.int64),
            np.asarray(wanted, np.int64),
            context.encode(),
            target.encode(),
        )
        for key, given, wanted, context, target in zip(keys, before, after, contexts, targets, strict=True)
    ]


def heldout(curate: Path, limit: int) -> pa.Table:
    """Held-out documents (doc_id, language, content), at most `limit` bytes, languages in proportion to
    their bytes.

    They are those that `neve.tokens.heldout` measures in training.
    """
    import pyarrow.compute as pc

    from neve import documents as tables
    from neve.tokens.heldout import choose

    wanted = (pc.field("split") == "heldout") & (pc.field("size") > 0)
    table = tables.read(curate / "documents", ["doc_id", "language", "size", "content"], wanted)
    return choose(table, limit).drop_columns("size")
