"""A view is assembled: the index and a selection become the few arrays that training maps into memory.

Only documents of the training split enter; a selection that names another is a Fault rather than a silent
drop. The trade-off: the index is read whole (about 150 bytes a document), which fits one machine to some
hundred million documents.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents as tables
from neve.errors import Fault
from neve.hashing import document_keys, keyed
from neve.recipe.training import Data
from neve.store import read_json, write_json
from neve.tokens import fim
from neve.tokens.view import COLUMNS, starts

REFUSED = (
    "no answer passed the gates, and refusals.json of the stage synthesis says why; raise synthesis.seeds or "
    "synthesis.max_tokens, or name another synthesis.model"
)
"""What to do where a synthetic phase has nothing to read."""


@dataclass(frozen=True)
class Settings:
    name: str
    """The phase or the control that reads the view."""
    data: Data
    fim_rate: float
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `view-<phase>`: rows of a set of shards (`tokens`) as `settings` and a `selection` say.

    Without a selection's file all training documents enter once; with one those that it names, as
    often as it says. Writes an array for each of `view.COLUMNS`, and view.json.
    """
    tokens = inputs["tokens"]
    about = read_json(tokens / "tokens.json")
    columns = ["doc_id", "language", "repo", "shard", "offset", "length", "split"]
    index = tables.read(tokens / "index.parquet", columns)
    if "selection" in inputs:
        rows, repeats, limits = _selected(index, inputs["selection"] / "selection.parquet")
    else:
        rows = np.flatnonzero(pc.equal(index["split"], "train").to_numpy())
        repeats = np.ones(len(rows), dtype=np.int32)
        limits = np.full(len(rows), np.iinfo(np.int64).max)
    index = index.take(pa.array(rows))
    arrays = {name: index[name].to_numpy() for name in ("shard", "offset", "length")}
    arrays["length"] = np.minimum(arrays["length"], limits)
    arrays["repeats"] = repeats
    arrays["separator"] = _separators(index, settings.data, about["sentinels"])
    keys = keyed(document_keys(index["doc_id"]), "view", settings.seed)
    arrays["fim_seed"], lengths, rate = keys, arrays["length"], settings.fim_rate
    passes = []
    for epoch in range(1, int(repeats.max(initial=0)) + 1):
        inside = repeats >= epoch
        cumulative = starts(lengths[inside], keys[inside], epoch, rate)
        turned = int(fim.chosen(keys[inside], lengths[inside], epoch, rate).sum())
        passes.append({"documents": int(inside.sum()), "tokens": int(cumulative[-1]), "fim": turned})
        if epoch == 1:
            arrays["cumulative"] = cumulative
    total = sum(part["tokens"] for part in passes)
    if total < 2:
        remedy = REFUSED if settings.data == "synthetic" else "give the phase more documents"
        raise Fault(
            f"phase {settings.name}: no training tokens in its view of {len(rows)} documents; {remedy}"
        )
    for name in COLUMNS:
        np.save(out / f"{name}.npy", arrays[name])
    relative = Path(os.path.relpath(tokens, out))
    shards = [{"file": (relative / s["file"]).as_posix(), "tokens": s["tokens"]} for s in about["shards"]]
    view = {name: about[name] for name in ("dtype", "vocab_size", "sentinels")}
    counts = {"documents": len(rows), "tokens": total, "passes": passes}
    view |= {"kind": settings.data, "fim_rate": rate, "shards": shards}
    write_json(out / "view.json", view | counts)
    return counts


def _selected(index: pa.Table, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the index that the selection names, in the index's order; how often each is seen; its tokens
    at most."""
    chosen = tables.read(path, columns=["doc_id", "repeats", "tokens"])
    rows = pc.index_in(chosen["doc_id"], value_set=index["doc_id"].combine_chunks()).fill_null(-1).to_numpy()
    order = np.argsort(rows, kind="stable")
    rows, repeats = rows[order], chosen["repeats"].to_numpy().astype(np.int32)[order]
    limits = chosen["tokens"].fill_null(np.iinfo(np.int64).max).to_numpy()[order]
    train = np.flatnonzero(pc.equal(index["split"], "train").to_numpy())
    rules = (
        (rows < 0, "is not in the token index; build the selection again"),
        (np.diff(rows, prepend=-1) == 0, "occurs twice; `repeats` says how often a document is seen"),
        (repeats < 1, f"has repeats = {repeats.min(initial=1)}, must be 1 or more; leave it out instead"),
        (limits < 1, f"has tokens = {limits.min(initial=1)}, must be 1 or more; leave it out instead"),
        (~np.isin(rows, train), "is held out; only split train may be chosen"),
    )
    for broken, what in rules:
        if broken.any():
            first = chosen["doc_id"][int(order[broken.argmax()])]
            raise Fault(f"{path.parent.name}: doc_id {first} {what} ({broken.sum()} such)")
    return rows, repeats, limits


def _separators(index: pa.Table, data: str, sentinels: dict[str, int]) -> np.ndarray:
    """Token after each document: in a corpus <file_sep> inside a repository (of one language), else
    <|endoftext|>."""
    separator = np.full(len(index), sentinels["<|endoftext|>"], dtype=np.uint32)
    if data == "corpus" and len(index) > 1:
        inside = np.ones(len(index) - 1, dtype=bool)
        for name in ("language", "repo"):
            codes = index[name].combine_chunks().dictionary_encode().indices.to_numpy()
            inside &= codes[1:] == codes[:-1]
        separator[:-1][inside] = sentinels["<file_sep>"]
    return separator
