"""The recipe's table [evaluate]: which benchmarks measure the models, and how.

Bits per byte tell small models apart that solve no task at all; pass@1 runs what a model writes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from neve.recipe.table import BenchmarkName, RecipeTable


class Evaluate(RecipeTable):
    """What the phases' models are asked at the end."""

    tasks: list[BenchmarkName] = Field(default=["humaneval"])
    """Benchmarks: bits per byte of their canonical solutions, and pass@1 where they can be run."""
    pass_at_1: bool | Literal["last"] = True
    """Whether solutions are generated and run in the sandbox: of all phases and controls, or of the last
    phase."""
    training_tasks: list[BenchmarkName] = Field(default=[])
    """Benchmarks with training tasks of which bits per byte alone are taken, to tune a recipe on. Where a
    file cannot be fetched, the run goes on and says so."""
    max_new_tokens: int = Field(default=512, ge=1)
    """Tokens of a solution, at most."""
    heldout_bytes: int = Field(default=1 << 20, ge=1 << 12)
    """Bytes of held-out documents, at most, on which bits per byte are taken, languages in proportion."""
    bootstrap: int = Field(default=2000, ge=100)
    """Resamples for each interval."""
    data: str | None = None
    """Folder of benchmark files as published; default: a pinned wheel, then the hub."""
