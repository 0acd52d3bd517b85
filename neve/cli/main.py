"""The command line: parses, calls, prints. No logic lives here.

Exit status: 0 success, 1 a failed run, 2 a bad recipe or argument. An error is one line; `--debug` shows
the traceback. Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from neve.cli.evaluation import evaluate, grade
from neve.cli.machine import doctor
from neve.cli.options import AsJson, NewFolder, out
from neve.errors import Fault
from neve.recipe.recipe import RecipeError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Raw repositories to a trained and evaluated code model, refining the data three times.",
)

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, e.g. recipes/quickstart.toml")]
RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder, e.g. runs/quickstart")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override, e.g. --set phase.0.tokens=100000"),
]


class Engine(StrEnum):
    native = "native"
    ray = "ray"


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options before the command's name."""
    if debug:
        os.environ["NEVE_DEBUG"] = "1"


@app.command()
def run(
    recipe: RecipePath,
    folder: Annotated[
        Path | None, typer.Option("--out", help="The run's folder; default: as the recipe says.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="STAGE", help="Stop behind this stage.")] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Where data stages run; default: ray if RAY_ADDRESS is set.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """All stages of RECIPE that are not done; again after a crash: goes on.

    Example: neve run recipes/quickstart.toml --set run.seed=2 --out runs/second
    """
    from neve.recipe.file import load
    from neve.run import runner as runs

    spec = load(recipe, overrides)
    place = runs.folder_of(spec, str(folder) if folder else None)
    chosen = engine or (Engine.ray if os.environ.get("RAY_ADDRESS") else Engine.native)
    built = runs.run(spec, place, until, chosen.value)
    if not built:
        print(f"{place}: all is done")
    if (place / "report" / "index.html").exists() and until is None:
        print(f"report: {place / 'report' / 'index.html'}")


@app.command()
def plan(
    recipe: RecipePath,
    gpus: Annotated[int, typer.Option(min=1, help="GPUs that train.")] = 8,
    mfu: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of the GPUs' peak that training reaches.")
    ] = 0.4,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """What RECIPE would take; nothing runs.

    Example: neve plan recipes/arctic-snowcoder-1.3b.toml --gpus 64 --mfu 0.4
    """
    from neve.recipe.file import load
    from neve.run import plan as planning

    spec = load(recipe, overrides)
    unique = spec.corpus.expected_tokens
    cores = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    result = planning.plan(spec, spec.tokenizer.vocab_size, gpus, mfu, corpus_tokens=unique, cores=cores)
    if as_json:
        print(json.dumps(result, indent=1))
        return
    count, disk = result["parameters"], result["disk"]["total"]
    print(f"parameters: {count['all']:,} ({count['other']:,} without embeddings)")
    table = Table(box=None, header_style="bold")
    for column in (
        "phase",
        "tokens",
        "steps",
        "epochs",
        "effective",
        "PaLM",
        "causal",
        "6N",
        "hours",
        "GiB/GPU",
    ):
        table.add_column(column, justify="left" if column == "phase" else "right")
    for row in [*result["phases"], {"phase": "all, controls left out", **result["total"]}]:
        flops = [f"{row['flops'][name]:.3g}" for name in ("palm", "causal", "6N")]
        epochs, effective = row.get("epochs"), row.get("effective_tokens")
        table.add_row(
            row["phase"],
            f"{row['tokens']:,}",
            f"{row['steps']:,}",
            "" if epochs is None else f"{epochs:.2f}",
            "" if effective is None else f"{effective:.3g}",
            *flops,
            f"{row['hours']:,.2f}",
            f"{row['memory']['total'] / 2**30:.1f}" if "memory" in row else "",
        )
    out.print(table)
    gpu, cpu = (
        f"{row['total'] / 2**30:.1f} GiB{' (layers recomputed in part)' * row['recomputed']}"
        for row in (result["memory"], result["cpu_memory"])
    )
    print(
        f"memory of the largest phase: {gpu} on each GPU, {cpu} in one process on {cores} cores of a CPU\n"
        f"FLOPs: PaLM's count, causal attention's, and 6N; hours: by PaLM's on {gpus} GPUs of "
        f"{result['peak_flops'] / 1e12:.0f} TFLOP/s at {mfu:.0%}\ndisk: about {disk / 1e9:,.1f} GB\n"
        "effective: fresh tokens that repeated ones are worth (Muennighoff et al. 2023)"
    )


@app.command()
def status(folder: RunFolder, as_json: AsJson = False) -> None:
    """Each stage of a run: done, stale, partial or pending, with counts and seconds.

    Example: neve status runs/quickstart --json
    """
    from neve.run import runner as runs

    rows = runs.status(folder)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table(box=None, header_style="bold")
    for column in ("stage", "state", "seconds", "counts"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for row in rows:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        table.add_row(row["stage"], row["state"], seconds, runs.brief(row["counts"]) if row["counts"] else "")
    out.print(table)


@app.command()
def why(
    folder: RunFolder,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A doc_id, or repo/path, or a part of a path.")],
    as_json: AsJson = False,
) -> None:
    """The life of one file: signals, verdict or score, rank, repeats, phases, synthetic children.

    Example: neve why runs/quickstart toolz==1.0.0/toolz/itertoolz.py
    """
    from neve.report import why as explain

    life = explain.why(folder, key)
    print(json.dumps(life, indent=1, ensure_ascii=False) if as_json else explain.render(life))


@app.command()
def report(folder: RunFolder) -> None:
    """Get the report of a run's folder done (and what it needs), and say where it lies.

    Example: neve report runs/quickstart
    """
    from neve.run import runner as runs

    recipe, _ = runs.reopen(folder)
    runs.run(recipe, folder)
    print(f"report: {folder / 'report' / 'index.html'}")


PhaseName = Annotated[str, typer.Option(metavar="NAME", help="A phase, or a control such as quality-random.")]


@app.command()
def train(
    folder: RunFolder,
    phase: PhaseName,
    engine: Annotated[
        Engine | None, typer.Option(help="Where data stages run; default: ray if RAY_ADDRESS is set.")
    ] = None,
) -> None:
    """Train one phase of a run, in this process; what it reads is got done first.

    Example: neve train runs/quickstart --phase general; several GPUs: torchrun -m neve.training
    """
    from neve.run import runner as runs

    chosen = engine or (Engine.ray if os.environ.get("RAY_ADDRESS") else Engine.native)
    if not runs.train(folder, phase, chosen.value):
        print(f"{folder}: phase {phase} is done")


@app.command()
def export(
    folder: RunFolder,
    phase: PhaseName,
    to: Annotated[Path, typer.Option("--out", help="Folder to make; AutoModelForCausalLM loads it.")],
    step: Annotated[
        str | None, typer.Option(help="A checkpoint of a phase in training: its step, or latest.")
    ] = None,
) -> None:
    """Write the model of a phase's end, or of a checkpoint, as a Hugging Face folder.

    Example: neve export runs/quickstart --phase synthetic --out models/tiny
    """
    from neve.run import runner as runs

    runs.export(folder, phase, to, step)
    print(to)


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Folders, archives, or tables: Parquet or JSONL (.gz, .zst), globs and s3://, gs://, hf:// too.",
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
Where = Annotated[Engine | None, typer.Option(help="Where it runs; default: ray if RAY_ADDRESS is set.")]


@app.command()
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
    engine: Where = None,
    overrides: CorpusOverrides = None,
    as_json: AsJson = False,
) -> None:
    """The corpus half alone: INPUT to clean, grouped documents and a verdict for every other file.

    Example: neve curate 'tables/*.parquet' --licenses permissive --out clean; neve why clean src/main.c
    """
    given = {"licenses": licenses if licenses in ("any", "permissive") else licenses.split(",")}
    if languages is not None:
        given["languages"] = [] if languages == "any" else languages.split(",")
    _alone("curate", inputs, folder, given, overrides, seed, data, engine, as_json)


@app.command()
def dedup(
    inputs: Inputs,
    folder: NewFolder,
    seed: Seed = 1,
    engine: Where = None,
    overrides: CorpusOverrides = None,
    as_json: AsJson = False,
) -> None:
    """Exact and near duplicates alone; each verdict names the document kept and the true similarity.

    Example: neve dedup 'tables/*.parquet' --set near.threshold=0.8 --out distinct
    """
    _alone("dedup", inputs, folder, {}, overrides, seed, None, engine, as_json)


def _alone(
    what: str,
    inputs: list[str],
    folder: Path,
    given: dict[str, Any],
    overrides: list[str] | None,
    seed: int,
    data: str | None,
    engine: Engine | None,
    as_json: bool,
) -> None:
    import neve.engine
    from neve.recipe.file import corpus_alone
    from neve.run import standalone

    corpus = corpus_alone([standalone.source_of(i) for i in inputs], given, overrides)
    neve.engine.use((engine or (Engine.ray if os.environ.get("RAY_ADDRESS") else Engine.native)).value)
    counts = standalone.run(what, inputs, corpus, folder, seed, data)
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
    for kind, found in counts.get("secrets", {}).items():
        print(f"{kind}: {found['found']:,} in {found['documents']:,} documents")


app.command()(doctor)
app.command()(grade)
app.command()(evaluate)


@app.command()
def filters(as_json: AsJson = False) -> None:
    """The table of curation rules: meaning, limit, source.

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


def main() -> None:
    """Entry point: turns what goes wrong into one line and an exit status."""
    try:
        status = app(standalone_mode=False)  # an interrupt comes back as a status, all else as an exception
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:
        if os.environ.get("NEVE_DEBUG"):
            raise
        sys.exit(_tell(error))
    if status == INTERRUPTED:
        print("neve: interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(INTERRUPTED)


INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def _tell(error: Exception) -> int:
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own, wherever typer keeps it
        error.show()
        return int(error.exit_code)
    if isinstance(error, RecipeError):
        print(f"neve: {error}", file=sys.stderr)
        return 2
    if isinstance(error, Fault):
        print(f"neve: {error}", file=sys.stderr)
        return 1
    text = " ".join(str(error).split())[:300]
    print(
        f"neve: {type(error).__name__}: {text} (a bug in Neve, or a broken machine; --debug shows more)",
        file=sys.stderr,
    )
    return 1
