"""Commands about synthesis alone: synthesize, ledger.

Parse, call, print. Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from neve.cli.options import AsJson, NewFolder, out

Place = Annotated[
    Path, typer.Argument(metavar="DIR", help="A run's folder, one of `neve synthesize`, or a ledger.sqlite.")
]


def synthesize(
    given: Annotated[
        str,
        typer.Argument(metavar="SEEDS", help="A run, a folder of documents, or what `neve curate` reads."),
    ],
    model: Annotated[
        str, typer.Option(help="Its name at the endpoint; local: a pinned model or a GGUF file.")
    ],
    folder: NewFolder,
    endpoint: Annotated[
        list[str], typer.Option(metavar="URL", help="OpenAI-compatible; again for more; local: served here.")
    ],
    kinds: Annotated[
        str, typer.Option(help="Kinds with shares by commas; a .md file is a prompt of your own.")
    ] = "problem-file=1",
    tokens: Annotated[int, typer.Option(min=1, help="Accepted tokens wanted.")] = 100_000,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds tried at most.")] = 1_000,
    tokenizer: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder with tokenizer.json; default: the run's, or a new one."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder of benchmark files as published.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn and asked.")] = 1,
    dry: Annotated[bool, typer.Option("--plan", help="Say what it would take; nothing is asked.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A field of [synthesis], e.g. --set gates.lint=0"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Grow new documents from SEEDS, and keep those that pass all gates.

    After a crash, run it again: what was answered is not asked again.

    Example: neve synthesize runs/quickstart --endpoint local --model smollm2-135m-instruct --kinds
    'rewrite=2,tests=1' --seeds 80 --tokens 4000 --out grown
    """
    from neve.recipe.file import synthesis_alone
    from neve.run import asking
    from neve.run import synthesize as alone
    from neve.synthesis import kinds as table

    shares = _shares(kinds)
    where: dict[str, Any] = (
        {"endpoint": endpoint[0]} if len(endpoint) == 1 else {"endpoints": [{"url": u} for u in endpoint]}
    )
    asked = {**where, "model": model, "kinds": shares, "tokens": tokens, "seeds": seeds}
    spec = synthesis_alone(asked, overrides)
    table.named(spec.kinds)
    if dry:
        found = asking.estimate(spec, asking.measured(folder / alone.LEDGER, None))
        print(json.dumps(found, indent=1) if as_json else "\n".join(asking.lines(found)))
        return
    request = alone.Request(
        given, spec, seed, str(data) if data else None, str(tokenizer) if tokenizer else None
    )
    counts = alone.run(request, folder)
    if as_json:
        print(json.dumps(counts, indent=1))
        return
    _tell(counts, folder)


def _shares(text: str) -> dict[str, float]:
    """`a=2,b=1` as shares; a kind without one counts once."""
    from neve.errors import Misuse

    found = {}
    for part in filter(None, text.split(",")):
        name, _, share = part.partition("=")
        try:
            found[name.strip()] = float(share or 1)
        except ValueError:
            raise Misuse(f"--kinds {text}: must look like rewrite=2,tests=1") from None
    return found


def _tell(counts: dict[str, Any], folder: Path) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("refused by", "answers"):
        table.add_column(column, justify="right" if column == "answers" else "left")
    for rule, answers in counts["refused"].items():
        table.add_row(rule, f"{answers:,}")
    out.print(table)
    print(
        f"{counts['seeds_tried']:,} seeds tried, {counts['accepted']:,} documents of {counts['tokens']:,} tokens accepted"
    )
    for name, row in counts["languages"].items():
        short = "; seeds ran out" if row["tokens"] < row["wanted"] else ""
        print(f"{name}: {row['tokens']:,} of {row['wanted']:,} tokens{short}")
    print("checked: " + ", ".join(f"{how} {n:,}" for how, n in counts["checked"].items()))
    print(f"documents: {folder / 'documents'}")


def ledger(
    folder: Place,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all questions and answers as Parquet.")
    ] = None,
    requests: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write what is not answered yet as OpenAI batch files."),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Take in a batch's results; --requests names its folder."),
    ] = None,
    input_price: Annotated[
        float | None, typer.Option(help="Money for a million tokens of questions.")
    ] = None,
    output_price: Annotated[float | None, typer.Option(help="Money for a million tokens of answers.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what models were asked and what it cost; batch files in and out.

    Example: neve ledger runs/quickstart --requests batch; neve ledger runs/quickstart --requests batch
    --results out.jsonl
    """
    from neve.errors import Misuse
    from neve.run import questions

    if results:
        if requests is None:
            raise Misuse("--results: name the folder of the questions that they answer with --requests")
        counts = questions.read_results(folder, requests, results)
        print(f"{counts.answered:,} answered, {counts.failed:,} failed, {counts.known:,} known before")
        return
    if requests is not None:
        count, files = questions.write_requests(folder, requests)
        print(f"{count:,} questions in {len(files)} files: {requests}")
        return
    if export is not None:
        print(f"{questions.export(folder, export):,} rows: {export}")
        return
    models = questions.show(folder, input_price, output_price)
    if as_json:
        print(json.dumps(models, indent=1))
        return
    table = Table(box=None, header_style="bold")
    columns = (
        "model",
        "questions",
        "ended",
        "cut",
        "refused",
        "failed",
        "input_tokens",
        "output_tokens",
        "money",
    )
    for column in columns:
        table.add_column(column.replace("_", " "), justify="left" if column == "model" else "right")
    for name, row in models.items():
        table.add_row(name, *(f"{row[column]:,}" for column in columns[1:-1]), f"{row['money']:,.2f}")
    out.print(table)
    for name, row in models.items():
        for reason, count in row["reasons"].items():
            print(f"{name}: {count:,} failed: {reason}")
