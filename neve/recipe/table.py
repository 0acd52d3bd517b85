"""What the recipe's tables have in common: how strict they are, and the names of benchmarks.

A key that a table does not know is an error, so that a misspelt field never leaves its default standing
without a word.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from neve.errors import Fault
from neve.tasks import benchmarks


class RecipeTable(BaseModel):
    """A table of the recipe: frozen, and strict about keys that it does not know.

    A field of type `Execution[...]` changes the result by rounding at most: nothing is built again for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _benchmark(name: str) -> str:
    """A benchmark that is known; one's own, by its path, is looked at when it is read."""
    try:
        return name if name.endswith(benchmarks.OWN) else benchmarks.find(name).name
    except Fault as fault:
        raise ValueError(str(fault)) from None


BenchmarkName = Annotated[str, AfterValidator(_benchmark)]
"""A published benchmark, or the path of a description of one's own (docs/extend-benchmark.md)."""
