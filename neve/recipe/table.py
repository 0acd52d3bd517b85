"""What the recipe's tables have in common: how strict they are, and the names of benchmarks.

A key that a table does not know is an error, so that a misspelt field never leaves its default standing
without a word.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from neve.errors import Fault
from neve.tasks import benchmarks

LABEL = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
NAME = r"^[a-z0-9][a-z0-9_-]*$"
DIGEST = r"^[0-9a-f]{64}$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
ENDPOINT = r"^(local$|https?://)"
URL = r"^https?://"
PATTERNS = {
    LABEL: "letters, digits, `.`, `_` and `-`, without a space",
    NAME: "small letters, digits, `_` and `-`, without a space",
    DIGEST: "64 hexadecimal digits, as sha256sum prints them",
    VARIABLE: "the name of an environment variable that holds the key, such as NEVE_API_KEY; never the key itself",
    ENDPOINT: '"local", or an address such as http://localhost:8000/v1',
    URL: "an address such as http://localhost:8000/v1",
}
"""What a text of a certain form must be, in words."""


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
