"""The floors of the house: who may import whom, read from the sources."""

import ast
from pathlib import Path

NEVE = Path(__file__).parents[1] / "neve"
GROUND = {
    "recipe", "tasks", "llm", "sandbox",
    "store", "settings", "locks", "documents", "engine", "hashing", "weights", "packages", "progress", "errors", "permissions",
}  # fmt: skip
BETWEEN = {
    "synthesis": {"corpus", "tokens"},
    "quality": {"corpus", "training", "tokens"},
    "training": {"tokens"},
    "evaluation": {"training", "tokens"},
    "report": {"tokens"},
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
