"""A run's documents as a data set: Parquet that the usual libraries read as it lies, and a card beside it.

Tables are written part by part as curation wrote them, so memory does not grow with the corpus. What the
opt-out list names is left out again, since the list may have grown since curation. The trade-off: texts are
those that training saw, with secrets replaced and notebooks as scripts; the SWHID of a file leads to its
original bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents
from neve.corpus import opt_out
from neve.corpus.opt_out import OptOut
from neve.errors import Fault
from neve.hashing import document_keys
from neve.progress import bar

SPLITS = ("train", "heldout")
SYNTHETIC = "synthetic"
COLUMNS = {
    "doc_id": "identity: the first 16 bytes of the SHA-256 of the decoded text before secrets were replaced, in hex",
    "swhid": "Software Heritage identifier of the file's original bytes",
    "source": "kind of source that gave the file",
    "repo": "repository, or package and release",
    "path": "path in the repository",
    "language": "language by Linguist's name",
    "license": "licence as found, an SPDX expression; null where none was found",
    "license_path": "the file or files that state the licence",
    "split": "train, or heldout: whole families of repositories that no phase trained on",
    "size": "bytes of the text in UTF-8",
    "content": "the text",
    "source_id": "identity that the input gave the file",
    "seed_doc_id": "the document that a synthetic one was grown from",
    "seed": "repository and path of that document",
    "kind": "kind of synthesis",
    "repaired": "whether the model was shown an error of its first answer",
    "checked": "how the program was tried: run, tested, compiled, or why not",
    "score": "of the annotator; null where it was not asked",
    "lint": "score of the linter: 1 − (5 errors + other findings) / statements",
    "tests": "tests that the program brings",
    "tests_passed": "how many of them pass",
    "assertions": "assertions in them",
    "branches": "branches of the program",
    "branches_reached": "how many of them its tests reach",
    "mutants": "changed copies of the program that were tried",
    "mutants_killed": "how many of them its tests notice",
    "mended_comments": "results in comments and tests that were replaced by what running gave",
}
"""Columns of the tables and what they mean."""
_BESIDE = ("swhid", "license_path")


@dataclass
class Tally:
    """What was written: documents and bytes by split, language and licence; files that the list named."""

    splits: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    licenses: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    repositories: set[str] = field(default_factory=set)
    opted_out: int = 0

    def count(self, split: str, table: pa.Table) -> None:
        self.splits[split] += table.num_rows
        self.sizes[split] += pc.sum(table["size"]).as_py() or 0
        if split != SYNTHETIC:
            self.languages.update(table["language"].to_pylist())
            self.licenses.update(pc.fill_null(table["license"], "unknown").to_pylist())
            self.repositories.update(table["repo"].unique().to_pylist())


def write(stages: Mapping[str, Path], listed: OptOut, out: Path) -> Tally:
    """Write `out`/data/train-NNNNN.parquet, heldout-… and synthetic-…; returns what they hold.

    `stages` are the folders of the stages that are done. Raises Fault where nothing is left.
    """
    (out / "data").mkdir(parents=True)
    tally, gone = Tally(), set[str]()
    beside = _Beside(stages["curate"] / "signals")
    parts = sorted((stages["curate"] / "documents").glob("*.parquet"))
    rows = sum(pq.read_metadata(path).num_rows for path in parts)
    numbers: Counter[str] = Counter()
    with bar("data set", rows, "documents") as advance:
        for path in parts:
            table = beside.joined(documents.read(path))
            keep, named = _kept(table, listed)
            gone.update(named)
            tally.opted_out += len(named)
            for split in SPLITS:
                _write(keep.filter(pc.equal(keep["split"], split)), split, numbers, out, tally)
            advance(table.num_rows)
    if not tally.splits.total():
        raise Fault("the data set would be empty: the opt-out list names every document")
    if "synthesis" in stages:
        _synthetic(stages, gone, numbers, out, tally)
    return tally


def _kept(table: pa.Table, listed: OptOut) -> tuple[pa.Table, list[str]]:
    """(documents that the list does not name, doc_ids of the others)."""
    columns = (table[name].combine_chunks() for name in ("repo", "swhid", "content"))
    repo, swhid, content = columns
    named = pc.is_valid(opt_out.named_by(listed, repo, swhid, content.cast(pa.large_binary())))
    return table.filter(pc.invert(named)), table.filter(named)["doc_id"].to_pylist()


def _write(table: pa.Table, split: str, numbers: Counter[str], out: Path, tally: Tally) -> None:
    if not table.num_rows:
        return
    documents.write(table, out / "data", name=f"{split}-{numbers[split]:05}.parquet")
    numbers[split] += 1
    tally.count(split, table)


def _synthetic(
    stages: Mapping[str, Path], gone: set[str], numbers: Counter[str], out: Path, tally: Tally
) -> None:
    """The synthetic documents whose seeds stay, each with the name of its seed."""
    table = documents.read(stages["synthesis"] / "documents")
    names = documents.read(stages["curate"] / "documents", ["doc_id", "repo", "path"])
    at = pc.index_in(table["seed_doc_id"], value_set=names["doc_id"])
    seeds = pc.binary_join_element_wise(names["repo"].take(at), names["path"].take(at), "/")
    table = table.append_column("seed", seeds)
    stays = [doc_id not in gone for doc_id in table["seed_doc_id"].to_pylist()]
    _write(table.filter(pa.array(stays, pa.bool_())), SYNTHETIC, numbers, out, tally)


class _Beside:
    """Columns that the signals have of each document, found by doc_id."""

    def __init__(self, folder: Path) -> None:
        first = next(folder.glob("*.parquet"), None)
        if first is None or not set(_BESIDE) <= set(pq.read_schema(first).names):
            raise Fault(
                f"{folder}: is of an earlier version of Neve; `neve run RECIPE` builds curation again"
            )
        table = documents.read(folder, ["doc_id", *_BESIDE])
        table = table.filter(pc.is_valid(table["doc_id"]))
        keys = document_keys(table["doc_id"])
        order = np.argsort(keys, kind="stable")
        self.keys, self.table = keys[order], table.take(pa.array(order))

    def joined(self, table: pa.Table) -> pa.Table:
        """The documents with their columns in the order of COLUMNS; raises Fault where one is not there."""
        if not table.num_rows:
            return table
        at = np.searchsorted(self.keys, document_keys(table["doc_id"]))
        found = self.table.take(pa.array(np.minimum(at, len(self.keys) - 1)))
        if not pc.all(pc.equal(found["doc_id"], table["doc_id"])).as_py():
            raise Fault("signals: a document has none; `neve run` builds curation again")
        for name in _BESIDE:
            table = table.append_column(name, found[name])
        return table.select([name for name in COLUMNS if name in table.column_names])
