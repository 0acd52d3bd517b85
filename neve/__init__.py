"""Neve: raw repositories to a trained and evaluated code model, refining the data three times.

`neve.curate`, `neve.dedup`, `neve.grade`, `neve.Annotator` and `neve.Run` are what Python code may rely on
(`neve.run.library`); they are imported when they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neve.run.library import Annotator, Curated, Run, curate, dedup, grade

__version__ = "0.1.0"
__all__ = ["Annotator", "Curated", "Run", "curate", "dedup", "grade"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'neve' has no attribute {name!r}")
    from neve.run import library

    return getattr(library, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
