"""What one phase is trained with, as plain dataclasses: a node reads them from run.json, with no recipe and
no pydantic.

The fields are those of the recipe's tables [model], [training] and [[phase]]; what each means is said there.
"""

from __future__ import annotations

from dataclasses import dataclass

from neve.settings import Execution


@dataclass(frozen=True)
class LearningRate:
    peak: float
    floor: float
    warmup: int
    decay: int
    shape: str


@dataclass(frozen=True)
class Phase:
    name: str
    """A phase, or a control under the control's name."""
    tokens: int | None
    """None where epochs are counted."""
    epochs: int | None
    lr: LearningRate
    moments: str
    keeps_moments: bool
    """Whether a later phase goes on with this one's moments."""


@dataclass(frozen=True)
class Model:
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    rope_base: float
    norm_eps: float
    tied: bool


@dataclass(frozen=True)
class Training:
    sequence: int
    """Tokens of one window, of this phase."""
    batch: int
    """Windows of one optimizer step, of this phase."""
    optimizer: str
    adamw_lr_factor: float
    betas: tuple[float, float]
    weight_decay: float
    clip: float
    document_mask: bool
    validate_steps: Execution[int]
    micro_batch: Execution[int]
    checkpoint_seconds: Execution[float]
    keep_checkpoints: Execution[int]
    skip_limit: Execution[int]
    attention: Execution[str]
    compile: Execution[str | bool]
    activation_checkpointing: Execution[str]
    tensorboard: Execution[bool]
    wandb: Execution[str]


@dataclass(frozen=True)
class Settings:
    phase: Phase
    model: Model
    training: Training
    seed: int
    precision: str
    """fp32 or bf16; auto: what this machine multiplies natively."""
