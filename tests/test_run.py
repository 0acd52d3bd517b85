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

import pytest

from neve.documents import digest, read
from neve.errors import Fault
from neve.recipe import Recipe
from neve.recipe_file import parse, to_toml
from neve.run import export, open_store, run, stages, status
from neve.store import read_json


def summary(folder: Path) -> dict:
    """All numbers of the report but what a clock measured."""
    found = read_json(folder / "report" / "summary.json")
    found.pop("timings")
    return found


def test_inputs_stand_before_their_readers(small_recipe: Recipe, tmp_path: Path) -> None:
    seen: set[str] = set()
    for stage in stages(small_recipe, tmp_path, "fp32", "bubblewrap"):
        assert set(stage.inputs.values()) <= seen, stage.name
        seen.add(stage.name)


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
    assert page.count("<svg") >= 3 and "<script" not in page and "src=" not in page and "@import" not in page


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
    store = open_store(changed, small_run)
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
        time.sleep(draw.uniform(4, 20))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert summary(folder) == summary(small_run)


def test_export_loads_with_equal_logits(small_run: Path, tmp_path: Path) -> None:
    """Oracle: transformers on the exported folder against Neve's own module."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from neve.training.model import load

    export(small_run, "synthetic", tmp_path / "model")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32).eval()
    tokens = torch.tensor(
        [AutoTokenizer.from_pretrained(tmp_path / "model")("def f(x):\n    return x\n")["input_ids"]]
    )
    ours = load(tmp_path / "model").eval()
    with torch.no_grad():
        assert torch.equal(ours.logits(ours(tokens)), theirs(tokens).logits)
    with pytest.raises(Fault, match="is there already"):
        export(small_run, "synthetic", tmp_path / "model")
    with pytest.raises(Fault, match="this run has general, quality"):
        export(small_run, "nothing", tmp_path / "other")


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
    done = subprocess.run([*command, "--until", "tokens"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = (open_store(parse(data), place) for place in (small_run, folder))
    for stage in ("files", "curate", "exemplar-files", "exemplars"):
        for part in ("files", "documents", "verdicts", "signals"):
            if (ours.path(stage) / part).is_dir():
                one, other = (read(store.path(stage) / part) for store in (ours, theirs))
                assert digest(one, ["repo", "path"]) == digest(other, ["repo", "path"]), (stage, part)
    for stage, names in (("tokenizer", ["tokenizer.json"]), ("tokens", ["tokens-00000.bin"])):
        for name in names:
            assert (ours.path(stage) / name).read_bytes() == (theirs.path(stage) / name).read_bytes(), name
