"""A run is a plain list of stages; this module makes the list from a recipe and gets it done.

The list below is the table of contents of Neve: read it from top to bottom and follow the names. Stages
run one after the other in this process: each uses all cores, and one process is easy to kill and to follow.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from neve import sandbox
from neve.corpus import settings as curation
from neve.corpus import sources as readers
from neve.corpus.sources import git
from neve.errors import Misuse
from neve.evaluation import evaluate
from neve.locks import locked
from neve.quality import seeds
from neve.quality import settings as quality
from neve.quality.annotators import KINDS
from neve.recipe.file import parse, to_toml
from neve.recipe.recipe import Recipe
from neve.recipe.sources import Source
from neve.report import page
from neve.run import phases, vocabulary
from neve.settings import pick
from neve.store import Stage, Store, atomic_write, read_json, versions, write_json
from neve.synthesis import generate, kinds
from neve.tasks import benchmarks
from neve.tokens import bpe

ARM = "main"


def stages(recipe: Recipe, folder: Path, precision: str, tier: str) -> list[Stage]:
    """The stages of a recipe, each after those that it reads.

    `folder` is the run's; `precision` (fp32, bf16) and `tier` (the sandbox's) are what this machine has.
    """
    seed = recipe.run.seed
    positives = [source for labels in recipe.labels.values() for source in labels.positives]
    decontaminate = recipe.corpus.decontaminate
    outside = (
        *benchmarks.outside(decontaminate.benchmarks, recipe.evaluate.data),
        *(file.path for file in decontaminate.files),
    )
    own = [repo for repo in map(_repo, positives) if repo]
    curate = pick(curation.Settings, recipe.corpus, exclude_repos=own, data=recipe.evaluate.data, seed=seed)
    plan = [
        _sources("files", recipe, recipe.corpus.sources),
        Stage("curate", "neve.corpus.curate:build", curate, {"files": "files"}, outside, resumes=True),
        Stage(
            "tokenizer",
            "neve.tokens.bpe:build",
            bpe.Settings(recipe.tokenizer, seed),
            {"documents": "curate"},
            outside=(f"{recipe.tokenizer.folder}/tokenizer.json",) if recipe.tokenizer.folder else (),
        ),
        Stage(
            "tokens",
            "neve.tokens.shards:build",
            inputs={"documents": "curate", "tokenizer": "tokenizer"},
        ),
    ]
    plan += _annotators(recipe, replace(curate, exclude_repos=[], heldout_share=0.0), outside)
    selections = phases.selections(recipe)
    plan += selections
    if recipe.synthesis is not None:
        plan += _synthesis(recipe, folder, selections[0])
    plan += phases.stages(recipe, precision)
    plan.append(_evaluate(recipe, tier))
    everything = {stage.name: stage.name for stage in plan}
    plan.append(Stage("report", "neve.report.page:build", page.Settings(recipe), everything))
    return plan


def _sources(name: str, recipe: Recipe, sources: list[Source]) -> Stage:
    """Git counts by its commit, resolved; a hub's data set by its name; anything else that has a path by what lies there."""
    unpinned = tuple(s.path for s in sources if s.path is not None and s.kind not in ("git", "hub"))
    pinned = [s.model_copy(update={"commit": git.resolve(s)}) if s.kind == "git" else s for s in sources]
    settings = pick(readers.Settings, recipe.corpus, sources=tuple(pinned))
    return Stage(name, "neve.corpus.sources:build", settings, outside=unpinned)


def _annotators(recipe: Recipe, curate: curation.Settings, outside: tuple[str, ...]) -> list[Stage]:
    """Labels, the annotators that phases name, fitted on them, and their scores of all documents.

    Exemplars are curated as the corpus is.
    """
    named = sorted({recipe.annotator_of(phase) for phase in recipe.phase if phase.selects})
    needed = list(dict.fromkeys(one for name in named for one in recipe.made_of(name)))
    plan: list[Stage] = []
    for name in sorted({labels for used in named for labels in recipe.labels_of(used)}):
        labels, exemplars = recipe.labels[name], f"exemplars-{name}"
        files = {"files": f"exemplar-files-{name}"}
        settings = pick(quality.Labels, labels, seed=recipe.run.seed)
        plan += [
            _sources(f"exemplar-files-{name}", recipe, labels.positives),
            Stage(exemplars, "neve.corpus.curate:build", curate, files, outside, resumes=True),
            Stage(
                f"labels-{name}",
                "neve.quality.labels:build",
                settings,
                {"documents": "curate", "exemplars": exemplars},
            ),
        ]
    for name in needed:
        annotator = recipe.annotators[name]
        if annotator.kind not in KINDS:
            raise Misuse(
                f"annotators.{name}.kind = {annotator.kind!r}: no such kind; there are {', '.join(KINDS)}"
            )
        read = [f"labels-{used}" for used in recipe.labels_of(name)]
        read += [f"annotator-{member}" for member in annotator.members]
        plan.append(
            Stage(
                f"annotator-{name}",
                f"{KINDS[annotator.kind]}:fit",
                quality.Fit(annotator, recipe.run.seed),
                {"documents": "curate", **{stage: stage for stage in read}},
                outside=_local(getattr(annotator, "encoder", "")),
            )
        )
    for name in named:
        inputs = {"documents": "curate", "annotator": f"annotator-{name}"}
        plan.append(Stage(f"scores-{name}", "neve.quality.scoring:build", inputs=inputs, resumes=True))
    return plan


def _repo(source: Source) -> str | None:
    """The repository that a source is, where it is one."""
    return f"{source.name}=={source.version}" if source.kind == "sdist" else source.repo


def _local(name: str) -> tuple[str, ...]:
    return (name,) if Path(name).exists() else ()


def _synthesis(recipe: Recipe, folder: Path, selection: Stage) -> list[Stage]:
    """Seeds out of a selection, what is grown from them, and its tokens."""
    assert recipe.synthesis is not None
    kinds.check(recipe.synthesis.kinds)
    settings = generate.Settings(
        recipe.synthesis,
        recipe.corpus.near,
        recipe.corpus.decontaminate,
        recipe.evaluate.data,
        recipe.run.seed,
        ledger=recipe.synthesis.ledger or str(folder / "ledger.sqlite"),
    )
    return [
        Stage(
            "seeds",
            "neve.quality.seeds:build",
            pick(seeds.Settings, recipe.synthesis),
            {"selection": selection.name, "tokens": "tokens", "scores": selection.inputs["scores"]},
        ),
        Stage(
            "synthesis",
            "neve.synthesis.generate:build",
            settings,
            {"documents": "curate", "seeds": "seeds", "tokenizer": "tokenizer"},
            outside=_local(recipe.synthesis.model),
            resumes=True,
        ),
        Stage(
            "synthetic-tokens",
            "neve.tokens.shards:build",
            inputs={"documents": "synthesis", "tokenizer": "tokenizer"},
        ),
    ]


def _evaluate(recipe: Recipe, tier: str) -> Stage:
    """All phases' models, each control beside its phase."""
    models: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for phase in recipe.phase:
        models[phase.name] = f"train-{phase.name}"
        for control in phase.twins:
            models[control] = f"train-{control}"
            pairs.append((phase.name, control))
        if phase.start in models:
            pairs.append((phase.name, phase.start))
    return Stage(
        "evaluate",
        "neve.evaluation.evaluate:build",
        evaluate.Settings(recipe.evaluate, models, tuple(pairs), tier, recipe.run.seed),
        {"documents": "curate", **{stage: stage for stage in models.values()}},
        outside=benchmarks.outside(recipe.evaluate.tasks, recipe.evaluate.data),
        resumes=True,
    )


def open_store(recipe: Recipe, folder: Path) -> Store:
    """The store of a run, automatic choices resolved on this machine."""
    precision: str = recipe.training.precision
    if precision == "auto":
        from neve.training.loop import resolve_precision

        precision = resolve_precision("auto")
    tier = sandbox.probe().tier if recipe.evaluate.pass_at_1 else "none"
    return Store(folder / "stages", stages(recipe, folder, precision, tier))


def folder_of(recipe: Recipe, out: str | None) -> Path:
    """The run's folder: `out` if given, else `<run.out>/<run.name>`."""
    return Path(out) if out else Path(recipe.run.out) / recipe.run.name


def run(
    recipe: Recipe,
    folder: Path,
    until: str | None = None,
    engine: str = "native",
    say: Callable[[str], None] | None = None,
    phase: str | None = None,
) -> bool:
    """Get done every stage that is not, in order, up to and with `until`; returns whether anything was built.

    With `phase` only the training of that phase, and what it reads.

    Raises Fault when a stage cannot go on; what is done stays done, and the next call goes on from there.
    """
    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    vocabulary.check(recipe.corpus)
    with locked(folder):
        store = open_store(recipe, folder)
        if until is not None and until not in store.stages:
            raise Misuse(f"--until {until}: no such stage; the stages are {', '.join(store.stages)}")
        names = list(store.stages)
        names = names[: names.index(until) + 1] if until else names
        if phase is not None:
            needed = _needed(store, _training(store, phase))
            names = [name for name in names if name in needed]
        atomic_write(folder / "recipe.toml", to_toml(recipe))
        arms = {ARM: {name: store.path(name).name for name in store.stages}}
        write_json(
            folder / "run.json",
            {
                "recipe": recipe.model_dump(mode="json"),
                "arms": arms,
                "train": phases.jobs(store),
                "versions": versions(),
            },
        )
        todo = [name for name in names if not store.done(name)]
        if todo:
            import neve.engine

            neve.engine.use(engine)
        for position, name in enumerate(names, 1):
            if name not in todo:
                continue
            say(f"[{position}/{len(names)}] {name}")
            started = time.monotonic()
            manifest = store.run(name)
            say(
                f"[{position}/{len(names)}] {name}: {brief(manifest['counts'])} in {time.monotonic() - started:.1f} s"
            )
        if "report" in names:
            _publish(store, folder)
        return bool(todo)


def train(folder: Path, phase: str, engine: str = "native") -> bool:
    """Get the training of one phase of the run in `folder` done, and what it reads; returns whether anything was built."""
    recipe, _ = reopen(folder)
    return run(recipe, folder, engine=engine, phase=phase)


def _training(store: Store, phase: str) -> str:
    """Name of the stage that trains a phase or a control."""
    if f"train-{phase}" not in store.stages:
        known = [name.removeprefix("train-") for name in store.stages if name.startswith("train-")]
        raise Misuse(f"--phase {phase}: no such phase; this run has {', '.join(known)}")
    return f"train-{phase}"


def _needed(store: Store, name: str) -> set[str]:
    """A stage and all that it reads, directly or not."""
    return {name}.union(*(_needed(store, source) for source in store.stages[name].inputs.values()))


def _publish(store: Store, folder: Path) -> None:
    """Copy the report to `<run>/report`, whole or not at all."""
    made, shown = store.path("report"), folder / "report"
    if (shown / "manifest.json").exists() and read_json(shown / "manifest.json") == store.manifest("report"):
        return
    temporary = folder / ".report.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(made, temporary)
    shutil.rmtree(shown, ignore_errors=True)
    temporary.rename(shown)


def brief(counts: dict[str, Any]) -> str:
    """The plain numbers among a stage's counts, on one line."""
    shown = [
        f"{key.replace('_', ' ')} {value:,}"
        if isinstance(value, int)
        else f"{key.replace('_', ' ')} {value:,.4g}"
        for key, value in counts.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return ", ".join(shown) or "done"


def reopen(folder: Path) -> tuple[Recipe, Store]:
    """Recipe and store of a run's folder, as its last `neve run` wrote them."""
    try:
        recipe = parse(read_json(folder / "run.json")["recipe"], str(folder / "run.json"))
    except (OSError, ValueError, KeyError):
        raise Misuse(
            f"{folder}: no run here (run.json is missing or broken); `neve run RECIPE` makes one"
        ) from None
    return recipe, open_store(recipe, folder)


def status(folder: Path) -> list[dict[str, Any]]:
    """One row a stage: name, state (done, stale, partial, pending), seconds, counts, folder."""
    _, store = reopen(folder)
    rows = []
    for name in store.stages:
        manifest = store.manifest(name) if store.done(name) else {}
        rows.append(
            {
                "stage": name,
                "state": store.state(name),
                "seconds": manifest.get("seconds"),
                "counts": manifest.get("counts", {}),
                "folder": f"stages/{store.path(name).name}",
            }
        )
    return rows


def export(folder: Path, phase: str, out: Path, step: str | None = None) -> None:
    """Write a phase's model, a Hugging Face folder, to `out`, whole or not at all.

    Without `step` the model of the phase's end. With a step's number, or "latest", that checkpoint of a phase in
    training; "latest" of one that is done is its end.
    """
    _, store = reopen(folder)
    name = _training(store, phase)
    if step is not None and step != "latest" and not step.isdecimal():
        raise Misuse(f"--step {step}: must be the number of a step, or latest")
    if step is None and not store.done(name):
        raise Misuse(
            f"--phase {phase}: not trained yet; `neve run` gets it done, --step latest takes a checkpoint"
        )
    if step not in (None, "latest") and store.done(name):
        raise Misuse(f"--step {step}: phase {phase} is done and its checkpoints are gone; leave --step out")
    if out.exists():
        raise Misuse(f"--out {out}: is there already; name a folder that is not")
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    if store.done(name):
        shutil.copytree(store.path(name) / "model", temporary)
    else:
        from neve.training.loop import export_checkpoint

        number = None if step == "latest" else int(str(step))
        partial = store.path(name).with_suffix(".partial")
        export_checkpoint(partial, store.path("tokenizer"), temporary, number)
    temporary.rename(out)
