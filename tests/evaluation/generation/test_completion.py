"""What a model is asked with. Oracle: the command line's own parameters, and what the two kinds of model declare."""

from __future__ import annotations

import inspect
from dataclasses import fields

from neve.cli.evaluation import evaluate
from neve.evaluation.generation.completion import Completion, Model, Options, label
from neve.evaluation.generation.endpoint import Endpoint
from neve.evaluation.generation.local_model import LocalModel
from neve.evaluation.generation.sampling import Sampling
from neve.tasks.task import Task


def test_options_are_those_of_the_command_line() -> None:
    """By name and by default; `ks` is its --k, the three of sampling are its own, resamples is the recipe's alone."""
    given = {name: parameter.default for name, parameter in inspect.signature(evaluate).parameters.items()}
    mine = {field.name: getattr(Options(), field.name) for field in fields(Options)}
    assert mine.pop("ks") == (int(given["k"]),) and mine.pop("resamples") == 2000
    assert mine.pop("sampling") == Sampling(given["temperature"], given["top_p"], given["seed"])
    assert mine == {name: given[name] for name in mine}


def test_both_kinds_of_model_can_do_what_the_evaluator_asks() -> None:
    """What writes, with the same parameters; `loaded` of a local model is bound when it is made."""
    for kind in (Endpoint, LocalModel):
        for name in ("prompt", "write"):
            asked = list(inspect.signature(getattr(Model, name)).parameters)
            assert list(inspect.signature(getattr(kind, name)).parameters) == asked, (kind, name)


def test_samples_have_a_label_each() -> None:
    tasks = [Task(task_id, "", "", "f", "") for task_id in ("T/1", "T/11")]
    assert len({label(task, number) for task in tasks for number in range(20)}) == 40
    assert label(tasks[0], 3) == "T/1#3"
    assert Completion("x") == ("x", "ended", "")
