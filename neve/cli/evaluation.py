"""The commands `neve grade` and `neve evaluate`: parse, call, print.

Heavy modules are imported inside, so that `--help` answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from neve.cli.options import AsJson, NewFolder, out

BenchmarkFiles = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of benchmark files as published.")
]
Only = Annotated[
    str | None,
    typer.Option(metavar="PATTERNS", help="Task ids or patterns by commas, e.g. 'HumanEval/1*,Mbpp/2'."),
]
Packages = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="site-packages that programs may import beside Python's own library."),
]

Against = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Another's folder of results: a paired test on the tasks of both."),
]
Url = Annotated[
    str | None, typer.Option(metavar="URL", help="OpenAI-compatible; local: serve a GGUF file here.")
]
Chat = Annotated[
    bool,
    typer.Option("--chat", help="Ask through the model's chat template; else it completes the prompt."),
]
PromptName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="How --chat asks: evalplus, bigcodebench, neve, plain; else the field's own."
    ),
]
Heldout = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A curated corpus, for bits per byte of its held-out code."),
]


def grade(
    samples: Annotated[
        Path, typer.Argument(metavar="SAMPLES", help="A .jsonl, .jsonl.gz or a folder of TASK_ID/N.py.")
    ],
    task: Annotated[str, typer.Option(help="The benchmark, e.g. humaneval+.")],
    folder: NewFolder,
    data: BenchmarkFiles = None,
    only: Only = None,
    packages: Packages = None,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Grade completions made elsewhere, in the sandbox.

    SAMPLES has task_id with completion or solution.

    Example: neve grade evaluated/samples-humaneval.jsonl --task humaneval --out graded
    """
    from neve.evaluation import standalone
    from neve.evaluation.generation.completion import Options

    options = Options(only=only, packages=packages, ks=(1, 10, 100))
    read = standalone.Folders(data, against=against)
    found = standalone.grade_file(samples, task, folder, options, read)
    _tell_results(found, folder, samples.name, as_json)


def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A folder, a hub id, or a name at --endpoint.")
    ],
    tasks: Annotated[str, typer.Option(help="Benchmarks by commas; patterns too, e.g. 'mbpp*'.")],
    folder: NewFolder,
    data: BenchmarkFiles = None,
    only: Only = None,
    n: Annotated[int, typer.Option("--n", min=1, help="Samples a task.")] = 1,
    temperature: Annotated[float, typer.Option(min=0.0, help="0: greedy.")] = 0.0,
    top_p: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of the mass that is drawn from.")
    ] = 1.0,
    k: Annotated[str, typer.Option("--k", help="k of pass@k, by commas.")] = "1",
    seed: Annotated[int, typer.Option(min=0, help="Seed of sampling and intervals.")] = 1,
    endpoint: Url = None,
    chat: Chat = False,
    prompt: PromptName = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Ask again what got no answer, or a cut one.")
    ] = False,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens of one answer at most.")] = 512,
    heldout: Heldout = None,
    packages: Packages = None,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Generate solutions and grade them; bits per byte.

    After a crash, run it again: it goes on.

    Examples:

    neve evaluate models/tiny --tasks humaneval --only 'HumanEval/1?' --out evaluated

    neve evaluate my-model --endpoint http://localhost:8000/v1 --chat --tasks humaneval+ --out evaluated
    """
    from neve.evaluation import standalone
    from neve.evaluation.generation.completion import Options
    from neve.evaluation.generation.sampling import Sampling
    from neve.run import record

    if not all(part.strip().isdigit() and int(part) > 0 for part in k.split(",")):
        raise typer.BadParameter(f"{k!r} must be numbers from 1 on by commas, e.g. 1,10", param_hint="--k")
    options = Options(
        n=n, sampling=Sampling(temperature, top_p, seed), ks=tuple(map(int, k.split(","))), chat=chat, prompt=prompt,
        max_new_tokens=max_new_tokens, only=only, packages=packages, retry=retry,
    )  # fmt: skip
    read = standalone.Folders(data, heldout, against, record.trained_on(Path(model)))
    found = standalone.evaluate(model, tasks, folder, options, read, endpoint)
    _tell_results(found, folder, model, as_json)


def _tell_results(found: dict[str, Any], folder: Path, title: str, as_json: bool) -> None:
    from neve.evaluation import published
    from neve.report.evaluation import beside, no_trigram, notes, write_page
    from neve.report.render import FEW, units

    row = published.beside(found["benchmarks"])
    page = write_page(folder, title, found, published.TABLE, published.COLUMNS, row)
    for name, entry in found["benchmarks"].items():
        for note in notes(entry):
            typer.echo(f"{name}: {note}", err=True)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    out.print(_table(found["benchmarks"]))
    for name, gap in found.get("against", {}).get("benchmarks", {}).items():
        low, high = (100 * end for end in gap["interval"])
        sure = (
            f"[{low:+.1f}, {high:+.1f}], p = {gap['p']:.3g}"
            if gap["tasks"] >= FEW
            else "too few for an interval"
        )
        other = found["against"]["folder"]
        points = f"{100 * gap['difference']:+.1f} points against {other}"
        print(f"{name}: pass@1 {points} on {gap['tasks']:,} tasks, {sure}")
    for name, figure in found["bits_per_byte"].items():
        for key, value in ({"": figure} if "value" in figure else figure).items():
            label = f"{name}, {key}" if key else name
            print(f"bits per byte, {label}: {value['value']:.3f} {units(value)}{beside(found, name, key)}")
    if untold := no_trigram(found):
        typer.echo(untold, err=True)
    print(f"results: {folder / 'results.json'}, {page}")


def _table(benchmarks: dict[str, Any]) -> Table:
    """A row a figure, with an interval where it rests on enough tasks; a benchmark without any says why."""
    from neve.report.render import FEW

    table = Table(box=None, header_style="bold")
    for column in ("benchmark", "tasks", "samples", "figure", "%", "95 % interval"):
        table.add_column(column, justify="left" if column in ("benchmark", "figure") else "right")
    for name, entry in benchmarks.items():
        size = (f"{entry['tasks']:,}", f"{len(entry['samples']):,}")
        if "pass@1" not in entry:
            table.add_row(name, *size, "no task could be judged", "–", "–")
        for label, figures in ((name, entry), (f"{name}, base tests", entry.get("base", {}))):
            for figure, (low, high) in figures.get("intervals", {}).items():
                value = f"{100 * figures[figure]:.1f}"
                sure = f"{100 * low:.1f} to {100 * high:.1f}" if entry["tasks"] >= FEW else "too few tasks"
                table.add_row(label, *size, figure, value, sure)
    return table
