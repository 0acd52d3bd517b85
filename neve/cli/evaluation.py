"""The commands `neve grade` and `neve evaluate`: parse, call, print.

They are registered in cli.py; as there, heavy modules are imported inside, so that `--help` answers at once.
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
    """Grade completions made elsewhere (task_id with completion or solution), in the sandbox.

    Example: neve grade samples.jsonl --task humaneval+ --data benchmarks --only 'HumanEval/1*' --out graded
    """
    from neve.evaluation import standalone

    found = standalone.grade_file(
        samples, task, folder, data=data, only=only, packages=packages, against=against
    )
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
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="OpenAI-compatible; local: serve a GGUF file here.")
    ] = None,
    chat: Annotated[
        bool,
        typer.Option("--chat", help="Ask through the model's chat template; else it completes the prompt."),
    ] = False,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens of one answer at most.")] = 512,
    heldout: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A curated corpus, for bits per byte of its held-out code."),
    ] = None,
    packages: Packages = None,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Generate solutions, grade them, measure bits per byte; again after a crash: goes on.

    Examples:

    neve evaluate models/tiny --tasks 'humaneval+,mbpp+' --data benchmarks --out evaluated

    neve evaluate my-model --endpoint http://localhost:8000/v1 --chat --tasks humaneval+ --out evaluated
    """
    from neve.evaluation import standalone
    from neve.evaluation.generation.sampling import Sampling

    if not all(part.strip().isdigit() and int(part) > 0 for part in k.split(",")):
        raise typer.BadParameter(f"{k!r} must be numbers from 1 on by commas, e.g. 1,10", param_hint="--k")
    asked = standalone.Asked(
        model, tasks, data, only, n, Sampling(temperature, top_p, seed), tuple(map(int, k.split(","))), endpoint, chat,
        max_new_tokens, heldout, packages, against,
    )  # fmt: skip
    _tell_results(standalone.evaluate(asked, folder), folder, model, as_json)


def _tell_results(found: dict[str, Any], folder: Path, title: str, as_json: bool) -> None:
    from neve.evaluation import results
    from neve.report.evaluation import write_page

    row = results.beside_published(found["benchmarks"])
    page = write_page(folder, title, found, results.PUBLISHED, results.PUBLISHED_ON, row)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    table = Table(box=None, header_style="bold")
    for column in ("benchmark", "tasks", "samples", "figure", "%", "95 % interval"):
        table.add_column(column, justify="left" if column in ("benchmark", "figure") else "right")
    for name, entry in found["benchmarks"].items():
        size = (f"{entry['tasks']:,}", f"{len(entry['samples']):,}")
        for label, figures in ((name, entry), (f"{name}, base tests", entry.get("base", {}))):
            for figure, (low, high) in figures.get("intervals", {}).items():
                table.add_row(
                    label,
                    *size,
                    figure,
                    f"{100 * figures[figure]:.1f}",
                    f"{100 * low:.1f} to {100 * high:.1f}",
                )
        for what, said in (("missing", "have no sample"), ("ungraded", "cannot be graded here")):
            if entry[what]:
                print(f"{name}: {len(entry[what]):,} tasks {said} and do not count, {entry[what][0]} first")
        if "limit" in entry:
            print(f"{name}: {entry['limit']}")
    out.print(table)
    for name, gap in found.get("against", {}).get("benchmarks", {}).items():
        low, high = (100 * end for end in gap["interval"])
        print(
            f"{name}: pass@1 {100 * gap['difference']:+.1f} points [{low:+.1f}, {high:+.1f}] against "
            f"{found['against']['folder']} on {gap['tasks']:,} tasks, p = {gap['p']:.3g}"
        )
    for name, figure in found["bits_per_byte"].items():
        shown = (
            {name: figure}
            if "value" in figure
            else {f"{name}, {key}": value for key, value in figure.items()}
        )
        for label, value in shown.items():
            print(
                f"bits per byte, {label}: {value['value']:.3f} [{value['interval'][0]:.3f}, {value['interval'][1]:.3f}]"
            )
    print(f"results: {folder / 'results.json'}, {page}")
