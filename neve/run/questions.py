"""The ledger of a run, or of synthesis alone: what was asked, what it cost, and batch files in and out.

The trade-off: batch files hold first questions only. An answer that a gate refuses and `repair` would
ask for once more is asked for by the next `neve run` or `neve synthesize`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neve.errors import Misuse
from neve.llm import batches, costs
from neve.llm.ledger import Ledger
from neve.recipe.synthesis import Synthesis
from neve.run import synthesize
from neve.store import RUN, arm_stages, state


def opened(folder: Path) -> tuple[Path, Synthesis | None]:
    """The ledger of a folder, and the [synthesis] that it belongs to. Raises Misuse where there is none."""
    if (folder / synthesize.REQUEST).is_file():
        spec: Synthesis | None = synthesize.read(folder).synthesis
    elif (folder / RUN).is_file():
        from neve.recipe.file import load

        spec = load(folder / "recipe.toml").synthesis
    elif folder.suffix == ".sqlite" and folder.is_file():
        return folder, None
    else:
        raise Misuse(f"{folder}: must be a run's folder, one of `neve synthesize`, or a ledger.sqlite")
    path = Path(spec.ledger) if spec and spec.ledger else folder / synthesize.LEDGER
    return path, spec


def show(folder: Path, input_price: float | None, output_price: float | None) -> dict[str, Any]:
    """Counts by model, with money at the prices given or else the recipe's."""
    path, spec = opened(folder)
    if not path.is_file():
        raise Misuse(f"{path}: there is no ledger yet; nothing was asked")
    budget = spec.budget if spec else None
    prices = [
        given if given is not None else (getattr(budget, name) if budget else 0.0)
        for given, name in ((input_price, "input_price"), (output_price, "output_price"))
    ]
    with Ledger(path) as ledger:
        return costs.report(ledger, *prices)


def export(folder: Path, to: Path) -> int:
    """Write a ledger as Parquet; returns its rows."""
    path, _ = opened(folder)
    to.parent.mkdir(parents=True, exist_ok=True)
    with Ledger(path) as ledger:
        return costs.export(ledger, to)


def write_requests(folder: Path, to: Path) -> tuple[int, list[Path]]:
    """Write what is not answered yet as batch files; returns how many questions, and the files."""
    path, _ = opened(folder)
    with Ledger(path) as ledger:
        return batches.write(_questions(folder), ledger, to)


def read_results(folder: Path, requests: Path, results: list[Path]) -> batches.Counts:
    """Take the answers in `results` to the questions in the folder `requests` into the ledger."""
    path, _ = opened(folder)
    with Ledger(path) as ledger:
        return batches.read(sorted(requests.glob("*.jsonl")), results, ledger)


def _questions(folder: Path) -> Iterator[dict[str, Any]]:
    """The first question to every seed, in seed order, draw by draw."""
    from neve import weights
    from neve.synthesis.generate import Work

    if (folder / synthesize.REQUEST).is_file():
        settings, inputs = synthesize.prepared(synthesize.read(folder), folder)
    else:
        from neve.run import record

        plan = record.recorded(folder, "main").store(folder)
        if "synthesis" not in plan.stages:
            raise Misuse(f"{folder}: the run's recipe has no [synthesis]")
        settings = plan.stages["synthesis"].settings
        made = arm_stages(folder, "main")
        inputs = {role: made[name] for role, name in plan.stages["synthesis"].reads.items()}
        missing = [name for name, place in inputs.items() if state(place) != "done"]
        if missing:
            raise Misuse(
                f"{folder}: {', '.join(missing)} are not done; `neve run RECIPE --until seeds` does them"
            )
    recipe = settings.synthesis
    model = recipe.model
    if recipe.endpoint == "local" and not recipe.endpoints:
        model = weights.identity(model, weights.resolve(model))
    work = Work.load(settings, inputs)
    for draw in range(1, 1 + settings.draws):
        drawn = work.drawn(draw)
        for seed in drawn.asked():
            if seed.prompt:
                yield drawn.payload(seed, model)
