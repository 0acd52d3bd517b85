"""The memory that one optimizer step really holds at most: sizes that PyTorch's allocator gave and took back, in order.

As a program, under `processes.together` or alone, it prints {"peak", "gradients"} in bytes for each of `CASES`.
"""

import gc
import itertools
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.autograd.profiler import profile

sys.path.append(str(Path(__file__).parents[2]))

from neve.training import distributed, loop, optim
from neve.training.cores import Replicas
from neve.training.distributed import World
from neve.training.model import Config, Llama
from neve.training.settings import LearningRate, Model, Phase, Settings, Training

SHAPE = Model(128, 352, 6, 4, 2, 1e4, 1e-5, tied=True)
PHASE = Phase("held", None, None, LearningRate(1e-3, 0.0, 0, 0, "constant"), "reset", keeps_moments=False)
VOCABULARY, SEQUENCE = 2000, 64
CASES = [
    # precision, windows of one process, micro batch, recomputation, document mask, optimizer
    ("fp32", 4, 2, "none", False, "adamw"),
    ("bf16", 8, 4, "none", False, "adamw"),
    ("bf16", 8, 8, "selective", False, "adamw"),
    ("fp32", 16, 8, "selective", False, "muon"),
    ("fp32", 4, 4, "none", False, "adamw"),
    ("bf16", 8, 4, "none", True, "muon"),
]


def training(case: tuple[Any, ...], processes: int) -> Training:
    """What a recipe says of a case's steps."""
    _, windows, micro_batch, recomputation, mask, optimizer = case
    return Training(
        sequence=SEQUENCE, batch=processes * windows, optimizer=optimizer, adamw_lr_factor=1.0, betas=(0.9, 0.95), weight_decay=0.1, clip=1.0,
        document_mask=mask, validate_steps=0, micro_batch=micro_batch, checkpoint_seconds=60.0, keep_checkpoints=1,
        skip_limit=1, attention="sdpa", compile=False, activation_checkpointing=recomputation, tensorboard=False,
        wandb="",
    )  # fmt: skip


def measure(case: tuple[Any, ...], world: World) -> dict[str, int]:
    """Bytes of a case: the most that was held during a step, and the gradients when it ends."""
    section = training(case, world.size)
    model = Llama(Config(vocab_size=VOCABULARY, max_positions=SEQUENCE, **asdict(SHAPE)), 1)
    settings = Settings(PHASE, SHAPE, section, 1, case[0])
    loop.prepare(model, settings, world)
    optimizer = optim.make(model, section, case[0] == "bf16")
    replicas = Replicas(model, section.micro_batch, world)
    windows = tuple(torch.randint(0, VOCABULARY, (case[1], SEQUENCE)) for _ in range(2))

    def step() -> torch.Tensor:
        return loop.accumulate(replicas, windows, world.size * windows[0].numel(), settings, world, 0)

    def local(tensor: Any) -> torch.Tensor:
        return tensor.to_local() if hasattr(tensor, "to_local") else tensor

    with replicas.pool:
        optim.update(optimizer, step(), 1e-3, 1.0)  # buffers that are made once are there now
        kept = [*model.parameters(), *(t for state in optimizer.state.values() for t in state.values())]
        storages = {s.data_ptr(): s.nbytes() for s in (local(t).untyped_storage() for t in kept)}
        gc.collect()  # an earlier case's gradients, freed in this step, would be taken off its peak
        with profile(profile_memory=True) as profiler:
            step()
    events = [e for e in profiler.kineto_results.events() if e.name() == "[memory]"]
    changes = [e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]
    gradients = sum(local(p.grad).nbytes for p in model.parameters())
    return {"peak": sum(storages.values()) + max(itertools.accumulate(changes)), "gradients": gradients}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with distributed.joined(minutes=1.0) as world:
        print(json.dumps([measure(case, world) for case in CASES]))
