"""One phase of training: windows in, a Hugging Face folder out, the same bits however often it was killed.

The order of data is a pure function of (view, seed, k), so a checkpoint is weights, moments and one number. Each
step writes one line of `metrics.jsonl`, which holds nothing that a clock decides (times are in `timings.jsonl`);
a resumed run cuts both back to its checkpoint and goes on. The optimizer starts fresh in each phase. The last
step is whole, so steps · batch · sequence tokens are trained on, at least what the recipe asks.

The trade-offs: one device (sharding is a later matter); batches are read in line with the steps, since a read
takes a hundredth of a step; a step that is not finite is skipped, and ten in a row end the run.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from neve.errors import Fault
from neve.tokens.view import View
from neve.training import checkpoint, optim, plan, schedule
from neve.training.attention import document_mask
from neve.training.loss import IGNORED, scaled_loss
from neve.training.model import Config, Llama, load, save

RULES_VERSION = 1

SKIPS_IN_A_ROW = 10
"""Steps that may fail one after the other before the run ends."""

PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "B200": 2250e12}
"""Dense bf16 operations a second by device name, for the utilisation on the progress line."""


def resolve_precision(precision: str) -> str:
    """ "fp32" or "bf16" for this machine; "auto" is bf16 where the processor multiplies it natively."""
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        native = torch.cuda.get_device_capability() >= (8, 0)
    else:
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if native else "fp32"


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `train-<phase>` (resumes): train one phase into `out`: metrics.jsonl, timings.jsonl, model/.

    `settings`: phase, model, training (sections of the recipe as dicts), seed, precision. `inputs`: "view",
    "tokenizer", and "start", a folder with model/ whose weights this phase starts from, or none for scratch.
    Returns steps, tokens, parameters, skipped, precision, and loss, the mean of the last ten steps that counted.
    SIGTERM and SIGINT end it after the step at hand with a checkpoint. Raises Fault where the pieces do not fit.
    """
    phase, training = settings["phase"], settings["training"]
    precision = resolve_precision(settings["precision"])
    view = View(inputs["view"])
    if view.tokens < 2:
        raise Fault(f"{inputs['view']}: the view of phase {phase['name']!r} has no tokens to train on")
    total = plan.steps(phase["tokens"], training)
    schedule.check(total, phase["lr"])
    model = _model(settings, view.vocab_size, inputs.get("start"))
    if not (out / "model").exists():
        _train(settings, precision, view, model, total, out)
        shutil.rmtree(out / "model.partial", ignore_errors=True)
        save(model, out / "model.partial", inputs["tokenizer"])
        (out / "model.partial").rename(out / "model")
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    metrics = _lines(out / "metrics.jsonl")
    last = [m["loss"] for m in metrics if not m["skipped"]][-10:]
    return {
        "steps": total,
        "tokens": total * training["batch"] * training["sequence"],
        "loss": sum(last) / len(last),
        "parameters": sum(p.numel() for p in model.parameters()),
        "skipped": sum(m["skipped"] for m in metrics),
        "precision": precision,
    }


def _model(settings: dict[str, Any], vocab_size: int, start: Path | None) -> Llama:
    config = Config(
        vocab_size=vocab_size, max_positions=settings["training"]["sequence"], **settings["model"]
    )
    if start is None:
        return Llama(config, settings["seed"])
    model = load(start / "model")
    for key in (*settings["model"], "vocab_size"):
        if getattr(model.config, key) != getattr(config, key):
            raise Fault(
                f"{start}/model: {key} = {getattr(model.config, key)}, but this phase wants {getattr(config, key)}; "
                "phases that build on each other share [model] and tokenizer"
            )
    model.config = config
    return model


def _train(settings: dict[str, Any], precision: str, view: View, model: Llama, total: int, out: Path) -> None:
    """Take all steps that a checkpoint has not taken yet; leaves the final weights in `model`."""
    training, phase = settings["training"], settings["phase"]
    batch, sequence = training["batch"], training["sequence"]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    optimizer = optim.adamw(model, training)

    folder, logs = out / "checkpoints", (out / "metrics.jsonl", out / "timings.jsonl")
    deciding = {key: value for key, value in training.items() if key != "checkpoint_seconds"}
    wanted = json.dumps(settings | {"training": deciding, "precision": precision}, sort_keys=True)
    found = checkpoint.restore(folder, min(_count(log) for log in logs), model, optimizer)
    if found is not None and found["settings"] != wanted:
        raise Fault(f"{folder}: was trained with other settings; empty {out} to start anew")
    done = found["step"] if found else 0
    for log in logs:
        _cut(log, done)
    failed = _failed(_lines(logs[0]))
    if done == total:
        return

    line = Line(
        phase["name"],
        total,
        plan.flops_per_token(settings["model"], view.vocab_size, sequence),
        precision,
        device,
    )
    gc.collect()
    gc.freeze()
    with logs[0].open("a") as metrics, logs[1].open("a") as timings, _interrupts() as interrupted:
        saved = time.monotonic()
        for step in range(done + 1, total + 1):
            start = time.monotonic()
            inputs, targets = view.batch(settings["seed"], (step - 1) * batch, batch, sequence)
            read = time.monotonic()
            loss = _accumulate(model, inputs, targets, training, precision, view.sentinels["<|endoftext|>"])
            rate = schedule.lr(step, total, phase["lr"])
            norm, taken = optim.update(optimizer, loss, rate, training["clip"])
            end = time.monotonic()
            row = {
                "step": step,
                "loss": loss,
                "lr": rate,
                "tokens": step * batch * sequence,
                "grad_norm": norm,
            }
            row = {k: v if math.isfinite(v) else None for k, v in row.items()} | {"skipped": not taken}
            metrics.write(json.dumps(row) + "\n")
            timings.write(
                json.dumps({"step": step, "seconds": end - start, "data_seconds": read - start}) + "\n"
            )
            metrics.flush()
            timings.flush()
            line.show(step, loss, rate, batch * sequence, end - start, read - start)
            failed = 0 if taken else failed + 1
            if failed == SKIPS_IN_A_ROW:
                raise Fault(
                    f"phase {phase['name']!r}: loss or gradient was not finite in {failed} steps in a row "
                    f"up to step {step}; lower phase.lr.peak, or use training.precision = 'fp32'"
                )
            if interrupted or step == total or end - saved >= training["checkpoint_seconds"]:
                os.fsync(metrics.fileno())
                os.fsync(timings.fileno())
                checkpoint.save(folder, step, step, wanted, model, optimizer)
                saved = time.monotonic()
            if interrupted and step < total:
                if interrupted[0] == signal.SIGINT:
                    raise KeyboardInterrupt
                raise SystemExit(0)
    gc.unfreeze()


def _accumulate(
    model: Llama, inputs: Any, targets: Any, training: dict[str, Any], precision: str, end: int
) -> float:
    """Add up the gradient of one step's mean loss, micro batch by micro batch; returns the loss (nats a token)."""
    device = model.device
    valid = int((targets != IGNORED).sum())
    tokens, wanted = torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)
    total = torch.zeros((), device=device)
    for x, y in zip(
        tokens.split(training["micro_batch"]), wanted.split(training["micro_batch"]), strict=True
    ):
        mask = document_mask(x, end) if training["document_mask"] else None
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = scaled_loss(model, x, y, 1.0 / max(valid, 1), mask)
        loss.backward()
        total += loss.detach()
    return float(total)


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collects SIGTERM and SIGINT instead of dying of them; a second one is obeyed at once."""
    seen: list[int] = []

    def note(number: int, frame: Any) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)
        print("  stopping after this step, with a checkpoint", file=sys.stderr, flush=True)

    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Line:
    """The progress line on stderr: rewritten in place on a terminal, else printed every ten seconds."""

    def __init__(
        self, name: str, total: int, flops: dict[str, float], precision: str, device: torch.device
    ) -> None:
        self.name, self.total, self.flops = name, total, flops["palm"]
        kind = torch.cuda.get_device_name() if device.type == "cuda" else ""
        self.peak = next((p for name, p in PEAKS.items() if name in kind and precision == "bf16"), None)
        self.tokens = self.seconds = self.waited = self.taken = 0.0
        self.last = time.monotonic()

    def show(self, step: int, loss: float, rate: float, tokens: int, seconds: float, waited: float) -> None:
        """Count one step of `tokens` tokens that took `seconds`, `waited` of them for data."""
        self.tokens, self.seconds, self.waited = (
            self.tokens + tokens,
            self.seconds + seconds,
            self.waited + waited,
        )
        self.taken += 1
        terminal = sys.stderr.isatty()
        if not terminal and step < self.total and time.monotonic() - self.last < 10:
            return
        self.last = time.monotonic()
        speed = self.tokens / self.seconds
        used = f" · MFU {speed * self.flops / self.peak:.0%}" if self.peak else ""
        left = self.seconds / self.taken * (self.total - step)
        text = (
            f"  {self.name}: step {step:,}/{self.total:,} · loss {loss:.4f} · {speed:,.0f} tokens/s{used} · "
            f"lr {rate:.2e} · data {self.waited / self.seconds:.1%} · {left // 60:.0f}:{left % 60:02.0f} left"
        )
        end = "\n" if not terminal or step == self.total else ""
        print(f"\r\033[K{text}" if terminal else text, end=end, file=sys.stderr, flush=True)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _cut(path: Path, lines: int) -> None:
    """Leave the first `lines` lines of a file."""
    kept = path.read_bytes().split(b"\n")[:lines] if path.exists() else []
    path.write_bytes(b"".join(line + b"\n" for line in kept))


def _failed(metrics: list[dict[str, Any]]) -> int:
    """Steps at the end of the metrics that were skipped."""
    taken = [i for i, row in enumerate(metrics, 1) if not row["skipped"]]
    return len(metrics) - (taken[-1] if taken else 0)
