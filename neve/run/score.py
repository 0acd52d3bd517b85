"""Scores alone: an annotator that a run fitted, on the user's own documents, tables and folders.

What `neve curate` left is scored as it lies. Anything else that curation reads is first decoded and given
the identity by which scores name a document; nothing is filtered, equal texts are one document, and what has
no language that is known is ranked with others like it. The trade-off: such documents are a copy on disk
beside the scores, since a score without its document would say nothing.

A killed command goes on where it was: the documents are whole or absent, and scores are kept block by block.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents
from neve.corpus import sources as readers
from neve.corpus.languages import detection
from neve.corpus.text import decoded
from neve.errors import Misuse
from neve.hashing import key
from neve.locks import locked
from neve.quality import annotators, scoring
from neve.recipe.corpus import Corpus
from neve.recipe.sources import Source
from neve.run import outside
from neve.run.inputs import apart, sources_of
from neve.run.record import ARM
from neve.settings import pick
from neve.store import MANIFEST, RUN, arm_stages, read_json, state, write_json

COUNTS = "counts.json"
UNKNOWN = "unknown"
"""Language of a text of which neither its table nor its name nor the text itself tells one."""
COLUMNS = {"doc_id", "language", "content"}


def run(given: list[str], annotator: Path, out: Path) -> dict[str, Any]:
    """Score the inputs `given` into `out`: scores/ (SCORES), and documents/ where they are no curated ones,
    and index.html; returns counts, `timings` among them.

    `annotator` is the folder of one, or a run that selects by one alone. Raises Misuse where `out` holds
    something else, or there is no annotator.
    """
    from neve.report.scored import write_page

    apart(out, given, "--out")
    annotator = _fitted(annotator)
    about = read_json(annotator / "annotator.json")
    annotators.load(annotator)
    with locked(out):
        curated = _curated(given)
        print_ = f"{key(about['annotator'], _identity(given)):016x}"
        if (out / MANIFEST).exists():
            if read_json(out / MANIFEST)["fingerprint"] == print_:
                return read_json(out / COUNTS)
            raise Misuse(
                f"--out {out}: holds the scores of other inputs or another annotator; name another folder"
            )
        work = out / ".work" / print_
        work.mkdir(parents=True, exist_ok=True)
        folder = curated or _documents(given, work)
        (work / "scored").mkdir(exist_ok=True)
        counts = scoring.build(None, {"annotator": annotator, "documents": folder}, work / "scored")
        counts["timings"] = read_json(work / "scored" / "timings.json")
        made = [work / "scored" / "scores", *([] if curated else [folder / "documents"])]
        for place in made:
            shutil.rmtree(out / place.name, ignore_errors=True)
            place.rename(out / place.name)
        write_json(out / COUNTS, counts)
        write_page(out, (curated or out) / "documents", about["annotator"], counts)
        write_json(out / MANIFEST, {"fingerprint": print_, "annotator": about["annotator"], "inputs": given})
        shutil.rmtree(out / ".work")
    return counts


def _fitted(place: Path) -> Path:
    """The folder of an annotator: the one given, or the one by which a run in it selects."""
    if not (place / RUN).is_file():
        if not (place / "annotator.json").is_file():
            raise Misuse(
                f"--annotator {place}: no annotator.json there; name a run, or a folder such as "
                "RUN/stages/annotator-NAME-0123abcd"
            )
        return place
    made = arm_stages(place, ARM)
    used = [f"annotator-{name.removeprefix('scores-')}" for name in made if name.startswith("scores-")]
    found = [made[name] for name in used if name in made]
    if len(found) != 1:
        has = f"several annotators, name one: {', '.join(map(str, found))}" if found else "no annotator"
        raise Misuse(f"--annotator {place}: this run selects by {has}")
    if state(found[0]) != "done":
        raise Misuse(f"--annotator {place}: {used[0]} is not done; `neve run RECIPE --until {used[0]}`")
    return found[0]


def _curated(given: list[str]) -> Path | None:
    """The one input, where it is a folder that `neve curate` made, or a stage of a run."""
    place = Path(given[0]).expanduser() / "documents"
    files = sorted(place.glob("*.parquet"))
    if len(given) != 1 or not files:
        return None
    return place.parent if set(pq.read_schema(files[0]).names) >= COLUMNS else None


def _identity(given: list[str]) -> list[tuple[str, str | None]]:
    """What the inputs are now, as far as they lie on this machine."""
    return [(one, outside.local(one)) for one in given]


def _documents(given: list[str], work: Path) -> Path:
    """The inputs as documents, made now or by a killed attempt."""
    made, partial = work / "made", work / "made.partial"
    if (made / "documents").exists():
        return made
    for left in (made, partial):  # of an attempt that was killed when its result was being moved
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir()
    sources = tuple(
        Source(**{**source, "in_place": False}) for argument in given for source in sources_of(argument)
    )
    settings = pick(readers.Settings, Corpus(sources=list(sources)), sources=sources)
    readers.build(settings, {}, partial)
    documents.write(_texts(partial / "files"), partial / "documents", documents.DOCUMENTS)
    shutil.rmtree(partial / "files")
    partial.rename(made)
    return made


def _texts(files: Path) -> Iterator[pa.Table]:
    """Files as documents, each text once; a loop over texts, since SHA-256 is no Arrow kernel."""
    seen: set[str] = set()
    for path in sorted(files.glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(256):
            table = pa.Table.from_batches([batch])
            texts = decoded(table["content"].combine_chunks())[0]
            language = pc.coalesce(
                table["language"].combine_chunks(),
                detection.detect(table["path"].combine_chunks(), texts.cast(pa.large_binary())),
                pa.scalar(UNKNOWN),
            )
            ids = [None if text is None else documents.doc_id(text.encode()) for text in texts.to_pylist()]
            first = [one is not None and not (one in seen or seen.add(one)) for one in ids]  # type: ignore[func-returns-value]
            table = table.drop_columns(["content", "language"])
            table = table.append_column("doc_id", pa.array(ids, pa.string())).append_column("content", texts)
            table = table.append_column("language", language)
            table = table.append_column("split", pa.array(["train"] * len(ids)))
            yield table.select(documents.DOCUMENTS.names).filter(pa.array(first))
