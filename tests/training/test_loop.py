"""Oracles: a plain PyTorch loop over transformers' model; an undisturbed run, bit for bit."""

import copy
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F
from transformers import AutoModelForCausalLM

from neve.errors import Fault
from neve.tokens.view import View
from neve.training import loop
from neve.training.__main__ import main
from neve.training.model import Config, Llama, load, save

from .conftest import build

ROOT = Path(__file__).parents[2]


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def command(settings: dict, stages: dict[str, Path], out: Path) -> list[str]:
    """The command that trains into `out`, a folder that ends in .partial, from a run.json beside it."""
    out.mkdir(exist_ok=True)
    inputs = {role: os.path.relpath(folder, out.parent) for role, folder in stages.items()}
    about = {"settings": settings, "inputs": inputs, "out": out.stem}
    (out.parent / "run.json").write_text(json.dumps({"train": {"main": {"quality": about}}}))
    return [sys.executable, "-m", "neve.training", str(out.parent), "--phase", "quality"]


def test_equals_a_plain_loop_over_transformers(settings, stages, tmp_path):
    """Twelve steps: same losses to 1e-6, with whole batches, logits at once, and unfused AdamW."""
    counts = build(settings, stages, tmp_path / "out") if (tmp_path / "out").mkdir() is None else {}
    got = rows(tmp_path / "out")
    assert counts["steps"] == len(got) == 12 and counts["tokens"] == got[-1]["tokens"] == 12 * 8 * 32
    assert counts["skipped"] == 0 and counts["precision"] == "fp32"
    assert counts["loss"] == sum(r["loss"] for r in got[-10:]) / 10

    view = View(stages["view"])
    config = Config(vocab_size=view.vocab_size, max_positions=32, **settings["model"])
    save(Llama(config, seed=7), tmp_path / "start", None)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "start", attn_implementation="sdpa").train()
    named = list(model.named_parameters())
    matrices = [p for n, p in named if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in named if p.ndim == 1 or "embed" in n]
    assert counts["parameters"] == sum(p.numel() for _, p in named)
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), foreach=False)
    for step in range(1, 13):
        inputs, targets = (torch.from_numpy(a) for a in view.batch(7, (step - 1) * 8, 8, 32))
        logits = model(input_ids=inputs).logits
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rate = 3e-3 * step / 3
        if step > 3:
            rate = 3e-4 + (3e-3 - 3e-4) * (1 + math.cos(math.pi * (step - 3) / 9)) / 2
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
        row = got[step - 1]
        assert row["loss"] == pytest.approx(loss.item(), rel=1e-6)
        assert row["grad_norm"] == pytest.approx(norm.item(), rel=1e-4)
        assert row["lr"] == pytest.approx(rate, rel=1e-12) and row["skipped"] is False
    assert got[-1]["loss"] < got[0]["loss"] - 0.3

    trained = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model", attn_implementation="sdpa")
    tokens = torch.from_numpy(view.batch(7, 0, 2, 32)[0])
    ours = load(tmp_path / "out" / "model")
    with torch.no_grad():
        assert torch.equal(trained(input_ids=tokens).logits, ours.logits(ours(tokens)))
    left = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert left == ["metrics.jsonl", "model", "timings.jsonl"]
    assert (tmp_path / "out" / "model" / "tokenizer.json").exists()


def test_micro_batches_do_not_change_the_losses(settings, stages, tmp_path):
    losses = []
    settings["phase"]["tokens"] = 4 * 8 * 32
    for micro in (1, 3, 8):
        settings["training"]["micro_batch"] = micro
        (tmp_path / str(micro)).mkdir()
        build(settings, stages, tmp_path / str(micro))
        losses.append([r["loss"] for r in rows(tmp_path / str(micro))])
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert losses[2] == pytest.approx(losses[0], rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_kill_and_resume_is_bit_equal(settings, stages, tmp_path, monkeypatch, optimizer):
    """kill -9, and damage to the last checkpoint; the stream goes through more than one round, on two cores."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    torch.set_num_threads(2)
    settings = copy.deepcopy(settings)
    settings["training"] |= {"batch": 32, "sequence": 64}
    settings["training"] |= {"checkpoint_seconds": 0.05, "micro_batch": 16, "optimizer": optimizer}
    stream = View(stages["view"]).windows(64)
    steps = stream // 32 + 12
    settings["phase"]["tokens"] = steps * 32 * 64
    whole, torn = tmp_path / "whole", tmp_path / "torn.partial"
    whole.mkdir()
    counts = build(settings, stages, whole)
    assert counts["steps"] * 32 > stream + 32

    run = command(settings, stages, torn)
    process = subprocess.Popen(run, cwd=ROOT, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (
        rows_so_far(torn) > steps // 2 and len(whole_checkpoints(torn)) > 1
    ):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = whole_checkpoints(torn)
    assert 1 < len(kept) <= 3
    data = kept[-1] / "__0_0.distcp"
    data.write_bytes(data.read_bytes()[:-1000])
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == counts
    assert (torn / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
    weights = "model/model.safetensors"
    assert (torn / weights).read_bytes() == (whole / weights).read_bytes()
    assert not (torn / "checkpoints").exists()


def rows_so_far(out: Path) -> int:
    file = out / "metrics.jsonl"
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def whole_checkpoints(out: Path) -> list[Path]:
    return sorted(p for p in (out / "checkpoints").glob("step-*") if p.suffix != ".partial")


def test_sigint_leaves_a_checkpoint_of_the_last_step(settings, stages, tmp_path):
    """SIGTERM does too, in `test_faults.py`."""
    settings["phase"]["tokens"] = 100_000 * 8 * 32
    out = tmp_path / "out.partial"
    process = subprocess.Popen(command(settings, stages, out), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and rows_so_far(out) <= 3:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT and "stopping after this step" in stderr
    steps = rows_so_far(out)
    assert [p.name for p in (out / "checkpoints").iterdir()] == [f"step-{steps:09d}"]
    assert not (out / "model").exists()


def test_sigterm_twice_still_stops_with_a_checkpoint_and_sigint_after_it_at_once(capsys):
    """A scheduler sends SIGTERM to torchrun and to its processes, which get it twice."""
    with loop._interrupts() as seen:
        for _ in range(2):
            signal.raise_signal(signal.SIGTERM)
        assert seen == [signal.SIGTERM] * 2 and capsys.readouterr().err.count("stopping") == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_moments_are_kept_for_the_next_phase_whole_or_not_at_all(settings, stages, tmp_path, optimizer):
    """The next phase goes on with them; damage to them is reported, not trained with."""
    settings["training"]["optimizer"] = optimizer
    settings["phase"] |= {"tokens": 4 * 8 * 32, "keeps_moments": True}
    (tmp_path / "one").mkdir()
    build(settings, stages, tmp_path / "one")
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == [
        "metrics.jsonl", "model", "moments", "timings.jsonl"
    ]  # fmt: skip
    settings["phase"] |= {"moments": "keep", "keeps_moments": False}
    inputs = stages | {"start": tmp_path / "one"}
    (tmp_path / "two").mkdir()
    build(settings, inputs, tmp_path / "two")
    settings["phase"]["moments"] = "reset"
    (tmp_path / "three").mkdir()
    build(settings, inputs, tmp_path / "three")
    kept, reset = rows(tmp_path / "two"), rows(tmp_path / "three")
    assert kept[0] == reset[0] and kept[1]["loss"] != reset[1]["loss"]

    data = tmp_path / "one" / "moments" / "__0_0.distcp"
    broken = bytearray(data.read_bytes())
    broken[len(broken) // 2] ^= 1
    data.write_bytes(broken)
    settings["phase"]["moments"] = "keep"
    (tmp_path / "four").mkdir()
    with pytest.raises(Fault, match="moments: missing or damaged"):
        build(settings, inputs, tmp_path / "four")


def test_a_phase_starts_from_anothers_weights(settings, stages, tmp_path):
    """The first loss of phase 2 is the loss of phase 1's model on the same windows; moments start afresh."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    build(settings, stages, tmp_path / "one")
    build(settings, stages | {"start": tmp_path / "one"}, tmp_path / "two")
    model = load(tmp_path / "one" / "model")
    inputs, targets = (torch.from_numpy(a) for a in View(stages["view"]).batch(7, 0, 8, 32))
    with torch.no_grad():
        loss = F.cross_entropy(model.logits(model(inputs)).flatten(0, 1), targets.flatten())
    assert rows(tmp_path / "two")[0]["loss"] == pytest.approx(loss.item(), rel=1e-6)

    settings["model"]["intermediate"] = 96
    (tmp_path / "three").mkdir()
    with pytest.raises(Fault, match="intermediate = 88, but this phase wants 96"):
        build(settings, stages | {"start": tmp_path / "one"}, tmp_path / "three")


def test_document_mask_reaches_the_model(settings, stages, tmp_path):
    """Oracle: the first loss by hand under the mask; it is not the loss without it."""
    from neve.training.attention import document_mask

    settings["training"] |= {"document_mask": True, "sequence": 256}
    settings["phase"]["lr"]["warmup"] = 0
    (tmp_path / "out").mkdir()
    build(settings, stages, tmp_path / "out")
    view = View(stages["view"])
    model = Llama(Config(vocab_size=view.vocab_size, max_positions=256, **settings["model"]), seed=7)
    inputs, targets = (torch.from_numpy(a) for a in view.batch(7, 0, 8, 256))
    assert (inputs == 0).any()
    with torch.no_grad():
        masked, plain = (
            F.cross_entropy(model.logits(model(inputs, mask=mask)).flatten(0, 1), targets.flatten()).item()
            for mask in (document_mask(inputs, 0), None)
        )
    first = rows(tmp_path / "out")[0]["loss"]
    assert first == pytest.approx(masked, rel=1e-6) and abs(first - plain) > 1e-6


@pytest.mark.parametrize("steps", [12, 5])
def test_steps_that_diverge_are_counted_and_end_the_run(settings, stages, tmp_path, steps: int):
    """A start with a weight of infinity: ten skipped steps, or all there are, null in the metrics, then a Fault."""
    settings["phase"]["tokens"], skipped = steps * 8 * 32, min(steps, 10)
    view = View(stages["view"])
    model = Llama(Config(vocab_size=view.vocab_size, max_positions=32, **settings["model"]))
    model.model.norm.weight.data[0] = math.inf
    save(model, tmp_path / "start" / "model", None)
    (tmp_path / "out").mkdir()
    said = rf"not finite in {skipped} steps in a row up to step {skipped}; lower phase\.lr\.peak"
    with pytest.raises(Fault, match=said):
        build(settings, stages | {"start": tmp_path / "start"}, tmp_path / "out")
    got = rows(tmp_path / "out")
    assert len(got) == skipped and all(r["skipped"] and r["loss"] is None for r in got)


def test_other_settings_do_not_go_on_in_the_same_folder(settings, stages, tmp_path, monkeypatch):
    """Those that decide the result; how often a checkpoint is taken may change on the way."""
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(loop, "save", lambda *_, **__: sys.exit("killed before the export"))
    with pytest.raises(SystemExit, match="killed"):
        build(settings, stages, tmp_path / "out")
    settings["training"]["checkpoint_seconds"] = 1.0
    with pytest.raises(SystemExit, match="killed"):
        build(settings, stages, tmp_path / "out")
    settings["training"]["weight_decay"] = 0.0
    with pytest.raises(Fault, match="trained with other settings"):
        build(settings, stages, tmp_path / "out")


def test_precision(monkeypatch):
    """auto is bf16 only where the processor says that it multiplies bf16."""
    assert [loop.resolve_precision(p) for p in ("fp32", "bf16")] == ["fp32", "bf16"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for avx, amx in ((False, False), (True, False), (False, True)):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda v=avx: v)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda v=amx: v)
        assert loop.resolve_precision("auto") == ("bf16" if avx or amx else "fp32")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for capability, expected in (((7, 5), "fp32"), ((8, 0), "bf16"), ((9, 0), "bf16")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda c=capability: c)
        assert loop.resolve_precision("auto") == expected


def test_bf16_trains(settings, stages, tmp_path):
    """Losses stay near fp32's, though the arithmetic is other; on two cores they are the same each time."""
    torch.set_num_threads(2)
    losses = []
    for name, precision in (("wide", "fp32"), ("narrow", "bf16"), ("again", "bf16")):
        (tmp_path / name).mkdir()
        counts = build(settings | {"precision": precision}, stages, tmp_path / name)
        assert counts["precision"] == precision
        losses.append([r["loss"] for r in rows(tmp_path / name)])
    assert losses[1] == pytest.approx(losses[0], rel=0.02) and losses[0] != losses[1] == losses[2]


def test_the_loop_needs_torch_numpy_and_safetensors_only(settings, stages, tmp_path):
    """Oracle: sys.modules after a whole phase, against the modules that those three bring along."""
    run = command(settings, stages, tmp_path / "out.partial")
    program = (
        "import sys, torch, numpy, safetensors.torch, torch.distributed.checkpoint\n"
        "before = {m.split('.')[0] for m in sys.modules}\n"
        "from neve.training.__main__ import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "after = {m.split('.')[0] for m in sys.modules} - before - set(sys.stdlib_module_names)\n"
        "after -= {'cython_runtime', 'triton'}  # torch's own, the second where it is built for CUDA\n"
        "after = {m for m in after if not m.startswith('_')}\n"
        "neve = sorted(m for m in sys.modules if m.startswith('neve.'))\n"
        "print('MODULES', sorted(after), *neve)"
    )
    argv = [sys.executable, "-c", program, *run[3:]]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ})
    line = done.stdout.splitlines()[-1]
    assert line.startswith("MODULES ['neve'] "), line
    heavy = ("neve.recipe.recipe", "neve.store", "neve.documents", "neve.engine")
    assert not any(name in line.split() for name in heavy), line


def test_main_faults_are_one_line(settings, stages, tmp_path, capsys):
    settings["phase"]["lr"]["warmup"] = 13
    run = command(settings, stages, tmp_path / "out.partial")
    assert main(run[3:]) == 1
    stderr = capsys.readouterr().err
    assert stderr.startswith("error: lr.warmup = 13 and lr.decay = 0 are longer than the phase of 12")
    assert len(stderr.splitlines()) == 1
    for name, said in (("other", "no such phase; this run has quality"), ("quality", "is trained; ")):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "manifest.json").write_text("{}")
        assert main([str(tmp_path), "--phase", name]) == 1
        assert said in capsys.readouterr().err
