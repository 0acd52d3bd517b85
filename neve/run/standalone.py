"""Curation and deduplication alone, on the user's own tables and folders: what stages of a run do, under
`--out DIR`.

The stages are those of a run, in a store of their own that lies in `DIR/.work` until all is done; then their
tables are moved into DIR, and `manifest.json` last. So a killed command goes on where it was, and a finished
one is finished.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from neve.corpus import dedup
from neve.corpus import settings as curation
from neve.corpus import sources as readers
from neve.errors import Misuse
from neve.locks import locked
from neve.recipe.corpus import Corpus
from neve.recipe.sources import Source
from neve.run import outside, vocabulary
from neve.run.inputs import apart, sources_of
from neve.settings import pick
from neve.store import MANIFEST, Stage, Store, read_json, write_json

TABLES = ("documents", "verdicts", "signals", "clusters", "samples")
COUNTS = "counts.json"


def run(
    what: str, given: list[str], corpus: Corpus, out: Path, seed: int, data: str | None
) -> dict[str, Any]:
    """`what` ("curate" or "dedup") of the inputs `given` into `out`; returns its counts, `timings` among
    them.

    Raises Fault where the folder holds something else, or as the stages do.
    """
    import neve.engine
    from neve.report.corpus import write_page

    vocabulary.check(corpus, "")
    sources = tuple(Source(**source) for argument in given for source in sources_of(argument))
    apart(out, given, "--out")
    settings = (
        pick(dedup.Settings, corpus, seed=seed)
        if what == "dedup"
        else pick(curation.Settings, corpus, exclude_repos=[], data=data, seed=seed)
    )
    stages = [
        Stage(
            "files",
            "sources",
            pick(readers.Settings, corpus, sources=sources),
            outside=outside.keys(sources),
        ),
        Stage(
            what,
            what,
            settings,
            {"files": "files"},
            outside=tuple(filter(None, (data, corpus.opt_out))) if what == "curate" else (),
            resumes=True,
        ),
    ]
    with locked(out):
        store = Store(out / ".work", stages, outside.identities(stages, _elsewhere(sources)))
        if (out / MANIFEST).exists():
            if read_json(out / MANIFEST)["fingerprint"] == store.prints[what]:
                return read_json(out / COUNTS)
            raise Misuse(f"--out {out}: holds the result of other inputs or settings; name another folder")
        neve.engine.current()
        for name in store.stages:
            if not store.done(name):
                store.run(name)
        _publish(store.path(what), store, what, out)
        write_page(out, out.name, read_json(out / COUNTS)["timings"])
    return read_json(out / COUNTS)


def _elsewhere(sources: tuple[Source, ...]) -> dict[str, str]:
    """Identities, asked now, of inputs that are not on this machine."""
    from neve.corpus.sources import identity

    return {outside.key(source): identity.of(source) for source in sources if source.moves}


def _publish(made: Path, store: Store, what: str, out: Path) -> None:
    """Move the tables to `out`, the manifest last; a killed attempt is gone on with."""
    manifest = store.manifest(what)
    seconds = {"read sources": store.manifest("files")["seconds"], **read_json(made / "timings.json")}
    for name in TABLES:
        if (made / name).exists():
            shutil.rmtree(out / name, ignore_errors=True)
            (made / name).rename(out / name)
    write_json(out / COUNTS, {**manifest["counts"], "timings": seconds})
    write_json(out / MANIFEST, manifest)
    shutil.rmtree(out / ".work")
