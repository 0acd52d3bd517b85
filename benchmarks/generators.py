"""Generators of synthesis side by side, on the same seeds: accepted tokens a minute, and what was refused.

    python benchmarks/generators.py RUN --out DIR --arm smollm model=smollm2-135m-instruct \\
        --arm qwen model=qwen2.5-coder-0.5b-instruct

RUN is the folder of a run whose seeds are drawn (`neve run RECIPE --until seeds`). An arm is a name and what
it sets in [synthesis]: the model, or anything else. Arms take turns: in each round every arm runs the stage
on the same `--seeds` seeds with a new ledger, and the next round has the next seeds. `DIR/NAME-ROUND` is
what the stage wrote, to be read.

The trade-off: a round is the whole stage on few seeds, so loading the model and the last answers, when slots
stand empty, weigh more than in a long run.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve.recipe import file
from neve.run import record
from neve.store import arm_stages, write_json
from neve.synthesis import generate

MANY = 1 << 40
"""Tokens wanted: more than a round makes."""
ADDED = ("seeds_tried", "accepted", "tokens", "answer_tokens", "question_tokens", "seconds")


def part(run: Path, out: Path, first: int, count: int, languages: list[str]) -> Path:
    """A folder with `count` of the run's seeds, from `first` on, of the languages named, or of all."""
    made = arm_stages(run, "main")
    seeds = pq.read_table(made["seeds"] / "seeds.parquet")
    if languages:
        corpus = pq.read_table(made["curate"] / "documents", columns=["doc_id", "language"])
        known = corpus["doc_id"].filter(pc.is_in(corpus["language"], value_set=pc.cast(languages, "string")))
        seeds = seeds.filter(pc.is_in(seeds["doc_id"], value_set=known.combine_chunks()))
    out.mkdir(parents=True)
    pq.write_table(seeds.slice(first, count), out / "seeds.parquet")
    return out


def round_of(run: Path, sets: list[str], seeds: Path, out: Path) -> dict[str, Any]:
    """Counts of the stage under the overrides `sets` on the seeds in a folder, and its seconds."""
    recipe = file.load(run / "recipe.toml", [f"synthesis.{each}" for each in sets]).synthesis
    assert recipe is not None
    stage = record.recorded(run, "main").store(run).stages["synthesis"]
    made = arm_stages(run, "main")
    inputs = {role: made[name] for role, name in stage.reads.items()} | {"seeds": seeds}
    recipe = recipe.model_copy(update={"tokens": MANY})
    out.mkdir(parents=True)
    settings = replace(stage.settings, synthesis=recipe, ledger=str(out / "ledger.sqlite"))
    begun = time.monotonic()
    counts = generate.build(settings, inputs, out)
    return counts | {"seconds": time.monotonic() - begun}


def together(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of an arm over its rounds."""
    totals = {name: sum(each[name] for each in rounds) for name in ADDED}
    tables = {
        name: dict(sum((Counter(each[name]) for each in rounds), Counter()))
        for name in ("refused", "kinds", "checked")
    }
    return {
        **totals, **tables,
        "tokens_a_minute": 60 * totals["tokens"] / totals["seconds"],
        "tokens_a_minute_by_round": [60 * each["tokens"] / each["seconds"] for each in rounds],
        "answer_tokens_a_second": totals["answer_tokens"] / totals["seconds"],
        "accepted_share": totals["accepted"] / max(1, totals["seeds_tried"]),
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("run", type=Path)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--arm", nargs="+", action="append", required=True, metavar="NAME KEY=VALUE")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seeds", type=int, default=48, help="of a round")
    options.add_argument("--first", type=int, default=0, help="seeds of the run that are passed over")
    options.add_argument("--languages", nargs="+", default=[], help="of the seeds; default: all")
    given = options.parse_args()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name, *_ in given.arm}
    for number in range(given.rounds):
        first = given.first + number * given.seeds
        seeds = part(given.run, given.out / f"seeds-{number}", first, given.seeds, given.languages)
        for name, *sets in given.arm:
            made = round_of(given.run, sets, seeds, given.out / f"{name}-{number}")
            found[name].append(made)
            print(f"{name} {number}: {made['accepted']} of {made['seeds_tried']} accepted, "
                  f"{60 * made['tokens'] / made['seconds']:.0f} tokens a minute", flush=True)  # fmt: skip
        told = {name: together(rounds) for name, rounds in found.items() if rounds}
        write_json(given.out / "generators.json", told)


if __name__ == "__main__":
    main()
