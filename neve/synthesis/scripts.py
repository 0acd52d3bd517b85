"""What of a JavaScript program only looks right: tests that assert nothing, and what stands after its exit.

Node says that both are well. A test is a call of `test` or `it` with a name and a function; it asserts where
its text, or that of a function of the file that it calls, has a word of an assertion beside what is always
true, or where it calls anything that is imported. The trade-off: which values an assertion compares is not
looked at, and a test that passes whatever the code does is not found, as it is in Python.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from neve.corpus.syntax.parsing import GRAMMARS
from neve.synthesis import names

_ALWAYS = re.compile(
    r"\b(?:assert(?:\.(?:ok|equal|strictEqual|deepEqual|deepStrictEqual))?|expect)\s*\(\s*(true|1|'\w*'|\"\w*\")\s*(?:,\s*\1\s*)?\)"
    r"(?:\.to\w+\(\s*(?:true|1)?\s*\))?"
)
_SAYS = re.compile(
    r"(?i)assert|expect|should|throw|reject|\bfail|\b(?:t|test|ctx|context)\.\w|\bequals?\b|deepEqual|\bok\("
)
_IMPORTED = (
    re.compile(r"\bimport\s(?:([^'\";]+?)\sfrom\b|[^'\";]*)"),
    re.compile(r"\b(?:const|let|var)\s+(\{[^{}]*\}|\w+)\s*=\s*require\("),
)
"""Names of others, who may assert something. Where an import goes on to a quote without `from`, so does each
that begins before that."""
_FUNCTIONS = ("arrow_function", "function_expression", "function")
_DECLARED = ("function_declaration", "generator_function_declaration", "class_declaration", "comment")


def tests(program: str) -> tuple[int, int]:
    """(tests, tests that assert something) of a program that parses."""
    if not re.search(r"\b(?:test|it)\s*\(", program):
        return 0, 0
    root = _root(program)
    text = program.encode("utf-8", "replace").decode()
    blank = _ALWAYS.sub(lambda always: " " * len(always[0]), text)
    says = _Places(text, (found.span() for found in _SAYS.finditer(blank)))
    nodes = list(_nodes(root))
    named = [
        node.child_by_field_name("name")
        for node in nodes
        if node.type in ("function_declaration", "variable_declarator") and says.any_in(node)
    ]
    ours = {_text(name) for name in named if name.type == "identifier"}
    given = [words for each in _IMPORTED for words in each.findall(program)]
    ours |= {name for words in given for name in re.findall(r"\w+", words)}
    ours -= {"test", "it", "describe"}
    used = _Places(text, (found.span() for found in re.finditer(r"\w+", text) if found[0] in ours))
    found = [body for node in nodes if (body := _body(node)) is not None]
    return len(found), sum(says.any_in(body) or used.any_in(body) for body in found)


class _Places:
    """Stretches of a text, in their order; nodes that nest would be read once for each that holds them."""

    def __init__(self, text: str, spans: Iterable[tuple[int, int]]) -> None:
        """`spans` count characters; nodes count bytes."""
        sizes = (
            [0, *accumulate(len(character.encode()) for character in text)] if not text.isascii() else None
        )
        self._spans = [(sizes[a], sizes[b]) if sizes else (a, b) for a, b in spans]

    def any_in(self, node: Any) -> bool:
        """Whether one lies within a node."""
        at = bisect_left(self._spans, (node.start_byte, 0))
        return at < len(self._spans) and self._spans[at][1] <= node.end_byte


def unreached(program: str) -> str:
    """Where a program leaves though statements stand below, and "" where it does not."""
    if "process.exit(" not in program:
        return ""
    left = 0
    for node in _root(program).children:
        if left and node.type not in _DECLARED:
            return f"what stands below process.exit is never reached (line {left})"
        if node.type == "expression_statement" and _text(node).startswith("process.exit("):
            left = node.start_point[0] + 1
    return ""


def called(program: str) -> bool:
    """Whether a program that parses uses any of its functions where it runs, and not only within them."""
    named: set[str] = set()
    used: set[str] = set()
    for node in _root(program).children:
        inner = node.children[-1] if node.type == "export_statement" and node.children else node
        parts = [each for each in inner.children if each.type == "variable_declarator"] or [inner]
        for part in parts:
            value = part.child_by_field_name("value") if part.type == "variable_declarator" else part
            if value is not None and value.type in (*_FUNCTIONS, *_DECLARED):
                name = part.child_by_field_name("name")
                named |= {_text(name)} if name is not None else set()
            elif node.type != "export_statement":
                used |= {_text(each) for each in _nodes(part) if each.type == "identifier"}
    return bool(named & used)


def _body(node: Any) -> Any | None:
    """The function of a test."""
    if node.type != "call_expression":
        return None
    given = [each for each in node.child_by_field_name("arguments").children if each.is_named]
    caller = node.child_by_field_name("function")
    named = caller.type == "identifier" and _text(caller) in ("test", "it") and len(given) > 1
    return given[-1] if named and "string" in given[0].type and given[-1].type in _FUNCTIONS else None


def _root(program: str) -> Any:
    return names.parser(GRAMMARS["JavaScript"][0]).parse(program.encode("utf-8", "replace")).root_node


def _nodes(root: Any) -> Iterator[Any]:
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo += node.children


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))
