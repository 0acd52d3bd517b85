"""The main job, whole, at reduced size and with the real parts; then what it promises about crashes and changes."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from neve.documents import digest, read
from neve.errors import Fault
from neve.evaluation import bits_per_byte
from neve.recipe.file import parse, to_toml
from neve.recipe.recipe import Recipe
from neve.report.why import why
from neve.run.export import export
from neve.run.runner import planned, run, train
from neve.run.status import status
from neve.store import Store, read_json
from neve.tokens import bpe
from neve.tokens.mix import opened as mixed_view
from neve.tokens.view import View
from neve.training.model import load as load_model


def summary(folder: Path) -> dict:
    """All numbers of the report but what a clock measured."""
    found = read_json(folder / "report" / "summary.json")
    found.pop("timings")
    return found


def opened(recipe: Recipe, folder: Path) -> Store:
    return planned(recipe, folder).store(folder)


def test_every_file_is_a_document_or_a_verdict(small_run: Path) -> None:
    corpus = summary(small_run)["corpus"]
    assert corpus["entering"] == corpus["documents"] + sum(rule["files"] for rule in corpus["rules"])
    assert corpus["documents"] > 200 and len(corpus["languages"]) >= 3


def test_the_report_has_every_part(small_run: Path) -> None:
    found = summary(small_run)
    names = [phase["name"] for phase in found["phases"]]
    assert names == ["general", "quality", "quality-random", "synthetic", "synthetic-random"]
    assert {"quality", "synthetic"} <= {pair["phase"] for pair in found["results"]["pairs"]}
    for model in found["results"]["models"].values():
        assert 0 < model["bits_per_byte"]["humaneval"]["value"] < 9
    assert found["synthesis"]["seeds_tried"] == found["synthesis"]["accepted"] + sum(
        found["synthesis"]["refused"].values()
    )
    page = (small_run / "report" / "index.html").read_text()
    assert page.count("<figure data-chart=") >= 3 and "@import" not in page


def test_a_second_call_does_nothing(small_recipe: Recipe, small_run: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns
        for path in small_run.rglob("*")
        if path.is_file() and "stages" in path.parts
    }
    assert not run(small_recipe, small_run)
    assert before == {
        path: path.stat().st_mtime_ns
        for path in small_run.rglob("*")
        if path.is_file() and "stages" in path.parts
    }
    assert {row["state"] for row in status(small_run)} == {"done"}


def test_a_change_rebuilds_only_what_depends_on_it(small_recipe: Recipe, small_run: Path) -> None:
    data = small_recipe.model_dump(mode="json")
    data["phase"][2]["lr"]["peak"] /= 2
    changed = parse(data)
    store = opened(changed, small_run)
    stale = [name for name in store.stages if not store.done(name)]
    assert stale == ["train-synthetic", "train-synthetic-random", "evaluate", "report"]


def test_kill_9_at_random_then_run_again(small_recipe: Recipe, small_run: Path, tmp_path: Path) -> None:
    """Oracle: the undisturbed run, with the same answers from the model (its ledger)."""
    folder = tmp_path / "killed"
    folder.mkdir()
    shutil.copy(small_run / "ledger.sqlite", folder)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(small_recipe))
    command = [sys.executable, "-m", "neve.cli", "run", str(recipe), "--out", str(folder)]
    draw = random.Random(7)
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(4, 14))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert summary(folder) == summary(small_run)


@pytest.fixture(scope="module")
def with_phases(small_recipe: Recipe, small_run: Path, tmp_path_factory) -> tuple[Recipe, Path]:
    """The small run with other phases after its first: what is equal is done already, the rest is to be trained."""
    folder = tmp_path_factory.mktemp("phases") / "more"
    shutil.copytree(small_run, folder)
    data = small_recipe.model_dump(mode="json")
    rate = {"peak": 1e-3, "warmup": 2}
    mix = [{"data": "corpus", "weight": 1}, {"data": "selection", "weight": 1}]
    data["phase"] = [
        data["phase"][0],
        {"name": "polish", "data": "selection", "tokens": 5000, "epochs": 2, "start": "general",
         "moments": "keep", "lr": rate},
        {"name": "mixed", "mix": mix, "tokens": 5000, "start": "polish", "moments": "keep", "sequence": 64,
         "controls": {"random": 1}, "lr": rate | {"shape": "wsd", "decay": 3}},
        {"name": "long", "data": "corpus", "tokens": 5_000_000, "start": "general", "lr": rate},
    ]  # fmt: skip
    recipe = parse(data | {"synthesis": None})
    run(recipe, folder, until="view-long")
    return recipe, folder


@pytest.fixture
def more_phases(with_phases: tuple[Recipe, Path], tmp_path: Path) -> tuple[Recipe, Path]:
    """A copy of it."""
    recipe, folder = with_phases
    return recipe, Path(shutil.copytree(folder, tmp_path / "more"))


def test_one_phase_and_what_it_needs(more_phases: tuple[Recipe, Path]) -> None:
    """Epochs to the last window, a mix in windows of its own size, moments that go on; oracle: the views' windows."""
    recipe, folder = more_phases
    assert train(folder, "mixed") and not train(folder, "mixed")
    store = opened(recipe, folder)
    states = {name: store.state(name) for name in store.stages if name.startswith("train-")}
    assert states == {
        "train-general": "done", "train-polish": "done", "train-mixed": "done", "train-mixed-random": "pending",
        "train-long": "pending",
    }  # fmt: skip
    windows = View(store.path("view-polish")).windows(128)
    polish, mixed = (store.manifest(f"train-{name}")["counts"] for name in ("polish", "mixed"))
    assert polish["tokens"] == 2 * windows * 128 and polish["steps"] == -(-2 * windows // 4)
    assert mixed["tokens"] == 10 * 512 and (store.path("train-polish") / "moments").is_dir()
    with pytest.raises(Fault, match="this run has general, polish, mixed, mixed-random, long"):
        train(folder, "nothing")
    document = read(store.path("tokens") / "index.parquet", ["doc_id", "split"]).to_pylist()
    chosen = next(row["doc_id"] for row in document if row["split"] == "train")
    life = {phase["phase"]: phase for phase in why(folder, chosen)["phases"]}
    assert life["mixed"]["in_view"]
    assert (
        set(life) == {"general", "polish", "mixed", "mixed-random", "long"}
        and life["mixed-random"]["control"]
    )
    assert life["long"]["tokens_trained"] is None, "not trained, so not decided yet"


def test_a_mix_and_its_control_share_the_windows_of_the_corpus(more_phases: tuple[Recipe, Path]) -> None:
    """Every other window is the corpus's and equal; the others are of random documents, as many tokens of them
    as of chosen ones."""
    recipe, folder = more_phases
    store = opened(recipe, folder)
    mixed, twin = (
        mixed_view(store.path(f"view-{name}")).batch(recipe.run.seed, 0, 60, 64)[0]
        for name in ("mixed", "mixed-random")
    )
    equal = (mixed == twin).all(axis=1)
    assert equal.sum() == 30 and (equal[1:] != equal[:-1]).all()
    chosen, drawn = (
        read(store.path(name) / "selection.parquet") for name in ("selection-mixed", "control-mixed-random")
    )
    assert set(chosen["doc_id"].to_pylist()) != set(drawn["doc_id"].to_pylist())
    seen = [store.manifest(name)["counts"]["seen"] for name in ("selection-mixed", "control-mixed-random")]
    assert abs(seen[0] - 2500) <= 25 and abs(seen[1] - 2500) <= 25


def test_held_out_bits_per_byte_on_the_way(small_recipe: Recipe, small_run: Path, tmp_path: Path) -> None:
    """Oracle: stage `evaluate`'s measure, of the phase's final model on the documents as text."""
    folder = tmp_path / "validated"
    shutil.copytree(small_run, folder)
    data = small_recipe.model_dump(mode="json")
    data["training"] |= {"validate_steps": 8, "precision": "fp32"}
    data["phase"] = [data["phase"][0] | {"tokens": 20 * 512, "lr": {"peak": 1e-3, "warmup": 2}}]
    recipe = parse(data | {"synthesis": None})
    run(recipe, folder, until="train-general")
    store = opened(recipe, folder)
    rows = [
        json.loads(line) for line in (store.path("train-general") / "metrics.jsonl").read_text().splitlines()
    ]
    assert [row["step"] for row in rows if "heldout" in row] == [8, 16, 20]
    documents = bits_per_byte.heldout(store.path("curate"), recipe.evaluate.heldout_bytes)
    units = bits_per_byte.documents(documents, bpe.load(store.path("tokenizer")))
    bits = bits_per_byte.measure(load_model(store.path("train-general") / "model").eval(), units, "test")
    sizes, languages = np.array([unit.size for unit in units]), np.array(documents["language"].to_pylist())
    expected = {
        name: bits[languages == name].sum() / sizes[languages == name].sum() for name in set(languages)
    }
    assert rows[-1]["heldout"] == pytest.approx(expected | {"all": bits.sum() / sizes.sum()}, rel=1e-4)
    assert rows[-1]["heldout"]["all"] < rows[7]["heldout"]["all"], "it learns"


def test_a_node_trains_and_the_run_takes_it_over(more_phases: tuple[Recipe, Path]) -> None:
    """Oracle: the same phase trained by the run itself, on a copy."""
    recipe, folder = more_phases
    other = folder.with_name("other")
    shutil.copytree(folder, other)
    subprocess.run(
        [sys.executable, "-m", "neve.training", str(folder), "--phase", "polish"],
        check=True,
        capture_output=True,
    )
    place = opened(recipe, folder).path("train-polish")
    made = place.with_suffix(".partial") / "model" / "model.safetensors"
    before = made.stat().st_mtime_ns, made.read_bytes()
    run(recipe, folder, until="train-polish")
    taken = place / "model" / "model.safetensors"
    assert (taken.stat().st_mtime_ns, taken.read_bytes()) == before
    train(other, "polish")
    for name in ("metrics.jsonl", "model/model.safetensors"):
        assert (opened(recipe, other).path("train-polish") / name).read_bytes() == (place / name).read_bytes()


def test_export_of_a_phase_in_training(more_phases: tuple[Recipe, Path], tmp_path: Path) -> None:
    """Oracle: a model that loads with finite weights; of a phase that is done, its own bytes. What is not there is named."""
    _, folder = more_phases
    command = [sys.executable, "-m", "neve.cli", "train", str(folder), "--phase", "long"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(folder.glob("stages/train-long-*.partial/checkpoints/step-*[0-9]/complete.json")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.wait()
    export(folder, "long", tmp_path / "latest", "latest")
    model = load_model(tmp_path / "latest")
    assert all(bool(p.isfinite().all()) for p in model.parameters())
    with pytest.raises(Fault, match="no checkpoint of step 999999"):
        export(folder, "long", tmp_path / "none", "999999")
    with pytest.raises(Fault, match="--step latest takes a checkpoint"):
        export(folder, "long", tmp_path / "none")
    with pytest.raises(Fault, match="--step newest: must be the number of a step, or latest"):
        export(folder, "long", tmp_path / "none", "newest")
    with pytest.raises(Fault, match="phase general is done"):
        export(folder, "general", tmp_path / "none", "7")
    assert not (tmp_path / "none").exists()
    export(folder, "general", tmp_path / "general", "latest")
    end = opened(more_phases[0], folder).path("train-general") / "model" / "model.safetensors"
    assert (tmp_path / "general" / "model.safetensors").read_bytes() == end.read_bytes()


def test_the_ledger_holds_every_answer_once(small_run: Path) -> None:
    import sqlite3

    with sqlite3.connect(small_run / "ledger.sqlite") as ledger:
        tables = [name for (name,) in ledger.execute("select name from sqlite_master where type = 'table'")]
        rows = sum(ledger.execute(f"select count(*) from {name}").fetchone()[0] for name in tables)
    assert rows >= json.loads((small_run / "report" / "summary.json").read_text())["synthesis"]["seeds_tried"]


def test_ray_gives_the_same_data_stages(small_recipe: Recipe, small_run: Path, tmp_path: Path) -> None:
    """Oracle: the native run. Documents, verdicts and signals by digest, tokenizer and shards byte for byte."""
    pytest.importorskip("ray")
    recipe, folder = tmp_path / "recipe.toml", tmp_path / "ray"
    recipe.write_text(to_toml(small_recipe))
    data = small_recipe.model_dump(mode="json")
    command = [sys.executable, "-m", "neve.cli", "run", str(recipe), "--out", str(folder), "--engine", "ray"]
    done = subprocess.run([*command, "--until", "exemplars-exemplars"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = (opened(parse(data), place) for place in (small_run, folder))
    for stage in ("files", "curate", "exemplar-files-exemplars", "exemplars-exemplars"):
        for part in ("files", "documents", "verdicts", "signals"):
            if (ours.path(stage) / part).is_dir():
                one, other = (read(store.path(stage) / part) for store in (ours, theirs))
                assert digest(one, ["repo", "path"]) == digest(other, ["repo", "path"]), (stage, part)
    for stage, names in (("tokenizer", ["tokenizer.json"]), ("tokens", ["tokens-00000.bin"])):
        for name in names:
            assert (ours.path(stage) / name).read_bytes() == (theirs.path(stage) / name).read_bytes(), name
