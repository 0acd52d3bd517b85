"""The stages of a run, from raw repositories to the report: read this list from top to bottom and follow the
names.

It is a plain list, made from a recipe; making it reads no network and no git and loads nothing heavy. A
stage depends on its settings, which hold only those fields of the recipe that it reads, on its inputs, and
on what lies outside. The trade-off: stages run one after the other, each with all cores; one process is easy
to kill and to follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from neve import weights
from neve.corpus import settings as curation
from neve.corpus import sources as readers
from neve.corpus.contamination import packaged
from neve.evaluation import evaluate
from neve.quality import seeds
from neve.quality import settings as quality
from neve.quality.annotators import KINDS
from neve.recipe.annotators import Blend, Cascade, Column, Labels, Student
from neve.recipe.recipe import Recipe
from neve.recipe.sources import Source
from neve.report import page
from neve.run import outside, phases
from neve.run.machine import Machine
from neve.settings import pick
from neve.store import Stage
from neve.synthesis import settings as synthesis
from neve.tasks import benchmarks
from neve.tokens import bpe

Pins = Mapping[str, str]
"""Key of what is elsewhere and may change -> its identity as recorded (`neve.run.outside`)."""


def stages(recipe: Recipe, folder: Path, machine: Machine, pins: Pins) -> list[Stage]:
    """The stages of a recipe, each after those that it reads; `folder` is the run's. Without phases a corpus
    is all."""
    corpus = [
        _sources("files", recipe, recipe.corpus.sources, pins),
        _curate(recipe, "curate", "files"),
        _tokenizer(recipe),
        Stage("tokens", "tokens", inputs={"documents": "curate", "tokenizer": "tokenizer"}),
    ]
    if not recipe.phase:
        return corpus
    selections, annotators = phases.selections(recipe), _annotators(recipe, folder, pins)
    plan = [
        *corpus,
        *annotators,
        *selections,
        *_diagnoses(recipe, selections, annotators),
        *(_synthesis(recipe, folder, selections[0], machine.sandbox) if recipe.synthesis else []),
        *phases.data(recipe),
        *phases.training(recipe, machine.precision),
        _evaluate(recipe, machine.sandbox),
    ]
    return [
        *plan,
        Stage("report", "report", page.Settings(recipe), {stage.name: stage.name for stage in plan}),
    ]


def _sources(name: str, recipe: Recipe, sources: list[Source], pins: Pins) -> Stage:
    """Sdists count by their digest, git by its commit as recorded, all else by what is there."""
    pinned = tuple(
        s.model_copy(update={"commit": pins[outside.key(s)]})
        if s.kind == "git" and s.moves and outside.key(s) in pins
        else s
        for s in sources
    )
    settings = pick(readers.Settings, recipe.corpus, sources=pinned)
    return Stage(name, "sources", settings, outside=outside.keys(pinned))


def _curate(recipe: Recipe, name: str, files: str, labels: Labels | None = None) -> Stage:
    """Files become documents; exemplars of `labels` are curated as the corpus is, and their repositories are
    no part of it."""
    positives = [source for labels in recipe.labels.values() for source in labels.positives]
    apart = [repo for repo in map(_repository, positives) if repo]
    data, read = _benchmark_files(recipe)
    settings = pick(curation.Settings, recipe.corpus, exclude_repos=apart, data=data, seed=recipe.run.seed)
    if labels is not None:
        admitted = recipe.corpus.licenses if labels.licenses is None else labels.licenses
        settings = replace(settings, exclude_repos=[], heldout_share=0.0, licenses=admitted)
    listed = (recipe.corpus.opt_out,) if recipe.corpus.opt_out else ()
    return Stage(name, "curate", settings, {"files": files}, outside=(*read, *listed), resumes=True)


def _benchmark_files(recipe: Recipe) -> tuple[str | None, tuple[str, ...]]:
    """The folder of benchmark files, if it holds any that decontamination reads, and all files that it
    reads.

    Files equal to those that the packaged index was built from add nothing to it.
    """
    wanted, data = recipe.corpus.decontaminate, recipe.evaluate.data
    read = [str(path) for _, path in packaged.beside(wanted.benchmarks, Path(data) if data else None)]
    described = [name for name in wanted.benchmarks if name.endswith(benchmarks.OWN)]
    return (data if read else None), (*read, *described, *(file.path for file in wanted.files))


def _tokenizer(recipe: Recipe) -> Stage:
    """Merges learnt from the documents, or those of an earlier run's model."""
    given = recipe.tokenizer.folder
    return Stage(
        "tokenizer",
        "tokenizer",
        bpe.Settings(recipe.tokenizer, recipe.run.seed),
        {"documents": "curate"},
        outside=(f"{given}/tokenizer.json",) if given else (),
    )


def _annotators(recipe: Recipe, folder: Path, pins: Pins) -> list[Stage]:
    """The annotators that phases name and what they need: labels, which may be another annotator's best, all
    that they are made of, and their scores of all documents."""
    plan: dict[str, Stage] = {}

    def labels(name: str) -> None:
        table, inputs = recipe.labels[name], {"documents": "curate"}
        if table.best is not None:
            scored(table.best.annotator)
            inputs["scores"] = f"scores-{table.best.annotator}"
        if table.positives:
            files, inputs["exemplars"] = f"exemplar-files-{name}", f"exemplars-{name}"
            plan[files] = _sources(files, recipe, table.positives, pins)
            plan[f"exemplars-{name}"] = _curate(recipe, f"exemplars-{name}", files, table)
        plan[f"labels-{name}"] = _labels(recipe, folder, name, inputs)

    def scored(name: str) -> None:
        for used in recipe.labels_of(name):
            if f"labels-{used}" not in plan:
                labels(used)
        for one in recipe.made_of(name):
            plan.setdefault(f"annotator-{one}", _annotator(recipe, one, pins))
        inputs = {"documents": "curate", "annotator": f"annotator-{name}"}
        plan[f"scores-{name}"] = Stage(f"scores-{name}", "scores", inputs=inputs, resumes=True)

    for name in sorted({recipe.annotator_of(phase) for phase in recipe.phase if phase.selects}):
        scored(name)
    return list(plan.values())


def _labels(recipe: Recipe, folder: Path, name: str, inputs: dict[str, str]) -> Stage:
    """Labels; what a judge answers goes into the run's ledger."""
    table, given = recipe.labels[name], recipe.synthesis.ledger if recipe.synthesis else None
    ledger = given or str(folder / "ledger.sqlite")
    settings = pick(quality.Labels, table, seed=recipe.run.seed, ledger=ledger)
    read = (*_local(table.judge.model), *_local(table.judge.rubric)) if table.judge else ()
    return Stage(f"labels-{name}", "labels", settings, inputs, outside=read)


def _annotator(recipe: Recipe, name: str, pins: Pins) -> Stage:
    """An annotator, fitted on its labels; one that is made of others reads them. Weights of the hub count by
    revision."""
    annotator = recipe.annotators[name]
    key = outside.weights_key(annotator.pretrained)
    elsewhere = (key,) if weights.moves(annotator.pretrained) and key not in pins else ()
    if key in pins:
        annotator = annotator.pinned(pins[key])
    read = [f"labels-{used}" for used in recipe.labels_of(name)]
    read += [f"annotator-{member}" for member in annotator.members]
    return Stage(
        f"annotator-{name}",
        f"annotator-{annotator.kind}",
        quality.Fit(annotator, recipe.run.seed),
        {"documents": "curate", **{stage: stage for stage in read}},
        outside=(*(one for path in annotator.reads for one in _local(path)), *annotator.files, *elsewhere),
        build=f"{KINDS[annotator.kind]}:fit",
        resumes=isinstance(annotator, Student),
    )


def _diagnoses(recipe: Recipe, selections: list[Stage], annotators: list[Stage]) -> list[Stage]:
    """What there is to say of each phase's annotator at the cut, and where the others that are built agree.

    A column has no score for a text that is changed, nor has a blend in a cascade, or of others than
    annotators which judge each document by itself.
    """
    made = []
    built = [stage.name.removeprefix("annotator-") for stage in annotators]
    alone = [one for one in built if one in recipe.annotators and _alone(recipe, one)]
    for phase in recipe.phase:
        stage = next((one for one in selections if one.name == f"selection-{phase.name}"), None)
        if stage is None:
            continue
        name = top = recipe.annotator_of(phase)
        while isinstance(table := recipe.annotators[name], Cascade):
            name = table.then
        blend = isinstance(table, Blend) and name == top and set(table.of) <= set(alone)
        if not blend and not _alone(recipe, name):
            continue
        others = tuple(one for one in alone if one != name)
        data, labels = recipe.evaluate.data, recipe.labels_of(top)
        settings = quality.Diagnosis(
            name, others, tuple(recipe.evaluate.tasks), data, recipe.run.seed, phase.temperature > 0
        )
        inputs = {"documents": "curate", "selection": stage.name, "scores": stage.inputs["scores"]}
        inputs |= {f"annotator-{one}": f"annotator-{one}" for one in (name, *others)}
        inputs |= {f"labels-{one}": f"labels-{one}" for one in labels}
        learnt = {one for other in others for one in recipe.labels_of(other)} - set(labels)
        inputs |= {f"learnt-{one}": f"labels-{one}" for one in sorted(learnt)}
        read = benchmarks.outside(recipe.evaluate.tasks, data)
        made.append(Stage(f"diagnosis-{phase.name}", "diagnosis", settings, inputs, outside=read))
    return made


def _alone(recipe: Recipe, name: str) -> bool:
    """Whether an annotator judges each document by itself, whatever its text."""
    return not isinstance(recipe.annotators[name], Cascade | Blend | Column)


def _synthesis(recipe: Recipe, folder: Path, selection: Stage, tier: str) -> list[Stage]:
    """Seeds out of a selection, what is grown from them, and its tokens; the same for each further draw of
    the answers that a phase is compared with."""
    assert recipe.synthesis is not None
    prompts = [name for name in recipe.synthesis.kinds if name.endswith(".md")]
    data, read = _benchmark_files(recipe)
    settings = synthesis.Settings(
        recipe.synthesis,
        recipe.corpus.filters,
        recipe.corpus.near,
        recipe.corpus.decontaminate,
        data,
        recipe.run.seed,
        tier if recipe.synthesis.gates.run else "none",
        ledger=recipe.synthesis.ledger or str(folder / "ledger.sqlite"),
        draws=recipe.draws,
    )
    ranked = {"selection": selection.name, "scores": selection.inputs["scores"]}
    annotator = f"annotator-{recipe.annotator_of(next(phase for phase in recipe.phase if phase.selects))}"
    judged = {**ranked, "annotator": annotator} if recipe.synthesis.gates.score else {}
    made = [
        Stage(
            "seeds",
            "seeds",
            pick(seeds.Settings, recipe.synthesis, seed=recipe.run.seed),
            {**ranked, "tokens": "tokens"},
        )
    ]
    made += [
        Stage(
            "synthesis",
            "synthesis",
            settings,
            {"documents": "curate", "seeds": "seeds", "tokenizer": "tokenizer", **judged},
            outside=(*_local(recipe.synthesis.model), *prompts, *read),
            resumes=True,
        ),
        *(
            Stage(f"synthesis-{number}", "draw", synthesis.Further(number), {"synthesis": "synthesis"})
            for number in range(2, 1 + recipe.draws)
        ),
    ]
    made += [
        Stage(
            stage.name.replace("synthesis", "synthetic-tokens"),
            "tokens",
            inputs={"documents": stage.name, "tokenizer": "tokenizer"},
        )
        for stage in made[1:]
    ]
    return made


def _evaluate(recipe: Recipe, tier: str) -> Stage:
    """All phases' models, each beside its controls and what it started from."""
    models: dict[str, str] = {}
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for phase in recipe.phase:
        models |= {name: f"train-{name}" for name in (phase.name, *phase.twins)}
        for kind in phase.controls:
            draws = tuple(name for name, of in phase.twins.items() if of == kind)
            pairs += [(phase.name, draws)] if len(draws) > 1 else []
            pairs += [(phase.name, (draw,)) for draw in draws]
        if phase.start in models:
            pairs.append((phase.name, (phase.start,)))
    asked = recipe.evaluate.pass_at_1
    tested = (recipe.phase[-1].name,) if asked == "last" else tuple(models) if asked else ()
    read = phases.read_first(recipe)
    settings = evaluate.Settings(
        recipe.evaluate, models, tuple(pairs), tested, read, tier if tested else "none", recipe.run.seed
    )
    inputs = {"documents": "curate", "tokenizer": "tokenizer", "view": f"view-{read.phase}"}
    return Stage(
        "evaluate",
        "evaluate",
        settings,
        {**inputs, **{stage: stage for stage in models.values()}},
        outside=benchmarks.outside(
            [*recipe.evaluate.tasks, *recipe.evaluate.training_tasks], recipe.evaluate.data
        ),
        resumes=True,
    )


def _repository(source: Source) -> str | None:
    """The repository that a source is, where it is one."""
    return f"{source.name}=={source.version}" if source.kind == "sdist" else source.repo


def _local(name: str) -> tuple[str, ...]:
    """The path, where it is one that is there, or a glob."""
    return (name,) if name and (Path(name).exists() or "*" in name) else ()
