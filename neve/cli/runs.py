"""Commands about a run: run, plan, status, why, report, train.

Parse, call, print. Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from neve.cli.options import AsJson, EngineChoice, chosen_engine, out
from neve.cli.serve import beside

RecipePath = Annotated[
    Path, typer.Argument(metavar="[RECIPE]", help="A recipe; default: neve.toml in this folder.")
]
HERE = Path("neve.toml")
"""The recipe of this folder, as `neve init` writes it."""
RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder, e.g. runs/quickstart")]
ArmName = Annotated[str, typer.Option("--arm", metavar="NAME", help="An arm of the run.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override, e.g. --set phase.0.tokens=100000"),
]


def run(
    recipe: RecipePath = HERE,
    folder: Annotated[
        Path | None, typer.Option("--out", help="The run's folder; default: as the recipe says.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="STAGE", help="Stop after this stage.")] = None,
    engine: EngineChoice = None,
    arm: ArmName = "main",
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh", help="Ask again where branches, buckets and the hub stand, and say what moved."
        ),
    ] = False,
    live: Annotated[bool, typer.Option("--serve", help="Show the run in the browser meanwhile.")] = False,
    overrides: Overrides = None,
) -> None:
    """Build all stages of RECIPE that are not done; without one, of neve.toml in this folder.

    After a crash, run it again: it goes on from what is there.

    Example: neve run; neve run recipes/quickstart.toml --set run.seed=2 --out runs/second --serve
    """
    from neve.recipe.file import load
    from neve.run import record
    from neve.run import runner as runs

    spec = load(recipe, overrides)
    place = runs.folder_of(spec, str(folder) if folder else None)
    with beside(place, arm, live):
        if not runs.run(spec, place, until, chosen_engine(engine), arm=arm, refresh=refresh):
            print(f"{place}: all is done")
    page = record.report(place, arm) / "index.html"
    if page.exists() and until is None:
        print(f"report: {page}")


def plan(
    recipe: RecipePath = HERE,
    gpus: Annotated[
        int | None,
        typer.Option(min=1, help="H100s that train; default: what this machine has, its cores if no GPU."),
    ] = None,
    mfu: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of the GPUs' peak that training reaches.")
    ] = 0.4,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="A run's folder: say what of it would be built again, and why."
        ),
    ] = None,
    arm: ArmName = "main",
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Say what RECIPE would take; nothing runs.

    Example: neve plan recipes/arctic-snowcoder-1.3b.toml --gpus 64 --mfu 0.4
    """
    from neve.recipe.file import load
    from neve.run import machine, vocabulary
    from neve.run import plan as planning

    spec = load(recipe, overrides)
    vocabulary.check_recipe(spec)
    unique = spec.corpus.expected_tokens
    cores = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    gpus = gpus or (1 if machine.capability() is not None else None)
    result = planning.plan(spec, spec.tokenizer.vocab_size, gpus, mfu, corpus_tokens=unique, cores=cores)
    if folder is not None:
        from neve.run.changes import changes, not_validated

        result["stages"] = changes(spec, folder, arm)
        result["not_validated"] = not_validated(folder, arm)
    if spec.synthesis is not None:
        from neve.run import asking

        known = asking.measured(folder / "ledger.sqlite", asking.finished(folder, arm)) if folder else {}
        result["synthesis"] = asking.estimate(spec.synthesis, known, spec.draws)
    if as_json:
        print(json.dumps(result, indent=1))
        return
    if folder is not None:
        _print_changes(result["stages"])
    _print_plan(result, cores)


def _print_plan(result: dict[str, Any], cores: int) -> None:
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
        "time",
        "GiB" if result["gpus"] == 0 else "GiB/GPU",
    ):
        table.add_column(column, justify="left" if column == "phase" else "right")
    totals = [{"phase": "all", **result["with_controls"]}]
    if any(row["control"] for row in result["phases"]):
        totals.append({"phase": "controls left out", **result["total"]})
    held = "memory" if result["gpus"] else "cpu_memory"
    for row in [*result["phases"], *totals]:
        flops = [f"{row['flops'][name]:.3g}" for name in ("palm", "causal", "6N")]
        epochs, effective = row.get("epochs"), row.get("effective_tokens")
        table.add_row(
            row["phase"],
            f"{row['tokens']:,}",
            f"{row['steps']:,}",
            "" if epochs is None else f"{epochs:.2f}",
            "" if effective is None else f"{effective:.3g}",
            *flops,
            _lasts(row["hours"]),
            f"{row[held]['total'] / 2**30:.1f}" if held in row else "",
        )
    out.print(table)
    from neve.report.shortages import idle

    for row in result["phases"]:
        if row["wasted_steps"] and not row["control"]:
            print(f"phase {row['phase']}: {idle(row['steps'])}")
    for name, languages in result.get("not_validated", {}).items():
        print(
            f"the ranking by {name} is not validated in {', '.join(languages)}: good labels and others were not both held "
            "out there"
        )
    if "synthesis" in result:
        from neve.run import asking

        print("\n".join(asking.lines(result["synthesis"])))
    gpu, cpu = (
        f"{row['total'] / 2**30:.1f} GiB{' (layers recomputed in part)' * row['recomputed']}"
        for row in (result["memory"], result["cpu_memory"])
    )
    speed = (
        f"{result['gpus']} GPU{'s' * (result['gpus'] > 1)} of {result['peak_flops'] / 1e12:.0f} TFLOP/s at {result['mfu']:.0%}"
        if result["gpus"]
        else f"{cores} core{'s' * (cores > 1)} of this machine, {result['peak_flops'] / 1e9:.0f} GFLOP/s each (--gpus N for H100s)"
    )
    print(
        f"memory of the largest phase: {gpu} on each GPU, {cpu} in one process on {cores} core{'s' * (cores > 1)} of a CPU\n"
        f"FLOPs: PaLM's count, causal attention's, and 6N; time: of training alone, by PaLM's on {speed}\n"
        f"disk: about {disk / 1e9:,.1f} GB\n"
        "effective: fresh tokens that repeated ones are worth (Muennighoff et al. 2023)"
    )


def _lasts(hours: float) -> str:
    """A time in words.

    >>> _lasts(0.05), _lasts(7), _lasts(1200)
    ('3 min', '7.0 h', '50 days')
    """
    if hours < 1:
        return f"{60 * hours:.1f} min" if hours < 0.02 else f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 100 else f"{hours / 24:,.0f} days"


def _print_changes(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("stage", "run would", "why"):
        table.add_column(column, overflow="fold")
    for row in rows:
        if row["does"] != "nothing":
            table.add_row(row["stage"], row["does"], "; ".join(row["why"]))
    done = sum(row["does"] == "nothing" for row in rows)
    print(f"{done} of {len(rows)} stages are done and stay")
    if done < len(rows):
        out.print(table)


def status(folder: RunFolder, arm: ArmName = "main", as_json: AsJson = False) -> None:
    """List the stages of a run: done, stale or pending.

    With counts and seconds. stale: built once, under another recipe or other inputs.

    Example: neve status runs/quickstart --json
    """
    from neve.run import status as states

    rows = states.status(folder, arm)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table(box=None, header_style="bold")
    for column in ("stage", "state", "seconds", "counts"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for row in rows:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        table.add_row(
            row["stage"], row["state"], seconds, states.brief(row["counts"]) if row["counts"] else ""
        )
    out.print(table)


def why(
    folder: RunFolder,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A doc_id, or repo/path, or a part of a path.")],
    arm: ArmName = "main",
    as_json: AsJson = False,
) -> None:
    """Tell the life of one file, from source to phase.

    Signals, verdict or score, rank, repeats, phases, synthetic children.

    Example: neve why runs/quickstart toolz==1.2.0/toolz/itertoolz.py
    """
    from neve.report import why as explain

    life = explain.why(folder, key, arm)
    print(json.dumps(life, indent=1, ensure_ascii=False) if as_json else explain.render(life))


def report(folder: RunFolder, arm: ArmName = "main") -> None:
    """Build the report of a run, and what it needs.

    Example: neve report runs/quickstart
    """
    from neve.run import runner as runs

    print(f"report: {runs.report(folder, arm) / 'index.html'}")


PhaseName = Annotated[str, typer.Option(metavar="NAME", help="A phase, or a control such as quality-random.")]


def train(
    folder: RunFolder,
    phase: PhaseName,
    arm: ArmName = "main",
    engine: EngineChoice = None,
) -> None:
    """Train one phase of a run, and build what it reads.

    Example: neve train runs/quickstart --phase general; torchrun -m neve.training runs/quickstart
    --phase general
    """
    from neve.run import runner as runs

    if not runs.train(folder, phase, chosen_engine(engine), arm):
        print(f"{folder}: phase {phase} is done")
