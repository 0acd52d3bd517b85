"""What a phase reads: windows of a stream of tokens, each a pure function of (view, seed, number).

A view is a few arrays over token shards, one row a document: nothing is copied, and repeats take no disk
space. The stream consists of passes e = 1, 2, …; pass e has the documents with repeats >= e, each followed
by its separator. A corpus view keeps the grouping order, so that neighbours in a repository are neighbours
in a window, and permutes its windows; other views permute their documents in every pass. Window k is
`stream[k T : k T + T + 1]`, so every token but the stream's first is a target exactly once; the end of the
last window is padded with ignored targets. After the last window the next round of the stream begins, with
other permutations. So resuming needs one number, at any world size.

The trade-off: documents are cut at the end of a window and share windows, as usual in pretraining, also
those turned into fill-in-the-middle. A corpus view takes no memory beyond its memory maps, other views 16
bytes a document for each of at most two passes. Only numpy is imported, so that a training node needs
nothing else.

Source: StarCoder's grouping by repository (arXiv 2305.06161); the rest is Neve's own.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np

from neve.errors import Fault
from neve.hashing import keyed, permute
from neve.tokens import fim

IGNORED = -100
"""Target without a loss."""

COLUMNS = ("shard", "offset", "length", "repeats", "separator", "fim_seed", "cumulative")
"""Arrays of a view with one value a document; `cumulative`, where each document starts in pass 1, has one
more."""

Table = tuple[np.ndarray | None, np.ndarray]
"""Rows in the order of one pass (None: as stored) and where each starts, with one more for the end."""


class View:
    """A view opened for reading; raises Fault if its files or its shards are missing or truncated.

    `documents` counts each document once, `tokens` the whole stream: all passes, with separators and
    sentinels.
    """

    def __init__(self, folder: Path) -> None:
        folder = Path(folder)
        try:
            about = json.loads((folder / "view.json").read_text(encoding="utf-8"))
            arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in COLUMNS]
            self._shards = [_map(folder / s["file"], about["dtype"], s["tokens"]) for s in about["shards"]]
        except (OSError, ValueError, KeyError) as error:
            raise Fault(f"{folder}: not a readable view ({error}); build its stage again") from None
        self.kind, self.documents, self.tokens = about["kind"], about["documents"], about["tokens"]
        self.vocab_size, self.sentinels = about["vocab_size"], about["sentinels"]
        self.fim_rate = about["fim_rate"]
        self._cuts = tuple(self.sentinels[f"<fim_{part}>"] for part in ("prefix", "middle", "suffix"))
        self._shard, self._offset, self._length, self._repeats, *rest = arrays
        self._separator, self._key, self._cumulative = rest
        self._bounds = [0, *itertools.accumulate(part["tokens"] for part in about["passes"])]
        self._tables: dict[tuple[int, int, int], Table] = {}

    def windows(self, length: int) -> int:
        """Number of windows of `length` in one round of the stream, the padded last one included."""
        return -(-(self.tokens - 1) // length)

    def batch(
        self, seed: int, first: int, count: int, length: int, limit: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Windows `first` … `first + count - 1` of the training order: inputs and targets, int64 [count,
        length].

        `targets[i, j]` is the token after `inputs[i, j]`. After the stream's end, and in windows from number
        `limit` on, inputs are <|endoftext|> and targets IGNORED. Windows after the last one come from the
        next rounds.
        """
        per_round = self.windows(length)
        numbers = np.arange(first, first + count if limit is None else min(first + count, limit))
        stream = np.full((count, length + 1), IGNORED, dtype=np.int64)
        for turn in np.unique(numbers // per_round).tolist():
            rows = np.flatnonzero(numbers // per_round == turn)
            windows = numbers[rows] - turn * per_round
            if self.kind == "corpus":
                windows = permute(windows, per_round, "windows", seed, turn)
            starts = windows * length
            stops = np.minimum(starts + length + 1, self.tokens)
            self._read(stream.reshape(-1), rows * (length + 1), starts, stops, seed, turn)
        inputs, targets = stream[:, :-1].copy(), stream[:, 1:].copy()
        inputs[inputs == IGNORED] = self.sentinels["<|endoftext|>"]
        return inputs, targets

    def seen(self, rows: np.ndarray, seed: int, windows: int, length: int) -> np.ndarray:
        """How many tokens of each of the documents `rows` are targets in the first `windows` windows.

        int64 [rows], repeats included.
        """
        per_round, total = self.windows(length), np.zeros(len(rows), np.int64)
        for turn in range(-(-windows // per_round)):
            reached = min(per_round, windows - turn * per_round)
            read = np.zeros(per_round + 1, bool)
            numbers = np.arange(reached)
            read[permute(numbers, per_round, "windows", seed, turn) if self.kind == "corpus" else numbers] = (
                True
            )
            before = np.concatenate([[0], np.cumsum(read) * length])

            def targets(stop: np.ndarray, read: np.ndarray = read, before: np.ndarray = before) -> np.ndarray:
                """Targets among the first `stop` tokens after the stream's first one."""
                window, inside = np.divmod(np.maximum(stop, 0), length)
                return before[window] + read[window] * inside

            for epoch in range(1, len(self._bounds)):
                order, cumulative = self._table(seed, turn, epoch)
                mine = self._repeats[rows] >= epoch
                place = rows[mine]
                if order is not None:
                    at = np.full(self.documents, -1, np.int64)
                    at[order] = np.arange(len(order))
                    place = at[place]
                start, stop = (self._bounds[epoch - 1] + cumulative[place + i] for i in (0, 1))
                total[mine] += np.maximum(targets(stop - 2) - targets(start - 1), 0)
        return total

    def _read(
        self, out: np.ndarray, places: np.ndarray, starts: np.ndarray, stops: np.ndarray, seed: int, turn: int
    ) -> None:
        """Write stream[starts[i] : stops[i]] of round `turn` to out[places[i] :], for every i, pass by pass.

        Sources and destinations are computed for all documents at once; a loop over the documents copies
        them, since they are slices of different memory maps.
        """
        for epoch, (begin, end) in enumerate(itertools.pairwise(self._bounds), 1):
            low, high = np.maximum(starts, begin), np.minimum(stops, end)
            inside = low < high
            if not inside.any():
                continue
            to, low, high = (array[inside] for array in (places + low - starts, low - begin, high - begin))
            order, cumulative = self._table(seed, turn, epoch)
            first = np.searchsorted(cumulative, low, side="right") - 1
            counts = np.searchsorted(cumulative, high, side="left") - first
            run = np.repeat(np.arange(len(low)), counts)
            index = np.arange(len(run)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
            start, stop = cumulative[index], cumulative[index + 1]
            rows = index if order is None else order[index]
            head = np.maximum(low[run] - start, 0)
            tail = np.minimum(high[run], stop) - start
            to = to[run] + np.maximum(start - low[run], 0)
            separated = tail == stop - start
            out[(to + tail - head - 1)[separated]] = self._separator[rows[separated]]
            tail -= separated
            turned = fim.chosen(self._key[rows], self._length[rows], epoch, self.fim_rate)
            source = self._offset[rows] + np.where(turned, 0, head)
            columns = (self._shard[rows], source, to, tail - head, turned, rows, head)
            for shard, at, place, size, is_fim, row, skip in zip(*(c.tolist() for c in columns), strict=True):
                tokens = self._shards[shard][at : at + (int(self._length[row]) if is_fim else size)]
                if is_fim:
                    tokens = fim.transform(tokens, self._cuts, int(self._key[row]), epoch, turn)[
                        skip : skip + size
                    ]
                out[place : place + size] = tokens

    def _table(self, seed: int, turn: int, epoch: int) -> Table:
        if self.kind == "corpus" and epoch == 1:
            return None, self._cumulative
        name = (0, 0, epoch) if self.kind == "corpus" else (seed, turn, epoch)
        if name not in self._tables:
            while len(self._tables) >= (len(self._bounds) if self.kind == "corpus" else 2):
                self._tables.pop(next(iter(self._tables)))
            rows = np.flatnonzero(self._repeats >= epoch)
            if self.kind != "corpus":
                rows = rows[np.argsort(keyed(self._key[rows], "documents", seed, turn, epoch), kind="stable")]
            self._tables[name] = rows, starts(self._length[rows], self._key[rows], epoch, self.fim_rate)
        return self._tables[name]


def starts(lengths: np.ndarray, keys: np.ndarray, epoch: int, fim_rate: float) -> np.ndarray:
    """Where each document of a pass starts: int64 [documents + 1], separators and sentinels counted in."""
    sizes = lengths + 1 + fim.EXTRA * fim.chosen(keys, lengths, epoch, fim_rate)
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def _map(path: Path, dtype: str, tokens: int) -> np.ndarray:
    if tokens == 0:
        return np.empty(0, dtype=dtype)
    shard = np.memmap(path, dtype=dtype, mode="r")
    if len(shard) != tokens:
        raise ValueError(f"{path.name} has {len(shard)} tokens, not {tokens}")
    return np.asarray(shard)
