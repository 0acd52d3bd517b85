"""Sections scored block by block: on every device of this machine, or as tasks of a Ray cluster.

Sections are sorted over all documents and judged in fixed blocks, each saved when it is done and skipped
when found. Blocks follow (length, doc_id), so the same corpus gives the same scores however its files are
cut, and which device takes a block makes no difference. The trade-off: one process holds an index of the
sections (about 100 bytes a document, the tokens lie in a file), which is what lets batches be sorted over
the whole corpus; a task of the cluster reads only its own block's part of it.

How much the devices wait is told with the scores: 1 less the seconds that they computed, by those that they
could have computed meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from neve import engine
from neve.progress import bar
from neve.quality.annotator import Documents, save, timed
from neve.quality.annotators.encoder import Reader, Sections, gather, mapped

T = TypeVar("T")


class Device(Reader, Protocol):
    """What computes on one device, and cuts texts into sections for it."""

    block: int
    """Sections between two saves."""
    block_on_gpu: int
    """The same where it computes on a GPU."""
    lanes: int
    """How many of it compute at a time: cores of a processor, or 1."""
    busy: float
    """Seconds that these have computed together."""

    def beside(self) -> Sequence[Any]:
        """This one, and one on each further device of its kind that this process may use."""


class Judge(Protocol):
    """What gives sections their scores."""

    @property
    def first(self) -> Any:
        """The first of its devices: a `Device`."""

    def judge(self, device: Any, sections: Sections, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Scores of the sections `rows`, which are in ascending order of their lengths: float64 [rows];
        `which` names the model for each, where there are several."""


class Kept(NamedTuple):
    """Where a judge lies, for a task of the cluster to open it."""

    load: Callable[[Path], Any]
    """A function of a module that opens `folder`."""
    folder: Path


@dataclass(frozen=True)
class Todo:
    """Sections that are to be judged."""

    sections: Sections
    """All, as `sections_of` gave them."""
    order: np.ndarray
    """int64: those that are to be judged, in ascending order of their lengths."""
    which: np.ndarray
    """int [sections]: the model that judges each."""
    work: Path
    """Where their tokens lie and blocks are kept."""


def score(judge: Judge, kept: Kept, todo: Todo, scores: np.ndarray) -> dict[str, float]:
    """Fill `scores` [sections] where they are to be judged, on all devices or by the cluster; gives what a
    clock measured."""
    if not len(todo.order):
        return {}
    begun = time.perf_counter()
    if engine.on_ray():
        busy, lanes = _on_cluster(judge, kept, todo, scores)
    else:
        devices = judge.first.beside()
        before = sum(device.busy for device in devices)

        def one(device: Any, rows: np.ndarray) -> np.ndarray:
            return judge.judge(device, todo.sections, rows, todo.which[rows])

        in_blocks(one, devices, todo.order, judge.first.block, scores, todo.work)
        busy = sum(device.busy for device in devices) - before
        lanes = sum(device.lanes for device in devices)
    return timed(busy, (time.perf_counter() - begun) * lanes)


def in_blocks(
    judge: Callable[[Any, np.ndarray], np.ndarray],
    lanes: Sequence[Any],
    order: np.ndarray,
    block: int,
    scores: np.ndarray,
    work: Path,
) -> None:
    """Fill `scores` at `order`, block by block: `judge(lane, rows)` scores the sections `rows`.

    A block that lies in `work` is taken from there. `lanes` are devices, each of which takes the next block
    that is open; which of them does makes no difference to the result.
    """
    free: SimpleQueue[Any] = SimpleQueue()
    for lane in lanes:
        free.put(lane)

    def one(at: int) -> tuple[int, np.ndarray]:
        file = _file(work, at, block)
        if not file.exists():
            lane = free.get()
            try:
                save(file, {"scores": judge(lane, order[at : at + block])})
            finally:
                free.put(lane)
        with np.load(file) as found:
            return at, found["scores"]

    starts = range(0, len(order), block)
    with bar("score", total=len(order), unit="sections") as advance:
        for at, made in map(one, starts) if len(lanes) == 1 else _beside(one, starts, len(lanes)):
            scores[order[at : at + block]] = made
            advance(len(made))


def _beside(one: Callable[[int], T], starts: Sequence[int], lanes: int) -> Iterator[T]:
    """`one` of each start, in order, in a thread a lane; where one fails, those that have not begun do
    not."""
    devices = ThreadPoolExecutor(lanes, "device")
    try:
        yield from devices.map(one, starts)
    finally:
        devices.shutdown(cancel_futures=True)


def _file(work: Path, at: int, block: int) -> Path:
    return work / f"{at:09d}-{block}.npz"


def _on_cluster(judge: Judge, kept: Kept, todo: Todo, scores: np.ndarray) -> tuple[float, int]:
    """`score` by tasks of the cluster, which write the blocks of `in_blocks`; gives the seconds that devices
    computed, and how many of them there were. A task has a GPU of its own where the cluster has GPUs,
    whether or not this process has one."""
    gpus, order, work = engine.slots("GPU"), todo.order, todo.work
    block = judge.first.block_on_gpu if gpus else judge.first.block
    parts = {"starts": todo.sections.starts, "lengths": todo.sections.lengths, "which": todo.which}
    for name, part in parts.items():
        np.save(work / f"{name}.npy", part[order])
    starts = [at for at in range(0, len(order), block) if not _file(work, at, block).exists()]
    folder = kept.folder.resolve()
    opens = (kept.load, str(folder), folder.stat().st_mtime_ns)
    jobs = [(*opens, str(work.resolve()), at, block) for at in starts]
    busy, each = 0.0, 1
    with bar("score", total=len(order), unit="sections") as advance:
        for seconds, lanes in engine.each(score_block, jobs, gpus=int(gpus > 0)):
            busy, each = busy + seconds, lanes
            advance(block)
    for at in range(0, len(order), block):
        with np.load(_file(work, at, block)) as found:
            scores[order[at : at + block]] = found["scores"]
    return busy, each * min(gpus or engine.slots("CPU"), len(jobs))


@lru_cache(maxsize=1)
def _opened(load: Callable[[Path], Any], folder: str, changed: int) -> Any:
    """The judge in a folder, kept for the next task of it; `changed` is when the folder last was."""
    return load(Path(folder))


def score_block(
    load: Callable[[Path], Any], folder: str, changed: int, work: str, at: int, block: int
) -> tuple[float, int]:
    """A task of the cluster: one block of the judge in `folder`, over what `_on_cluster` left in `work`;
    gives the seconds computed and the lanes of its device."""
    judge, place = _opened(load, folder, changed), Path(work)
    starts, lengths, which = (
        np.array(np.load(place / f"{name}.npy", mmap_mode="r")[at : at + block])
        for name in ("starts", "lengths", "which")
    )
    device, rows = judge.first, np.arange(len(starts))
    sections = Sections(mapped(device, place / TOKENS), starts, lengths, rows)
    before = device.busy
    save(_file(place, at, block), {"scores": judge.judge(device, sections, rows, which)})
    return device.busy - before, device.lanes


TOKENS = "sections.tokens"


def sections_of(reader: Reader, documents: Documents, work: Path) -> tuple[np.ndarray, Sections]:
    """The sections of all documents, cut now or by an earlier attempt."""
    index, tokens = work / "sections.npz", work / TOKENS
    if index.exists():
        with np.load(index) as found:
            parts = (found["starts"], found["lengths"], found["documents"])
            return found["doc_ids"], Sections(mapped(reader, tokens), *parts)
    doc_ids, sections = gather(reader, documents, tokens)
    places = {"starts": sections.starts, "lengths": sections.lengths, "documents": sections.documents}
    save(index, {"doc_ids": doc_ids, **places})
    return doc_ids, sections
