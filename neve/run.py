"""A run is a plain list of stages; this module makes the list from a recipe and gets it done.

The list below is the table of contents of Neve: read it from top to bottom and follow the names. Stages
run one after the other in this process: each uses all cores, and one process is easy to kill and to follow.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neve import sandbox
from neve.corpus.sources import git
from neve.errors import Fault
from neve.recipe import Phase, Recipe, Source
from neve.recipe_file import parse, to_toml
from neve.store import Stage, Store, atomic_write, locked, read_json, versions, write_json

ARM = "main"


def stages(recipe: Recipe, folder: Path, precision: str, tier: str) -> list[Stage]:
    """The stages of a recipe, each after those that it reads.

    `folder` is the run's; `precision` (fp32, bf16) and `tier` (the sandbox's) are what this machine has.
    """
    seed = recipe.run.seed
    corpus = recipe.corpus.model_dump(mode="json", exclude={"sources", "expected_tokens"})
    sizes = {
        "max_file_bytes": recipe.corpus.max_file_bytes,
        "max_archive_bytes": recipe.corpus.max_archive_bytes,
    }
    corpus |= {"seed": seed, "data": recipe.evaluate.data}
    benchmarks = [file.path for file in recipe.corpus.decontaminate.files]
    outside = tuple([recipe.evaluate.data, *benchmarks] if recipe.evaluate.data else benchmarks)
    annotator = recipe.annotator.model_dump(mode="json", exclude={"positives"})
    exemplar_repos = [_repo(s) for s in recipe.annotator.positives]
    plan = [
        _sources("files", recipe.corpus.sources, sizes),
        Stage(
            "curate",
            "neve.corpus.curate:build",
            settings={**corpus, "exclude_repos": [repo for repo in exemplar_repos if repo]},
            inputs={"files": "files"},
            outside=outside,
            resumes=True,
        ),
        _sources("exemplar-files", recipe.annotator.positives, sizes),
        Stage(
            "exemplars",
            "neve.corpus.curate:build",
            settings={**corpus, "exclude_repos": [], "heldout_share": 0.0},
            inputs={"files": "exemplar-files"},
            outside=outside,
            resumes=True,
        ),
        Stage(
            "tokenizer",
            "neve.tokens.bpe:build",
            settings={"tokenizer": recipe.tokenizer.model_dump(mode="json"), "seed": seed},
            inputs={"curate": "curate"},
        ),
        Stage("tokens", "neve.tokens.shards:build", inputs={"curate": "curate", "tokenizer": "tokenizer"}),
    ]
    selecting = [p for p in recipe.phase if p.data == "selection"]
    if selecting:
        plan += [
            Stage(
                "annotator",
                "neve.quality.labels:build",
                settings={"annotator": annotator, "seed": seed},
                inputs={"curate": "curate", "exemplars": "exemplars"},
                outside=_local(recipe.annotator.encoder),
            ),
            Stage(
                "scores",
                "neve.quality.scoring:build",
                inputs={"curate": "curate", "annotator": "annotator"},
                resumes=True,
            ),
            Stage(
                "selection",
                "neve.quality.select:build",
                settings={
                    "phases": [
                        p.model_dump(mode="json", include={"name", "tokens", "repeats", "control"})
                        for p in selecting
                    ],
                    "synthesis": recipe.synthesis.model_dump(mode="json", include={"seeds", "python_share"})
                    if recipe.synthesis
                    else None,
                    "seed": seed,
                },
                inputs={"scores": "scores", "tokens": "tokens"},
            ),
        ]
    if recipe.synthesis is not None:
        plan += _synthesis(recipe, folder)
    for phase in recipe.phase:
        plan += _phase(recipe, phase, precision)
    plan.append(_evaluate(recipe, tier))
    names = [stage.name for stage in plan]
    plan.append(
        Stage(
            "report",
            "neve.report.page:build",
            settings={"recipe": recipe.model_dump(mode="json")},
            inputs={name: name for name in names},
            extra={"folder": str(folder)},
        )
    )
    return plan


def _sources(name: str, sources: list[Source], sizes: dict[str, int]) -> Stage:
    """Git counts by its commit, resolved; a hub's data set by its name; anything else that has a path by what lies there."""
    unpinned = tuple(s.path for s in sources if s.path is not None and s.kind not in ("git", "hub"))
    pinned = [s.model_copy(update={"commit": git.resolve(s)}) if s.kind == "git" else s for s in sources]
    settings = {"sources": [s.model_dump(mode="json", exclude_none=True) for s in pinned], **sizes}
    return Stage(name, "neve.corpus.sources:build", settings=settings, outside=unpinned)


def _repo(source: Source) -> str | None:
    """The repository that a source is, where it is one."""
    return f"{source.name}=={source.version}" if source.kind == "sdist" else source.repo


def _local(name: str) -> tuple[str, ...]:
    return (name,) if Path(name).exists() else ()


def _synthesis(recipe: Recipe, folder: Path) -> list[Stage]:
    assert recipe.synthesis is not None
    settings = recipe.synthesis.model_dump(mode="json")
    ways = {key: settings.pop(key) for key in ("ledger", "concurrency", "api_key_env")}
    ways["ledger"] = ways["ledger"] or str(folder / "ledger.sqlite")
    return [
        Stage(
            "synthesis",
            "neve.synthesis.generate:build",
            settings={
                "synthesis": settings,
                "near": recipe.corpus.near.model_dump(mode="json"),
                "decontaminate": recipe.corpus.decontaminate.model_dump(mode="json"),
                "seed": recipe.run.seed,
                "data": recipe.evaluate.data,
            },
            extra=ways,
            inputs={"curate": "curate", "selection": "selection", "tokenizer": "tokenizer"},
            outside=_local(recipe.synthesis.model),
            resumes=True,
        ),
        Stage(
            "synthetic-tokens",
            "neve.tokens.shards:build",
            inputs={"curate": "synthesis", "tokenizer": "tokenizer"},
        ),
    ]


def _phase(recipe: Recipe, phase: Phase, precision: str) -> list[Stage]:
    """Selection of the control where it is a stage of its own, view and training of a phase and of its control."""
    made: list[Stage] = []
    tokens = "synthetic-tokens" if phase.data == "synthetic" else "tokens"
    view = {
        "name": phase.name,
        "data": phase.data,
        "repeats": phase.repeats,
        "fim_rate": phase.fim_rate,
        "seed": recipe.run.seed,
    }
    of_selection = {"selection": "selection"} if phase.data == "selection" else {}
    file = f"{phase.name}.parquet" if of_selection else None
    made.append(
        Stage(
            f"view-{phase.name}",
            "neve.tokens.assemble:build",
            settings={**view, "selection": file},
            inputs={tokens: tokens, **of_selection},
        )
    )
    made.append(_train(recipe, phase, phase.name, precision))
    if not phase.control:
        return made
    control = f"{phase.name}-random"
    if phase.data == "synthetic":
        of_selection = {"control": f"control-{phase.name}"}
        made.append(
            Stage(
                f"control-{phase.name}",
                "neve.quality.select:build_control",
                settings={
                    "phase": phase.model_dump(mode="json", include={"name", "tokens"}),
                    "seed": recipe.run.seed,
                },
                inputs={"tokens": "tokens", "synthetic-tokens": "synthetic-tokens"},
            )
        )
    made.append(
        Stage(
            f"view-{control}",
            "neve.tokens.assemble:build",
            settings={**view, "name": control, "data": "selection", "selection": f"{control}.parquet"},
            inputs={"tokens": "tokens", **of_selection},
        )
    )
    made.append(_train(recipe, phase, control, precision))
    return made


def _train(recipe: Recipe, phase: Phase, name: str, precision: str) -> Stage:
    training = recipe.training.model_dump(mode="json")
    start = {} if phase.start == "scratch" else {"start": f"train-{phase.start}"}
    return Stage(
        f"train-{name}",
        "neve.training.loop:build",
        settings={
            "phase": {"name": name, **phase.model_dump(mode="json", include={"tokens", "lr"})},
            "model": recipe.model.model_dump(mode="json"),
            "training": training,
            "seed": recipe.run.seed,
            "precision": precision,
        },
        inputs={"view": f"view-{name}", "tokenizer": "tokenizer", **start},
        resumes=True,
    )


def _evaluate(recipe: Recipe, tier: str) -> Stage:
    """All phases' models, each control beside its phase."""
    models: dict[str, str] = {}
    pairs: list[list[str]] = []
    for phase in recipe.phase:
        models[phase.name] = f"train-{phase.name}"
        if phase.control:
            control = f"{phase.name}-random"
            models[control] = f"train-{control}"
            pairs.append([phase.name, control])
        if phase.start != "scratch":
            pairs.append([phase.name, phase.start])
    return Stage(
        "evaluate",
        "neve.evaluation.evaluate:build",
        settings={
            "evaluate": recipe.evaluate.model_dump(mode="json"),
            "seed": recipe.run.seed,
            "models": models,
            "pairs": pairs,
            "sandbox": tier,
        },
        inputs={"curate": "curate", "tokenizer": "tokenizer", **{stage: stage for stage in models.values()}},
        outside=(recipe.evaluate.data,) if recipe.evaluate.data else (),
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
) -> bool:
    """Get done every stage that is not, in order, up to and with `until`; returns whether anything was built.

    Raises Fault when a stage cannot go on; what is done stays done, and the next call goes on from there.
    """
    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    with locked(folder):
        store = open_store(recipe, folder)
        if until is not None and until not in store.stages:
            raise Fault(f"--until {until}: no such stage; the stages are {', '.join(store.stages)}")
        names = list(store.stages)
        names = names[: names.index(until) + 1] if until else names
        atomic_write(folder / "recipe.toml", to_toml(recipe))
        arms = {ARM: {name: store.path(name).name for name in store.stages}}
        write_json(
            folder / "run.json",
            {"recipe": recipe.model_dump(mode="json"), "arms": arms, "versions": versions()},
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
        raise Fault(
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


def export(folder: Path, phase: str, out: Path) -> None:
    """Copy a phase's final model, a Hugging Face folder, to `out`, whole or not at all."""
    _, store = reopen(folder)
    name = f"train-{phase}"
    if name not in store.stages:
        phases = [stage.removeprefix("train-") for stage in store.stages if stage.startswith("train-")]
        raise Fault(f"--phase {phase}: no such phase; this run has {', '.join(phases)}")
    if not store.done(name):
        raise Fault(f"--phase {phase}: not trained yet; `neve run` gets it done")
    if out.exists():
        raise Fault(f"--out {out}: is there already; name a folder that is not")
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(store.path(name) / "model", temporary)
    temporary.rename(out)
