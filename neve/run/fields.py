"""Which stages a field of the recipe decides, found out by changing it.

The field is set to something else in a recipe that has everything, and the settings of its stages are
compared. So nothing has to be kept up by hand, and the answer is that of the code. The trade-off: values are
changed without asking whether they make sense together, so a change that making the list of stages cannot
stand says nothing.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from neve.recipe.explain import Row
from neve.recipe.file import parse
from neve.recipe.recipe import Recipe
from neve.run import start
from neve.run.machine import Machine
from neve.run.stages import stages
from neve.settings import deciding

HERE = Machine("fp32", "bubblewrap")
MEMBERS = {
    "ngrams": {"kind": "ngrams", "labels": ["exemplars"]},
    "forest": {"kind": "forest", "labels": ["exemplars", "rated"], "encoder": "minilm"},
    "column": {"kind": "column", "labels": ["exemplars"], "path": "e.parquet"},
    "difference": {"kind": "loss-difference", "labels": ["exemplars"], "better": "f/x", "base": "g/x"},
    "student": {"kind": "student", "teacher": "encoder"},
    "cascade": {"kind": "cascade", "first": "student", "then": "encoder"},
}
"""Annotators of the other kinds; a blend of all is what phases select by."""

RESOLVED = {
    "training.precision": ["train-PHASE", "train-CONTROL"],
    "annotators.NAME.options": ["annotator-ANNOTATOR"],
}
"""Fields that are read before the stages are listed, or that only an annotator of one's own has."""


@cache
def _everything() -> Recipe:
    """The quickstart with annotators of all kinds, sources of all kinds, and each optional table."""
    data: dict[str, Any] = tomllib.loads(start.packaged("quickstart"))
    others = [
        {"kind": "directory", "path": "a", "repo": "a"},
        {"kind": "git", "path": "b", "commit": "0" * 40},
        {"kind": "table", "path": "c/*.parquet"},
    ]
    data["corpus"]["sources"] = [*data["corpus"]["sources"][:1], *others]
    labels = data["labels"]["exemplars"]
    labels["positives"] = [*labels["positives"][:1], *others]
    judge = {"documents": 100, "endpoint": "http://localhost/v1", "model": "judge"}
    best = {"annotator": "ngrams", "documents": 10}
    data["labels"]["rated"] = {"best": best, "judge": judge, "hard": {}}
    data["corpus"]["decontaminate"] = {"files": [{"name": "own", "path": "d.jsonl", "prompt": "prompt"}]}
    data["annotators"] |= MEMBERS | {"all": {"kind": "blend", "of": [*MEMBERS]}}
    data["phase"][1]["annotator"] = "all"
    mixed = data["phase"][2] | {"name": "mixed", "controls": {}}
    mixed.pop("data")
    mixed["mix"] = [{"data": "corpus", "weight": 1.0}, {"data": "synthetic", "weight": 1.0}]
    curved = data["phase"][1] | {
        "name": "curved",
        "curve": {},
        "temperature": 0.5,
        "languages": {"Python": 1.0},
    }
    data["phase"] += [mixed, curved]
    data["training"]["validate_steps"] = 10
    return parse(data)


def decides(row: Row) -> list[str]:
    """Stages whose settings a field changes, names of tables left open (`train-PHASE`); what reads them
    follows. Empty: none."""
    if row.execution or row.key in RESOLVED:
        return RESOLVED.get(row.key, [])
    recipe, before = _everything(), _before()
    found: dict[str, None] = {}
    words = (*re.findall(r'"([^"]+)"', row.takes), "encoder", "ngrams", "scratch")
    for other in _changed(recipe, row.key.split("."), words):
        try:
            after = _settings(other)
        except Exception:  # a value that no recipe could have
            continue
        found |= dict.fromkeys(name for name in before if after.get(name) != before[name])
    found.pop("report", None)
    return list(dict.fromkeys(_open(name, recipe) for name in found))


@cache
def _before() -> dict[str, Any]:
    return _settings(_everything())


def _settings(recipe: Recipe) -> dict[str, Any]:
    return {
        stage.name: (stage.kind, deciding(stage.settings), stage.inputs, stage.outside)
        for stage in stages(recipe, Path("run"), HERE, {})
    }


def _changed(node: Any, parts: list[str], words: tuple[str, ...]) -> list[Any]:
    """Copies of a table with the field at `parts` changed, one for each place and value that it may have."""
    if not parts:
        return _others(node, words)
    if isinstance(node, list | tuple):
        return [
            [*node[:i], one, *node[i + 1 :]]
            for i, item in enumerate(node)
            for one in _changed(item, parts, words)
        ]
    if isinstance(node, dict):
        below = parts[1:] if parts[0] == "NAME" else parts
        return [{**node, key: one} for key, item in node.items() for one in _changed(item, below, words)]
    if not isinstance(node, BaseModel) or parts[0] not in type(node).model_fields:
        return []
    name, *below = parts
    return [node.model_copy(update={name: one}) for one in _changed(getattr(node, name), below, words)]


def _others(value: Any, words: tuple[str, ...]) -> list[Any]:
    """Values that a field does not have now; `words` are what a text may be."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * 2]
    if isinstance(value, str):
        return [f"{value}x", *(word for word in words if word != value)]
    if isinstance(value, list | tuple):
        return [value[:-1], [*value, "x"], []]
    if isinstance(value, dict):
        return [{}, {**value, "x": 1}]
    return [1, 1000, *words] if value is None else []


def _open(stage: str, recipe: Recipe) -> str:
    """A stage's name with that of its phase, labels or annotator left open.

    >>> _open("train-quality-random", _everything()), _open("curate", _everything())
    ('train-CONTROL', 'curate')
    """
    if stage.startswith("mix-"):
        return "mix-PHASE"
    if draw := re.fullmatch(r"(synthesis|synthetic-tokens)-\d+", stage):
        return draw[1]
    twins = [twin for phase in recipe.phase for twin in phase.twins]
    for names, word in (
        (twins, "CONTROL"), ([phase.name for phase in recipe.phase], "PHASE"), (list(recipe.annotators), "ANNOTATOR"),
        (list(recipe.labels), "LABELS"),
    ):  # fmt: skip
        for name in sorted(names, key=len, reverse=True):
            if stage.endswith(f"-{name}"):
                return f"{stage.removesuffix(name)}{word}"
    return stage
