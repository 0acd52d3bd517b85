"""What tests of another module expect, as that module gives it: `assert double(2) == 5` becomes `== 4`.

A small model runs nothing, so most of the results that its tests expect are guesses, and one wrong guess
would lose the file. The module under test is not the model's but a document of the corpus, so what it gives
is what its tests ought to say: they hold on to what the code does, be that right or not. Read are
comparisons of a call with a literal (`==`, `is`, unittest's `assertEqual`). Written is what two runs agree
on, with hashes ordered differently, if it is short and a literal; the rest stays as it was, and fails if it
is wrong. The trade-off: what a test's name or message says of a value may be wrong beside it; and a test
that only says that something holds (`assert is_prime(4)`) is left to fail.

Source: characterization tests (Feathers, "Working effectively with legacy code", 2004).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from neve import sandbox
from neve.synthesis import stated, toolchains

TELL = "__neve_tell__"
_PROBE = """\
__name__ = "tests"
import sys, types
for name, text in {beside!r}.items():
    sys.modules[name] = module = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
def {tell}(number, value, *_, **__):
    print("\\n\\x01" + str(number), repr(value), flush=True)
{program}
def __neve_run__():
    import unittest
    for name, value in list(globals().items()):
        try:
            if isinstance(value, type) and issubclass(value, unittest.TestCase):
                unittest.defaultTestLoader.loadTestsFromTestCase(value).run(unittest.TestResult())
            elif isinstance(value, type) and name.startswith("Test"):
                for test in [each for each in vars(value) if each.startswith("test")]:
                    getattr(value(), test)()
            elif isinstance(value, types.FunctionType) and name.startswith("test"):
                value()
        except Exception:
            pass
__neve_run__()
"""
_TOLD = re.compile(r"^\x01(\d+) (.*)$", re.M)


class Expectation(NamedTuple):
    """A comparison of a call with a literal."""

    node: ast.Assert | ast.Call
    value: ast.expr
    literal: ast.expr


def settled(
    program: str, beside: Mapping[str, str], seconds: float, place: sandbox.Sandbox
) -> tuple[str, int]:
    """(the tests `program` of the modules `beside` with the results that these give, how many were put
    in)."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return program, 0
    if not (found := expectations(tree)) or any(map(stated.unsteady, (program, *beside.values()))):
        return program, 0
    literals = [(each.literal, _literal(each.literal)) for each in found]
    spans = [(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) for node, _ in literals]
    for number, each in enumerate(found):
        _tell(each, number)
    text = _PROBE.format(beside=dict(beside), tell=TELL, program=ast.unparse(ast.fix_missing_locations(tree)))
    run = partial(toolchains.printed, "Python", text, seconds, place)
    first, second = (_told(run(turn=turn)) for turn in (0, 1))
    lines, put = [line.encode() for line in program.split("\n")], 0
    for number, (line, start, end_line, end) in sorted(enumerate(spans), key=lambda each: -each[1][1]):
        got = first.get(number)
        if (
            got is None
            or got != second.get(number)
            or line != end_line
            or not _differs(got, literals[number])
        ):
            continue
        lines[line - 1] = lines[line - 1][:start] + got.encode() + lines[line - 1][end:]
        put += 1
    return b"\n".join(lines).decode(), put


def expectations(tree: ast.Module) -> list[Expectation]:
    """In no order that matters."""
    found = []
    for node in ast.walk(tree):
        pair: tuple[ast.expr, ast.expr] | None = None
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            compared = node.test
            if len(compared.ops) == 1 and isinstance(compared.ops[0], (ast.Eq, ast.Is)):
                pair = compared.left, compared.comparators[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("assertEqual", "assertEquals"):
            pair = (node.args[0], node.args[1]) if len(node.args) > 1 else None
        if pair is not None and isinstance(node, (ast.Assert, ast.Call)):
            for value, literal in (pair, pair[::-1]):
                if _calls(value) and _literal(literal) is not None:
                    found.append(Expectation(node, value, literal))
                    break
    return found


def _calls(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Call) for each in ast.walk(node))


def _literal(node: ast.expr) -> tuple[object] | None:
    """A literal's value, in a tuple of its own."""
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _tell(found: Expectation, number: int) -> None:
    """Have the comparison tell its value, and fail never."""
    told = ast.Call(ast.Name(TELL, ast.Load()), [ast.Constant(number), found.value], [])
    if isinstance(found.node, ast.Call):
        found.node.func, found.node.args, found.node.keywords = told.func, told.args, []
    else:
        always = ast.BoolOp(ast.Or(), [told, ast.Constant(True)])
        found.node.test, found.node.msg = always, None


def _told(output: str | None) -> dict[int, str]:
    """The value of each comparison that had one value."""
    times: dict[int, set[str]] = {}
    for found in _TOLD.finditer(output or ""):
        times.setdefault(int(found[1]), set()).add(found[2])
    return {number: next(iter(values)) for number, values in times.items() if len(values) == 1}


def _differs(got: str, literal: tuple[ast.expr, tuple[object] | None]) -> bool:
    """Whether a value is a literal that can be written, and another than was expected."""
    node, said = literal
    try:
        value = ast.literal_eval(got)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    same = said is not None and (value == said[0] and type(value) is type(said[0]))
    plain = not _one_of_its_kind(getattr(node, "value", value)) or _one_of_its_kind(value)
    return plain and not same and stated.writable(got)


def _one_of_its_kind(value: object) -> bool:
    """Whether a value is what `is` compares with; 1 and 0 are not."""
    return value is None or isinstance(value, bool)
