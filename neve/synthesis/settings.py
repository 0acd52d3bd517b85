"""What synthesis is told; apart from the stage, so that planning a run imports none of what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from neve.recipe.corpus import Decontaminate, Near
from neve.recipe.synthesis import Synthesis
from neve.settings import Execution


@dataclass(frozen=True)
class Settings:
    synthesis: Synthesis
    near: Near
    decontaminate: Decontaminate
    data: str | None
    """Folder of benchmark files as published, if there is one."""
    seed: int
    ledger: Execution[str]
    """Path of the ledger."""
