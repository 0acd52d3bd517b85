"""Functions of released code that work alone, for benchmarks that need good answers which nobody wrote
for them.

Each function of a module's top level comes with the imports and the module-level names that it uses, and
with its own doctests as assertions where it has some. It counts if it works in a plain interpreter, if
Python's own symbol table finds a definition for every name, and if more than SHORT lines of it are code. The
trade-off: what needs its package's other modules is left out, which leaves small and plain functions.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import random
import subprocess
import symtable
import sys
import sysconfig
import tarfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from neve import packages
from neve.corpus.duplicates import shingles

PACKAGES = ("boltons", "more-itertools", "toolz", "funcy", "pydash", "textdistance", "algorithms")
MODULES = (
    "base64", "bisect", "calendar", "colorsys", "configparser", "copy", "csv", "datetime", "difflib", "fractions",
    "ftplib", "functools", "gettext", "glob", "gzip", "heapq", "imaplib", "inspect", "ipaddress", "locale",
    "mailbox", "mimetypes", "netrc", "nntplib", "ntpath", "numbers", "optparse", "os", "pickle", "pickletools",
    "plistlib", "poplib", "posixpath", "pprint", "quopri", "random", "shlex", "shutil", "smtplib", "sndhdr",
    "statistics", "string", "tarfile", "tempfile", "textwrap", "tokenize", "traceback", "types", "typing", "uu",
    "uuid", "warnings", "wave", "weakref", "zipfile",
)  # fmt: skip
FOLDERS = ("asyncio", "collections", "concurrent", "email", "html", "http", "importlib", "json", "logging", "urllib",
           "wsgiref", "xml", "xmlrpc", "lib2to3", "unittest", "test")  # fmt: skip
TYPED = ("TypeVar", "NewType", "cast")
"""What reads strings as types, but for the first."""
LINES, SHORT, ALIKE = 8, 3, 0.5


@dataclass(frozen=True)
class Function:
    """A function of released code that works alone."""

    name: str
    text: str
    calls: tuple[tuple[str, str], ...]
    """(expression, expected value) of its doctests, as literals."""

    @property
    def tests(self) -> str:
        lines = "".join(f"    assert {call} == {value}\n" for call, value in self.calls)
        return f"\n\ndef test_{self.name.strip('_')}():\n{lines}" if self.calls else ""


# --- good answers: real code


def sources() -> Iterator[str]:
    """Texts of modules, in one order."""
    recipe = tomllib.loads((Path(__file__).parents[1] / "recipes" / "quickstart.toml").read_text())
    for positive in recipe["labels"]["exemplars"]["positives"]:
        if positive["name"] not in PACKAGES:
            continue
        path = packages.fetch(positive["name"], positive["version"], positive["file"], positive["sha256"])
        with tarfile.open(path) as archive:
            for member in sorted(archive.getmembers(), key=lambda m: m.name):
                if (
                    member.name.endswith(".py")
                    and "/test" not in member.name
                    and (file := archive.extractfile(member))
                ):
                    yield file.read().decode("utf-8", "replace")
    stdlib = Path(sysconfig.get_path("stdlib"))
    files = [stdlib / f"{name}.py" for name in MODULES]
    files += [path for name in FOLDERS for path in sorted((stdlib / name).rglob("*.py"))]
    for path in files:
        if path.is_file():
            yield path.read_text("utf-8", "replace")


def functions(text: str) -> Iterator[Function]:
    """The functions of a module's top level, each with what it needs of the module."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if any(isinstance(node, ast.ImportFrom) and node.level for node in imports):
        imports = [node for node in imports if not (isinstance(node, ast.ImportFrom) and node.level)]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    held = {name: node for node in tree.body for name in _defines(node)}
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef)
            and node.end_lineno
            and node.end_lineno - node.lineno + 1 >= LINES
        ):
            if any(
                isinstance(n, ast.Constant) and isinstance(n.value, str)
                for a in _annotations(node)
                for n in ast.walk(a)
            ):
                continue  # names that are there for a type checker alone
            needed, todo = {node.name}, [node.name]
            while todo:
                used = {n.id for n in ast.walk(held[todo.pop()]) if isinstance(n, ast.Name)}
                new = {name for name in used if name in held and name not in needed}
                needed |= new
                todo += new
            if len(needed) > 8:
                continue
            mine = {id(held[name]) for name in needed}
            chosen = [each for each in tree.body if id(each) in mine]
            used = {n.id for each in chosen for n in ast.walk(each) if isinstance(n, ast.Name)}
            kept = [one for each in imports if (one := _used(each, used)) is not None]
            body = "\n\n\n".join(_segment(lines, each) for each in chosen)
            head = "\n".join(ast.unparse(each) for each in kept)
            yield Function(node.name, f"{head}\n\n\n{body}\n" if head else f"{body}\n", _calls(node))


def _segment(lines: list[str], node: ast.stmt) -> str:
    """The source of a statement that begins its line; `ast.get_source_segment` splits the whole module each
    time."""
    part = lines[node.lineno - 1 : node.end_lineno]
    part[-1] = part[-1].encode()[: node.end_col_offset].decode()
    return "\n".join(part)


def _annotations(node: ast.FunctionDef) -> list[ast.expr]:
    found = [argument.annotation for argument in ast.walk(node.args) if isinstance(argument, ast.arg)]
    return [annotation for annotation in (*found, node.returns) if annotation is not None]


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _used(node: ast.stmt, used: set[str]) -> ast.stmt | None:
    """An import without the names that are not used."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    names = [a for a in node.names if (a.asname or a.name.partition(".")[0]) in used]
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return None
    if not names:
        return None
    return ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, 0)


def _calls(node: ast.FunctionDef) -> tuple[tuple[str, str], ...]:
    """Doctests of a function that compare one call with a literal."""
    found = []
    try:
        examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
    except ValueError:
        return ()
    for example in examples:
        call, value = example.source.strip(), example.want.strip()
        try:
            ast.literal_eval(value)
            tree = ast.parse(call, mode="eval")
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            continue
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        if (
            node.name in names
            and call.isprintable()
            and "#" not in call
            and "\n" not in value
            and names <= {node.name, "list", "sorted", "range", "str", "len", "tuple"}
        ):
            found.append((call, value))
    return tuple(found[:4])


def whole(function: Function) -> bool:
    """Whether every name of the file is defined in it or by Python, it is no test of something that is not
    there, and it is not short."""
    top = symtable.symtable(function.text, "<function>", "exec")
    known = {*dir(builtins), *(name.get_name() for name in top.get_symbols() if name.is_assigned()
             or name.is_imported() or name.is_namespace())}  # fmt: skip
    scopes = [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        if any(name.is_global() and name.is_referenced() and name.get_name() not in known
               for name in scope.get_symbols()):  # fmt: skip
            return False
    strings = (_named_in_strings(node) for node in ast.walk(ast.parse(function.text)))
    if any(names - known for names in strings):
        return False
    code = {
        line
        for node in ast.walk(ast.parse(function.text))
        if isinstance(node, ast.stmt)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for line in (node.lineno, node.end_lineno)
    }
    return len(code) > SHORT and not function.name.startswith("test")


def _named_in_strings(node: ast.AST) -> set[str]:
    """Names in the strings that a call gives to a type variable and the like."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in TYPED:
        return set()
    given = [each.value for each in node.args[1:] if isinstance(each, ast.Constant)]
    return {each for each in given if isinstance(each, str) and each.isidentifier()}


def works(function: Function) -> bool:
    """Whether the file, its assertions and its doctests as they stand pass in a plain interpreter."""
    program = function.text + function.tests
    program += f"\n\ntest_{function.name.strip('_')}()\n" if function.calls else ""
    program += "import doctest\nassert not doctest.testmod().failed\n"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            capture_output=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def good(count: int, draw: random.Random) -> list[Function]:
    """`count` functions that work and are no near duplicates of each other; those with tests first in
    line."""
    found = {f.text: f for text in sources() for f in functions(text) if len(f.text) >= 200 and whole(f)}
    everyone = sorted(found.values(), key=lambda f: (f.name, f.text))
    draw.shuffle(everyone)
    everyone.sort(key=lambda f: not f.calls)
    kept: list[Function] = []
    sets: list = []
    with ThreadPoolExecutor(2) as threads:
        for start in range(0, len(everyone), 64):
            some = everyone[start : start + 64]
            for function, fine in zip(some, threads.map(works, some), strict=True):
                mine = shingles.of([function.text], 5)[0]
                if fine and all(shingles.similarity(mine, other) < ALIKE for other in sets):
                    kept.append(function)
                    sets.append(mine)
            if len(kept) >= count:
                break
    return kept[:count]
