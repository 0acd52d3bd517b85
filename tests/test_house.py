"""The floors of the house: who may import whom, read from the sources."""

import ast
from pathlib import Path

NEVE = Path(__file__).parents[1] / "neve"
GROUND = {
    "recipe",
    "recipe_file",
    "recipe_training",
    "store",
    "locks",
    "hashing",
    "heldout",
    "documents",
    "engine",
    "benchmarks",
    "sandbox",
    "weights",
    "llm",
    "packages",
    "errors",
    "progress",
}
BETWEEN = {
    "synthesis": {"corpus", "tokens"},
    "quality": {"corpus", "training"},
    "training": {"tokens"},
    "evaluation": {"training", "tokens"},
    "report": {"tokens"},
    "corpus": set(),
    "tokens": set(),
}  # fmt: skip


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


def test_nothing_imports_upwards_or_in_a_circle() -> None:
    for path in sorted(NEVE.rglob("*.py")):
        room = path.relative_to(NEVE).parts[0].removesuffix(".py")
        if room in ("cli", "cli_evaluation", "cli_options", "run", "phases", "plan", "alone", "__init__"):
            continue
        allowed = GROUND | {room} | BETWEEN.get(room, set())
        assert imported(path) <= allowed, f"{path.relative_to(NEVE)} imports {imported(path) - allowed}"


def test_run_does_not_know_the_command_line() -> None:
    for name in ("run.py", "phases.py", "plan.py", "alone.py"):
        assert not any(room.startswith("cli") for room in imported(NEVE / name))
