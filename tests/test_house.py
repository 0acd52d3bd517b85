"""The floors of the house: who may import whom, read from the sources."""

import ast
import re
from pathlib import Path

NEVE = Path(__file__).parents[1] / "neve"
GROUND = {
    "recipe", "tasks", "llm", "sandbox",
    "store", "settings", "locks", "documents", "engine", "hashing", "weights", "packages", "progress", "errors", "permissions",
}  # fmt: skip
BETWEEN = {
    "synthesis": {"corpus", "tokens", "quality"},
    "quality": {"corpus", "training", "tokens"},
    "training": {"tokens"},
    "evaluation": {"training", "tokens"},
    "report": {"corpus", "evaluation", "tokens"},
    "export": {"corpus"},
    "corpus": set(),
    "tokens": set(),
}  # fmt: skip
PACKAGES = set(BETWEEN)
FLOORS = ["run", "lab", "cli"]
"""Above the packages; each may import the ones before it, the packages and the ground."""


def imported(path: Path) -> set[str]:
    """Rooms of the house that a file imports, wherever in it."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "neve" else [f"neve.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("neve.")}
    return rooms


def allowed(room: str) -> set[str]:
    """The rooms that a room may import."""
    if room in FLOORS:
        return GROUND | PACKAGES | set(FLOORS[: FLOORS.index(room) + 1])
    if room in PACKAGES:
        return GROUND | {room} | BETWEEN[room]
    return GROUND


def test_nothing_imports_upwards_or_sideways() -> None:
    for path in sorted(NEVE.rglob("*.py")):
        room = path.relative_to(NEVE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        assert room in GROUND | PACKAGES | set(FLOORS), f"{room}: a new room; give it a floor here"
        wrong = imported(path) - allowed(room)
        assert not wrong, f"{path.relative_to(NEVE)} imports {wrong}"


LONG = {
    "neve/corpus/signals/lexing_kernel.py": "numba caches a kernel by its file and would not notice a change in another",
    "tests/sandbox/attacks.py": "a table of programs",
}
"""Files of more than 400 lines, and why."""


def test_no_file_is_longer_than_400_lines() -> None:
    root = NEVE.parent
    files = [
        path for room in ("neve", "tests", "scripts", "benchmarks") for path in (root / room).rglob("*.py")
    ]
    sizes = {path.relative_to(root).as_posix(): path.read_text().count("\n") for path in files}
    long = {name for name, lines in sizes.items() if lines > 400}
    assert long == set(LONG)


def test_every_module_has_a_test_of_its_name() -> None:
    """neve/X/y.py is tested in tests/X/test_y.py; a kernel, y_kernel.py, with the y.py that alone calls it."""
    modules = [
        p.relative_to(NEVE) for p in NEVE.rglob("*.py") if p.name not in ("__init__.py", "__main__.py")
    ]
    tests = NEVE.parent / "tests"
    lacking = {
        path.as_posix()
        for path in modules
        if not (tests / path.parent / f"test_{path.stem.removesuffix('_kernel')}.py").exists()
    }
    assert not lacking


LARGE = {"neve/llm/client.py __init__"}
"""Functions of more than 60 lines or 6 parameters that are still to be cut: only ever fewer."""


def _large(path: Path) -> set[str]:
    """Functions of a file past the bounds. Kernels are loops that numba compiles whole, and a command's
    parameters are its options: neither counts."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
            lines = (node.end_lineno or 0) - node.lineno + 1
            given = [one.arg for one in (*node.args.args, *node.args.kwonlyargs) if one.arg != "self"]
            if not re.search("njit|_helper", marks) and (lines > 60 or len(given) > 6):
                found.add(f"{path.relative_to(NEVE.parent).as_posix()} {node.name}")
    return found


def test_functions_are_short_and_take_few_parameters() -> None:
    rooms = [path for path in NEVE.rglob("*.py") if path.parent != NEVE / "cli"]
    assert set().union(*map(_large, rooms)) == LARGE
