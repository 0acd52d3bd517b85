"""How much memory a phase takes on each device, estimated before anything is allocated.

The estimate adds up what is held at the two worst moments of a step, the loss (all activations, the logits
of a chunk) and the backward pass (gradients, a layer that is recomputed, gradients on their way to their
shares), and takes the larger one. The trade-off: kernels' workspaces and the allocator's own losses are not
counted, so a tenth of a device is left free (`FILLED`).

Measured beside it: on one H100, the 1.364B model at micro batches of 8,192 to 32,768 tokens, within 2 %
(37.8 to 75.9 GiB), and with recomputation within 3 % (45.1 GiB); on a CPU in one process within 3 %, in two
under gloo 3 % below to 8 % above.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neve.training.costs import parameters
from neve.training.settings import Model, Training

FILLED = 0.9
"""Share of a device's memory that the estimate may take before layers are recomputed in part."""

LOGITS = {"cpu": 1 << 19, "cuda": 1 << 29}
"""Logits that the loss holds at once: on a CPU 2 MiB a core, which stay in cache; on a GPU 1 GiB in bf16,
which keeps it busy."""

LONGEST = 1024
"""The longest window for which attention on a CPU keeps its probabilities (`neve.training.attention`)."""


@dataclass(frozen=True)
class Device:
    """What a phase trains on: `count` GPUs ("cuda"), or `count` processes with `cores` of a CPU each
    ("cpu")."""

    kind: str
    count: int = 1
    cores: int = 1
    bf16: bool = True
    compiled: bool = True
    capacity: int | None = None
    """Bytes of one device; None: not to be considered."""

    @property
    def width(self) -> int:
        """Bytes of an activation."""
        return 2 if self.bf16 else 4

    def models(self, micro_batch: int) -> int:
        """Models over one set of weights, each with its own gradients: on a CPU one for each core that has
        windows."""
        apart = self.kind == "cpu" and self.count == 1 and not self.compiled
        return min(self.cores, micro_batch) if apart else 1


def recomputed(model: Model, vocab_size: int, training: Training, device: Device) -> bool:
    """Whether layers are recomputed in part: what `activation_checkpointing` says; "auto": if the rest would
    not fit."""
    if training.activation_checkpointing != "auto" or device.capacity is None:
        return training.activation_checkpointing == "selective"
    kept = replace(training, activation_checkpointing="none")
    return estimate(model, vocab_size, kept, device)["total"] > FILLED * device.capacity


def estimate(model: Model, vocab_size: int, training: Training, device: Device) -> dict[str, float]:
    """Bytes on one device: {"weights", "gradients", "moments", "gathered", "activations", "buffers",
    "total"}.

    `training` has sequence, batch (windows of a step), micro_batch, document_mask and
    activation_checkpointing. "gathered" is weights that are whole or in bf16 besides the shares; "buffers"
    what the loss, or the backward pass, needs for a moment. "total" is less than their sum where a step is
    one micro batch: gradients then grow as activations go.
    """
    count, layers, width = parameters(model, vocab_size), model.layers, device.width
    layer = (count["other"] - model.hidden) // layers
    root, matrix = count["all"] - layers * layer, model.hidden * vocab_size
    models, share = device.models(training.micro_batch), -(-training.batch // device.count)
    windows = -(-min(training.micro_batch, share) // models)
    tokens = windows * training.sequence
    recompute = recomputed(model, vocab_size, training, device)
    sharded = device.count > 1
    rows: dict[str, float] = {
        "weights": 4 * count["all"] / device.count,
        "gradients": models * 4 * count["all"] / device.count,
        "moments": moments(model, vocab_size, training.optimizer) / device.count,
        "gathered": width * (root + 2 * layer) if sharded else models * 2 * count["all"] * device.bf16,
        "activations": models * layers * tokens * _kept(model, training, device, recompute),
    }
    chunk = min(tokens * vocab_size, LOGITS[device.kind])
    logit = 2 * width if device.kind == "cuda" and device.compiled else 8 + width * device.bf16
    loss = chunk * logit + 4 * matrix + width * (matrix * device.bf16 + 2 * tokens * model.hidden)
    again = tokens * _kept(model, training, device, False) if recompute else 0
    moved = width * (matrix + layer) + 4 * layer if sharded else 0
    rows["buffers"] = models * max(loss, again + moved)
    most = rows["gradients"] + rows["activations"] + rows["buffers"]
    if models * windows >= share:
        most = max(rows["activations"] + models * loss, rows["gradients"] + models * (again + moved))
    return rows | {"total": rows["weights"] + rows["moments"] + rows["gathered"] + most}


def moments(model: Model, vocab_size: int, optimizer: str) -> int:
    """Bytes of the optimizer's moments: two a weight, one where Muon trains it."""
    count = parameters(model, vocab_size)
    norms = (2 * model.layers + 1) * model.hidden
    return 8 * count["all"] - 4 * (count["other"] - norms) * (optimizer == "muon")


def _kept(model: Model, training: Training, device: Device, recompute: bool) -> float:
    """Bytes a token that a layer keeps for the backward pass: the inputs of its norms, products and
    attention.

    A layer that is recomputed keeps its input, attention's result and every second product; a compiled one
    leaves out what is cheap to compute again, or not needed. A mask of documents and a CPU's attention keep
    T numbers a token.
    """
    hidden, wide, length = model.hidden, model.intermediate, training.sequence
    keys = hidden * model.kv_heads // model.heads
    if recompute:
        return device.width * ((3 if device.compiled else 4) * hidden + keys + wide)
    numbers: float = 6 * hidden + 2 * keys + (3 if device.compiled else 4) * wide
    if device.kind == "cpu" and training.document_mask:
        numbers += length
    elif device.kind == "cpu" and not device.bf16 and not device.compiled and length <= LONGEST:
        numbers += model.heads * length / 2
    return device.width * numbers
