"""Rows of published benchmark files, each in the shape that its authors chose, as `Task`s.

Types that JSON lacks (tuples, sets, complex numbers) are restored from a table of MBPP+'s tasks. The
trade-off: a new release of MBPP+ needs a look at the table, and in return nothing that a file holds is ever
executed.

Sources: HumanEval (arXiv 2107.03374), MBPP (arXiv 2108.07732; its splits are given by task id), EvalPlus
(arXiv 2305.01210), BigCodeBench (arXiv 2406.15877), EvoEval (arXiv 2403.19114).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from neve.tasks.task import Task, called, text

MBPP_SPLITS = {"few-shot": (1, 10), "test": (11, 510), "validation": (511, 600), "train": (601, 974)}
"""First and last task id of each split, as the paper gives them."""


def humaneval(row: dict[str, Any]) -> Task:
    """A row of HumanEval or, with more fields, of EvalPlus."""
    return Task(
        task_id=text(row["task_id"]),
        prompt=text(row["prompt"]),
        solution=text(row["canonical_solution"]),
        entry_point=text(row["entry_point"]),
        test=text(row.get("test", row.get("assertion"))),
        inputs=_inputs(row.get("base_input")),
        plus_inputs=_inputs(row.get("plus_input")),
        atol=float(row.get("atol", 0)),
    )


def _inputs(value: Any) -> tuple[Any, ...]:
    """Argument lists, published as JSON values or as the text of a Python literal."""
    return tuple(ast.literal_eval(value) if isinstance(value, str) else value or ())


def evoeval(row: dict[str, Any]) -> Task:
    """A row of EvoEval: EvalPlus's shape, or in the altered sets `inputs`, each the text of one argument
    list.

    Such a text may be any expression ("[1] * 10**6, 2"), so it stays text here.
    """
    task = humaneval({"test": "", **row})
    return replace(task, inputs=tuple(map(text, row["inputs"]))) if "base_input" not in row else task


def mbpp_plus(row: dict[str, Any]) -> Task:
    """MBPP's prompt and, taken from it, its text: all before the first test. Arguments get their
    types back."""
    task = humaneval(row)
    words = task.prompt.strip().strip('"').strip()
    restore = _RESTORED.get(int(task.task_id.partition("/")[2]), list)
    return replace(
        task,
        instruction=words.partition("\nassert")[0],
        inputs=tuple(restore(args) for args in task.inputs),
        plus_inputs=tuple(restore(args) for args in task.plus_inputs),
    )


def _tuples(values: Iterable[Any]) -> list[tuple[Any, ...]]:
    return [tuple(value) for value in values]


def _deep(value: Any) -> Any:
    return tuple(_deep(item) for item in value) if isinstance(value, list) else value


_RESTORED: dict[int, Callable[[list[Any]], list[Any]]] = {
    number: restore
    for numbers, restore in (
        ((2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809),
         _tuples),
        ((63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
         lambda args: [_tuples(arg) for arg in args]),
        ((75, 413, 444, 753), lambda args: [_tuples(args[0]), *args[1:]]),
        ((106, 750), lambda args: [args[0], tuple(args[1])]),
        ((115,), lambda args: [[set(item) if isinstance(item, list) and item else {} for item in args[0]]]),
        ((124,), lambda args: [float(args[0]), complex(args[1])]),
        ((250, 307, 405, 446, 617, 720, 763, 808), lambda args: [tuple(args[0]), *args[1:]]),
        ((252,), lambda args: [complex(args[0])]),
        ((259, 278, 401, 445), lambda args: [tuple(tuple(i) if isinstance(i, list) else i for i in arg) for arg in args]),
        ((722,), lambda args: [{key: tuple(value) for key, value in args[0].items()}, *args[1:]]),
        ((580, 615, 791), lambda args: [_deep(arg) for arg in args]),
    )
    for number in numbers
}  # fmt: skip
"""MBPP+ by task number: turns an argument list as JSON has it into one of the types that the task is about.
"""


def bigcodebench(row: dict[str, Any]) -> Task:
    return Task(
        task_id=text(row["task_id"]),
        prompt=text(row["complete_prompt"]),
        solution=text(row["canonical_solution"]),
        entry_point=text(row["entry_point"]),
        test=text(row["test"]),
        instruction=text(row["instruct_prompt"]),
    )


def mbpp(row: dict[str, Any]) -> Task:
    number = row["task_id"]
    split = next(name for name, (first, last) in MBPP_SPLITS.items() if first <= number <= last)
    code, tests = text(row["code"]), [text(test) for test in row["test_list"]]
    return Task(
        task_id=f"Mbpp/{number}",
        prompt=f'"""\n{text(row["text"])}\n{tests[0]}\n"""\n',
        solution=code if code.endswith("\n") else code + "\n",
        entry_point=called(code, tests),
        test="\n".join([*filter(None, [text(row["test_setup_code"])]), *tests]) + "\n",
        instruction=text(row["text"]),
        split=split,
        self_contained=True,
    )
