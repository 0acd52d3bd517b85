"""One phase of training: windows in, a Hugging Face folder out, the same bits however often it was killed.

The order of data is a pure function of (view, seed, k), so a checkpoint is weights, moments and one number,
and any number of processes can go on from it: each takes its share of a step's windows. Each step writes one
line of `metrics.jsonl`, which holds nothing that a clock decides (times are in `timings.jsonl`); a resumed
run cuts both back to its checkpoint. A phase counted in tokens ends with a whole step; one counted in epochs
ends with its stream.

The trade-offs: the next step's windows are read by a thread while this one runs, so one step more is held in
memory; the host waits for each step's loss, since steps that are not finite are left out and a run of them
ends the phase.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, TextIO

import torch
from torch import Tensor

from neve.errors import Fault
from neve.locks import locked
from neve.settings import deciding, from_json
from neve.tokens.mix import Mix, opened
from neve.tokens.view import View
from neve.training import attention, checkpoint, costs, distributed, log, memory, optim, schedule
from neve.training.checkpoint import Checkpoints
from neve.training.cores import Replicas
from neve.training.distributed import ALONE, World
from neve.training.loss import IGNORED, scaled_loss
from neve.training.memory import Device
from neve.training.model import Config, Llama, load, save
from neve.training.settings import Model, Settings
from neve.training.validate import Heldout

LOGS = ("metrics.jsonl", "timings.jsonl")


@dataclass(frozen=True)
class Job:
    """One phase: what the recipe says of it, its folders, its data up to window `limit`, its steps, and who
    trains."""

    settings: Settings
    inputs: dict[str, Path]
    out: Path
    view: View | Mix
    total: int
    limit: int | None
    world: World

    def finish(self) -> None:
        """The model gets its name, the moments too where a later phase goes on with them, and checkpoints
        go."""
        model, moments, checkpoints = (self.out / name for name in ("model", "moments", "checkpoints"))
        if not model.exists():
            (self.out / "model.partial").rename(model)
        if self.settings.phase.keeps_moments and not moments.exists():
            checkpoint.folders(checkpoints)[self.total].rename(moments)
        shutil.rmtree(checkpoints, ignore_errors=True)
        (self.out / ".lock").unlink(missing_ok=True)


def resolve_precision(precision: str) -> str:
    """ "fp32" or "bf16" for this machine; "auto" is bf16 where the processor multiplies it natively."""
    if precision != "auto":
        return precision
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    if torch.cuda.is_available():
        native = torch.cuda.get_device_capability() >= (8, 0)
    return "bf16" if native else "fp32"


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `train-<phase>` (resumes): train one phase into `out`: metrics.jsonl, timings.jsonl, model/.

    `inputs`: "view", "tokenizer", "start" (a folder with model/) unless from scratch, "heldout" where it is
    measured. Returns the counts, `loss` being the mean of the last ten steps that were taken. SIGTERM and
    SIGINT end it after the step at hand with a checkpoint. Under torchrun all processes call this. Raises
    Fault where the pieces do not fit, and where another process trains in `out`: torchrun's workers may
    outlive it.
    """
    phase, training = settings.phase, settings.training
    settings = replace(settings, precision=resolve_precision(settings.precision))
    view = opened(inputs["view"])
    if view.tokens < 2:
        raise Fault(f"{inputs['view']}: the view of phase {phase.name!r} has no tokens to train on")
    total, limit = costs.extent(phase, training, view)
    schedule.check(total, phase.lr)
    with contextlib.ExitStack() as stack, distributed.joined() as world, attention.kernels():
        world.once(lambda: stack.enter_context(locked(out)))
        job = Job(settings, inputs, out, view, total, limit, world)
        model = _model(settings, view.vocab_size, inputs.get("start"))
        if not world.once((out / "model").exists):
            _train(job, model)
            save(model, out / "model.partial", inputs["tokenizer"], world)
        world.once(job.finish)
    metrics = log.lines(out / "metrics.jsonl")
    last = [m["loss"] for m in metrics if not m["skipped"]][-10:]
    return {
        "steps": total,
        "tokens": metrics[-1]["tokens"],
        "loss": sum(last) / len(last),
        "parameters": costs.parameters(settings.model, view.vocab_size)["all"],
        "skipped": sum(m["skipped"] for m in metrics),
        "precision": settings.precision,
    }


def export_checkpoint(stage: Path, tokenizer: Path, out: Path, step: int | None) -> None:
    """Write a checkpoint of `step` (None: the newest) of `stage`, which still trains, as a Hugging Face
    folder; or Fault."""
    there = checkpoint.folders(stage / "checkpoints")
    number = max(there, default=0) if step is None else step
    if number not in there:
        known = ", ".join(map(str, sorted(there))) or "none"
        raise Fault(f"{stage}: no checkpoint of step {'any' if step is None else step}; there are {known}")
    if (about := checkpoint.whole(there[number])) is None:
        raise Fault(f"{there[number]}: damaged; --step takes another one")
    kept = json.loads(about["settings"])
    model = Llama(
        _config(from_json(Model, kept["model"]), kept["training"]["sequence"], kept["vocab_size"]), seed=None
    ).to_empty(device="cpu")
    checkpoint.read(there[number], checkpoint.weights(model), ALONE)
    save(model, out, tokenizer)


def _config(model: Model, sequence: int, vocab_size: int) -> Config:
    return Config(vocab_size=vocab_size, max_positions=sequence, **asdict(model))


def _model(settings: Settings, vocab_size: int, start: Path | None) -> Llama:
    config = _config(settings.model, settings.training.sequence, vocab_size)
    if start is None:
        return Llama(config, settings.seed)
    model = load(start / "model")
    for key in (*asdict(settings.model), "vocab_size"):
        theirs, ours = getattr(model.config, key), getattr(config, key)
        if theirs != ours:
            raise Fault(f"{start}/model: {key} = {theirs}, but this phase wants {ours}: give it the same")
    model.config = config
    return model


def prepare(model: Llama, settings: Settings, world: World) -> None:
    """Put the model onto the device, compiled and recomputed as the settings say, and shared out."""
    training = settings.training
    gpu = world.device.type == "cuda"
    compiled = gpu if training.compile == "auto" else training.compile is True
    capacity = torch.cuda.get_device_properties(world.device).total_memory if gpu else None
    bf16 = settings.precision == "bf16"
    device = Device(world.device.type, world.size, torch.get_num_threads(), bf16, compiled, capacity)
    recompute = memory.recomputed(settings.model, model.config.vocab_size, training, device)
    if gpu:
        torch.compiler.set_stance("default" if compiled else "force_eager")
    model.to(world.device).train()
    model.prepare(compiled, recompute)
    distributed.shard(model, model.model.layers, world, settings.precision)


def _resume(job: Job, wanted: str, checkpoints: Checkpoints, model: Llama, optimizer: Any) -> tuple[int, int]:
    """Load the newest checkpoint, or what the phase starts from, and cut the logs back to it: steps done,
    and how many of the last of them were skipped. Raises Fault where other settings than `wanted` were
    trained with."""
    logs = [job.out / name for name in LOGS]
    found = checkpoints.restore(min(map(log.count, logs)), model, optimizer)
    if found is not None and found["settings"] != wanted:
        raise Fault(f"{checkpoints.folder}: was trained with other settings; empty {job.out} to start again")
    if found is None and job.settings.phase.moments == "keep":
        kept = job.inputs["start"] / "moments"
        if not job.world.once(lambda: checkpoint.whole(kept)):
            raise Fault(f"{kept}: missing or damaged; remove {kept.parent} to train that phase again")
        checkpoint.read(kept, checkpoint.moments(model, optimizer), job.world)
    done = found["step"] if found else 0

    def cut() -> int:
        for path in logs:
            log.cut(path, done)
        return log.failed(log.lines(logs[0]))

    return done, job.world.once(cut)


def _train(job: Job, model: Llama) -> None:
    """Take all steps that a checkpoint has not taken yet; leaves the final weights in `model`, and a
    checkpoint of them."""
    settings, view, world, total = job.settings, job.view, job.world, job.total
    phase, training = settings.phase, settings.training
    end, batch = view.sentinels["<|endoftext|>"], training.batch
    prepare(model, settings, world)
    optimizer = optim.make(model, training, settings.precision == "bf16")
    checkpoints = Checkpoints(job.out / "checkpoints", training.keep_checkpoints, world)
    wanted = json.dumps(deciding(settings) | {"vocab_size": view.vocab_size}, sort_keys=True)
    done, failed = _resume(job, wanted, checkpoints, model, optimizer)
    if done == total:
        return

    every = training.validate_steps
    heldout = Heldout(job.inputs["heldout"], training.sequence, end) if every else None
    flops = costs.flops_per_token(settings.model, view.vocab_size, training.sequence)["palm"]
    peak = log.peak(world.device, settings.precision)
    line = log.Line(phase.name, total, batch * training.sequence, flops, peak and peak * world.size)
    with contextlib.ExitStack() as stack:
        boards = log.boards(training, phase.name, job.out, world.first, stack)
        paths = [job.out / name if world.first else Path(os.devnull) for name in LOGS]
        files = [stack.enter_context(path.open("a")) for path in paths]
        interrupted = stack.enter_context(_interrupts())
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        replicas = Replicas(model, training.micro_batch, world)
        stack.enter_context(replicas.pool)
        saved = begun = time.monotonic()
        for step, windows, waited in _batches(job, done):
            late = world.first and time.monotonic() - saved >= training.checkpoint_seconds
            valid, stop, due = world.sums(int((windows[1] != IGNORED).sum()), len(interrupted), late)
            mean = accumulate(replicas, windows, valid, settings, world, end)
            rate = schedule.lr(step, total, phase.lr)
            loss, norm, taken = optim.update(optimizer, mean, rate, training.clip)
            seen = min(step * batch, job.limit or sys.maxsize) * training.sequence
            numbers = {"step": step, "loss": loss, "lr": rate, "tokens": seen, "grad_norm": norm}
            row: dict[str, Any] = log.finite(numbers) | {"skipped": not taken}
            if heldout is not None and (step % every == 0 or step == total):
                bits = heldout.measure(model, training.micro_batch, world, settings.precision)
                row["heldout"] = log.finite(bits)
            before, begun = begun, time.monotonic()
            clock = {"step": step, "seconds": begun - before, "data_seconds": waited}
            _write(files, row, clock)
            if world.first:
                line.show(step, loss, rate, begun - before, waited)
            for board in boards:
                board(step, log.scalars(row))
            failed = 0 if taken else failed + 1
            if failed >= min(training.skip_limit, total):
                _give_up(phase.name, failed, step, checkpoints)
            if stop or due or step == total:
                for file in files if world.first else ():
                    os.fsync(file.fileno())
                _save(checkpoints, bool(stop) or step == total, step, wanted, model, optimizer)
                saved = time.monotonic()
            if stop and step < total:
                raise KeyboardInterrupt if signal.SIGINT in interrupted[:1] else SystemExit(0)


def _write(files: Sequence[TextIO], *rows: dict[str, Any]) -> None:
    """A row to each of the files, on disk as far as the process is concerned."""
    for file, row in zip(files, rows, strict=True):
        file.write(json.dumps(row) + "\n")
        file.flush()


def _give_up(phase: str, failed: int, step: int, checkpoints: Checkpoints) -> NoReturn:
    with contextlib.suppress(OSError):
        checkpoints.settle()
    raise Fault(
        f"phase {phase!r}: loss or gradient was not finite in {failed} steps in a row up to step {step}; "
        "lower phase.lr.peak, or use training.precision = 'fp32'"
    )


def _save(checkpoints: Checkpoints, last: bool, step: int, settings: str, *state: Any) -> None:
    """Begin a checkpoint, and see the `last` one whole. One on the way that fails is told and tried again at
    the next turn."""
    try:
        checkpoints.save(step, settings, *state)
        if last:
            checkpoints.settle()
    except OSError as error:
        if last:
            raise
        if checkpoints.world.first:
            print(f"\n  warning: {error}; training goes on", file=sys.stderr, flush=True)


def _batches(job: Job, done: int) -> Iterator[tuple[int, tuple[Tensor, Tensor], float]]:
    """Steps after `done`: number, this process's inputs and targets [share, T], seconds waited for them.
    Every process gets as many windows as the others, empty where there are no more."""
    training, world = job.settings.training, job.world
    batch, share, pinned = training.batch, -(-training.batch // world.size), world.device.type == "cuda"

    def read(step: int) -> tuple[Tensor, Tensor]:
        first, limit = (step - 1) * batch + world.rank * share, min(step * batch, job.limit or sys.maxsize)
        arrays = job.view.batch(job.settings.seed, first, share, training.sequence, limit)
        inputs, targets = map(torch.from_numpy, arrays)
        return (inputs.pin_memory(), targets.pin_memory()) if pinned else (inputs, targets)

    with ThreadPoolExecutor(1, "windows") as pool:
        ahead = pool.submit(read, done + 1)
        for step in range(done + 1, job.total + 1):
            started = time.monotonic()
            windows = ahead.result()
            waited = time.monotonic() - started
            if step < job.total:
                ahead = pool.submit(read, step + 1)
            yield step, windows, waited


def accumulate(
    replicas: Replicas,
    windows: tuple[Tensor, Tensor],
    valid: float,
    settings: Settings,
    world: World,
    end: int,
) -> Tensor:
    """Add up the gradient of one step's mean loss over `valid` targets, micro batch by micro batch; the
    loss, in nats."""
    device, masked = world.device, settings.training.document_mask
    flex = settings.training.attention != "sdpa" and replicas.models[0].compiled and device.type == "cuda"
    mask_of = attention.block_mask if flex else attention.document_mask
    size = -(-min(settings.training.micro_batch, len(windows[0])) // len(replicas.models))
    inputs, targets = (part.to(device, non_blocking=True).split(size) for part in windows)

    def share(number: int) -> Tensor:
        model, total = replicas.models[number], torch.zeros((), device=device)
        mine = range(number, len(inputs), len(replicas.models))
        for part in itertools.takewhile(lambda _: replicas.busy, mine):
            x, y = inputs[part], targets[part]
            with world.arithmetic(settings.precision):
                loss = scaled_loss(model, x, y, 1.0 / max(valid, 1.0), mask_of(x, end) if masked else None)
            loss.backward()
            total += loss.detach()
        return total

    return world.total(replicas.sum(share))


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collects SIGTERM and SIGINT instead of dying of them. A SIGINT after any of them is obeyed at
    once, SIGTERM is not: a scheduler sends it to torchrun, which passes it on, and to its processes too."""
    seen: list[int] = []

    def note(number: int, frame: Any) -> None:
        if seen and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not seen:
            print("  stopping after this step, with a checkpoint", file=sys.stderr, flush=True)
        seen.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
