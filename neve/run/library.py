"""Neve from Python: what `import neve` offers, small and stable.

    neve.curate    files in, clean documents and verdicts out
    neve.dedup     exact and near duplicates alone
    neve.grade     completions against a benchmark's tests
    neve.Annotator a fitted annotator, which scores texts
    neve.Run       a run: plan it, build it, read its tables

Tables are pyarrow's; what goes in may be anything that `pyarrow.table` takes (pandas, polars, a dict of
columns), or paths as the commands take them. The trade-off: each call does what its command does,
on disk, in a folder that is gone afterwards unless `out` names one; so there is one behaviour, not two.

Errors are `neve.errors.Fault`, with one line to read; `Misuse`, a kind of it, where nothing was begun.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neve import documents as tables
from neve.errors import Misuse
from neve.recipe.file import corpus_alone, load, parse
from neve.recipe.recipe import Recipe
from neve.run import inputs, plan, record, runner, standalone, status
from neve.store import arm_stages, read_json

Files = Any
"""A table of files, or the path of a folder, archive, table or glob, or several paths."""


class Curated(NamedTuple):
    """What became of files: a row in one of two tables each."""

    documents: pa.Table
    """Columns of `neve.documents.DOCUMENTS`: doc_id, repo, path, language, license, content, ..."""
    verdicts: pa.Table
    """Columns of `neve.documents.VERDICTS`: which stage and rule stopped a file, the value and the limit."""


def curate(files: Files, *, seed: int = 1, out: str | Path | None = None, **corpus: Any) -> Curated:
    """Clean documents, and a verdict for every other file.

    `files` needs a column `content` (or `text`); `path`, `repo`, `language`, `license` are used where they
    are there. `corpus` are fields of a recipe's [corpus] (`neve recipe corpus`); by default all licences are
    admitted, and the 18 languages of the paper.

    >>> code = {"path": ["a.py", "b.py", "copy.py"], "content": ["x = 1", long_code, long_code]}
    >>> documents, verdicts = neve.curate(code, languages=["Python"])
    >>> documents["path"].to_pylist()
    ['b.py']
    >>> sorted(zip(verdicts["path"].to_pylist(), verdicts["rule"].to_pylist()))
    [('a.py', 'size'), ('copy.py', 'exact-duplicate')]
    """
    return _alone("curate", files, seed, out, corpus)


def dedup(files: Files, *, seed: int = 1, out: str | Path | None = None, **near: Any) -> Curated:
    """The documents that are no copy of another, and a verdict for each copy that names the one kept.

    `near` are fields of a recipe's [corpus.near].

    >>> code = {"path": ["b.py", "copy.py"], "content": [long_code, long_code + "\\n# the same"]}
    >>> documents, verdicts = neve.dedup(code, threshold=0.8)
    >>> documents["path"].to_pylist(), verdicts["kept_path"].to_pylist()
    (['b.py'], ['b.py'])
    """
    return _alone("dedup", files, seed, out, {"near": near} if near else {})


def grade(
    samples: str | Path | Iterable[Mapping[str, Any]],
    task: str,
    *,
    data: str | Path | None = None,
    out: str | Path | None = None,
) -> dict[str, Any]:
    """Run completions against a benchmark's tests in the sandbox; the contents of results.json.

    `samples` is a file, or rows with `task_id` and `completion` or `solution`; `task` a benchmark's name or
    the description of one of your own; `data` the folder of benchmark files, by default a pinned wheel or
    the hub. Raises Fault where there is no sandbox.

    >>> sample = {"task_id": "HumanEval/53", "completion": "    return x + y"}
    >>> neve.grade([sample], "humaneval", data="benchmarks")["benchmarks"]["humaneval"]["pass@1"]
    1.0
    """
    from neve.evaluation import standalone as evaluation
    from neve.evaluation.generation.completion import Options

    with _folder(out) as place:
        path = Path(samples) if isinstance(samples, str | Path) else place / "samples.jsonl"
        if not isinstance(samples, str | Path):
            place.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(dict(row)) + "\n" for row in samples), encoding="utf-8")
        folder = place / "graded" if out is None else place
        read = evaluation.Folders(Path(data) if data else None)
        return evaluation.grade_file(path, task, folder, Options(), read)


class Annotator:
    """A fitted annotator: it gives texts a score, higher is better.

    >>> annotator = run.annotator("words")
    >>> scores = annotator.score([long_code, "x = 1"])
    >>> scores.shape, scores.dtype.name
    ((2,), 'float64')
    """

    def __init__(self, folder: str | Path) -> None:
        """Of the folder of a stage annotator-NAME; raises Fault where there is none."""
        from neve.quality import annotators

        self.folder = Path(folder)
        self._annotator = annotators.load(self.folder)
        self.about: dict[str, Any] = read_json(self.folder / "annotator.json")
        """What it learnt from, and its ROC-AUC on held-out labels."""

    def score(self, texts: Sequence[str], language: str | Sequence[str] = "Python") -> np.ndarray:
        """Scores of texts in their order, float64 [texts]: the mean over each text's sections."""
        from neve.quality.annotator import Documents

        languages = [language] * len(texts) if isinstance(language, str) else list(language)
        ids = [tables.doc_id(text.encode("utf-8", "replace")) for text in texts]
        columns = {"doc_id": ids, "language": languages, "content": pa.array(texts, pa.large_string())}
        first = sorted({one: place for place, one in reversed(list(enumerate(ids)))}.values())
        with tempfile.TemporaryDirectory() as place:
            work = Path(place) / "work"
            work.mkdir()
            tables.write(pa.table(columns).take(first), Path(place) / "documents")
            found = self._annotator.score(Documents((Path(place) / "documents",)), work)
        means = dict(zip(found.doc_ids.astype("U32").tolist(), found.means().tolist(), strict=True))
        return np.array([means[one] for one in ids], dtype=np.float64)


class Run:
    """A run: a recipe and the folder that it is built in.

    >>> run = neve.Run(recipe, out="runs/small")
    >>> run.build(until="annotator-words").status()[0]["state"]
    'done'
    >>> run.read("curate", "documents").column_names[:4]
    ['doc_id', 'source', 'repo', 'path']
    >>> run.plan()["total"]["tokens"]
    12000
    """

    def __init__(
        self, recipe: str | Path | Mapping[str, Any], out: str | Path | None = None, *overrides: str
    ) -> None:
        """Of a recipe's path or its tables as nested dicts; `overrides` as `--set` has them."""
        given = load(recipe, list(overrides)) if isinstance(recipe, str | Path) else parse(dict(recipe))
        self.recipe: Recipe = given
        self.folder = runner.folder_of(given, str(out) if out else None)

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """A run that was begun, with the recipe that it recorded; raises Misuse where there is none."""
        made = cls.__new__(cls)
        made.folder = Path(folder)
        made.recipe = record.recorded(made.folder, record.ARM).recipe
        return made

    def plan(self, gpus: int = 1, mfu: float = 0.4) -> dict[str, Any]:
        """What it would take: the JSON of `neve plan`."""
        vocabulary, unique = self.recipe.tokenizer.vocab_size, self.recipe.corpus.expected_tokens
        return plan.plan(self.recipe, vocabulary, gpus, mfu, corpus_tokens=unique)

    def build(self, until: str | None = None, engine: str = "native") -> Run:
        """Build all stages that are not done, up to and with `until`; itself."""
        runner.run(self.recipe, self.folder, until, engine)
        return self

    def status(self) -> list[dict[str, Any]]:
        """A row a stage: name, state, seconds, counts, folder."""
        return status.status(self.folder)

    def why(self, key: str) -> dict[str, Any]:
        """The life of one file: a doc_id, repo/path, or a part of a path."""
        from neve.report import why

        return why.why(self.folder, key)

    def stage(self, name: str) -> Path:
        """The folder of a stage; raises KeyError for a name that the run does not have."""
        return arm_stages(self.folder, record.ARM)[name]

    def read(self, stage: str, table: str = "documents", columns: list[str] | None = None) -> pa.Table:
        """A table of a stage: `documents` and `verdicts` of curate, `scores` of scores-NAME, ..."""
        return tables.read(self.stage(stage) / table, columns)

    def annotator(self, name: str) -> Annotator:
        """A fitted annotator of the run."""
        return Annotator(self.stage(f"annotator-{name}"))


def _alone(what: str, files: Files, seed: int, out: str | Path | None, corpus: dict[str, Any]) -> Curated:
    with _folder(out) as place:
        given = _paths(files, place)
        sources = [source for path in given for source in inputs.sources_of(path)]
        folder = place / "made" if out is None else place
        standalone.run(what, given, corpus_alone(sources, corpus), folder, seed, None)
        return Curated(tables.read(folder / "documents"), tables.read(folder / "verdicts"))


@contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    """The folder named, or one that is gone afterwards."""
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="neve-") as made:
        yield Path(made)


def _paths(files: Files, place: Path) -> list[str]:
    """Paths as they are; a table is written down first."""
    if isinstance(files, str | Path):
        return [str(files)]
    if isinstance(files, list | tuple) and all(isinstance(one, str | Path) for one in files):
        return [str(one) for one in files]
    table = (
        files
        if isinstance(files, pa.Table)
        else pa.Table.from_pylist(files)
        if isinstance(files, list)
        else pa.table(files)
    )
    if not len(table):
        raise Misuse("the table of files has no row; give at least one")
    place.mkdir(parents=True, exist_ok=True)
    given = place / "given.parquet"
    pq.write_table(table, given)
    return [str(given)]
