"""Synthesis alone: seeds from a run, a folder of documents, or any table that `curate` reads; documents into
`--out DIR`.

What a run's stages do is done here under `DIR/.work`, each step once: documents (curated where they are
not yet), a tokenizer, seeds, then synthesis. A killed command goes on where it was: answers are in
`DIR/ledger.sqlite`, and a finished one is finished. The trade-off: without a run there are no scores, so
seeds are drawn evenly, and languages count by their bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neve import documents, store
from neve.corpus import settings as curation
from neve.corpus import sources as readers
from neve.errors import Misuse
from neve.locks import locked
from neve.quality import seeds
from neve.recipe.corpus import Corpus, Decontaminate
from neve.recipe.sources import Source
from neve.recipe.synthesis import Synthesis
from neve.recipe.tokenizer import Tokenizer
from neve.run import outside
from neve.run.inputs import apart, sources_of
from neve.settings import deciding, pick
from neve.store import MANIFEST, Stage, Store, read_json, write_json
from neve.synthesis.settings import Settings

TABLES = ("documents", "verdicts", "yields.parquet", "refusals.json")
COUNTS = "counts.json"
REQUEST = "request.json"
LEDGER = "ledger.sqlite"
VOCABULARY = 8192
SAMPLE_BYTES = 16 << 20


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    given: str
    """A run's folder, a folder with documents/, or what `curate` reads."""
    synthesis: Synthesis
    seed: int = 1
    data: str | None = None
    """Folder of benchmark files as published."""
    tokenizer: str | None = None
    """Folder with tokenizer.json; default: the run's, or one learnt from the documents."""


def run(request: Request, out: Path) -> dict[str, Any]:
    """Synthesise into `out`; returns the counts. Raises Fault where the folder holds something else, or
    as the stage does."""
    apart(out, [request.given], "--out")
    with locked(out):
        mark = fingerprint(request)
        if (out / MANIFEST).exists():
            if read_json(out / MANIFEST)["fingerprint"] == mark:
                return read_json(out / COUNTS)
            raise Misuse(f"--out {out}: holds the result of other seeds or settings; name another folder")
        write_json(out / REQUEST, plain(request))
        started = time.monotonic()
        settings, inputs = prepared(request, out)
        made = out / ".work" / f"synthesis-{mark[:8]}"
        made.mkdir(parents=True, exist_ok=True)
        from neve.synthesis import generate

        counts = generate.build(settings, inputs, made)
        for name in TABLES:
            place = out / name
            shutil.rmtree(place, ignore_errors=True)
            (made / name).replace(place)
        write_json(out / COUNTS, counts)
        write_json(
            out / MANIFEST,
            {
                "fingerprint": mark,
                "counts": counts,
                "seconds": time.monotonic() - started,
                "versions": store.versions(),
            },
        )
        shutil.rmtree(out / ".work")
        return counts


def prepared(request: Request, out: Path) -> tuple[Settings, dict[str, Path]]:
    """The stage's settings, and its inputs, made where they are not there yet."""
    from neve.run import machine

    work = out / ".work" / _digest(request)[:8]
    work.mkdir(parents=True, exist_ok=True)
    spec = request.synthesis
    settings = Settings(
        spec, {}, Corpus.model_fields["near"].get_default(), Decontaminate(), request.data, request.seed,
        machine.sandbox_tier() if spec.gates.run else "none", ledger=spec.ledger or str(out / LEDGER),
    )  # fmt: skip
    place = Path(request.given)
    known = _run(place)
    ranked: dict[str, Path] = {
        name: known[name] for name in ("selection", "scores", "annotator") if name in known
    }
    if spec.gates.score and not ranked:
        raise Misuse(
            f"gates.score = {spec.gates.score}: {request.given} is no run with a selection, whose annotator would "
            "score answers; name one, or leave the gate out"
        )
    corpus = known.get("documents") or (place if _holds_documents(place) else _curated(request, work))
    inputs = {"documents": corpus, "tokenizer": _tokenizer(request, known, corpus, work)}
    drawn = {"tokens": known["tokens"]} if "tokens" in known else {"tokens": _index(corpus, work)}
    drawn |= {name: ranked[name] for name in ("scores", "selection") if ranked}
    if spec.gates.score:
        inputs |= ranked
    wanted = pick(seeds.Settings, spec, seed=request.seed)
    inputs["seeds"] = _once(work / "seeds", lambda folder: seeds.build(wanted, drawn, folder))
    return settings, inputs


def fingerprint(request: Request) -> str:
    """Of what is asked for and of what it is asked of."""
    place = Path(request.given)
    known = _run(place)
    if known:
        identity: Any = {name: store.fingerprint_of(folder) for name, folder in known.items()}
    elif _holds_documents(place):
        identity = outside.local(str(place / "documents"))
    else:
        sources = _sources(request)
        identity = outside.identities([_files(sources)], {})
    return hashlib.sha256(json.dumps([_digest(request), identity], sort_keys=True).encode()).hexdigest()


def _digest(request: Request) -> str:
    return hashlib.sha256(json.dumps(deciding(request), sort_keys=True).encode()).hexdigest()


def plain(request: Request) -> dict[str, Any]:
    return {**vars(request), "synthesis": request.synthesis.model_dump(mode="json")}


def read(out: Path) -> Request:
    """What was asked for in a folder of this command's."""
    given = read_json(out / REQUEST)
    return Request(**{**given, "synthesis": Synthesis.model_validate(given["synthesis"])})


# --- inputs


def _run(folder: Path) -> dict[str, Path]:
    """Of a run's folder, the stages that synthesis reads, as far as they are done; empty where it is
    none."""
    if not (folder / store.RUN).is_file():
        return {}
    stages = store.arm_stages(folder, "main")
    selection = next((name for name in stages if name.startswith("selection-")), "")
    roles = {"documents": "curate", "tokenizer": "tokenizer", "tokens": "tokens", "selection": selection}
    found = {
        role: stages[name]
        for role, name in roles.items()
        if name in stages and store.state(stages[name]) == "done"
    }
    if "selection" in found:  # by what it was made of: another phase may select by another annotator
        for role, of in (("scores", "selection"), ("annotator", "scores")):
            found[role] = found[of].parent / read_json(found[of] / MANIFEST)["inputs"][role]
    if not {"documents", "tokenizer", "tokens"} <= set(found):
        raise Misuse(
            f"{folder}: this run's corpus is not done; build it with `neve run RECIPE --until tokens`"
        )
    return found


def _holds_documents(folder: Path) -> bool:
    """Whether a folder is one that `curate` or `synthesize` wrote."""
    return any((folder / "documents").glob("*.parquet"))


def _sources(request: Request) -> tuple[Source, ...]:
    return tuple(Source(**source) for source in sources_of(request.given))


def _files(sources: tuple[Source, ...]) -> Stage:
    settings = pick(readers.Settings, Corpus(sources=list(sources)), sources=sources)
    return Stage("files", "sources", settings, outside=outside.keys(sources))


def _curated(request: Request, work: Path) -> Path:
    """Documents out of what was given, with the defaults of `neve curate`, none of them held out."""
    import neve.engine

    sources = _sources(request)
    corpus = Corpus(sources=list(sources), heldout_share=0.0)
    settings = pick(curation.Settings, corpus, exclude_repos=[], data=request.data, seed=request.seed)
    stages = [_files(sources), Stage("curate", "curate", settings, {"files": "files"}, resumes=True)]
    kept = Store(work / "stages", stages, outside.identities(stages, {}))
    neve.engine.current()
    for name in kept.stages:
        if not kept.done(name):
            kept.run(name)
    return kept.path("curate")


def _tokenizer(request: Request, known: dict[str, Path], corpus: Path, work: Path) -> Path:
    if request.tokenizer:
        return Path(request.tokenizer)
    if "tokenizer" in known:
        return known["tokenizer"]
    from neve.tokens import bpe

    settings = bpe.Settings(Tokenizer(vocab_size=VOCABULARY, sample_bytes=SAMPLE_BYTES), request.seed)
    return _once(work / "tokenizer", lambda folder: bpe.build(settings, {"documents": corpus}, folder))


def _index(corpus: Path, work: Path) -> Path:
    """What seeds are drawn from, in place of token shards: a document's length is its bytes."""

    def build(folder: Path) -> None:
        table = documents.read(corpus / "documents", ["doc_id", "language", "repo", "size"])
        table = table.rename_columns(["doc_id", "language", "repo", "length"])
        split = pa.array(["train"] * table.num_rows, pa.string())
        pq.write_table(table.append_column("split", split), folder / "index.parquet")

    return _once(work / "tokens", build)


def _once(folder: Path, build: Callable[[Path], Any]) -> Path:
    """`folder`, whole: built beside and renamed, unless it is there."""
    if not folder.exists():
        partial = store.partial(folder)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        build(partial)
        partial.rename(folder)
    return folder
