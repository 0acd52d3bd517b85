"""How long a laboratory will take. Oracles: arithmetic over manifests written here; a laboratory that was measured."""

import json
from pathlib import Path

import pytest

from neve.lab import design, forecast, laboratory
from neve.lab.file import load
from neve.lab.schedule import Workers, cores
from neve.store import write_json

LABS = Path(__file__).parents[2] / "recipes" / "labs"
EPOCHS = '[set]\n"phase.1" = { name = "more", data = "corpus", epochs = 3, start = "general", lr = { peak = 5e-3 } }\n'


@pytest.fixture
def steady(monkeypatch) -> None:
    """256 tokens a second, in a folder without runs and without benchmarks."""
    monkeypatch.setattr("neve.lab.speed.tokens_per_second", lambda *_: 256.0)
    monkeypatch.delenv("NEVE_BENCHMARKS", raising=False)
    forecast._task_bytes.cache_clear()


def done(cell: design.Cell, name: str, seconds: float, **counts) -> None:
    """A stage's folder, as whole as its manifest says."""
    folder = cell.store.path(name)
    folder.mkdir(parents=True)
    manifest = {"stage": name, "fingerprint": cell.store.prints[name], "seconds": seconds, "counts": counts}
    write_json(folder / "manifest.json", manifest)


def test_parts_are_shared_out_over_workers_and_what_nobody_built_is_named(
    place: Path, tmp_path: Path, steady, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    found = laboratory.plan(place / "lab.toml", tmp_path / "lab", Workers(2, gpus=("0", "1")))
    # nine cells of 5,120 tokens over two GPUs, and the first phase's 2,560 on one of them
    assert found["trainings_left"] == 9 and found["tokens_left"] == 9 * 5120 + 2560
    assert found["parts"]["training"] == 9 * 5120 / 256 / 2 + 2560 / 256
    # 120,000 bytes of held-out code, three to a token, a third of a step's work
    assert found["parts"]["measuring"] == pytest.approx(9 * 120_000 / 3 / 3 / 256 / 2)
    assert found["parts"]["shared stages"] == 0 and found["seconds"] == sum(found["parts"].values())
    assert {"curate", "tokenizer", "view-more"} <= set(found["not_counted"][forecast.UNBUILT])
    said = "\n".join(laboratory.described(found))
    assert "in all 6 min, workers: 2," in said and "training 2, measuring 4" in said and "curate" in said
    on_cores = laboratory.plan(place / "lab.toml", tmp_path / "lab", Workers(64))
    assert on_cores["parts"]["training"] == (9 * 5120 + 2560) / 256 / cores()


def test_a_stage_takes_what_its_like_took_here_or_in_a_run_of_the_recipe(
    place: Path, tmp_path: Path, steady, monkeypatch
):
    """The run has other settings, so that nothing of it is taken as done."""
    monkeypatch.chdir(tmp_path)
    lab, base = load(place / "lab.toml")
    other = lab.model_copy(update={"set": {"tokenizer.vocab_size": 310}})
    run = design.cell(other, base, tmp_path / "runs" / "tiny", "usual", 1, low=False)
    done(run, "tokenizer", 7.0)
    done(run, "tokens", 5.0)
    cells = design.cells(lab, base, tmp_path / "lab")
    done(cells[0], "tokens", 2.0)
    for cell, seconds in zip(cells, (1.0, 4.0, 100.0), strict=False):
        done(cell, cell.train, 1.0)
        done(cell, cell.tune, seconds)
    found = laboratory.plan(place / "lab.toml", tmp_path / "lab", Workers(1))
    assert found["trainings_left"] == 6 and found["parts"]["shared stages"] == 7.0
    assert found["parts"]["measuring"] == 6 * 4.0


def test_what_a_run_beside_it_has_is_not_left(place: Path, tmp_path: Path, steady, monkeypatch):
    """Equal stages of a laboratory beside this one, and of a run of the recipe, are taken and not built."""
    monkeypatch.chdir(tmp_path)
    lab, base = load(place / "lab.toml")
    for run, name in ((tmp_path / "labs" / "other", "train-general"), (tmp_path / "runs" / "tiny", "curate")):
        done(design.cell(lab, base, run, "usual", 1, low=False), name, 7.0)
    found = laboratory.plan(place / "lab.toml", tmp_path / "labs" / "lab", Workers(1))
    left = {name.rpartition("-")[0] for name in found["shared_stages_left"]}
    assert "tokenizer" in left and not left & {"curate", "train-general"}
    assert found["tokens_left"] == 9 * 5120


def test_epochs_count_by_their_view_by_one_like_it_or_by_what_the_recipe_expects(
    place: Path, tmp_path: Path, steady, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    text = (place / "lab.toml").read_text()
    (tmp_path / "recipe.toml").write_text((place / "recipe.toml").read_text())
    (tmp_path / "lab.toml").write_text(text + EPOCHS)

    def plan() -> dict:
        return laboratory.plan(tmp_path / "lab.toml", tmp_path / "lab", Workers(1, gpus=("0",)))

    unsized = plan()
    assert unsized["tokens_left"] == 2560 and unsized["not_counted"][forecast.UNSIZED] == ["train-more"]
    (tmp_path / "lab.toml").write_text(text + EPOCHS + '"corpus.expected_tokens" = 1000\n')
    assert plan()["tokens_left"] == 9 * 3 * 1000 + 2560
    lab, base = load(tmp_path / "lab.toml")
    other = lab.model_copy(update={"set": {**lab.set, "tokenizer.vocab_size": 310}})
    done(design.cell(other, base, tmp_path / "runs" / "tiny", "usual", 1, False), "view-more", 1, tokens=1100)
    assert plan()["tokens_left"] == 9 * 3 * 1100 + 2560
    done(design.cells(lab, base, tmp_path / "lab")[0], "view-more", 1.0, tokens=1200)
    assert plan()["tokens_left"] == 9 * 3 * 1200 + 2560


def test_asking_is_counted_as_a_plan_of_the_recipe_does(tmp_path: Path, steady, monkeypatch):
    """Oracle: six arms, each 36 questions of half 384 tokens at 40 a second."""
    monkeypatch.chdir(tmp_path)
    found = laboratory.plan(LABS / "synthesis.toml", tmp_path / "lab", Workers(2))
    assert found["parts"]["asking"] == pytest.approx(6 * 36 * 192 / 40)
    assert "measure-synthetic-tune" in found["not_counted"][forecast.UNREAD]
    slow = (LABS / "synthesis.toml").read_text().replace('"synthesis.budget.expected_speed"', "#")
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs" / "synthesis.toml").write_text(slow)
    (tmp_path / "quickstart.toml").write_text((LABS.parent / "quickstart.toml").read_text())
    found = laboratory.plan(tmp_path / "labs" / "synthesis.toml", tmp_path / "lab", Workers(2))
    assert found["parts"]["asking"] == 0 and found["not_counted"][forecast.UNPACED] == ["synthesis"]


def test_texts_at_hand_are_measured_by_their_bytes(tmp_path: Path, steady, monkeypatch):
    row = {
        "task_id": 601, "text": "Add two numbers.", "code": "def add(a, b):\n    return a + b",
        "test_list": ["assert add(1, 2) == 3"], "test_setup_code": "", "challenge_test_list": [],
    }  # fmt: skip
    (tmp_path / "mbpp.jsonl").write_text(json.dumps(row) + "\n")
    settings = forecast.measure.Settings(("mbpp-train",), 1000, str(tmp_path))
    assert 60 < forecast._bytes("mbpp-train", settings) < 400 and forecast._bytes("heldout", settings) == 1000
    assert forecast._bytes("humaneval", settings) == 0


def test_the_speed_is_that_of_trained_cells_without_their_first_step(place: Path, tmp_path: Path):
    lab, base = load(place / "lab.toml")
    cells = design.cells(lab, base, tmp_path)
    for cell, steps in ((cells[0], (9.0, 1.0, 1.0, 3.0)), (cells[1], (2.0,))):
        cell.store.path(cell.train).mkdir(parents=True)
        lines = "".join(json.dumps({"step": i, "seconds": s}) + "\n" for i, s in enumerate(steps, 1))
        (cell.store.path(cell.train) / "timings.jsonl").write_text(lines)
    assert forecast.speed(cells) == (256 / 1.0 + 256 / 2.0) / 2
