"""Which statements of a program the function under test may need, and which are surely tests or output.

A model's program often ends in examples, prints, assertions or a loop that reads input. Run beside the
function they cost time, fail, or wait for input that never comes. What is dropped is only what surely is one
of these: a statement that prints, asserts, reads input, exits, or calls the function under test, and that
neither binds nor changes anything the function reaches. All else stays: loops that fill tables, registries,
subscript assignments, `try` around imports, definitions that depend on the version. So which names a
statement binds, changes and uses is worked out, through the functions that it calls; where that is not clear
(`exec`, `globals`), the statement stays.

The trade-off: names are followed, values are not. An example that changes a table which the function reads
stays.

Source: Python's reference, "Naming and binding"; `symtable` says which names of a function are global.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

OUTPUT = {"print", "pprint", "display", "input", "exit", "quit", "breakpoint", "help"}
"""Functions that talk to a person, or end the program."""
OUTPUT_PATHS = ("sys.exit", "os._exit", "sys.stdin", "sys.stdout", "sys.stderr", "sys.argv", "pprint.pprint")
TESTING = {
    "unittest", "doctest", "pytest", "hypothesis", "timeit", "nose", "cProfile", "matplotlib", "pylab", "seaborn", "plotly",
    "tkinter", "turtle", "IPython", "tqdm", "rich", "tabulate", "colorama",
}  # fmt: skip
"""Modules that only tests, measurements and output use."""
OPAQUE = {"exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "__import__"}
"""Builtins through which anything can be changed."""
QUERIES = set(dir(str)) | {"copy", "count", "index", "get", "items", "keys", "values", "union", "intersection", "difference"}  # fmt: skip
"""Methods that leave their object as it is."""
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
IMPORTS = ast.Import | ast.ImportFrom
MOST = 1_000
"""Statements at the top level; a program of more is handed on as it is: each may lead to all others."""
STRAY = ast.Return | ast.Yield | ast.YieldFrom | ast.Await | ast.Break | ast.Continue
"""What no module may have outside of its functions and loops."""


@dataclass
class Statement:
    """A statement at the top level, and what it does when it is executed."""

    node: ast.stmt
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    """Names whose objects it changes: their items or attributes are assigned."""
    touches: set[str] = field(default_factory=set)
    """Names whose objects it may change: their methods are called, or they are given to a function."""
    uses: set[str] = field(default_factory=set)
    """Global names that it reads, those of the functions that it defines included."""
    calls: set[str] = field(default_factory=set)
    """Global names that it reads as it is executed, so what they are may run."""
    tests: bool = False
    """Whether it prints, asserts, reads input or ends the program."""
    opaque: bool = False

    @property
    def affects(self) -> set[str]:
        return self.binds | self.changes | self.touches

    @property
    def first_line(self) -> int:
        decorators = getattr(self.node, "decorator_list", [])
        return min([self.node.lineno, *(decorator.lineno for decorator in decorators)])


def parse(text: str) -> ast.Module | None:
    """The syntax tree of a program, or None if it is none or is nested deeper than Python itself
    can follow."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defines(tree: ast.Module, name: str) -> bool:
    """Whether a program binds a name at its top level, other than by importing it."""
    return any(name in _read(node).binds for node in tree.body if not isinstance(node, IMPORTS))


def needed(text: str, name: str, *, continued: bool = False) -> str:
    """A program without its tests and output, its other statements in their order; all of it if `name` is
    not there.

    `continued`: the text is the completion of a base model, which goes on to other things after the
    function, so that of what follows the function only what it reaches is kept.
    """
    tree = parse(text)
    if tree is None or not defines(tree, name):
        return text
    try:
        statements = _statements(tree, text, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    kept = _kept(statements, name, continued)
    lines = text.encode().split(b"\n")
    return "".join(_source(lines, statement) for statement in kept)


def unbound(text: str, name: str) -> set[str]:
    """Global names that a program's function reaches and nothing in the program, nor Python
    itself, binds."""
    tree = parse(text)
    if tree is None:
        return set()
    try:
        statements = _statements(tree, text, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    reached = _reached(statements, name)
    return reached - {bound for statement in statements for bound in statement.binds} - set(dir(builtins))


def binds(text: str) -> set[str]:
    """Names that a program binds at its top level; none if it does not parse."""
    tree = parse(text)
    return {name for node in tree.body for name in _read(node).binds} if tree else set()


def _statements(tree: ast.Module, text: str, name: str) -> list[Statement]:
    """What each statement does, through the functions that it calls; ValueError where they are too many."""
    if len(tree.body) > MOST:
        raise ValueError(f"{len(tree.body)} statements")
    statements = [_read(node) for node in tree.body]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scopes = symtable.symtable(text, "<answer>", "exec").get_children()
    for scope in scopes:
        for statement in statements:
            if statement.first_line <= scope.get_lineno() <= (statement.node.end_lineno or 0):
                reads = set(_globals(scope))
                statement.uses |= reads
                if scope.get_type() == "class":
                    statement.calls |= {
                        symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()
                    }
                elif scope.get_name().strip("<>") in ("listcomp", "setcomp", "dictcomp", "genexpr"):
                    statement.calls |= reads
    fixed = {b for s in statements if isinstance(s.node, IMPORTS | FUNCTIONS) for b in s.binds}
    bodies = {s.node.name: _body(s) for s in statements if isinstance(s.node, DEFINITIONS)}
    bodies.pop(name, None)  # whatever calls the function is a test of it
    for statement in statements:
        for called in _through(statement.calls, bodies):
            statement.changes |= bodies[called].changes
            statement.touches |= bodies[called].touches
            statement.tests |= bodies[called].tests or name in bodies[called].uses
            statement.opaque |= bodies[called].opaque
        statement.tests |= name in statement.calls or _is_test(statement.node)
        statement.touches -= fixed
    return statements


def _globals(scope: symtable.SymbolTable) -> Iterator[str]:
    scopes = [scope]
    while scopes:
        current = scopes.pop()
        scopes += current.get_children()
        yield from (symbol.get_name() for symbol in current.get_symbols() if symbol.is_global())


def _through(names: set[str], bodies: dict[str, Statement]) -> set[str]:
    """The program's functions and classes among `names`, and those that these use."""
    found: set[str] = set()
    waiting = [name for name in names if name in bodies]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [used for used in bodies[name].uses if used in bodies]
    return found


def _body(definition: Statement) -> Statement:
    """What the body of a function or the methods of a class do when they run."""
    found = _read(definition.node, inside=True)
    found.uses = definition.uses
    declared = {n for node in ast.walk(definition.node) if isinstance(node, ast.Global) for n in node.names}
    found.changes = (found.changes & definition.uses) | declared
    found.touches &= definition.uses
    return found


def _read(node: ast.stmt, inside: bool = False) -> Statement:
    """What a statement binds, changes and uses as it is executed; with `inside`, also as its
    functions run."""
    found = Statement(node)
    waiting: list[tuple[ast.AST, bool]] = [(node, True)]  # a node, and whether its names are the module's
    while waiting:
        at, outer = waiting.pop()
        if isinstance(at, ast.Assert):
            found.tests = True
            continue
        _note(found, at, outer)
        if isinstance(at, FUNCTIONS) and not inside:
            parts: list[ast.AST] = [*getattr(at, "decorator_list", []), at.args]
            waiting += [(part, outer) for part in parts]
            continue
        first = at.generators[0].iter if isinstance(at, COMPREHENSIONS) else None  # read outside of its scope
        own = not isinstance(at, ast.ClassDef | COMPREHENSIONS | ast.comprehension | FUNCTIONS)
        for child in ast.iter_child_nodes(at):
            waiting.append((child, outer and own))
        if first is not None:
            waiting.append((first, outer))
    return found


def _note(found: Statement, at: ast.AST, outer: bool) -> None:
    """Add what one node does."""
    if isinstance(at, ast.Name):
        if isinstance(at.ctx, ast.Load):
            if outer:
                found.uses.add(at.id)
                found.calls.add(at.id)
            found.opaque |= at.id in OPAQUE
        elif outer:
            found.binds.add(at.id)
    elif isinstance(at, ast.NamedExpr):
        found.binds.add(at.target.id)
    elif isinstance(at, ast.AugAssign) and isinstance(at.target, ast.Name) and outer:
        found.uses.add(at.target.id)
    elif isinstance(at, DEFINITIONS) and outer:
        found.binds.add(at.name)
    elif isinstance(at, IMPORTS) and outer:
        found.binds |= {(alias.asname or alias.name).partition(".")[0] for alias in at.names}
    elif isinstance(at, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and at.name and outer:
        found.binds.add(at.name)
    elif isinstance(at, ast.MatchMapping) and at.rest and outer:
        found.binds.add(at.rest)
    elif isinstance(at, ast.Subscript | ast.Attribute):
        path = _path(at)
        if not isinstance(at.ctx, ast.Load):
            found.changes |= {path.partition(".")[0]} - {""}
        found.tests |= path.startswith(OUTPUT_PATHS)
    elif isinstance(at, ast.Call):
        _note_call(found, at)


def _note_call(found: Statement, call: ast.Call) -> None:
    """A call may change the object whose method it is, and what it is given, but for what is known to change
    nothing."""
    root, _, method = _path(call.func).partition(".")
    if not method:
        if root in OUTPUT:
            found.tests = True
        if root in OUTPUT or (hasattr(builtins, root) and root not in OPAQUE):
            return
    elif root in TESTING:
        found.tests = True
    if method and method.rpartition(".")[2] not in QUERIES:
        found.touches.add(root)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    found.touches |= {part.id for part in given if isinstance(part, ast.Name)}


def _path(node: ast.AST) -> str:
    """`a.b.c` of a name, its attributes and items; empty if no name is at its root."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        parts.append(node.attr if isinstance(node, ast.Attribute) else "[]")
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _is_test(node: ast.stmt) -> bool:
    """Whether a definition is a test by its name or its bases."""
    if isinstance(node, ast.ClassDef):
        return node.name.startswith("Test") or any(_path(base).endswith("TestCase") for base in node.bases)
    return isinstance(node, DEFINITIONS) and node.name.startswith("test")


def _reached(statements: list[Statement], name: str) -> set[str]:
    """Names that the function reaches: those it uses, and those that what binds or changes them uses."""
    reached, size = {name}, 0
    while size < len(reached):
        size = len(reached)
        for statement in statements:
            if statement.affects & reached:
                reached |= statement.uses - _loop_variables(statement.node)
    return reached


def _loop_variables(node: ast.stmt) -> set[str]:
    """Names that only count through a loop, so that an earlier value of theirs does not matter."""
    if not isinstance(node, ast.For | ast.AsyncFor):
        return set()
    loops = [n for n in ast.walk(node) if isinstance(n, ast.For | ast.AsyncFor)]
    return {n.id for loop in loops for n in ast.walk(loop.target) if isinstance(n, ast.Name)}


def _kept(statements: list[Statement], name: str, continued: bool) -> list[Statement]:
    reached = _reached(statements, name)
    kept: list[Statement] = []
    gone: set[str] = set()
    known = _bound(statements)
    after = False
    for statement in statements:
        node = statement.node
        core = statement.opaque or bool(statement.affects & reached)
        again = continued and after and isinstance(node, DEFINITIONS) and node.name == name
        lost = bool(statement.uses & (gone - {b for s in kept for b in s.binds}))
        drop = (
            _never_runs(node)
            or (isinstance(node, ast.Assert))
            or again
            or (not core and known is not None and _is_prose(statement, known))
            or (not core and (statement.tests or lost or (continued and after) or _only_for_tests(node)))
        )
        if drop:
            gone |= statement.binds
        else:
            kept.append(statement)
        after |= isinstance(node, DEFINITIONS) and node.name == name
    return kept


def _never_runs(node: ast.stmt) -> bool:
    """What a module that is imported does not execute, or may not contain; and a lone word, left over from
    prose."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name):
        return True
    guard = isinstance(node, ast.If) and any(_path(part) == "__name__" for part in ast.walk(node.test))
    loops = _loops(node)
    waiting: list[ast.AST] = [node]
    while waiting and not guard:
        at = waiting.pop()
        if isinstance(at, STRAY) and not (isinstance(at, ast.Break | ast.Continue) and loops):
            return True
        if not isinstance(at, FUNCTIONS | ast.ClassDef):
            waiting += ast.iter_child_nodes(at)
    return guard


def _bound(statements: list[Statement]) -> set[str] | None:
    """Names that a program binds, or Python does; None where `import *` binds names that cannot be told."""
    names = {name for statement in statements for name in statement.binds}
    return None if "*" in names else names | set(dir(builtins))


def _is_prose(statement: Statement, known: set[str]) -> bool:
    """Whether a statement is words that happen to parse ("[PYTHON]", "Complexity: O(n)"): it binds nothing,
    and reads a name that is nowhere bound."""
    node = statement.node
    said = isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and node.value is None)
    return said and bool(statement.calls - known)


def _loops(node: ast.stmt) -> bool:
    return any(isinstance(at, ast.For | ast.AsyncFor | ast.While) for at in ast.walk(node))


def _only_for_tests(node: ast.stmt) -> bool:
    """An import of a module that only tests and output use."""
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in TESTING
    return isinstance(node, ast.Import) and all(a.name.partition(".")[0] in TESTING for a in node.names)


def _source(lines: list[bytes], statement: Statement) -> str:
    """The text of a statement, with a newline at its end; columns of a tree count bytes."""
    node, first = statement.node, statement.first_line
    part = lines[first - 1 : node.end_lineno]
    part[-1] = part[-1][: node.end_col_offset]
    if first == node.lineno:
        part[0] = part[0][node.col_offset :]
    return b"\n".join(part).decode() + "\n"
