"""What a run knows of itself, without building anything real. Oracle: the list of stages that was recorded."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest

from neve.errors import Fault, Misuse
from neve.run import changes, record, runner, status
from neve.run.export import export
from neve.store import Store, arm_stages, read_json, state, write_json

from .test_phases import SMALL, parse


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "sources" / "repository"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("x = 1\n")
    return folder


def recipe(source: str | Path, **training):
    data = copy.deepcopy(SMALL) | {"training": training}
    data["corpus"]["sources"][0]["path"] = str(source)
    data["annotators"]["encoder"]["encoder"] = "minilm"
    return parse(data)


def finished(store: Store) -> None:
    """Every stage's folder, as if it had been built."""
    for name, stage in store.stages.items():
        made = store.path(name)
        (made / "model").mkdir(parents=True)
        (made / "model" / "config.json").write_text(name)
        inputs = {role: store.path(source).name for role, source in stage.inputs.items()}
        about = {"fingerprint": store.prints[name], "counts": {"n": 1}, "seconds": 1.0}
        from neve.store import covered

        about |= covered(stage, store.prints, store.outside) | {"inputs": inputs}
        write_json(made / "manifest.json", about)


def test_a_model_in_a_run_knows_what_its_first_phase_read(made: Path, tmp_path: Path) -> None:
    """The stage's folder or the model's inside; one that lies elsewhere, or whose view is gone, knows nothing."""
    stages = arm_stages(made, "main")
    for model in (stages["train-quality"], stages["train-quality"] / "model"):
        found = record.trained_on(model)
        assert found is not None and found.view.samefile(stages["view-general"])
        assert (found.read.phase, found.read.tokens, found.read.sequence, found.read.seed) == (
            "general",
            1000,
            8192,
            1,
        )
    assert record.trained_on(tmp_path) is None and record.trained_on(Path("hub/model")) is None
    stages["view-general"].rename(tmp_path / "away")
    assert record.trained_on(stages["train-quality"]) is None


@pytest.fixture
def made(source: Path, tmp_path: Path) -> Path:
    """A finished run, its source named by a relative path."""
    folder = tmp_path / "run"
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        plan = runner.planned(recipe("sources/repository"), folder)
        store = plan.store(folder)
        folder.mkdir()
        record.write(folder, "main", plan, store)
        finished(store)
    finally:
        os.chdir(before)
    return folder


def test_a_finished_run_stays_finished_whatever_becomes_of_the_sources(
    made: Path, source: Path, tmp_path: Path
) -> None:
    """From another folder than it was made in, with a file that changed, and with no file at all."""
    for step in ("as made", "changed", "gone"):
        if step == "changed":
            (source / "a.py").write_text("x = 12\n")
        if step == "gone":
            (source / "a.py").unlink()
        assert {row["state"] for row in status.status(made)} == {"done"}
        assert not runner.train(made, "quality")
        trained = record.training(made, "main", "quality")
        assert state(trained) == "done" and (trained / "model" / "config.json").read_text() == "train-quality"
        assert runner.report(made) == made / "report"
        again = record.recorded(made, "main").store(made)
        assert {name: again.path(name) for name in again.stages} == arm_stages(made, "main")


def test_a_run_of_the_recipe_looks_at_the_sources(
    made: Path, source: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert all(row["does"] == "nothing" for row in changes.changes(recipe("sources/repository"), made))
    (source / "a.py").write_text("x = 12\n")
    rows = {row["stage"]: row for row in changes.changes(recipe("sources/repository"), made)}
    assert rows["files"] == {"stage": "files", "does": "build again", "why": ["sources/repository: changed"]}
    assert rows["curate"]["why"] == ["input files: files is built again"]
    assert rows["exemplars-good"]["does"] == "nothing"


def test_a_plan_says_which_field_changed(made: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = changes.changes(recipe("sources/repository", weight_decay=0.2), made)
    does = {row["stage"]: row["does"] for row in rows}
    assert {name for name, what in does.items() if what != "nothing"} == {
        "train-general", "train-quality", "evaluate", "report",
    }  # fmt: skip
    why = {row["stage"]: row["why"] for row in rows}
    assert why["train-general"] == ["training.weight_decay: 0.1 → 0.2"]
    assert why["train-quality"] == [
        "training.weight_decay: 0.1 → 0.2",
        "input start: train-general is built again",
    ]
    manifest = arm_stages(made, "main")["tokens"] / "manifest.json"
    write_json(manifest, {**read_json(manifest), "version": 0, "fingerprint": "0"})
    rows = changes.changes(recipe("sources/repository"), made)
    assert next(row["why"] for row in rows if row["stage"] == "tokens") == ["version of tokens: 0 → 1"]


def test_what_fails_before_anything_runs_leaves_the_record(made: Path, tmp_path: Path, monkeypatch) -> None:
    """A stage, a name or a field that does not exist hides no trained model."""
    monkeypatch.chdir(tmp_path)
    before = (made / "run.json").read_text(), (made / "recipe.toml").read_text()
    wrong = recipe("sources/repository")
    wrong = wrong.model_copy(update={"corpus": wrong.corpus.model_copy(update={"languages": ["Pythn"]})})
    with pytest.raises(Fault, match="Pythn"):
        runner.run(wrong, made)
    with pytest.raises(Misuse, match="--until nowhere"):
        runner.run(recipe("sources/repository"), made, until="nowhere")
    assert ((made / "run.json").read_text(), (made / "recipe.toml").read_text()) == before


def test_a_model_of_other_settings_is_named_not_hidden(made: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    old = arm_stages(made, "main")["train-quality"]
    plan = runner.planned(recipe("sources/repository", weight_decay=0.2), made)
    record.write(made, "main", plan, plan.store(made))
    with pytest.raises(Misuse, match=rf"not trained yet with the recipe as it is now.*{old.name}/model"):
        export(made, "quality", tmp_path / "none")
    states = {row["stage"]: row["state"] for row in status.status(made)}
    assert states["train-quality"] == "stale" and states["tokens"] == "done"


def test_arms_share_what_is_equal(made: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = runner.planned(recipe("sources/repository", weight_decay=0.2), made, "decay")
    record.write(made, "decay", plan, plan.store(made))
    main, decay = (arm_stages(made, arm) for arm in ("main", "decay"))
    differ = {name for name in main if main[name] != decay[name]}
    assert differ == {"train-general", "train-quality", "evaluate", "report"}
    assert {row["state"] for row in status.status(made)} == {"done"}
    assert {row["state"] for row in status.status(made, "decay") if row["stage"] not in differ} == {"done"}
    assert record.recorded(made, "decay").recipe.training.weight_decay == 0.2
    assert (made / "recipe.toml").exists() and (made / "recipe-decay.toml").exists()
    assert set(json.loads((made / "run.json").read_text())["train"]["decay"]) == {"general", "quality"}
    with pytest.raises(Misuse, match="--arm other: no such arm; this run has main, decay"):
        status.status(made, "other")


def test_each_arms_report_has_a_place(made: Path, tmp_path: Path, monkeypatch) -> None:
    """The main arm's is published again without losing another's."""
    monkeypatch.chdir(tmp_path)
    plan = runner.planned(recipe("sources/repository"), made, "other")
    record.write(made, "other", plan, plan.store(made))
    assert runner.report(made, "other") == made / "report" / "other"
    assert runner.report(made) == made / "report"
    manifest = arm_stages(made, "main")["report"] / "manifest.json"
    write_json(manifest, {**read_json(manifest), "seconds": 2.0})
    runner.report(made)
    assert read_json(made / "report" / "manifest.json")["seconds"] == 2.0
    assert (made / "report" / "other" / "manifest.json").exists()


def test_no_run_and_a_broken_one(tmp_path: Path) -> None:
    for text in (None, "{", "[]", '{"arms": {"main": 3}}'):
        if text is not None:
            (tmp_path / "run.json").write_text(text)
        with pytest.raises(Misuse, match=r"no run here|no such arm"):
            status.status(tmp_path)
    (tmp_path / "run.json").write_text('{"arms": {"main": {}}}')
    with pytest.raises(Misuse, match="of another version"):
        record.recorded(tmp_path, "main")


def test_what_is_elsewhere_is_asked_once_and_again_when_told(
    source: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    """Oracle: a count of the questions; the answer decides what is built, and is said."""
    answers, asked = ["1" * 40, "2" * 40, "2" * 40], []

    def ask(source) -> str:
        asked.append(source.commit)
        return answers[len(asked) - 1]

    from neve.corpus.sources import identity

    monkeypatch.setattr(identity, "of", ask)
    data = copy.deepcopy(SMALL)
    data["corpus"]["sources"] = [{"kind": "git", "path": "https://localhost/r", "commit": "main"}]
    data["annotators"]["encoder"]["encoder"] = "minilm"
    spec, folder = parse(data), tmp_path / "run"

    def built(self: Store, name: str):
        self.path(name).mkdir(parents=True)
        write_json(self.path(name) / "manifest.json", {"fingerprint": self.prints[name], "counts": {}})
        return read_json(self.path(name) / "manifest.json")

    monkeypatch.setattr(Store, "run", built)

    def said() -> list[str]:
        return [line for line in capsys.readouterr().err.splitlines() if line.startswith("git ")]

    name, one, two = "git https://localhost/r main", "1" * 12, "2" * 12
    assert runner.run(spec, folder, until="files") and asked == ["main"]
    assert said() == [f"{name}: now at {one}, which is recorded"]
    assert not runner.run(spec, folder, until="files") and asked == ["main"]
    assert said() == [f"{name}: taken at {one}, as recorded; --refresh asks again"]
    assert record.load(folder)["outside"]["main"][name] == "1" * 40
    assert (
        record.recorded(folder, "main").store(folder).stages["files"].settings.sources[0].commit == "1" * 40
    )
    assert runner.run(spec, folder, until="files", arm="other") is False and asked == ["main"]
    said()
    assert runner.run(spec, folder, until="files", refresh=True) and asked == ["main", "main"]
    assert said() == [f"{name}: moved from {one} to {two}; what reads it is built again"]
    assert not runner.run(spec, folder, until="files", refresh=True) and len(asked) == 3
    assert said() == [f"{name}: still at {two}"]
    assert not runner.run(spec, folder, until="files") and len(asked) == 3
