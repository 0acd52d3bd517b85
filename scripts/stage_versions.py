"""Versions of the kinds of stage: which of them a change of the code concerns, and what it does to their
results.

python scripts/stage_versions.py                         # says what changed and which kinds it may concern
python scripts/stage_versions.py --raise curate          # curate's result changes: its version is raised
python scripts/stage_versions.py --same train evaluate   # their results are the same: that is recorded
python scripts/stage_versions.py --same --all            # none of the changes changes a result

A change is recorded once every kind that it concerns is named, by --raise or by --same.
`neve/stage_kinds.txt` holds the versions, `tests/stage_digests.txt` a digest of each module and data file
that decides a result: those that the function building the stage imports, directly or not, without comments
and docstrings. What only carries settings, shows progress or writes files is left out (ASIDE).
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from neve.quality import annotators

ROOT = Path(__file__).parents[1]
ASIDE = {
    "neve.errors", "neve.locks", "neve.permissions", "neve.progress", "neve.recipe", "neve.settings", "neve.store"
}  # fmt: skip
"""Modules that decide no result: settings enter the fingerprint by value, the rest says and stores."""
SEAMS = {"neve.quality.annotators"}
"""Modules whose strings name modules that are kinds of their own."""
TEXT = """# A digest of each module and data file that decides the result of a stage: scripts/stage_versions.py writes it.
"""


def versions_file() -> Path:
    return ROOT / "neve" / "stage_kinds.txt"


def digests_file() -> Path:
    return ROOT / "tests" / "stage_digests.txt"


def builds() -> dict[str, str]:
    """Kind of stage -> the module that builds it, those of seams too."""
    rows = [
        line.split() for line in versions_file().read_text(encoding="utf-8").splitlines() if line[:1] != "#"
    ]
    found = {name: build.partition(":")[0] for name, _, build in rows}
    return found | {f"annotator-{name}": module for name, module in annotators.KINDS.items()}


def deciding(module: str, known: dict[Path, set[Path]]) -> set[Path]:
    """The files that decide what a module gives; `known` remembers what each file reads."""
    start = file_of(module)
    assert start is not None, f"{module}: is not there"
    found, todo = {start}, [start]
    while todo:
        path = todo.pop()
        if path not in known:
            known[path] = read_by(path)
        new = known[path] - found
        found |= new
        todo += [file for file in new if file.suffix == ".py"]
    return found


def read_by(path: Path) -> set[Path]:
    """The modules that a module imports, wherever in it, and the data files beside it that it names."""
    named, strings, _ = _parsed(path.read_bytes())
    found = {file_of(one) or file_of(other) for one, other in named}
    for value in strings:
        if re.fullmatch(r"neve(\.\w+)+(:\w+)?", value) and module_of(path) not in SEAMS:
            found.add(file_of(value.partition(":")[0]))
        elif re.fullmatch(r"[\w./-]+", value):
            found |= set(_data(path.parent / value))
    return {file for file in found if file and not _aside(file)}


@cache
def _parsed(source: bytes) -> tuple[list[tuple[str, str]], set[str], str]:
    """Of a module: what it imports (the whole name, else the name before the last dot), its strings, its
    digest."""
    tree = ast.parse(source)
    named: list[tuple[str, str]] = []
    strings, lines = set(), []
    for place, node in _walk(tree):
        if isinstance(node, ast.Import):
            named += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            named += [(f"{node.module}.{alias.name}", node.module) for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
        fields = (
            f"{name}={value!r}"
            for name, value in ast.iter_fields(node)
            if value not in (None, [])
            and not isinstance(value, ast.AST | list)
            and name not in ("type_comment", "kind")
        )
        lines.append(f"{place} {type(node).__name__} {' '.join(fields)}")
    return named, strings, hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _walk(node: ast.AST, depth: int = 0, field: str = "") -> Iterator[tuple[str, ast.AST]]:
    """All nodes but docstrings and what is imported for types alone, each with its depth and the field of
    its parent that it stands in: without these a statement could move out of its branch unseen."""
    yield f"{depth} {field}", node
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            told = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            types = (
                isinstance(child, ast.If)
                and isinstance(child.test, ast.Name)
                and child.test.id == "TYPE_CHECKING"
            )
            if isinstance(child, ast.AST) and not told and not types:
                yield from _walk(child, depth + 1, name)


def _data(path: Path) -> list[Path]:
    """A data file of Neve's, or those in a folder that is no package."""
    path = path.resolve()
    if not path.is_relative_to(ROOT / "neve"):
        return []
    if path.is_dir():
        return [] if any(path.glob("*.py")) else [file for file in path.rglob("*") if file.is_file()]
    return [path] if path.is_file() else []


def _aside(path: Path) -> bool:
    return path.suffix == ".py" and any(f"{module_of(path)}.".startswith(f"{name}.") for name in ASIDE)


def file_of(module: str) -> Path | None:
    """The file of a module of Neve's; None for any other name."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if module.startswith("neve.") and file.is_file():
            return file
    return None


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def digest(path: Path) -> str:
    """16 hex digits: of a module's syntax without docstrings, the same on every version of Python; of a
    file's bytes."""
    data = path.read_bytes()
    return _parsed(data)[2] if path.suffix == ".py" else hashlib.sha256(data).hexdigest()[:16]


def found() -> dict[str, set[str]]:
    """File (relative to the root) -> the kinds of stage whose result it decides."""
    names: dict[str, set[str]] = {}
    known: dict[Path, set[Path]] = {}
    for kind, module in builds().items():
        for path in deciding(module, known):
            names.setdefault(path.relative_to(ROOT).as_posix(), set()).add(kind)
    return names


def recorded() -> dict[str, set[str]]:
    """File -> its digests as recorded; a merge may have left two."""
    rows: dict[str, set[str]] = {}
    for line in digests_file().read_text(encoding="utf-8").splitlines() if digests_file().exists() else []:
        if line and not line.startswith("#"):
            name, value = line.split()
            rows.setdefault(name, set()).add(value)
    return rows


def changed() -> dict[str, set[str]]:
    """File that changed since it was recorded, is new or is gone -> the kinds that it concerns (none where
    it is gone)."""
    known, names = recorded(), found()
    differ = {name: of for name, of in names.items() if known.get(name) != {digest(ROOT / name)}}
    return differ | {name: set() for name in known if name not in names}


def message(differ: dict[str, set[str]]) -> str:
    """What a person reads who has changed something."""
    concerned = sorted(set().union(*differ.values()))
    lines = [
        f"  {name}: {', '.join(sorted(of)) or 'no longer decides a result'}"
        for name, of in sorted(differ.items())
    ]
    return "\n".join(
        [
            "These files decide the results of stages and changed since that was last looked at:",
            *lines,
            "",
            "Say of each kind of stage whether the same settings and inputs still give the same result:",
            "  python scripts/stage_versions.py --raise KIND…   where not: its version is raised, its stages are built again",
            "  python scripts/stage_versions.py --same KIND…    where they do: recorded, nothing is built again",
            f"  python scripts/stage_versions.py --same --all    for all of: {', '.join(concerned)}",
        ]
    )


def record(differ: dict[str, set[str]]) -> None:
    """Write the digests of `differ` as they are now; the others stay as recorded."""
    rows = recorded()
    for name, of in differ.items():
        rows.pop(name, None)
        if of:
            rows[name] = {digest(ROOT / name)}
    lines = [f"{name} {value}\n" for name in sorted(rows) for value in sorted(rows[name])]
    digests_file().write_text(TEXT + "".join(lines), encoding="utf-8")


def raise_versions(names: Iterable[str]) -> None:
    """Raise the versions of kinds; one of a seam gets its line, with version 2."""
    lines = versions_file().read_text(encoding="utf-8").splitlines()
    modules = builds()
    for name in names:
        at = next((i for i, line in enumerate(lines) if line.split()[:1] == [name]), None)
        if at is None:
            lines.append(f"{name}  2  {modules[name]}:fit")
        else:
            lines[at] = re.sub(r"(\S+\s+)(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1}", lines[at], count=1)
    head = [line for line in lines if line.startswith("#")]
    versions_file().write_text(
        "\n".join([*head, *sorted(line for line in lines if line not in head)]) + "\n", encoding="utf-8"
    )


def main(arguments: list[str] | None = None) -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument(
        "--raise", dest="raised", nargs="+", default=[], metavar="KIND", help="its result changes"
    )
    parser.add_argument("--same", nargs="*", metavar="KIND", help="its result is the same")
    parser.add_argument("--all", action="store_true", help="with --same: every kind that is not raised")
    options = parser.parse_args(arguments)
    unknown = [name for name in [*options.raised, *(options.same or [])] if name not in builds()]
    if unknown:
        parser.error(f"no such kind of stage: {', '.join(unknown)}; there are {', '.join(sorted(builds()))}")
    differ = changed()
    same = set(builds()) if options.same is not None and options.all else set(options.same or [])
    named = same | set(options.raised)
    unsaid = set().union(*(of for of in differ.values() if of & set(options.raised))) - named
    if unsaid:
        parser.error(
            f"the changes concern {', '.join(sorted(unsaid))} too, and nothing is recorded yet: name these in the "
            "same call, after --raise or --same; --same --all is all that are not raised"
        )
    settled = {name: of for name, of in differ.items() if of <= named}
    raise_versions(options.raised)
    if settled:
        record(settled)
    left = {name: of for name, of in differ.items() if name not in settled}
    print(message(left) if left else "every file that decides a result is as recorded")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
