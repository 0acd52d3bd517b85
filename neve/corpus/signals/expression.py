"""A rule of one's own, written in the recipe: an expression over signals that says which files stop.

    [corpus.filters]
    data_dump = "digit_share > 0.3 and string_share > 0.5"
    tiny_tests = "test_file and lines < 10 and language in ['Python', 'Go']"

Python's syntax, of which only what is listed here is admitted: signals by name, `language`, numbers and
texts, comparisons, and, or, not, + - * /. Nothing is called and nothing is looked up but columns, so a
recipe cannot run code. Whole columns are compared at once.

What is not measured for a file (its language has no such signal) is neither true nor false: a file stops
only where the expression is true whatever that would be (Kleene's logic). The trade-off: an expression has
no limit by language and gives no measured value; a rule that deserves those is a row of the table.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from neve.corpus.signals.table import NAMES
from neve.errors import Fault

CHARACTERS = 1000
"""Of an expression, at most."""
LANGUAGE = "language"
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
ORDER: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
SAYS = (
    "an expression has signals (docs/filters.md), language, numbers, texts in quotes, < <= > >= == != in, and, or, "
    "not, + - * /"
)


class Truth(NamedTuple):
    """What is true of each file, and for which files that is known."""

    value: np.ndarray
    known: np.ndarray


def parse(text: str) -> ast.expr:
    """An expression; Fault, its message without the rule's name, for one that is none.

    >>> type(parse("lines < 10 or not test_file")).__name__
    'BoolOp'
    """
    if len(text) > CHARACTERS:
        raise Fault(f"{len(text)} characters; {CHARACTERS} are admitted")
    try:
        found = ast.parse(text, mode="eval").body
        _check_truth(found)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Fault(f"{getattr(error, 'msg', None) or error}; {SAYS}") from None
    return found


def stops(text: str, signals: pa.Table, languages: np.ndarray) -> np.ndarray:
    """Which files an expression stops: bool [rows]. `languages`: Linguist names or None, object [rows]."""
    names = set(signals.column_names)
    columns = {
        name: signals[name].to_numpy().astype(float) for name in NAMES if name in names and name in text
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        truth = _truth(parse(text), columns, languages)
    return truth.value & truth.known


def _check_truth(node: ast.expr) -> None:
    """Raise ValueError for what may not stand where something is true or false."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check_truth(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check_truth(operand)
        case ast.Compare(
            left=ast.Name(id="language"),
            ops=[ast.Eq() | ast.NotEq()],
            comparators=[ast.Constant(value=str())],
        ):
            pass
        case ast.Compare(
            left=ast.Name(id="language"),
            ops=[ast.In() | ast.NotIn()],
            comparators=[ast.List(elts=some) | ast.Tuple(elts=some)],
        ):
            if not all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in some):
                raise ValueError("language is compared with names in quotes")
        case ast.Compare(left=left, ops=ops, comparators=right):
            if not all(type(op) in ORDER for op in ops):
                raise ValueError("only language stands before in")
            for value in (left, *right):
                _check_number(value)
        case _:
            _check_number(node)


def _check_number(node: ast.expr) -> None:
    """Raise ValueError for what is no number."""
    match node:
        case ast.Constant(value=bool() | str() | bytes() | None):
            raise ValueError(f"{ast.unparse(node)} is no number")
        case ast.Constant(value=int() | float()):
            pass
        case ast.Name(id=name):
            if name not in NAMES:
                near = difflib.get_close_matches(name, NAMES, 1)
                raise ValueError(f"no signal {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check_number(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            _check_number(left)
            _check_number(right)
        case _:
            raise ValueError(f"`{ast.unparse(node)[:60]}` is not admitted")


def _truth(node: ast.expr, columns: dict[str, np.ndarray], languages: np.ndarray) -> Truth:
    match node:
        case ast.BoolOp(op=op, values=values):
            parts = [_truth(value, columns, languages) for value in values]
            both = isinstance(op, ast.And)
            value = np.logical_and.reduce if both else np.logical_or.reduce
            settled = np.logical_or.reduce([part.known & (part.value != both) for part in parts])
            return Truth(
                value([part.value for part in parts]),
                settled | np.logical_and.reduce([p.known for p in parts]),
            )
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _truth(operand, columns, languages)
            return Truth(~inner.value, inner.known)
        case ast.Compare(left=ast.Name(id="language"), ops=[op], comparators=[right]):
            named = ast.literal_eval(right)
            among = np.isin(languages.astype(str), [named] if isinstance(named, str) else list(named))
            same = among if isinstance(op, ast.Eq | ast.In) else ~among
            return Truth(same, languages != None)  # noqa: E711  (elementwise)
        case ast.Compare(left=left, ops=ops, comparators=right):
            numbers = [_number(value, columns, len(languages)) for value in (left, *right)]
            pairs = zip(ops, numbers, numbers[1:], strict=False)
            value = np.logical_and.reduce([ORDER[type(op)](a, b) for op, a, b in pairs])
            return Truth(value, ~np.logical_or.reduce([np.isnan(one) for one in numbers]))
    number = _number(node, columns, len(languages))
    return Truth(number != 0, ~np.isnan(number))


def _number(node: ast.expr, columns: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """float64 [rows]; NaN where something in it is not measured, or divided by 0."""
    match node:
        case ast.Constant(value=value):
            return np.full(rows, float(value))  # type: ignore[arg-type]
        case ast.Name(id=name):
            return columns.get(name, np.full(rows, np.nan))
        case ast.UnaryOp(operand=operand):
            return -_number(operand, columns, rows)
        case ast.BinOp(left=left, op=op, right=right):
            return ARITHMETIC[type(op)](_number(left, columns, rows), _number(right, columns, rows))
    raise AssertionError("checked by parse")
