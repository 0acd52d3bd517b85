"""Commands for what leaves a run: export, remove.

Parse, call, print.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from neve.cli.options import AsJson, EngineChoice, chosen_engine
from neve.cli.runs import ArmName, RunFolder
from neve.errors import Misuse


def export(
    folder: RunFolder,
    to: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to make.")],
    phase: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A phase, or a control such as quality-random; default: the last."),
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="A checkpoint of a phase in training: its step, or latest.")
    ] = None,
    data: Annotated[
        bool, typer.Option("--data/--model", help="The documents as a data set, or a phase's model.")
    ] = False,
    publisher: Annotated[str, typer.Option(metavar="NAME", help="--data: who publishes the set.")] = "",
    url: Annotated[str, typer.Option(metavar="URL", help="--data: where it will be found.")] = "",
    arm: ArmName = "main",
) -> None:
    """Write a phase's model, or the documents, as a folder for the Hugging Face hub, with a card.

    A model: AutoModelForCausalLM loads it, README.md says what trained it, .eval_results/ what was measured.
    --data: Parquet by split with licences and SWHIDs, Croissant, and a draft of the EU's summary.

    Example: neve export runs/quickstart --model --out models/tiny;
    neve export runs/quickstart --data --out data/tiny
    """
    from neve.run.export import export as write
    from neve.run.export import export_data

    if data:
        for name, value in (("--phase", phase), ("--step", step)):
            if value is not None:
                raise Misuse(f"{name} {value}: is for a model; leave it out with --data")
        export_data(folder, to, arm, publisher, url)
    else:
        write(folder, phase, to, step, arm)
    print(to)


def remove(
    folder: RunFolder,
    what: Annotated[
        list[str],
        typer.Argument(metavar="WHAT…", help="Repositories, author: NAME, SWHIDs, doc_ids or single files."),
    ],
    plan: Annotated[bool, typer.Option("--plan", help="Say what it touches, and do nothing.")] = False,
    engine: EngineChoice = None,
    arm: ArmName = "main",
    as_json: AsJson = False,
) -> None:
    """Take something out of a run, and build the run again without it.

    Says first in which phases it was and how often. WHAT goes on the list that corpus.opt_out names, or on
    RUN/opt-out.txt; what depends on it is built again.

    Example: neve remove runs/quickstart click==8.5.1 --plan
    """
    from neve.report import touched
    from neve.run import removal

    found = removal.look(folder, what, arm)
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        print("\n".join([", ".join(found["lines"]), *touched.lines(found)]))
        for labels, count in found["exemplars"].items():
            if count:
                print(f"  labels {labels}: {count:,} exemplars")
    if plan:
        return
    recipe = removal.remove(folder, found["lines"], arm, chosen_engine(engine))
    if as_json:
        return
    print(
        f'on the list now; the recipe that you run again needs corpus.opt_out = "{recipe.corpus.opt_out}", '
        "else it comes back"
    )
    if old := removal.leftovers(folder):
        print(
            "built before, with the text in it, as are files-…, ledger.sqlite and whatever was exported; to delete:"
        )
        print("\n".join(f"  {path}" for path in old))
