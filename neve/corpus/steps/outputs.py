"""What curation writes: documents in grouping order, verdicts, signals, clusters of near duplicates,
samples, counts.

Every file that entered is a row of documents or of verdicts; the counts are compared, and curation fails
where they differ.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents, engine
from neve.corpus.contamination.benchmark_index import by_benchmark
from neve.corpus.signals import table as signal_table
from neve.corpus.steps.curation import Curation
from neve.corpus.steps.row_filter import KEY
from neve.corpus.steps.row_status import KEYS, ordered
from neve.errors import Fault
from neve.progress import bar
from neve.store import write_json

CLUSTERS = 20
SAMPLES, SAMPLE_CHARACTERS = 8, 4000
"""Files shown of what each rule stops, and how much of each."""


def write(curation: Curation) -> dict[str, Any]:
    """Documents, verdicts, signals, clusters, samples; returns counts, and fails if they do not add up."""
    here = curation.order()
    sampled = curation.rows.sample(SAMPLES, curation.settings.seed)
    parts = curation.partition(here, sampled)
    found = curation.check_secrets(here)
    curation.check_quarantine()
    started = time.monotonic()
    stays = curation.rows.rule[here] == None  # noqa: E711  (elementwise)
    size, shown = _write_documents(curation, here[stays], parts[stays], curation.rows.kept[sampled])
    verdicts, entering = curation.rows.verdicts(), curation.entering
    if any((curation.source / "verdicts").glob("*.parquet")):
        earlier = documents.read(curation.source / "verdicts", columns=verdicts.column_names)
        verdicts = pa.concat_tables([verdicts, earlier.cast(verdicts.schema)])
        entering += earlier.num_rows
    documents.write(ordered(verdicts, "rule"), curation.out / "verdicts", documents.VERDICTS)
    documents.write(curation.rows.clusters(CLUSTERS), curation.out / "clusters")
    documents.write(_samples(curation, sampled, shown), curation.out / "samples")
    if hasattr(curation, "measured"):
        documents.write(_signals(curation), curation.out / "signals")
    here = here[stays]
    if len(here) + verdicts.num_rows != entering:
        raise Fault(
            f"curate: {entering} files entered, but {len(here)} documents and {verdicts.num_rows} verdicts left; "
            "this is an error of Neve's"
        )
    curation.took("write", started)
    write_json(curation.out / "timings.json", curation.timings)
    table = pa.table({"language": curation.rows.column("language", here), "size": pa.array(size)})
    sums = table.group_by("language").aggregate([("size", "count"), ("size", "sum")]).sort_by("language")
    rules = Counter(zip(verdicts["stage"].to_pylist(), verdicts["rule"].to_pylist(), strict=True))
    return {
        "entering": entering,
        "documents": len(here),
        "bytes": int(size.sum()),
        "heldout": int(curation.heldout[here].sum()),
        "by_rule": {f"{stage}/{rule}": n for (stage, rule), n in sorted(rules.items())},
        "by_language": {r["language"]: [r["size_count"], r["size_sum"]] for r in sums.to_pylist()},
        "benchmarks": by_benchmark(verdicts.filter(pc.field("rule") == "contaminated")["detail"]),
        "secrets": found,
    }


def _write_documents(
    curation: Curation, here: np.ndarray, parts: np.ndarray, kept: np.ndarray
) -> tuple[np.ndarray, dict[int, str]]:
    """Write the documents part by part, in the order of `here`; their sizes as written, and the text of
    `kept` ones."""
    pieces = [here[parts == part] for part in np.unique(parts)]
    jobs = []
    for number, (part, rows) in enumerate(zip(np.unique(parts), pieces, strict=True)):
        split = pa.array(np.where(curation.heldout[rows], "heldout", "train"))
        table = curation.rows.take(rows).append_column("split", split)
        show = np.flatnonzero(np.isin(rows, kept))
        folder = str(curation.scratch / f"documents/code={part}")
        jobs.append((table, folder, str(curation.out / "documents"), f"part-{number:05}.parquet", show))
    sizes: list[np.ndarray] = [np.empty(0, np.int64)]
    shown: dict[int, str] = {}
    if not jobs:
        documents.write(documents.DOCUMENTS.empty_table(), curation.out / "documents", documents.DOCUMENTS)
    with bar("write documents", len(here), "documents") as advance:
        for rows, job, (size, texts) in zip(pieces, jobs, engine.each(write_part, jobs), strict=True):
            sizes.append(size)
            shown.update(zip(rows[job[-1]].tolist(), texts, strict=True))
            advance(len(rows))
    return np.concatenate(sizes), shown


def _samples(curation: Curation, rows: np.ndarray, shown: dict[int, str]) -> pa.Table:
    """What was drawn of each rule, with its text, and that of the document kept in its place
    where one was."""
    table = curation.rows.verdicts_of(rows)
    folder = curation.scratch / "documents" / "code=-1"
    text = {}
    if folder.exists():
        found = documents.read(folder, columns=["key", "content"])
        text = dict(zip(found["key"].to_pylist(), found["content"].to_pylist(), strict=True))
    texts = [text.get(key) for key in curation.rows.column("key", rows).to_pylist()]
    cut = pa.array([None if t is None else t[:SAMPLE_CHARACTERS] for t in texts], pa.string())
    of_kept = pa.array([shown.get(k) for k in curation.rows.kept[rows].tolist()], pa.string())
    return table.append_column("text", cut).append_column("kept_text", of_kept)


def _signals(curation: Curation) -> pa.Table:
    """What was measured of each file that came so far: null where a later step did not see it.

    `swhid` is the identifier of the file's bytes, `encoding` what its text was decoded from, null for UTF-8;
    `license_path` the file that states its licence.
    """
    here = curation.measured
    names = [*signal_table.NAMES, "benchmark_share", "parse_error_share"]
    found = [*signal_table.NAMES, "share", "parse_error_share"]
    measured = curation.results("measured", here, found).rename_columns(names)
    columns = {
        name: curation.rows.column(name, here) for name in (*KEYS, "swhid", "encoding", "license_path")
    }
    columns |= {name: measured[name] for name in names}
    return pa.table(columns)


def write_part(
    table: pa.Table, folder: str, out: str, name: str, show: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Write one part of the documents, each of `table`'s rows with its text from `folder`.

    Returns the rows' sizes in bytes as written, and the beginnings of the texts of the rows `show`.
    """
    texts = documents.read(Path(folder), columns=["key", "content"])
    found = pc.index_in(table["key"].cast(KEY), value_set=texts["key"].cast(KEY))
    content = texts["content"].cast(pa.large_string()).take(found).combine_chunks()
    size = pc.binary_length(content).cast(pa.int64())
    table = table.set_column(table.column_names.index("size"), "size", size).append_column("content", content)
    documents.write(table.select(documents.DOCUMENTS.names), Path(out), documents.DOCUMENTS, name)
    return size.to_numpy(), [content[i].as_py()[:SAMPLE_CHARACTERS] for i in show.tolist()]
