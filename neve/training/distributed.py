"""Training on several devices: the processes, how weights are sharded, and the few numbers that all must
agree on.

Under `torchrun` each process has one device and a shard of weights, gradients and moments (FSDP2, layer by
layer); NCCL moves them between GPUs, gloo between CPUs. Without torchrun nothing here does anything, and the
loop reads the same. The trade-off: no tensor or pipeline parallelism; up to some 10B parameters sharding
alone is as fast, in a fifth of the code.

Gradients are summed, not averaged: the loss is already divided by the step's targets on all ranks. In bf16,
weights are gathered in bf16 and gradients reduced in fp32, after every micro batch. Accumulated whole until
the end of a step they would take 4 bytes a weight on every GPU (5.46 GB for the 1.364B model, however many
GPUs there are), which is what sharding is there to save. The price is twice the traffic of a micro batch (8
bytes a weight instead of 4); it overlaps with the backward pass.

Source: FSDP (arXiv 2304.11277), second form, as in torchtitan (arXiv 2410.06511).
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from neve.errors import Fault


@dataclass(frozen=True)
class World:
    """This process among those that train together."""

    rank: int
    size: int
    device: torch.device
    saving: Any = None
    """A separate gloo group for checkpoints, which are written during training; None without torchrun."""

    @property
    def first(self) -> bool:
        """Whether this process writes logs and models."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no process group, not even of one process."""
        return self.saving is None

    def arithmetic(self, precision: str) -> torch.autocast:
        """A context for forward passes: autocast to bf16, unless weights are sharded and gathered in bf16
        already."""
        enabled = precision == "bf16" and self.alone
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled)

    def sums(self, *values: float) -> list[float]:
        """Each value summed over all processes, in fp64."""
        if self.alone:
            return list(values)
        numbers = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(numbers)
        return numbers.tolist()

    def total(self, value: Tensor) -> Tensor:
        """A tensor summed over all processes, without waiting for its value."""
        if not self.alone:
            dist.all_reduce(value)
        return value

    def once(self, work: Callable[[], Any]) -> Any:
        """Run `work` on the first process alone; its result, or its OSError or Fault, reaches all of
        them."""
        said: list[Any] = [None]
        if self.first:
            try:
                said = [work()]
            except (OSError, Fault) as error:
                said = [error]
        if not self.alone:
            dist.broadcast_object_list(said, group=self.saving)
        if isinstance(said[0], OSError | Fault):
            raise said[0]
        return said[0]


ALONE = World(0, 1, torch.device("cpu"))


@contextmanager
def joined(minutes: float = 30.0) -> Iterator[World]:
    """The world that torchrun's environment describes, or one process; waiting for the others ends after
    `minutes`."""
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    if "WORLD_SIZE" not in os.environ or dist.is_initialized():
        yield World(0, 1, device)
        return
    patience = datetime.timedelta(minutes=minutes)
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo", timeout=patience)
    try:
        saving = dist.new_group(backend="gloo", timeout=patience)
        yield World(dist.get_rank(), dist.get_world_size(), device, saving)
    finally:
        dist.destroy_process_group()


def shard(model: nn.Module, layers: nn.ModuleList, world: World, precision: str) -> None:
    """Shard the weights in place: each layer by itself, then the rest. Without torchrun there is nothing to
    do."""
    if world.alone:
        return
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(world.device.type, (world.size,), mesh_dim_names=("shard",))
    types = (torch.bfloat16, torch.float32) if precision == "bf16" else (None, None)
    policy = MixedPrecisionPolicy(*types)
    for part in (*layers, model):
        sharded = fully_shard(part, mesh=mesh, mp_policy=policy)
        sharded.set_gradient_divide_factor(1.0)
        sharded.set_force_sum_reduction_for_comms(True)  # gloo has no other


def reshard(model: Any) -> None:
    """Free the weights that a forward pass without a backward pass has gathered."""
    if hasattr(model, "reshard"):
        model.reshard()


def full(tensor: Tensor) -> Tensor:
    """A tensor that may be sharded, gathered on every process; all of them must call it."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
