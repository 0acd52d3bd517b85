"""Where documents went: which phases read them and how often, and what grew from them.

The answer of `neve why` for more than one file, and what `neve remove` says before it does anything.
Everything is looked up in what the stages of an arm wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve.corpus import opt_out
from neve.corpus.opt_out import OptOut
from neve.documents import read
from neve.store import MANIFEST, read_json
from neve.tokens.mix import Mix, opened

Stages = Mapping[str, Path | None]
"""The stages of an arm: the folder of each that is done, None for the others."""


def named(curate: Path, listed: OptOut) -> pa.Table:
    """The documents of a curation that a list names: doc_id, repo, path.

    Texts are read only where the list has authors, a part of the documents at a time.
    """
    swhid = read(curate / "signals", ["doc_id", "swhid"])
    columns = ["doc_id", "repo", "path", *(["content"] if listed.authors else [])]
    found = []
    for path in sorted((curate / "documents").glob("*.parquet")):
        table = pq.read_table(path, columns=columns)
        at = pc.index_in(table["doc_id"], value_set=swhid["doc_id"])
        content = table["content"].combine_chunks() if listed.authors else pa.nulls(len(table), pa.string())
        mine = opt_out.named_by(
            listed,
            table["repo"].combine_chunks(),
            swhid["swhid"].take(at).combine_chunks(),
            content.cast(pa.large_binary()),
        )
        found.append(table.select(["doc_id", "repo", "path"]).filter(pc.is_valid(mine)))
    return pa.concat_tables(found)


def phases(stages: Stages, doc_ids: pa.Array) -> list[dict[str, Any]]:
    """For each phase and control that reads the corpus: how many of the documents are in its view, their
    tokens there, and how many of these were trained on, repeats counted; None where that is not decided."""
    rows: list[dict[str, Any]] = []
    for stage, trained in stages.items():
        phase = stage.removeprefix("train-")
        view, tokens = stages.get(f"view-{phase}"), stages.get("tokens")
        if not stage.startswith("train-"):
            continue
        row: dict[str, Any] = {
            "phase": phase, "control": f"control-{phase}" in stages, "documents": None, "tokens": None,
            "tokens_trained": None,
        }  # fmt: skip
        if view is not None and tokens is not None:
            if not corpus_parts(view):
                continue
            row |= _in_view(view, trained, _index(tokens, doc_ids))
        rows.append(row)
    return rows


def _index(tokens: Path, doc_ids: pa.Array) -> pa.Table:
    index = read(tokens / "index.parquet", ["doc_id", "shard", "offset", "length"])
    return index.filter(pc.is_in(index["doc_id"], value_set=doc_ids))


def corpus_parts(view: Path) -> list[Path]:
    """The views over the corpus's own shards that a view is made of: itself, or the parts of a mix."""
    found = opened(view)
    places = found.folders if isinstance(found, Mix) else [view]
    return [place for place in places if read_json(place / "view.json")["kind"] != "synthetic"]


def _in_view(view: Path, trained: Path | None, at: pa.Table) -> dict[str, Any]:
    """What a phase's view has of the documents at places in the shards, and what of it was trained on."""
    places = {place: _rows(place, at) for place in corpus_parts(view)}
    lengths = np.zeros(len(at), np.int64)  # as the view reads them: a selection may cut its last document
    for place, (mine, theirs) in places.items():
        lengths[mine] = np.maximum(lengths[mine], np.load(place / "length.npy", mmap_mode="r")[theirs])
    row: dict[str, Any] = {
        "documents": len(np.unique(np.concatenate([mine for mine, _ in places.values()]))),
        "tokens": int(lengths.sum()),
        "tokens_trained": None,
    }
    if trained is None:
        return row
    manifest = read_json(trained / MANIFEST)
    sequence, seed = manifest["settings"]["training"]["sequence"], manifest["settings"]["seed"]
    windows, found = -(-manifest["counts"]["tokens"] // sequence), opened(view)
    parts: list[tuple[Path, Any, int]] = [(view, found, windows)]
    if isinstance(found, Mix):
        parts = list(zip(found.folders, found.parts, found.windows_of(windows), strict=True))
    total = sum(
        int(part.seen(places[place][1], seed, count, sequence).sum())
        for place, part, count in parts
        if place in places
    )
    return row | {"tokens_trained": total}


def _rows(view: Path, at: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """(rows of `at` that a view holds, their rows in the view); tokens are known by where they lie."""
    shard, offset = (np.load(view / f"{name}.npy", mmap_mode="r") for name in ("shard", "offset"))
    theirs = (shard.astype(np.int64) << 40) | offset.astype(np.int64)
    mine = (at["shard"].to_numpy().astype(np.int64) << 40) | at["offset"].to_numpy().astype(np.int64)
    order = np.argsort(theirs, kind="stable")
    place = np.minimum(np.searchsorted(theirs[order], mine), max(len(theirs) - 1, 0))
    hit = theirs[order[place]] == mine if len(theirs) else np.zeros(len(mine), bool)
    return np.flatnonzero(hit), order[place[hit]]


def synthetic(stages: Stages, doc_ids: pa.Array) -> int | None:
    """How many accepted synthetic documents grew from these, in all draws; None where one is not done
    yet."""
    count = 0
    for place in draws(stages).values():
        if place is None:
            return None
        seeds = read(place / "documents", ["seed_doc_id"])["seed_doc_id"]
        count += int(pc.sum(pc.is_in(seeds, value_set=doc_ids)).as_py() or 0)
    return count


def draws(stages: Stages) -> Stages:
    """The stages of synthesis, one a draw of the answers.

    >>> list(draws({"synthesis": None, "synthesis-2": None, "synthetic-tokens": None}))
    ['synthesis', 'synthesis-2']
    """
    return {name: place for name, place in stages.items() if re.fullmatch(r"synthesis(-\d+)?", name)}


def of_documents(stages: Stages, table: pa.Table) -> dict[str, Any]:
    """What became of the documents that `named` found."""
    ids = table["doc_id"].combine_chunks()
    life: dict[str, Any] = {"documents": len(table), "repositories": pc.count_distinct(table["repo"]).as_py()}
    if "tokens" in stages:
        life |= {"phases": phases(stages, ids), "synthetic": synthetic(stages, ids)}
    return life


def lines(life: Mapping[str, Any]) -> list[str]:
    """The same for a person, one line per phase; `why` says it of a single file, in the singular."""
    said = [f"  {counted(life['documents'], 'document')}, {counted(life['repositories'], 'repository')}"]
    for row in life.get("phases", []):
        name = f"{'control' if row['control'] else 'phase'} {row['phase']}"
        if row["documents"] is None:
            said.append(f"  {name}: not decided yet")
        elif row["documents"] and row["tokens_trained"] is None:
            said.append(f"  {name}: {counted(row['documents'], 'document')} in its view, not trained yet")
        elif row["documents"]:
            times = row["tokens_trained"] / max(1, row["tokens"])
            said.append(
                f"  {name}: {counted(row['documents'], 'document')}, {row['tokens']:,} tokens in its view, trained on "
                f"{row['tokens_trained']:,}: {times:.2f} times each on average"
            )
        else:
            said.append(f"  {name}: none of them")
    if life.get("synthetic"):
        said.append(f"  {counted(life['synthetic'], 'synthetic document')} grew from them")
    return said


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "document"), counted(2, "repository")
    ('1 document', '2 repositories')
    """
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else plural}"
