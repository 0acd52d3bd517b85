"""A small recipe, and what is said of it once something in it is wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from neve.recipe.file import parse
from neve.recipe.recipe import RecipeError

SMALL = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": "."}]},
    "labels": {"good": {"positives": [{"kind": "directory", "path": "."}]}},
    "annotators": {"encoder": {"kind": "encoder", "labels": ["good"]}},
    "phase": [
        {"name": "general", "data": "corpus", "tokens": 1000, "lr": {"peak": 1e-3}},
        {"name": "quality", "data": "selection", "tokens": 400, "start": "general", "lr": {"peak": 1e-3}},
    ],
}


@pytest.fixture
def small() -> dict[str, Any]:
    """A recipe of two phases, as TOML gives it."""
    return copy.deepcopy(SMALL)


@pytest.fixture
def mistake(small: dict[str, Any]) -> Callable[[Callable[[dict[str, Any]], object]], str]:
    """What is said of the small recipe after a change that makes it wrong: always one line."""

    def said(change: Callable[[dict[str, Any]], object]) -> str:
        change(small)
        with pytest.raises(RecipeError) as caught:
            parse(small)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return said
