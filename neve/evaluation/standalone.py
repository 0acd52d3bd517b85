"""`neve evaluate` and `neve grade`: a model, or samples made elsewhere, to results.json in a folder.

All that was asked for is checked before anything is generated or run: names, patterns, paths, the sandbox.
The trade-off: benchmark files are read before anything else, and in return a mistake costs a second.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from neve import sandbox
from neve.errors import Fault, Misuse
from neve.evaluation import bits_per_byte, evaluator, results
from neve.evaluation.generation import prompts
from neve.evaluation.generation.completion import Model, Options
from neve.evaluation.grading import samples
from neve.evaluation.references import Source
from neve.locks import locked
from neve.store import write_json
from neve.tasks import benchmarks
from neve.tasks.traits import TABLE, Traits

HELDOUT_BYTES = 1 << 20
"""Held-out documents that are measured, at most."""


class Folders(NamedTuple):
    """What else is read, where it is given."""

    data: Path | None = None
    """Benchmark files as published."""
    heldout: Path | None = None
    """A curated corpus, whose held-out documents are measured."""
    against: Path | None = None
    """Results of another model, to compare with."""
    trained: Source | None = None
    """What the first phase of the model's run trains on, for the trigram model beside it."""


NONE = Folders()


def named(tasks: str) -> list[Traits]:
    """Benchmarks from names, patterns and paths by commas. Raises Fault for a part that names none."""
    found: dict[str, Traits] = {}
    patterns = [part.strip() for part in tasks.split(",") if part.strip()]
    if not patterns:
        raise Misuse(f"--tasks {tasks!r}: names no benchmark; give some of {', '.join(TABLE)}")
    for pattern in patterns:
        some = [traits for name, traits in TABLE.items() if fnmatchcase(name, pattern)]
        try:
            found |= {traits.name: traits for traits in some or [benchmarks.find(pattern)]}
        except Fault as fault:
            raise Misuse(f"--tasks {pattern}: {fault}") from None
    return list(found.values())


def grade_file(
    path: Path,
    name: str,
    out: Path,
    options: Options,
    folders: Folders = NONE,
) -> dict[str, Any]:
    """Grade the samples of a file or folder into `out`; returns the contents of results.json.

    Raises Fault for a file or benchmark that cannot be read, and where there is no sandbox.
    """
    _check_paths(out, options)
    if not path.exists():
        raise Misuse(
            f"{path}: no such file; give a .jsonl or .jsonl.gz of samples, or a folder of TASK_ID/N.py"
        )
    benchmark = benchmarks.load(name, folders.data)
    other = results.read(folders.against, {benchmark.name: benchmark.data_sha256})
    samples.check_patterns([benchmark], options.only)
    found, digest = samples.read(path, benchmark, options.only)
    place = _sandbox()
    with locked(out):
        entry = evaluator.graded(benchmark, found, digest, options, out, place)
        entries = {benchmark.name: entry}
        result = {
            "sandbox": vars(place),
            "benchmarks": entries,
            "bits_per_byte": {},
            **results.against(other, entries, options.sampling.seed),
        }
        write_json(out / results.RESULTS, result)
    return result


def evaluate(
    name: str,
    tasks: str,
    out: Path,
    options: Options,
    folders: Folders = NONE,
    endpoint: str | None = None,
) -> dict[str, Any]:
    """Generate, grade and measure bits per byte into `out`; returns the contents of results.json.

    `name` is a model's folder, hub id or pinned name, or its name at `endpoint`.
    """
    _check_paths(out, options)
    _check_sampling(options)
    _check_endpoint(name, endpoint)
    if options.prompt is not None and not options.chat:
        raise Misuse(f"--prompt {options.prompt}: a base model is given the task's prompt alone; add --chat")
    prompts.named(options.prompt or "plain")
    heldout = folders.heldout
    if heldout is not None and not (heldout / "documents").is_dir():
        raise Misuse(f"--heldout {heldout}: no documents/ there; give a folder that neve curate wrote")
    tests = {traits.name: benchmarks.load(traits, folders.data) for traits in named(tasks)}
    other = results.read(folders.against, {name: test.data_sha256 for name, test in tests.items()})
    samples.check_patterns(list(tests.values()), options.only)
    place = _sandbox()
    with locked(out):
        model = _model(name, endpoint, options, out)
        table = None if heldout is None else bits_per_byte.heldout(heldout, HELDOUT_BYTES)
        asked = evaluator.Asked(list(tests.values()), table)
        found = evaluator.evaluate(model, asked, options, out, place)
        found["model"] = {"name": name, **found["model"]}
        if (tokenizer := model.tokenizer()) is not None:
            found["references"] = evaluator.references(asked, tokenizer, folders.trained, options)
        result = {
            "sandbox": vars(place),
            **found,
            **results.against(other, found["benchmarks"], options.sampling.seed),
        }
        write_json(out / results.RESULTS, result)
    return result


def _model(name: str, endpoint: str | None, options: Options, out: Path) -> Model:
    if endpoint is not None:
        from neve.evaluation.generation.endpoint import Endpoint

        return Endpoint(name, endpoint, options, out)
    from neve.evaluation.generation.local_model import LocalModel

    return LocalModel(name, options)


def _check_paths(out: Path, options: Options) -> None:
    """Raises Fault for an --out that is no folder, or --packages that are not there."""
    if out.exists() and not out.is_dir():
        raise Misuse(f"--out {out}: is a file; name a folder, which may be new")
    if options.packages is not None and not options.packages.is_dir():
        raise Misuse(f"--packages {options.packages}: no such folder; give a site-packages folder")


def _check_endpoint(name: str, endpoint: str | None) -> None:
    """Raises Misuse for an --endpoint that is no address, or a model that cannot be served here."""
    if endpoint is None:
        return
    from neve import weights
    from neve.evaluation.generation.endpoint import LOCAL

    if endpoint == LOCAL:
        if not weights.known(name):
            raise Misuse(f"{name!r}: {weights.UNKNOWN}, or a GGUF file")
        return
    from neve.llm.endpoint import base_url

    try:
        base_url(endpoint)
    except Fault as fault:
        raise Misuse(f"--{fault}") from None


def _check_sampling(options: Options) -> None:
    """Raises Fault for samples that would all be the same, or too few of them."""
    n, most = options.n, max(options.ks)
    if n > 1 and options.sampling.temperature == 0:
        raise Misuse(f"--n {n}: {n} greedy samples would all be the same; give --temperature too")
    if most > n:
        raise Misuse(f"--k {most}: pass@{most} needs --n {most} samples a task or more")


def _sandbox() -> sandbox.Sandbox:
    place = sandbox.probe()
    if place.tier == "none":
        raise Fault(f"untrusted code is not run without a sandbox: {place.detail}")
    return place
