"""A file of tests as it has to be: with the names of what it tests imported from there.

A small model that writes tests for a module often writes the module down once more above them, imports it
under a name of its own, or forgets to import anything. What it means is plain, so it is mended: a definition
that is the module's own, docstrings and types aside, makes way for an import of it, as do names that the
module has and the file neither defines nor imports, and an import of such names from nowhere. The trade-off:
a copy that differs by one word is left, since the tests then test something else.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from itertools import takewhile

from neve.synthesis.changes import bare

_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def importing(code: str, module: str, text: str) -> str:
    """The tests `code` of the module called `module`, whose text is `text`, with imports of what they use;
    what cannot be read, or needs nothing, as it is."""
    try:
        tree, own = ast.parse(code), ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    there = _offered(own)
    own_text = cache(lambda name: bare(ast.unparse(there[name])))
    copies = [node for node in tree.body if _copied(node, own_text, there)]
    if _rest_defines(tree, copies, there):
        return code
    strange = [node for node in tree.body if _from_nowhere(node, module, there)]
    gone = [*copies, *strange]
    left_out = set(map(id, gone))
    rest = [node for node in tree.body if id(node) not in left_out]
    left = ast.Module(rest, [])
    used = {node.id for node in ast.walk(left) if isinstance(node, ast.Name)}
    needed = sorted((used & set(there)) - bound(ast.walk(left)))
    if not needed:
        return code
    lines = code.splitlines()
    for node in gone:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        for number in range(first - 1, node.end_lineno or first):
            lines[number] = ""
    first = tree.body[0]
    told = first is rest[0] and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    before = [*rest[:told], *takewhile(lambda node: isinstance(node, _IMPORTS), rest[told:])]
    place = max((node.end_lineno or 0 for node in before), default=0)
    named = f"from {module} import {', '.join(needed)}"
    top = [line for line in lines[:place] if line.strip()]
    below = "\n".join(lines[place:]).strip("\n")
    below = re.sub(r"\n{4,}", "\n\n\n", below) if copies else below
    return "\n".join([*top, named, "", "", below]) + "\n"


def _offered(tree: ast.Module) -> dict[str, ast.stmt]:
    """Names that a module gives to others, with the statements that define them."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, _DEFINITIONS):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {each.id: node for each in node.targets if isinstance(each, ast.Name)}
    return found


def _copied(node: ast.stmt, own_text: Callable[[str], str | None], there: dict[str, ast.stmt]) -> bool:
    """Whether a statement is the module's own."""
    names = [name for name in _offered(ast.Module([node], [])) if name in there]
    text = bare(ast.unparse(node)) if names else None
    return bool(names) and all(text == own_text(name) for name in names)


def _rest_defines(tree: ast.Module, copies: list[ast.stmt], there: dict[str, ast.stmt]) -> bool:
    """Whether a definition has the name of one of the module's and is another."""
    same = set(map(id, copies))
    return any(
        isinstance(node, _DEFINITIONS) and node.name in there and id(node) not in same for node in tree.body
    )


def _from_nowhere(node: ast.stmt, module: str, there: dict[str, ast.stmt]) -> bool:
    """Whether an import takes the module's names from where they are not."""
    if not isinstance(node, ast.ImportFrom) or (node.module == module and not node.level):
        return False
    known = not node.level and (node.module or "").partition(".")[0] in sys.stdlib_module_names
    return not known and all(each.name in there and each.asname is None for each in node.names)


def bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are given something, wherever they are."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, _IMPORTS):
            found |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        elif isinstance(node, _DEFINITIONS):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return found
