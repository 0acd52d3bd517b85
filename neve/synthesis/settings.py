"""What synthesis is told; apart from the stage, so that planning a run imports none of what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neve.recipe.corpus import Decontaminate, Near
from neve.recipe.synthesis import Synthesis
from neve.settings import Execution


@dataclass(frozen=True)
class Settings:
    synthesis: Synthesis
    filters: Mapping[str, float | bool | str]
    near: Near
    decontaminate: Decontaminate
    data: str | None
    """Folder of benchmark files as published, if there is one."""
    seed: int
    sandbox: str
    """The tier that this machine has; "none" where nothing is to be run."""
    ledger: Execution[str]
    """Path of the ledger."""
    draws: int = 1
    """Of the answers, from the recipe's own draw on."""


@dataclass(frozen=True)
class Further:
    """Which of several draws a stage takes."""

    number: int
