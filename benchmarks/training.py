"""Training steps of Neve beside transformers and litgpt: the same weights, windows and precision, on the
same cores.

    python benchmarks/training.py --peer-python PEER/bin/python --json training.json

Each arm is a process of its own that keeps its model (4.2M parameters, random tokens) and takes steps when
told to. The arms take turns: a block of steps each, in an order drawn again for each round, so that what
else the machine does hits all alike. A ratio is taken within a round, and the median of the rounds counts.
Before that every arm's first step has to agree with Neve's in loss and gradient norm, or the run fails: what
is compared computes the same thing. The trade-off: an idle arm's memory stays taken, so all have to fit at
once.

See benchmarks/README.md for the arms and how peers are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neve.errors import Fault
from neve.progress import bar

HERE = Path(__file__).parent
MODEL = {
    "hidden": 256, "intermediate": 688, "layers": 4, "heads": 4, "kv_heads": 4,
    "rope_base": 10_000.0, "norm_eps": 1e-5, "tied": True,
}  # fmt: skip
SIZES = {"model": MODEL, "vocabulary": 4096, "length": 512, "batch": 16}
MICRO_BATCH = 4
"""Windows that Neve takes at a time, as `recipes/quickstart.toml` has it: what stays in a cache is read
again for less."""
TINY = {"model": {**MODEL, "hidden": 64, "intermediate": 176, "layers": 2}, "vocabulary": 512, "length": 64, "batch": 4}  # fmt: skip
OPTIMIZER = {"rate": 1e-4, "betas": [0.9, 0.95], "weight_decay": 0.1, "clip": 1.0}
WARM = 2
"""Steps after the first that are not timed either."""

AGREEMENT = {"fp32": {"loss": 1e-5, "norm": 1e-3}, "bf16": {"loss": 1e-3, "norm": 2e-2}}
"""How far, relatively, an arm's first step may be from the first arm's. Untrained weights all have about the
same loss, log(vocabulary), so fp32's limit is far below what other weights would differ by."""

QUIET = {"CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}


class Arm(NamedTuple):
    script: str
    arguments: list[str]
    needs: list[str]
    """Modules without which it is "not installed"."""
    peer: bool = False
    """Whether it runs in the peers' environment."""
    compiles: bool = False


ARMS = {
    "neve": Arm("training.py", ["--worker", "neve"], []),
    "neve-compiled": Arm("training.py", ["--worker", "neve-compiled"], [], compiles=True),
    "transformers-tuned": Arm("peers/training_tuned.py", [], ["transformers"]),
    "transformers-trainer": Arm(
        "peers/training_trainer.py", [], ["transformers", "accelerate"], peer=True
    ),
    "litgpt": Arm("peers/training_litgpt.py", ["compiled"], ["litgpt"], peer=True, compiles=True),
    "litgpt-eager": Arm("peers/training_litgpt.py", ["eager"], ["litgpt"], peer=True),
}  # fmt: skip


# --- Neve's own arm
# ----------------------------------------------------------------------------------------------


def neve(folder: Path, compiled: bool) -> None:
    """The steps of `neve.training.loop`, as it takes them."""
    import torch
    from training_steps import read, serve

    from neve.training import attention, loop, optim
    from neve.training.cores import Replicas
    from neve.training.distributed import World
    from neve.training.loss import IGNORED
    from neve.training.model import load
    from neve.training.settings import LearningRate, Model, Phase, Settings, Training

    job, windows = read(folder)
    training = Training(
        sequence=job["length"], batch=job["batch"], optimizer="adamw", adamw_lr_factor=1.0, 
        betas=tuple(job["betas"]), weight_decay=job["weight_decay"],
        clip=job["clip"], document_mask=False, validate_steps=0, micro_batch=min(MICRO_BATCH, job["batch"]),
        checkpoint_seconds=60.0, keep_checkpoints=1, skip_limit=1, attention="sdpa", compile=compiled,
        activation_checkpointing="none", tensorboard=False, wandb="",
    )  # fmt: skip
    phase = Phase(
        "bench", None, None, LearningRate(job["rate"], 0.0, 0, 0, "constant"), "reset", keeps_moments=False
    )
    settings = Settings(phase, Model(**job["model"]), training, 1, job["precision"])
    world = World(0, 1, torch.device("cpu"))
    model = load(folder / "model")
    loop.prepare(model, settings, world)
    optimizer, replicas = (
        optim.make(model, training, bf16=False),
        Replicas(model, training.micro_batch, world),
    )

    def step(tokens: torch.Tensor) -> tuple[float, float]:
        targets = torch.full_like(tokens, IGNORED)
        targets[:, :-1] = tokens[:, 1:]
        valid = targets[:, :-1].numel()
        mean = loop.accumulate(replicas, (tokens, targets), valid, settings, world, end=0)
        loss, norm, _ = optim.update(optimizer, mean, job["rate"], job["clip"])
        return loss, norm

    with attention.kernels():
        serve(windows, step)


# --- the benchmark
# -----------------------------------------------------------------------------------------------


def missing(arm: Arm, peer: Path | None) -> str | None:
    """Why an arm cannot run here, if so."""
    if arm.peer and peer is None:
        return "not installed: no --peer-python"
    if arm.peer and not shutil.which(str(peer)):
        return f"not installed: {peer} is no program"
    for module in arm.needs:
        if arm.peer:
            run = subprocess.run([str(peer), "-c", f"import {module}"], capture_output=True)
            there = run.returncode == 0
        else:
            there = importlib.util.find_spec(module) is not None
        if not there:
            return f"not installed: {module}"
    if arm.compiles and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "g++", "clang++"))):
        return "not installed: no C++ compiler"
    return None


def prepare(folder: Path, sizes: dict[str, Any], precision: str, steps: int, seed: int) -> dict[str, Any]:
    """Write what all arms read: the model as a Hugging Face folder, windows for `steps` steps,
    and job.json."""
    from neve.training.loop import resolve_precision
    from neve.training.model import Config, Llama, save

    config = Config(vocab_size=sizes["vocabulary"], max_positions=sizes["length"], **sizes["model"])
    save(Llama(config, seed), folder / "model", None)
    shape = (steps, sizes["batch"], sizes["length"])
    windows = np.random.default_rng(seed).integers(1, sizes["vocabulary"], shape, dtype=np.int64)
    np.save(folder / "windows.npy", windows)
    job = {**sizes, **OPTIMIZER, "precision": resolve_precision(precision)}
    (folder / "job.json").write_text(json.dumps(job))
    return job


class Worker:
    """An arm's process, held to the first `threads` cores of those that this process may use."""

    def __init__(self, name: str, peer: Path | None, folder: Path, threads: int) -> None:
        arm = ARMS[name]
        allowed = sorted(os.sched_getaffinity(0))[:threads]
        self.name, self.log = name, folder / f"{name}.log"
        command = [
            str(peer) if arm.peer else sys.executable,
            str(HERE / arm.script),
            *arm.arguments,
            str(folder),
        ]
        environment = {
            **os.environ, **QUIET, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads),
            "TORCHINDUCTOR_CACHE_DIR": str(folder / f"{name}-kernels"),  # empty: compiling counts
        }  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, allowed),
            )

    def take(self, steps: int) -> dict[str, Any]:
        """Let it take so many steps; its answer. Raises Fault if it ended instead."""
        assert self.process.stdin and self.process.stdout
        try:
            print(steps, file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            status = self.process.wait()
            said = self.log.read_text(errors="replace").split("\n")
            last = next((line for line in reversed(said) if line.strip()), "nothing")
            raise Fault(
                f"{self.name}: ended with status {status} and said: {last.strip()}; leave it out with --arms"
            )
        return json.loads(answer)

    def stop(self) -> None:
        """Its input ends, and it has ten seconds to go."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def disagreement(first: dict[str, dict[str, Any]], precision: str) -> str | None:
    """What two arms' first steps differ in beyond AGREEMENT; None where all agree."""
    base, *others = first
    for name in others:
        for key, limit in AGREEMENT[precision].items():
            wanted, got = first[base][key], first[name][key]
            if not abs(got - wanted) <= limit * abs(wanted):
                return f"{name}: first {key} {got!r}, but {base}'s is {wanted!r}; allowed is {limit:g} of it"
    return None


def measure(
    names: list[str], peer: Path | None, folder: Path, job: dict[str, Any], options: argparse.Namespace
) -> dict[str, dict[str, Any]]:
    """Figures of each arm that is there: first step, blocks' seconds in the order of rounds, memory."""
    workers: dict[str, Worker] = {}
    try:
        with bar("blocks", len(names) * (2 + options.rounds), "blocks") as advance:
            first, last = {}, {}
            for name in names:
                workers[name] = Worker(name, peer, folder, options.threads)
                first[name] = workers[name].take(1)
                advance(1)
            if wrong := disagreement(first, job["precision"]):
                raise Fault(wrong)
            for name in names:
                workers[name].take(WARM)
                advance(1)
            blocks: dict[str, list[float]] = {name: [] for name in names}
            chance = random.Random(options.seed)
            for _ in range(options.rounds):
                for name in chance.sample(names, len(names)):
                    last[name] = workers[name].take(options.steps)
                    blocks[name].append(last[name]["seconds"])
                    advance(1)
    finally:
        for worker in workers.values():
            worker.stop()
    tokens = options.steps * job["batch"] * job["length"]
    return {
        name: {
            "status": "done",
            "torch": first[name]["torch"],
            "tokens_per_s": round(tokens / statistics.median(blocks[name]), 1),
            "first_step_s": round(first[name]["seconds"], 2),
            "peak_bytes": last[name]["peak_bytes"],
            "first_loss": first[name]["loss"],
            "first_norm": first[name]["norm"],
            "block_seconds": [round(s, 4) for s in blocks[name]],
            "neve_is_times": {
                base: spread([theirs / ours for theirs, ours in zip(blocks[name], blocks[base], strict=True)])
                for base in ("neve", "neve-compiled")
                if base in blocks and base != name
            },
        }
        for name in names
    }


def spread(ratios: list[float]) -> dict[str, float]:
    """Median, least and most."""
    found = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    return {key: round(value, 3) for key, value in found.items()}


def processor() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def show(report: dict[str, Any]) -> None:
    print(
        f"{report['processor']}, {report['threads']} threads, {report['precision']}, load before {report['load_before']}; "
        f"{report['rounds']} rounds of {report['steps']} steps of {report['batch']} x {report['length']} tokens"
    )
    print(
        f"{'arm':<22}{'tokens/s':>9}{'neve is x times':>24}{'compiled is x times':>24}{'first s':>9}{'GiB':>7}  torch"
    )
    for name, arm in report["arms"].items():
        if arm["status"] != "done":
            print(f"{name:<22} {arm['status']}")
            continue
        cells = [
            f"{s['median']:.2f} [{s['min']:.2f}, {s['max']:.2f}]" if s else ""
            for s in map(arm["neve_is_times"].get, ("neve", "neve-compiled"))
        ]
        print(
            f"{name:<22}{arm['tokens_per_s']:>9,.0f}{cells[0]:>24}{cells[1]:>24}"
            f"{arm['first_step_s']:>9.1f}{arm['peak_bytes'] / 2**30:>7.2f}  {arm['torch']}"
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Training steps of Neve beside its peers.")
    parser.add_argument(
        "--arms", nargs="+", default=list(ARMS), choices=ARMS, help="which to run; default: all"
    )
    parser.add_argument("--steps", type=int, default=5, help="steps of a block")
    parser.add_argument("--rounds", type=int, default=10, help="blocks of each arm")
    parser.add_argument(
        "--precision",
        default="auto",
        choices=["auto", "fp32", "bf16"],
        help="auto: what the processor multiplies natively",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="of weights, tokens, and the order of turns")
    parser.add_argument(
        "--peer-python", type=Path, help="interpreter that has transformers, accelerate and litgpt"
    )
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--dry-run", action="store_true", help="a tiny model: does the script work")
    options = parser.parse_args(arguments)
    if min(options.steps, options.rounds, options.threads) < 1:
        parser.error("--steps, --rounds and --threads count from 1")
    load, sizes = os.getloadavg()[0], TINY if options.dry_run else SIZES
    reasons = {name: missing(ARMS[name], options.peer_python) for name in options.arms}
    names = [name for name, reason in reasons.items() if reason is None]
    with tempfile.TemporaryDirectory(prefix="neve-training-") as scratch:
        folder = Path(scratch)
        steps = 1 + WARM + options.rounds * options.steps
        # One batch more: Trainer's last block ends where the next step would begin.
        job = prepare(folder, sizes, options.precision, steps + 1, options.seed)
        try:
            done = measure(names, options.peer_python, folder, job, options)
        except Fault as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    report: dict[str, Any] = {
        "processor": processor(),
        "load_before": round(load, 2),
        "threads": options.threads,
        "rounds": options.rounds,
        "steps": options.steps,
        "seed": options.seed,
        **job,
        "arms": {name: done.get(name) or {"status": reason} for name, reason in reasons.items()},
    }
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        sys.path.insert(0, str(HERE / "peers"))
        neve(Path(sys.argv[3]), ARMS[sys.argv[2]].compiles)
    else:
        os.environ.update(QUIET)  # "auto" is about the processor, also where there is a GPU
        sys.exit(main())
