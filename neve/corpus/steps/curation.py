"""The steps of curation: decisions on small columns (`row_status`) between passes over text (`text_passes`).

Text itself is never held. It is moved once, at the end, when it is written in parts of the grouping order,
each of which is then put in order by itself. What a pass found lies in `scratch` and is marked when it is
whole, so that a killed curation continues after its last pass. The trade-off: about 300 bytes a file are
held on one machine, and in return every decision is plain Arrow and numpy, and the same on any engine.

No document is dropped for one that is dropped later. So a copy whose licence is not admitted gives way to
one whose licence is, and near duplicates are decided among what parses. The split is drawn among what parses
too, before near duplicates are removed; held-out documents come first in keeper order, so that what is like
one of them leaves `train`.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents, engine
from neve.corpus import compiling, opt_out
from neve.corpus.duplicates import exact_duplicates, near_duplicates, shingles
from neve.corpus.languages import detection, headers
from neve.corpus.licenses import policy
from neve.corpus.ordering import grouping, split
from neve.corpus.ordering.families import family
from neve.corpus.settings import Settings
from neve.corpus.steps import text_passes
from neve.corpus.steps.input_files import open_files, refused
from neve.corpus.steps.row_filter import KEY, RowFilter, numbers, pick, place_numbers
from neve.corpus.steps.row_status import Rows
from neve.errors import Fault
from neve.progress import bar
from neve.store import read_json, write_json

if TYPE_CHECKING:
    from daft import DataFrame

PART_BYTES, PARTS = 64 << 20, 4096
"""Bytes of text that are put in order at once: at least the first, and more where there would be more parts.
"""


class Curation:
    """One corpus on its way: `rows` says what became of each file, `scratch` holds what passes over text
    found."""

    rows: Rows

    def __init__(self, job: str, settings: Settings, source: Path, out: Path):
        compiling.announce()
        self.job, self.settings, self.source, self.out = job, settings, source, out
        self.scratch = out / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self.files, self.entering = open_files(source)
        if not self.entering:
            raise Fault(f"{source}: no files to curate{refused(source)}")
        timings = self.scratch / "timings.json"
        self.timings: dict[str, float] = read_json(timings) if timings.exists() else {}

    # --- passes over text

    def save(self, frame: DataFrame, name: str, label: str, **partition: Any) -> None:
        """Compute a pass into scratch, if a killed attempt has not."""
        folder, done = self.scratch / name, self.scratch / f"{name}.done"
        if done.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        started = time.monotonic()
        engine.save(frame, folder, f"{self.job}: {label}", self.entering, **partition)
        self.took(label, started)
        done.touch()

    def took(self, label: str, started: float) -> None:
        self.timings[label] = round(self.timings.get(label, 0) + time.monotonic() - started, 2)
        write_json(self.scratch / "timings.json", self.timings)

    def select(self, rows: np.ndarray, codes: np.ndarray, name: str) -> DataFrame:
        """The chosen rows' text, each with its code."""
        keys = self.rows.column("key", rows)
        return pick(self.files, RowFilter.write(self.scratch / f"{name}-keys", keys, codes, self.alone[rows]))

    def results(self, name: str, rows: np.ndarray, columns: list[str]) -> pa.Table:
        """What a pass over `rows` saved, in the order of `rows`."""
        table = documents.read(self.scratch / name, columns=["key", *columns])
        keys = self.rows.column("key", rows).cast(KEY)
        found = pc.index_in(keys, value_set=table["key"].cast(KEY))
        if found.null_count:
            raise Fault(f"curate: {found.null_count} of {len(rows)} rows are missing after the step {name!r}")
        return table.select(columns).take(found)

    def language_codes(self, rows: np.ndarray) -> tuple[text_passes.Languages, np.ndarray]:
        """The distinct languages of rows, and for each row the number of its language."""
        language = pc.fill_null(self.rows.column("language", rows), "Text")  # null: could not be decoded
        pair = [language, pc.coalesce(self.rows.column("code_language", rows), language)]
        coded = pc.binary_join_element_wise(*pair, pa.scalar("\0", language.type)).dictionary_encode()
        names = [tuple(name.split("\0")) for name in coded.dictionary.to_pylist()]
        return names, coded.indices.to_numpy().astype(np.int64)

    # --- the steps

    def identify(self, bands: bool = False) -> None:
        """Decode, name and look up the language; what cannot be decoded, must not be used or is of another
        language stops.

        With `bands` texts are hashed for near duplicates at once: for the price of exact duplicates, one
        pass less.
        """
        excluded = frozenset(family(repo) for repo in self.settings.exclude_repos)
        near_ = self.settings.near if bands else None
        listed = opt_out.load(self.settings.opt_out) if self.settings.opt_out else opt_out.OptOut()
        wanted = [detection.spelled(name) for name in self.settings.languages]
        most = self.settings.max_file_bytes
        frame = text_passes.identify(self.files, excluded, most, listed, wanted, near_)
        self.save(frame, "identified", "decode, hash, languages" + (", MinHash" if bands else ""))
        columns = [name for name in frame.column_names if name not in ("number", "bands")]
        table = documents.read(self.scratch / "identified", columns)
        language = table["language"].combine_chunks()
        cplusplus = headers.of_cplusplus(table, table["told"].to_numpy())
        language = pc.if_else(pa.array(cplusplus), pa.scalar("C++", language.type), language)
        if not wanted:
            language = pc.fill_null(language, "Text")
        table = table.set_column(table.column_names.index("language"), "language", language)
        self.rows = Rows(table.drop_columns("told"))
        places, at = np.unique(place_numbers(self.rows.table["key"].combine_chunks()), return_inverse=True)
        self.alone = (np.bincount(at, minlength=len(places)) == 1)[at]
        self.rows.stop_where(
            np.arange(len(self.rows)), self.rows.table.select([*text_passes.STOPPED, "error"]), "curate"
        )
        here = self.rows.alive()
        named = self.rows.column("opted_out", here)
        gone = named.is_valid().to_numpy(zero_copy_only=False)
        said = np.array([*named.to_pylist(), None], object)[:-1]
        self.rows.stop(here[gone], "opt-out", "opted-out", detail=said[gone])
        if wanted:
            here = self.rows.alive()
            names = self.rows.column("language", here)
            foreign = ~pc.is_in(names, value_set=pa.array(wanted, pa.string())).to_numpy(zero_copy_only=False)
            details = np.array(names.to_pylist(), object)[foreign]
            self.rows.stop(here[foreign], "languages", "language", detail=details)

    def drop_exact_and_unlicensed(self) -> None:
        """Of equal texts one stays, with an admitted licence where any has one; the verdict names the
        licence's file."""
        here = self.rows.alive()
        given = self.rows.column("license", here)
        admitted = policy.permitted_mask(given, self.settings.licenses).to_numpy(zero_copy_only=False)
        kept = here[exact_duplicates.duplicates(self.rows.take(here), admitted)]
        refused = (kept == here) & ~admitted
        text = pa.large_string()
        by = pc.binary_join_element_wise(
            pa.scalar(" by ", text), self.rows.column("license_path", here).cast(text), pa.scalar("", text)
        )
        said = pc.binary_join_element_wise(
            pc.fill_null(given, "unknown").cast(text), pc.fill_null(by, ""), pa.scalar("", text)
        )
        details = np.array(said.to_pylist(), object)
        self.rows.stop(here[kept != here], "exact", "exact-duplicate", kept=kept[kept != here])
        self.rows.stop(here[refused], "licenses", "license", detail=details[refused])

    def measure(self) -> None:
        here = self.measured = self.rows.alive()
        names, codes = self.language_codes(here)
        others = self.rows.column("others_license", here)
        codes += len(names) * others.is_valid().to_numpy(zero_copy_only=False)
        frame = text_passes.measure(self.select(here, codes, "measured"), names, self.settings)
        self.save(frame, "measured", "signals, rules, benchmarks, parsing, MinHash")
        columns = ["stage", "rule", "value", "limit", "detail", "error"]
        found = self.results("measured", here, columns)
        vendored = pc.equal(found["rule"], "vendored")
        detail = pc.if_else(pc.fill_null(vendored, False), pc.cast(others, pa.string()), found["detail"])
        self.rows.stop_where(here, found.set_column(columns.index("detail"), "detail", detail))

    def split(self) -> None:
        """Held-out families are drawn from those that have anything left."""
        here = self.rows.alive()
        self.heldout = np.zeros(len(self.rows), bool)
        repos = self.rows.column("repo", here)
        self.heldout[here] = split.heldout(repos, self.settings.seed, self.settings.heldout_share)

    def drop_near(self) -> dict[str, int]:
        settings, rows = self.settings.near, self.rows
        here = rows.alive()
        hashed = engine.read(self.scratch / ("measured" if hasattr(self, "measured") else "identified"))
        alive = engine.frame(pa.table({"number": numbers(rows.column("key", here))}))
        signatures = hashed.where(hashed["bands"].not_null()).select("number", "bands")
        signatures = signatures.join(alive, on="number", how="semi")
        started = time.monotonic()
        with bar("near duplicates, buckets", len(here), "documents") as advance:
            members = near_duplicates.candidates(signatures, len(here), settings)
            advance(len(here))
        self.took("near duplicates, buckets", started)
        shared = members["number"].to_numpy()
        here = candidates = here[np.isin(numbers(rows.column("key", here)), shared)]
        here = here[exact_duplicates.keeper_order(rows.take(here), first=self.heldout[here])]
        texts = self.select(here, np.arange(len(here)), "shingles")
        self.save(text_passes.shingle(texts, settings.ngram), "shingles", "near duplicates, n-grams")
        errors = self.results("shingles", here, ["error"])
        rows.stop_where(here, errors.append_column("rule", pa.nulls(len(here), pa.string())), "near")
        started = time.monotonic()
        sets = shingles.load(self.scratch / "shingles", self.scratch / "sets.bin", len(here))
        rank, known = _places(shared, numbers(rows.column("key", here)))
        decision = near_duplicates.decide(members["bucket"].to_numpy()[known], rank[known], sets, settings)
        self.took("near duplicates, true similarity", started)
        gone = np.flatnonzero(decision.dropped_for >= 0)
        measures = {"value": decision.jaccard[gone], "limit": settings.threshold}
        rows.stop(here[gone], "near", "near-duplicate", kept=here[decision.dropped_for[gone]], **measures)
        return {"candidates": len(candidates), "compared": decision.compared, "capped": decision.capped}

    def order(self) -> np.ndarray:
        """The documents (rows that nothing stopped) in grouping order."""
        here, how = self.rows.alive(), self.settings.grouping.order
        imports = None
        if how == "dependency":
            names, codes = self.language_codes(here)
            self.save(text_passes.imports(self.select(here, codes, "imports"), names), "imports", "imports")
            imports = self.results("imports", here, ["imports"])["imports"]
        return here[grouping.order(self.rows.take(here), how, self.settings.seed, imports)]

    def partition(self, here: np.ndarray, sampled: np.ndarray) -> np.ndarray:
        """Write the text of `here` and of `sampled` rows (part -1), redacted if the recipe says so, into
        scratch by parts.

        Returns the part of each of `here`.
        """
        size = self.rows.column("size", here).to_numpy()
        parts = np.cumsum(size) // max(PART_BYTES, int(size.sum()) // PARTS)
        rows, codes = np.concatenate([here, sampled]), np.concatenate([parts, np.full(len(sampled), -1)])
        partitions = len(np.unique(codes))
        if self.settings.secrets.action == "keep":
            texts = self.select(rows, codes, "documents").select("key", "code", "content")
            label = "documents by parts"
        else:
            names, languages = self.language_codes(rows)
            picked = self.select(rows, (codes + 1) * len(names) + languages, "documents")
            texts, label = text_passes.redact(picked, names), "secrets, documents by parts"
        self.save(texts, "documents", label, partition="code", partitions=partitions)
        return parts

    def check_secrets(self, here: np.ndarray) -> dict[str, dict[str, int]]:
        """Stop what failed in the last pass and, if the recipe says so, what holds a secret;
        counts by kind."""
        if self.settings.secrets.action == "keep" or not len(here):
            return {}
        found = [
            documents.read(folder, columns=["key", "found", "error"])
            for folder in sorted((self.scratch / "documents").glob("code=*"))
            if folder.name != "code=-1"
        ]
        table = pa.concat_tables(found)
        table = table.take(
            pc.index_in(self.rows.column("key", here).cast(KEY), value_set=table["key"].cast(KEY))
        )
        errors = table.select(["error"]).append_column("rule", pa.nulls(len(here), pa.string()))
        self.rows.stop_where(here, errors, "secrets")
        owner = pc.list_parent_indices(table["found"]).to_numpy()
        each = pc.list_flatten(table["found"]).combine_chunks()
        kind, count = pc.struct_field(each, "kind"), pc.struct_field(each, "count")
        if self.settings.secrets.action == "drop":
            said: dict[int, list[str]] = {}
            for row, name, n in zip(owner.tolist(), kind.to_pylist(), count.to_pylist(), strict=True):
                said.setdefault(row, []).append(f"{name} {n}")
            gone = np.array(list(said), np.int64)
            total = np.bincount(owner, count.to_numpy(), len(here))[gone]
            details = np.array([*(", ".join(parts) for parts in said.values()), None], object)[:-1]
            self.rows.stop(here[gone], "secrets", "secret", value=total, limit=0.0, detail=details)
        sums = pa.table({"kind": kind, "count": count}).group_by("kind")
        tally = sums.aggregate([("count", "sum"), ("count", "count")]).sort_by("kind").to_pylist()
        return {r["kind"]: {"found": r["count_sum"], "documents": r["count_count"]} for r in tally}

    def check_quarantine(self) -> None:
        failed = np.flatnonzero(self.rows.rule == "quarantined")
        limit = self.settings.quarantine_limit
        if len(failed) > limit * self.entering:
            row = self.rows.take(failed[:1]).to_pylist()[0]
            raise Fault(
                f"curate: {len(failed)} of {self.entering} files failed, more than quarantine_limit = {limit}; "
                f"the first: {row['repo']}/{row['path']}: {self.rows.detail[failed[0]]}"
            )


def _places(values: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(position of each value in `among`, whether it is there); of equal ones the first."""
    order = np.argsort(among, kind="stable")
    if not len(among):
        return np.zeros(len(values), np.int64), np.zeros(len(values), bool)
    place = order[np.minimum(np.searchsorted(among[order], values), len(among) - 1)]
    return place, among[place] == values
