"""When an answer is right: the comparisons that benchmarks ask for, on plain data.

Most tasks want what the canonical solution gives, numbers within a tolerance; some have more than one right
answer, and their own rule; `neve.tasks.traits` names them by benchmark and task. Rules see the arguments as
the test has them, whatever the candidate did to its copy, and plain data only.

Where a published rule accepts what no test would (EvalPlus takes any answer at all to "are these
equivalent?"), the rule here asks for an answer of the right kind. Tolerance, as EvalPlus has it: where a
task gives none, from the first expected float on 1e-6; types must agree unless values are equal.

This file also runs inside the sandbox, as text: standard library only. Sources: EvalPlus (arXiv 2305.01210)
and EvoEval (arXiv 2403.19114) for which tasks need what.
"""

from __future__ import annotations

import cmath
import math
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Rule = Callable[[list[Any], Any, Any, float], bool]  # (arguments, answer, expected, absolute tolerance)

RTOL = 1e-7
FLOAT_ATOL = 1e-6
DIFFICULT_ROOT_ATOL = 2e-2


def floats(value: Any) -> bool:
    """Whether a value is a float, or a list or tuple of floats."""
    if isinstance(value, list | tuple) and value:
        return all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def close(a: Any, b: Any, atol: float) -> bool:
    """Numbers within atol + RTOL·|b|, sequences of one length item by item; raises TypeError for anything
    else."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(close(x, y, atol) for x, y in zip(a, b, strict=True))
    if a == b:
        return True
    return cmath.isfinite(a) and cmath.isfinite(b) and abs(a - b) <= atol + RTOL * abs(b)


def equal(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """EvalPlus: equal, or with a tolerance of one type and close."""
    return bool(answer == expected) or (
        atol > 0 and type(answer) is type(expected) and close(answer, expected, atol)
    )


def same_set(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    return set(answer) == set(expected)


def matched(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """Whether something was found is what counts: a bool says so itself, else anything but None does."""
    found = answer if isinstance(answer, bool) else answer is not None
    wanted = expected if isinstance(expected, bool) else expected is not None
    return found == wanted


def yes_or_no(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """The task's text leaves open which, so either will do."""
    return isinstance(answer, bool)


def polynomial(coefficients: list[Any], x: float) -> float:
    return sum(c * math.pow(x, power) for power, c in enumerate(coefficients))


def root(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """A zero of the polynomial; there are several."""
    return abs(polynomial(args[0], answer)) <= (atol or FLOAT_ATOL)


def root_in_interval(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    if expected is None:
        return answer is None
    start, end = args[1]
    return start <= answer <= end and abs(polynomial(args[0], answer)) <= DIFFICULT_ROOT_ATOL


def sparse_root(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """A zero where the coefficients from the second on stand for every other power."""
    first, second, *rest = args[0]
    spread = [first, second, *(c for r in rest for c in (0, r))]
    return abs(polynomial(spread, answer)) <= FLOAT_ATOL


def pyramid(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """The text's "height" is the slant's or the apex's: the second is rounded."""
    base, height = args
    upright = round(base**2 + 2 * base * math.sqrt((base / 2) ** 2 + height**2))
    return equal(args, answer, expected, atol) or abs(answer - upright) <= atol


def digit_distance(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """Numbers of unequal length are cut, as the canonical solution does, or filled with zeros."""
    a, b = map(str, args)
    width = max(len(a), len(b))
    filled = sum(abs(int(x) - int(y)) for x, y in zip(a.zfill(width), b.zfill(width), strict=True))
    return equal(args, answer, expected, atol) or answer == filled


def divisors(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """Whether 1 has a divisor sum of 1 or, having no proper divisor, of 0 is open."""
    return equal(args, answer, expected, atol) or (args[0] <= 1 and answer == 0)


def kind(value: Any) -> str:
    """EvoEval's types: sequences of floats count as floats, an empty one too."""
    if isinstance(value, list | tuple) and all(isinstance(item, float) for item in value):
        return "float"
    return type(value).__name__


def typed(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """EvoEval: types agree all the way down, floats are close and NaN is NaN."""
    if kind(answer) != kind(expected):
        return False
    if isinstance(expected, float) and isinstance(answer, float):
        return (answer != answer and expected != expected) or close(answer, expected, FLOAT_ATOL)
    if isinstance(expected, list | tuple):
        return len(answer) == len(expected) and all(
            typed(args, x, y, atol) for x, y in zip(answer, expected, strict=True)
        )
    if isinstance(expected, dict):
        return answer.keys() == expected.keys() and all(
            typed(args, answer[key], value, atol) for key, value in expected.items()
        )
    return bool(answer == expected)


def palindrome(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """A shortest palindrome, upper and lower case alike, that begins with the text."""
    folded = answer.lower()
    return len(answer) == len(expected) and answer.startswith(args[0]) and folded == folded[::-1]


MOVES = {"right": (0, 1), "left": (0, -1), "up": (-1, 0), "down": (1, 0)}


def moves(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """Moves that lead through a maze (1 is a wall) without leaving it."""
    maze, start, end = args
    if not expected:
        return answer == []
    row, column = start
    for move in answer:
        row, column = row + MOVES[move][0], column + MOVES[move][1]
        if not (0 <= row < len(maze) and 0 <= column < len(maze[row])) or maze[row][column] == 1:
            return False
    return (row, column) == tuple(end)


def steps(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """Places of a path through a maze (0 is a wall), each beside the last."""
    maze, start, end = args
    if not expected:
        return answer == []
    places = [tuple(place) for place in answer]
    inside = all(0 <= r < len(maze) and 0 <= c < len(maze[r]) and maze[r][c] != 0 for r, c in places)
    beside = all(abs(r - s) + abs(c - d) == 1 for (r, c), (s, d) in pairwise(places))
    return places[0] == tuple(start) and places[-1] == tuple(end) and inside and beside


def product_pair(args: list[Any], answer: Any, expected: Any, atol: float) -> bool:
    """Two places whose numbers multiply to the target."""
    if isinstance(expected, str):
        return bool(answer == expected)
    i, j = answer
    return isinstance(answer, tuple) and 0 <= i < j < len(args[0]) and args[0][i] * args[0][j] == args[1]


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        equal, same_set, matched, yes_or_no, root, root_in_interval, sparse_root, pyramid, digit_distance, divisors,
        typed, palindrome, moves, steps, product_pair,
    )
}  # fmt: skip

BY_ARGUMENTS = {
    "root", "root_in_interval", "sparse_root", "pyramid", "digit_distance", "divisors", "palindrome", "moves", "steps",
    "product_pair",
}  # fmt: skip
"""Rules that look at the arguments of the call."""


def right(rule: str, args: Any, answer: Any, expected: Any, atol: float) -> bool:
    """Whether an answer is right by the rule of that name; what cannot be compared is not."""
    try:
        return bool(RULES[rule](args, answer, expected, atol))
    except Exception:
        return False
