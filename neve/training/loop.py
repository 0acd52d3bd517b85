"""One phase of training: windows in, a Hugging Face folder out, the same bits however often it was killed.

The order of data is a pure function of (view, seed, k), so a checkpoint is weights, moments and one number, and any
number of processes can go on from it: each takes its share of a step's windows. Each step writes one line of
`metrics.jsonl`, which holds nothing that a clock decides (times are in `timings.jsonl`); a resumed run cuts both back to
its checkpoint and goes on. A phase counted in tokens ends with a whole step, so at least what the recipe asks is
trained on; one counted in epochs ends with its stream, and what its last step lacks is empty.

The trade-offs: the next step's windows are read by a thread while this one runs, so one step more is held in memory; the
host waits for each step's loss, since a step that is not finite is left out and a run of such steps (`skip_limit`) ends
the phase.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neve.errors import Fault
from neve.tokens.mix import Mix, opened
from neve.tokens.view import View
from neve.training import attention, checkpoint, distributed, log, optim, plan, schedule
from neve.training.distributed import World
from neve.training.loss import IGNORED, scaled_loss
from neve.training.model import Config, Llama, load, save
from neve.training.validate import Heldout

RULES_VERSION = 2

FILLED = 0.9
"""Share of a GPU's memory that an estimate may take before layers are recomputed in part."""


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

    `settings`: phase, model, training (sections of the recipe as dicts), seed, precision, and ways, which do not change
    the result. `inputs`: "view", "tokenizer", "start", a folder with model/ whose weights this phase starts from, or
    none for scratch, and "heldout" where held-out documents are to be measured on the way.
    Returns steps, tokens, parameters, skipped, precision, and loss, the mean of the last ten steps that counted.
    SIGTERM and SIGINT end it after the step at hand with a checkpoint. Under torchrun all processes call this.
    Raises Fault where the pieces do not fit.
    """
    phase, training = settings["phase"], settings["training"]
    settings = {**settings, "precision": resolve_precision(settings["precision"])}
    view = opened(inputs["view"])
    if view.tokens < 2:
        raise Fault(f"{inputs['view']}: the view of phase {phase['name']!r} has no tokens to train on")
    total, limit = plan.extent(phase, training, view)
    schedule.check(total, phase["lr"])
    with distributed.joined() as world, attention.kernels():
        model = _model(settings, view.vocab_size, inputs.get("start"))
        if not (out / "model").exists():
            _train(settings, view, model, (total, limit), inputs, out, world)
            if world.first:
                shutil.rmtree(out / "model.partial", ignore_errors=True)
            save(model, out / "model.partial", inputs["tokenizer"], write=world.first)
            if world.first:
                (out / "model.partial").rename(out / "model")
        if world.first:
            if phase["keeps_optimizer"] and not (out / "optimizer").exists():
                checkpoint.folders(out / "checkpoints")[0].rename(out / "optimizer")
            shutil.rmtree(out / "checkpoints", ignore_errors=True)
        world.wait()
    metrics = log.lines(out / "metrics.jsonl")
    last = [m["loss"] for m in metrics if not m["skipped"]][-10:]
    return {
        "steps": total,
        "tokens": metrics[-1]["tokens"],
        "loss": sum(last) / len(last),
        "parameters": plan.parameters(settings["model"], view.vocab_size)["all"],
        "skipped": sum(m["skipped"] for m in metrics),
        "precision": settings["precision"],
    }


def export_checkpoint(stage: Path, tokenizer: Path, out: Path, step: int | None) -> None:
    """Write a phase's checkpoint of `step` (None: the newest) as a Hugging Face folder `out`; `stage` is still training.

    Raises Fault where there is no such checkpoint.
    """
    there = {int(path.name.removeprefix("step-")): path for path in checkpoint.folders(stage / "checkpoints")}
    path = there.get(max(there, default=0) if step is None else step)
    if path is None:
        raise Fault(
            f"{stage}: no checkpoint of step {'any' if step is None else step}; "
            f"there are {', '.join(map(str, sorted(there))) or 'none'}"
        )
    settings = json.loads(json.loads((path / "complete.json").read_text())["settings"])
    model = Llama(_config(settings, settings["vocab_size"]), seed=None)
    checkpoint.read(path, checkpoint.state(model, None), World(0, 1, torch.device("cpu")))
    save(model, out, tokenizer)


def _config(settings: dict[str, Any], vocab_size: int) -> Config:
    return Config(vocab_size=vocab_size, max_positions=settings["training"]["sequence"], **settings["model"])


def _model(settings: dict[str, Any], vocab_size: int, start: Path | None) -> Llama:
    config = _config(settings, vocab_size)
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


def prepare(model: Llama, settings: dict[str, Any], world: World) -> None:
    """Put the model onto the device, compiled and recomputed as the recipe's ways say, and shared out."""
    training, ways = settings["training"], settings["ways"]
    gpu = world.device.type == "cuda"
    compiled = gpu if ways["compile"] == "auto" else ways["compile"]
    recompute = ways["activation_checkpointing"] == "selective"
    if ways["activation_checkpointing"] == "auto" and gpu:
        sizes = {**training, "micro_batch": ways["micro_batch"]}
        count = plan.parameters(settings["model"], model.config.vocab_size)["all"]
        needed = plan.memory(settings["model"], sizes, count, world.size)["total"]
        recompute = needed > FILLED * torch.cuda.get_device_properties(world.device).total_memory
    if gpu:
        torch.compiler.set_stance("default" if compiled else "force_eager")
    model.to(world.device).train()
    model.prepare(compiled, recompute)
    distributed.shard(model, model.model.layers, world, settings["precision"])


def _train(
    settings: dict[str, Any],
    view: View | Mix,
    model: Llama,
    extent: tuple[int, int | None],
    inputs: dict[str, Path],
    out: Path,
    world: World,
) -> None:
    """Take all steps that a checkpoint has not taken yet; leaves the final weights in `model`, and a checkpoint of them."""
    phase, training, ways = settings["phase"], settings["training"], settings["ways"]
    (total, limit), end = extent, view.sentinels["<|endoftext|>"]
    prepare(model, settings, world)
    optimizer = optim.adamw(model, training)

    logs = [out / name if world.first else Path(os.devnull) for name in ("metrics.jsonl", "timings.jsonl")]
    checkpoints = checkpoint.Checkpoints(out / "checkpoints", ways["keep_checkpoints"], world)
    deciding = {key: value for key, value in settings.items() if key not in ("ways", "folder")}
    wanted = json.dumps(deciding | {"vocab_size": view.vocab_size}, sort_keys=True)
    found = checkpoints.restore(min(log.count(path) for path in logs), model, optimizer)
    if found is not None and found["settings"] != wanted:
        raise Fault(f"{checkpoints.folder}: was trained with other settings; empty {out} to start anew")
    if found is None and phase["optimizer"] == "keep":
        checkpoint.read(inputs["start"] / "optimizer", checkpoint.moments(model, optimizer), world)
    done = found["step"] if found else 0
    if world.first:
        for path in logs:
            log.cut(path, done)
    if done == total:
        return

    heldout = Heldout(inputs["heldout"], training["sequence"], end) if training["validate_steps"] else None
    flops = plan.flops_per_token(settings["model"], view.vocab_size, training["sequence"])["palm"]
    peak = log.peak(world.device, settings["precision"])
    line = log.Line(phase["name"], total, flops, peak and peak * world.size)
    boards = log.boards(ways, phase["name"], out) if world.first else []
    failed = log.failed(log.lines(logs[0]))
    with contextlib.ExitStack() as stack:
        metrics, timings = (stack.enter_context(path.open("a")) for path in logs)
        interrupted = stack.enter_context(_interrupts())
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        saved = begun = time.monotonic()
        for step, windows, waited in _batches(view, settings, done, total, limit, world):
            due = world.first and time.monotonic() - saved >= ways["checkpoint_seconds"]
            valid, stop, due = world.sums(int((windows[1] != IGNORED).sum()), len(interrupted), due)
            mean = accumulate(model, windows, valid, settings, world, end)
            rate = schedule.lr(step, total, phase["lr"])
            loss, norm, taken = optim.update(optimizer, mean, rate, training["clip"])
            seen = min(step * training["batch"], limit or sys.maxsize) * training["sequence"]
            row: dict[str, Any] = {"step": step, "loss": loss, "lr": rate, "tokens": seen, "grad_norm": norm}
            row = {k: v if math.isfinite(v) else None for k, v in row.items()} | {"skipped": not taken}
            if heldout is not None and (step % training["validate_steps"] == 0 or step == total):
                row["heldout"] = heldout.measure(model, ways["micro_batch"], world, settings["precision"])
            end_of_step = time.monotonic()
            metrics.write(json.dumps(row) + "\n")
            timings.write(
                json.dumps({"step": step, "seconds": end_of_step - begun, "data_seconds": waited}) + "\n"
            )
            for file in (metrics, timings):
                file.flush()
            if world.first:
                tokens = training["batch"] * training["sequence"]
                line.show(step, loss, rate, tokens, end_of_step - begun, waited)
            for board in boards:
                board(step, log.scalars(row))
            begun = end_of_step
            failed = 0 if taken else failed + 1
            if failed == ways["skip_limit"]:
                raise Fault(
                    f"phase {phase['name']!r}: loss or gradient was not finite in {failed} steps in a row "
                    f"up to step {step}; lower phase.lr.peak, or use training.precision = 'fp32'"
                )
            if stop or due or step == total:
                for file in (metrics, timings) if world.first else ():
                    os.fsync(file.fileno())
                _save(checkpoints, bool(stop) or step == total, step, wanted, model, optimizer)
                saved = time.monotonic()
            if stop and step < total:
                if interrupted and interrupted[0] == signal.SIGINT:
                    raise KeyboardInterrupt
                raise SystemExit(0)


def _save(checkpoints: checkpoint.Checkpoints, last: bool, step: int, settings: str, *state: Any) -> None:
    """Begin a checkpoint, and see the `last` one whole. One on the way that fails is told and tried again at the next turn."""
    try:
        checkpoints.save(step, step, settings, *state)
        if last:
            checkpoints.settle()
    except OSError as error:
        if last:
            raise
        print(f"\n  warning: {error}; training goes on", file=sys.stderr, flush=True)


def _batches(
    view: View | Mix, settings: dict[str, Any], done: int, total: int, limit: int | None, world: World
) -> Iterator[tuple[int, tuple[Tensor, Tensor], float]]:
    """Steps behind `done`: number, this process's inputs and targets [share, T], seconds waited for them.

    A thread reads one step ahead. Every process gets as many windows as the others; what lacks is empty.
    """
    batch, length = settings["training"]["batch"], settings["training"]["sequence"]
    share = -(-batch // world.size)
    first, pinned = min(world.rank * share, batch), world.device.type == "cuda"
    count = min(share, batch - first)

    def read(step: int) -> tuple[Tensor, Tensor]:
        arrays = view.batch(settings["seed"], (step - 1) * batch + first, count, length, limit)
        fills = (view.sentinels["<|endoftext|>"], IGNORED)
        padded = [
            np.concatenate([a, np.full((share - count, length), fill, dtype=a.dtype)])
            for a, fill in zip(arrays, fills, strict=True)
        ]
        tensors = [torch.from_numpy(a).pin_memory() if pinned else torch.from_numpy(a) for a in padded]
        return tensors[0], tensors[1]

    with ThreadPoolExecutor(1, "windows") as pool:
        ahead = pool.submit(read, done + 1)
        for step in range(done + 1, total + 1):
            started = time.monotonic()
            windows = ahead.result()
            waited = time.monotonic() - started
            if step < total:
                ahead = pool.submit(read, step + 1)
            yield step, windows, waited


def accumulate(
    model: Llama,
    windows: tuple[Tensor, Tensor],
    valid: float,
    settings: dict[str, Any],
    world: World,
    end: int,
) -> Tensor:
    """Add up the gradient of one step's mean loss over `valid` targets, micro batch by micro batch; the loss, in nats."""
    size, device = settings["ways"]["micro_batch"], world.device
    masked, flex = settings["training"]["document_mask"], settings["ways"]["attention"] != "sdpa"
    mask_of = (
        attention.block_mask if flex and model.compiled and device.type == "cuda" else attention.document_mask
    )
    total = torch.zeros((), device=device)
    inputs, targets = (part.to(device, non_blocking=True).split(size) for part in windows)
    for number, (x, y) in enumerate(zip(inputs, targets, strict=True), 1):
        distributed.last_of_step(model, number == len(inputs))
        with world.arithmetic(settings["precision"]):
            loss = scaled_loss(model, x, y, 1.0 / max(valid, 1.0), mask_of(x, end) if masked else None)
        loss.backward()
        total += loss.detach()
    return world.total(total)


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
