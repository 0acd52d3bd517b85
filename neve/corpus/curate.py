"""Files in, documents and verdicts out: the steps of curation in their order, cheap ones and those that remove much first.

    decode ▸ language ▸ exact duplicates ▸ licence ▸ signals and filters ▸ decontamination ▸ split ▸ near duplicates
    ▸ parsing ▸ grouping

Text is read in passes (`passes.py`) that run on any engine; here are the decisions, on small columns (`rows.py`).
Text itself is never held, and is moved once, at the end, when it is dealt into parts of the grouping order, each of
which is then put in order by itself: 64 MiB at a time.

No document falls for one that falls later. So a copy with a licence that is not admitted gives way to one that is,
and what has candidates for near duplicates is parsed before these are decided; the rest is parsed after. The split
is drawn before near duplicates are removed, and held-out documents come first in keeper order, so that what is like
a held-out document leaves the training side.

Source: the curation of StarCoder (arXiv 2305.06161) and Arctic-SnowCoder (2409.02326); the order is Neve's.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve import documents, engine
from neve.corpus import exact, grouping, licenses, near, passes, shingles, signals, syntax
from neve.corpus.rows import KEYS, Rows, ordered
from neve.errors import Fault
from neve.progress import bar

if TYPE_CHECKING:
    from daft import DataFrame

RULES_VERSION = 2
PART_BYTES = 64 << 20
"""Bytes of text that are put in order at once."""
CLUSTERS = 20


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Curate `inputs["files"]` into `out`: documents/, verdicts/, signals/, clusters/.

    `settings`: the recipe's [corpus] without its sources, `seed`, `exclude_repos`, and `data`, a folder of benchmark
    files, if there is one. No languages listed means any language, "Text" where it is unknown.
    Returns counts. Raises Fault when there is nothing to curate, when too many files fail for an internal error, or
    when the rows that leave are not those that entered.
    """
    passes.check_settings(settings)
    curation = Curation(settings, inputs["files"], out)
    curation.identify()
    curation.drop_exact_and_unlicensed()
    curation.measure()
    curation.split()
    counts = curation.drop_near() if settings["near"]["enabled"] else {}
    curation.parse(curation.rows.alive())
    curation.check_quarantine()
    written = curation.write()
    shutil.rmtree(curation.scratch)
    return {**written, **({"near": counts} if counts else {})}


class Curation:
    """One corpus on its way: `rows` says what became of each file, `scratch` holds what passes over text found."""

    rows: Rows

    def __init__(self, settings: dict[str, Any], source: Path, out: Path):
        self.settings, self.source, self.out = settings, source, out
        self.scratch = out / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.entering = ds.dataset(sorted(source.glob("files/*.parquet"))).count_rows()
        if not self.entering:
            raise Fault(
                f"{source}: no files to curate; see the verdicts beside it for those that were refused"
            )
        self.files = engine.read(source / "files")
        self.parsed = np.empty(0, np.int64)

    # --- passes over text ----------------------------------------------------------------------------------------

    def save(self, frame: DataFrame, name: str, label: str, partition: str | None = None) -> None:
        engine.save(frame, self.scratch / name, f"curate: {label}", self.entering, partition)

    def select(self, rows: np.ndarray, codes: np.ndarray, name: str) -> DataFrame:
        """The chosen rows' text, each with its code."""
        keys = self.rows.column("key", rows)
        return passes.pick(self.files, passes.Selection.write(self.scratch / f"{name}-keys", keys, codes))

    def results(self, name: str, rows: np.ndarray, columns: list[str]) -> pa.Table:
        """What a pass over `rows` saved, in the order of `rows`."""
        table = documents.read(self.scratch / name, columns=["key", *columns])
        keys = self.rows.column("key", rows).cast(passes.KEY)
        found = pc.index_in(keys, value_set=table["key"].cast(passes.KEY))
        if found.null_count:
            raise Fault(f"curate: {found.null_count} of {len(rows)} rows are missing after the step {name!r}")
        return table.select(columns).take(found)

    def language_codes(self, rows: np.ndarray) -> tuple[list[str], np.ndarray]:
        coded = self.rows.column("language", rows).dictionary_encode()
        return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)

    # --- the steps -----------------------------------------------------------------------------------------------

    def identify(self) -> None:
        """Decode, name and look up the language; what cannot be decoded or is of another language stops."""
        excluded = frozenset(grouping.family(repo) for repo in self.settings["exclude_repos"])
        self.save(passes.identify(self.files, excluded), "identified", "identify")
        table, wanted = documents.read(self.scratch / "identified"), self.settings["languages"]
        if not wanted:
            language = pc.fill_null(table["language"], "Text")
            table = table.set_column(table.column_names.index("language"), "language", language)
        self.rows = Rows(table)
        self.rows.stop_where(np.arange(len(self.rows)), self.rows.table.select(["rule", "error"]), "curate")
        if wanted:
            here = self.rows.alive()
            names = self.rows.column("language", here)
            foreign = ~pc.is_in(names, value_set=pa.array(wanted, pa.string())).to_numpy(zero_copy_only=False)
            details = np.array(names.to_pylist(), object)[foreign]
            self.rows.stop(here[foreign], "languages", "language", detail=details)

    def drop_exact_and_unlicensed(self) -> None:
        here = self.rows.alive()
        given = self.rows.column("license", here)
        admitted = licenses.permitted_mask(given, self.settings["licenses"]).to_numpy(zero_copy_only=False)
        kept = here[exact.duplicates(self.rows.take(here), admitted)]
        refused = (kept == here) & ~admitted
        details = np.array(pc.fill_null(given, "unknown").to_pylist(), object)
        self.rows.stop(here[kept != here], "exact", "exact-duplicate", kept=kept[kept != here])
        self.rows.stop(here[refused], "licenses", "license", detail=details[refused])

    def measure(self) -> None:
        here = self.measured = self.rows.alive()
        names, codes = self.language_codes(here)
        frame = passes.measure(self.select(here, codes, "measured"), names, self.settings)
        self.save(frame, "measured", "signals, filters, benchmarks, MinHash")
        columns = ["stage", "rule", "value", "limit", "detail", "error"]
        self.rows.stop_where(here, self.results("measured", here, columns))

    def split(self) -> None:
        """Held-out families are drawn from those that have anything left."""
        here = self.rows.alive()
        self.heldout = np.zeros(len(self.rows), bool)
        repos = self.rows.column("repo", here)
        self.heldout[here] = grouping.heldout(repos, self.settings["seed"], self.settings["heldout_share"])
        self.parse_error_share = np.full(len(self.rows), np.nan)

    def drop_near(self) -> dict[str, int]:
        settings, rows = self.settings["near"], self.rows
        here = rows.alive()
        measured = engine.read(self.scratch / "measured")
        signatures = measured.where(measured["bands"].not_null()).select("number", "bands")
        with bar("curate: near duplicates, buckets", len(here), "documents") as advance:
            members = near.candidates(signatures, len(here), settings)
            advance(len(here))
        shared = members["number"].to_numpy()
        candidates = here[np.isin(passes.numbers(rows.column("key", here)), shared)]
        self.parse(candidates)
        here = candidates[rows.rule[candidates] == None]  # noqa: E711  (elementwise)
        here = here[exact.keeper_order(rows.take(here), first=self.heldout[here])]
        texts = self.select(here, np.arange(len(here)), "shingles")
        self.save(passes.shingle(texts, settings["ngram"]), "shingles", "near duplicates, n-grams")
        errors = self.results("shingles", here, ["error"])
        rows.stop_where(here, errors.append_column("rule", pa.nulls(len(here), pa.string())), "near")
        sets = shingles.load(self.scratch / "shingles", self.scratch / "sets.npy", len(here))
        rank, known = _places(shared, passes.numbers(rows.column("key", here)))
        decision = near.decide(members["bucket"].to_numpy()[known], rank[known], sets, settings)
        gone = np.flatnonzero(decision.dropped_for >= 0)
        measures = {"value": decision.jaccard[gone], "limit": settings["threshold"]}
        rows.stop(here[gone], "near", "near-duplicate", kept=here[decision.dropped_for[gone]], **measures)
        return {"candidates": len(candidates), "compared": decision.compared, "capped": decision.capped}

    def parse(self, here: np.ndarray) -> None:
        """Parse those of `here` that have a parser and were not parsed yet."""
        names, codes = self.language_codes(here)
        known = np.array([name in syntax.GRAMMARS for name in names], bool)[codes]
        new = known & ~np.isin(here, self.parsed)
        here, codes = here[new], codes[new]
        if not len(here):
            return
        name = f"parsed-{len(self.parsed)}"
        self.parsed = np.concatenate([self.parsed, here])
        self.save(passes.parse(self.select(here, codes, name), names, self.settings), name, "parse")
        found = self.results(name, here, ["parse_error_share", "rule", "value", "limit", "error"])
        self.parse_error_share[here] = found["parse_error_share"].to_numpy()
        self.rows.stop_where(here, found, "syntax")

    def check_quarantine(self) -> None:
        failed = np.flatnonzero(self.rows.rule == "quarantined")
        limit = self.settings["quarantine_limit"]
        if len(failed) > limit * self.entering:
            row = self.rows.take(failed[:1]).to_pylist()[0]
            raise Fault(
                f"curate: {len(failed)} of {self.entering} files failed, more than quarantine_limit = {limit}; "
                f"the first: {row['repo']}/{row['path']}: {self.rows.detail[failed[0]]}"
            )

    # --- writing -------------------------------------------------------------------------------------------------

    def write(self) -> dict[str, Any]:
        here = self.rows.alive()
        how, seed = self.settings["grouping"]["order"], self.settings["seed"]
        here = here[grouping.order(self.rows.take(here), how, seed)]
        verdicts, entering = self.rows.verdicts(), self.entering
        if any((self.source / "verdicts").glob("*.parquet")):
            earlier = documents.read(self.source / "verdicts", columns=verdicts.column_names)
            verdicts = pa.concat_tables([verdicts, earlier.cast(verdicts.schema)])
            entering += earlier.num_rows
        documents.write(ordered(verdicts, "rule"), self.out / "verdicts", documents.VERDICTS)
        documents.write(self.rows.clusters(CLUSTERS), self.out / "clusters")
        documents.write(self.signals(), self.out / "signals")
        written = documents.write(self.documents(here), self.out / "documents", documents.DOCUMENTS)
        if written + verdicts.num_rows != entering:
            raise Fault(
                f"curate: {entering} files entered, but {written} documents and {verdicts.num_rows} verdicts left; "
                "this is an error of Neve's"
            )
        size = self.rows.column("size", here)
        table = pa.table({"language": self.rows.column("language", here), "size": size})
        sums = table.group_by("language").aggregate([("size", "count"), ("size", "sum")]).sort_by("language")
        rules = Counter(zip(verdicts["stage"].to_pylist(), verdicts["rule"].to_pylist(), strict=True))
        return {
            "entering": entering,
            "documents": written,
            "bytes": pc.sum(size).as_py() or 0,
            "by_rule": {f"{stage}/{rule}": n for (stage, rule), n in sorted(rules.items())},
            "by_language": {r["language"]: [r["size_count"], r["size_sum"]] for r in sums.to_pylist()},
        }

    def signals(self) -> pa.Table:
        """What was measured of each file that came so far: null where a later step did not see it."""
        here = self.measured
        names = [*signals.NAMES, "benchmark_share"]
        measured = self.results("measured", here, [*signals.NAMES, "share"]).rename_columns(names)
        columns = {name: self.rows.column(name, here) for name in KEYS} | {
            name: measured[name] for name in names
        }
        return pa.table(
            {**columns, "parse_error_share": pa.array(self.parse_error_share[here], from_pandas=True)}
        )

    def documents(self, here: np.ndarray) -> Iterator[pa.Table]:
        """The documents of `here` in this order, a part at a time: text is dealt to the parts, then each is sorted."""
        parts = np.cumsum(self.rows.column("size", here).to_numpy()) // PART_BYTES
        texts = self.select(here, parts, "documents").select("key", "code", "content")
        self.save(texts, "documents", "deal documents", partition="code")
        with bar("curate: write documents", len(here), "documents") as advance:
            for part in np.unique(parts):
                rows = here[parts == part]
                split = pa.array(np.where(self.heldout[rows], "heldout", "train"))
                content = self.results(f"documents/code={part}", rows, ["content"])["content"]
                table = self.rows.take(rows).append_column("split", split).append_column("content", content)
                yield table.select(documents.DOCUMENTS.names)
                advance(len(rows))


def _places(values: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(position of each value in `among`, whether it is there); of equal ones the first."""
    order = np.argsort(among, kind="stable")
    if not len(among):
        return np.zeros(len(values), np.int64), np.zeros(len(values), bool)
    place = order[np.minimum(np.searchsorted(among[order], values), len(among) - 1)]
    return place, among[place] == values
