"""Stage `evaluate`: every model of a run on the same texts and tasks, and each phase beside what it is
compared with.

Bits per byte move for models that solve nothing yet. pass@1 is greedy, in the sandbox; without a sandbox it
is reported as not run, with what would help, and the run continues. Each model has a folder `models/<name>`,
the same that `neve evaluate` writes, so a killed stage resumes within a model. The trade-off: models are
evaluated one after the other, each with the whole machine.

Beside the models there are references: zlib, and a trigram model of what the first phase trained on
(`references`).

Intervals are 95 %: bootstrap over documents or tasks for bits per byte, Wilson's for pass@1. Documents of a
repository resemble each other, so with few held-out repositories an interval speaks of their documents only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neve import sandbox
from neve.errors import Fault, Misuse
from neve.evaluation import bits_per_byte, continuation, evaluator, results, statistics
from neve.evaluation.evaluator import Asked
from neve.evaluation.generation.completion import Options
from neve.evaluation.generation.local_model import LocalModel
from neve.evaluation.generation.sampling import Sampling
from neve.evaluation.references import Read, Source
from neve.hashing import seed_of
from neve.recipe.evaluation import Evaluate
from neve.store import read_json, write_json
from neve.tasks import benchmarks
from neve.tasks.benchmarks import Benchmark
from neve.tokens import bpe

Pair = tuple[str, tuple[str, ...]]
"""A phase, and the draws of what it is compared with."""


@dataclass(frozen=True)
class Settings:
    evaluate: Evaluate
    models: Mapping[str, str]
    """Name of each model -> its role among the inputs."""
    pairs: tuple[Pair, ...]
    """Models that are compared: a phase, and what it started from, a control, or all draws of one."""
    tested: tuple[str, ...]
    """Models that generate solutions, which are run."""
    read: Read
    """What the trigram model counts, of `view` among the inputs."""
    sandbox: str
    """The tier that this machine has."""
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Evaluate `settings.models`; writes results.json and models/.

    inputs: documents, view, tokenizer, and a train stage's folder (with model/) or a model's own folder for
    each of the models.
    """
    section, seed = settings.evaluate, settings.seed
    data = Path(section.data) if section.data else None
    tests = [benchmarks.load(name, data) for name in section.tasks]
    tuning, absent = _tuning(section.training_tasks, data)
    place = sandbox.probe()
    table = bits_per_byte.heldout(inputs["documents"], section.heldout_bytes)
    asked = Asked(tests, table, tuning)
    options = Options(
        sampling=Sampling(seed=seed), max_new_tokens=section.max_new_tokens, resamples=section.bootstrap
    )
    found: dict[str, Any] = {}
    for name, stage in settings.models.items():
        folder = out / "models" / name
        path = folder / results.RESULTS
        if not path.exists():
            write_json(
                path,
                evaluator.evaluate(
                    LocalModel(inputs[stage], options),
                    asked,
                    options,
                    folder,
                    place if name in settings.tested else None,
                ),
            )
        found[name] = read_json(path)
    units = {name: read_json(out / "models" / name / "bits.json")["units"] for name in found}
    pairs = [
        _compare(pair, settings.pairs, metric, units, seed, section.bootstrap)
        for pair in settings.pairs
        for metric in sorted(units[pair[0]], key=lambda metric: metric == evaluator.HELDOUT)
    ]
    source = Source(inputs["view"], settings.read)
    beside = evaluator.references(asked, bpe.load(inputs["tokenizer"]), source, options)
    folders = {name: inputs[stage] for name, stage in settings.models.items()}
    text = continuation.of_stages(folders, table, options)
    write_json(
        out / results.RESULTS,
        {
            "sandbox": vars(place),
            "models": found,
            "references": beside,
            "pairs": pairs,
            "continuation": text,
            "absent": absent,
        },
    )
    return {
        "models": len(found),
        "heldout_documents": table.num_rows,
        "heldout_bytes": sum(len(text.encode()) for text in table["content"].to_pylist()),
        "sandbox": place.tier,
    }


def _tuning(names: Sequence[str], data: Path | None) -> tuple[list[Benchmark], dict[str, str]]:
    """Benchmarks whose training tasks are measured, and, by metric, why those of others are not: a run does
    not fail at its end since a file beside its figures cannot be fetched."""
    found, absent = [], {}
    for name in names:
        try:
            found.append(benchmarks.load(name, data))
        except Misuse:
            raise
        except Fault as fault:
            absent[f"{name}{evaluator.TRAIN}"] = str(fault)
    return found, absent


def _compare(
    pair: Pair, pairs: Sequence[Pair], metric: str, units: dict[str, Any], seed: int, resamples: int
) -> dict[str, Any]:
    """Bits per byte of a phase minus another model's, or several draws', on the same documents or tasks:
    below 0 the phase is better. The phase's other controls among `pairs` help to say how much draws vary."""
    phase, others = pair

    def bits(names: Sequence[str]) -> np.ndarray:
        return np.array([units[name][metric]["bits"] for name in names])

    a, b = bits([phase])[0], bits(others)
    size = np.array(units[phase][metric]["bytes"])
    if len(b) > 1:
        beside = [bits(more) for name, more in pairs if name == phase and more != others and len(more) > 1]
        result = statistics.over_draws(a, b, size, beside=beside)
    else:
        seed = seed_of(f"{seed}/evaluate/{metric}", bits=64)
        result = statistics.paired_difference(a, b[0], size, seed=seed, resamples=resamples)
    return {
        "phase": phase,
        "control": others[0],
        "draws": len(others),
        "metric": metric,
        "difference": result.value,
        "interval": list(result.interval),
        "p": result.p,
    }
