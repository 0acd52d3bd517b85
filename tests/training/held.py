"""The memory that one optimizer step really holds at most: sizes that PyTorch's allocator gave and took back, in order.

As a program, under `processes.together` or alone, it prints {"peak", "gradients"} in bytes for each of `CASES`.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch.autograd.profiler import profile

sys.path.append(str(Path(__file__).parents[2]))

from neve.training import distributed, loop, optim
from neve.training.cores import Crew
from neve.training.distributed import World
from neve.training.model import Config, Llama

SECTION = {
    "hidden": 128, "intermediate": 352, "layers": 6, "heads": 4, "kv_heads": 2,
    "rope_base": 1e4, "norm_eps": 1e-5, "tied": True,
}  # fmt: skip
VOCABULARY, SEQUENCE = 2000, 64
CASES = [
    # precision, windows of one process, micro batch, recomputation, document mask
    ("fp32", 4, 2, "none", False),
    ("bf16", 8, 4, "none", False),
    ("bf16", 8, 8, "selective", False),
    ("fp32", 16, 8, "selective", False),
    ("fp32", 4, 4, "none", False),
    ("bf16", 8, 4, "none", True),
]


def training(case: tuple[Any, ...], processes: int) -> dict[str, Any]:
    """What a recipe says of a case's steps."""
    _, windows, micro_batch, recomputation, mask = case
    return {
        "sequence": SEQUENCE, "batch": processes * windows, "micro_batch": micro_batch, "document_mask": mask,
        "activation_checkpointing": recomputation, "attention": "sdpa", "compile": False,
        "betas": [0.9, 0.95], "weight_decay": 0.1,
    }  # fmt: skip


def measure(case: tuple[Any, ...], world: World) -> dict[str, int]:
    """Bytes of a case: the most that was held during a step, and the gradients when it ends."""
    section = training(case, world.size)
    model = Llama(Config(vocab_size=VOCABULARY, max_positions=SEQUENCE, **SECTION), 1)
    settings = {"model": SECTION, "training": section, "ways": section, "precision": case[0]}
    loop.prepare(model, settings, world)
    optimizer = optim.adamw(model, section)
    crew = Crew(model, section["micro_batch"], world)
    windows = tuple(torch.randint(0, VOCABULARY, (case[1], SEQUENCE)) for _ in range(2))

    def step() -> torch.Tensor:
        return loop.accumulate(crew, windows, world.size * windows[0].numel(), settings, world, 0)

    def local(tensor: Any) -> torch.Tensor:
        return tensor.to_local() if hasattr(tensor, "to_local") else tensor

    with crew.pool:
        optim.update(optimizer, step(), 1e-3, 1.0)  # buffers that are made once are there now
        kept = [*model.parameters(), *(t for state in optimizer.state.values() for t in state.values())]
        storages = {s.data_ptr(): s.nbytes() for s in (local(t).untyped_storage() for t in kept)}
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
