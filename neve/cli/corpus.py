"""Commands about a corpus alone: curate, dedup, score, filters.

Parse, call, print. Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from neve.cli.options import AsJson, EngineChoice, NewFolder, chosen_engine, out

if TYPE_CHECKING:
    from neve.recipe.corpus import Corpus

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Folders, archives, or tables: Parquet or JSONL (.gz, .zst, .bz2), globs and s3://, gs://, hf:// too.",
    ),
]
CorpusOverrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A field of the recipe's [corpus], e.g. --set near.threshold=0.8"
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, help="Seed of what is drawn: held-out repositories, order, samples.")
]


def curate(
    inputs: Inputs,
    folder: NewFolder,
    languages: Annotated[
        str | None, typer.Option(help="Linguist names, by commas; default: the paper's 18. any: all of them.")
    ] = None,
    licenses: Annotated[str, typer.Option(help="any, permissive, or SPDX identifiers by commas.")] = "any",
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder of benchmark files as published.")
    ] = None,
    seed: Seed = 1,
    engine: EngineChoice = None,
    overrides: CorpusOverrides = None,
    as_json: AsJson = False,
) -> None:
    """Turn INPUT into clean documents and verdicts.

    Every file is a document, or has a verdict that says why it is none. As in a recipe, all licences are
    admitted, none too, unless you say otherwise: --licenses permissive.

    Example: neve curate 'runs/quickstart/stages/files-*/files/*.parquet' --licenses any --out clean;
    neve why clean click==8.5.1/src/click/core.py
    """
    import neve.engine
    from neve.run import standalone

    given = {"licenses": licenses if licenses in ("any", "permissive") else licenses.split(",")}
    if languages is not None:
        given["languages"] = [] if languages == "any" else languages.split(",")
    corpus = _corpus(inputs, given, overrides)
    neve.engine.use(chosen_engine(engine))
    counts = standalone.run("curate", inputs, corpus, folder, seed, data)
    _tell(counts, folder, corpus.licenses, as_json)


def dedup(
    inputs: Inputs,
    folder: NewFolder,
    seed: Seed = 1,
    engine: EngineChoice = None,
    overrides: CorpusOverrides = None,
    as_json: AsJson = False,
) -> None:
    """Remove exact and near duplicates, nothing else.

    Each verdict names the document kept and the true similarity.

    Example: neve dedup 'clean/documents/*.parquet' --set near.threshold=0.5 --out distinct
    """
    import neve.engine
    from neve.run import standalone

    corpus = _corpus(inputs, {}, overrides)
    neve.engine.use(chosen_engine(engine))
    _tell(standalone.run("dedup", inputs, corpus, folder, seed, None), folder, None, as_json)


def _corpus(inputs: list[str], given: dict[str, Any], overrides: list[str] | None) -> Corpus:
    """The recipe's [corpus] with the inputs as its sources."""
    from neve.recipe.file import corpus_alone
    from neve.run.inputs import sources_of

    return corpus_alone([source for each in inputs for source in sources_of(each)], given, overrides)


def _tell(counts: dict[str, Any], folder: Path, licenses: str | list[str] | None, as_json: bool) -> None:
    """Print what stopped how many files; raises Fault where none is left."""
    from neve.run import curated

    if as_json:
        print(json.dumps(counts, indent=1))
        return
    table = Table(box=None, header_style="bold")
    for column in ("stopped by", "files"):
        table.add_column(column, justify="right" if column == "files" else "left")
    for rule, files in sorted(counts["by_rule"].items(), key=lambda item: -item[1]):
        table.add_row(rule, f"{files:,}")
    out.print(table)
    print(
        f"{counts['entering']:,} files entered, {counts['documents']:,} documents stay: {folder / 'documents'}"
    )
    if licenses is not None:
        said = "all" if licenses == "any" else licenses
        print(f"licences admitted: {said if isinstance(said, str) else ', '.join(said)} (--licenses)")
    for kind, found in counts.get("secrets", {}).items():
        print(f"{kind}: {found['found']:,} in {found['documents']:,} documents")
    print(f"page: {folder / 'index.html'}")
    curated.check(counts)


def score(
    inputs: Inputs,
    annotator: Annotated[
        Path,
        typer.Option(metavar="DIR", help="A run, for the one that it selects by; or RUN/stages/annotator-…"),
    ],
    folder: NewFolder,
    engine: EngineChoice = None,
    as_json: AsJson = False,
) -> None:
    """Score INPUT with an annotator that a run fitted.

    A folder that neve curate made is scored as it lies; other inputs are decoded first, not filtered, and
    left in documents/ beside the scores. Ranks are within a language. index.html shows the best, the worst
    and what lies at the best tenth side by side. After a crash, run it again.

    Example: neve score clean --annotator runs/quickstart --out scored
    """
    import neve.engine
    from neve.run import score as scoring

    neve.engine.use(chosen_engine(engine))
    counts = scoring.run(inputs, annotator, folder)
    if as_json:
        print(json.dumps(counts, indent=1))
        return
    print(f"{counts['documents']:,} documents scored: {folder / 'scores'}")
    if (waits := counts["timings"].get("device_waits")) is not None:
        print(f"the cores or GPUs waited {waits:.1%} of the time")
    if counts["not_validated"]:
        print(f"not validated, no held-out labels: {', '.join(counts['not_validated'])}")
    print(f"page: {folder / 'index.html'}")


def filters(as_json: AsJson = False) -> None:
    """Print the table of curation rules.

    Meaning, limit, limits by language, source.

    Example: neve filters --json
    """
    from neve.corpus.signals.rules import table

    rows: list[dict[str, Any]] = table()
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    shown = Table(box=None, header_style="bold")
    for column in rows[0]:
        shown.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(shown)
