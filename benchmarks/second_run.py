"""Accepted Python documents that bring tests, run once more by pytest: an independent second opinion.

    python benchmarks/second_run.py GROWN --documents FOLDER [--out FILE]

GROWN is what `neve synthesize` or the stage `synthesis` wrote, FOLDER the documents that its seeds are
from (`…/documents`), which tests for a file import. The first run is Neve's own (neve.synthesis.inside);
this one is pytest with `--doctest-modules` in a fresh sandbox, so two programs agree that share no code.
Told are documents with tests, how many of them pass, and each that does not, with pytest's last lines. The
trade-off: pytest also collects what Neve's runner does not, such as parametrized tests.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from neve import documents, sandbox
from neve.llm.fences import fences
from neve.store import write_json
from neve.synthesis import kinds
from neve.synthesis.seeds import Seed

PACKAGES = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py.py")
SECONDS = 120.0
RUN = """
import json, os, sys
given = json.loads(sys.stdin.buffer.read())
os.mkdir("/tmp/second")
os.chdir("/tmp/second")
sys.path.insert(0, "/tmp/second")
for name, text in given.items():
    with open(name + ".py", "w", encoding="utf-8") as file:
        file.write(text)
import pytest
sys.exit(pytest.main(["-q", "--doctest-modules", "-p", "no:cacheprovider", "--color=no", "test_document.py"]))
"""


def python(row: dict[str, str]) -> bool:
    return row["language"] == "Python" or (row["language"] == "Markdown" and bool(program(row)))


def program(row: dict[str, str]) -> str:
    """What was run of a document: the code blocks of a chapter, else the whole."""
    if row["language"] != "Markdown":
        return row["content"]
    return "\n\n".join(each.code for each in fences(row["content"]) if each.word.lower() in ("python", "py"))


def beside(row: dict[str, str], seeds: dict[str, dict[str, str]]) -> dict[str, str]:
    """The modules that a document may import."""
    of = seeds[row["seed_doc_id"]]
    kind = kinds.KINDS.get(row["kind"])
    seed = Seed(of["doc_id"], of["repo"], of["path"], of["language"], of["content"], "")
    return dict(kinds.beside(kind, seed)) if kind is not None else {}


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("grown", type=Path)
    options.add_argument("--documents", type=Path, required=True, help="the documents that seeds are from")
    options.add_argument("--out", type=Path, help="JSON file for the result")
    given = options.parse_args()
    rows = [
        row for row in documents.read(given.grown / "documents").to_pylist() if row["tests"] and python(row)
    ]
    wanted = ds.field("doc_id").isin(pa.array([row["seed_doc_id"] for row in rows], pa.string()))
    columns = ["doc_id", "repo", "path", "language", "content"]
    seeds = {row["doc_id"]: row for row in documents.read(given.documents, columns, wanted).to_pylist()}
    place = sandbox.probe()
    extra = sandbox.Extra(packages=Path(pytest.__file__).parents[1], names=PACKAGES)
    failed = []
    for row in rows:
        files = {**beside(row, seeds), "test_document": program(row)}
        result = sandbox.run(
            RUN, sandbox=place, limits=sandbox.Limits(SECONDS), stdin=json.dumps(files).encode(), extra=extra
        )
        if result.status != "ok":
            said = (result.stdout + result.stderr).decode("utf-8", "replace").splitlines()[-20:]
            failed.append(
                {"doc_id": row["doc_id"], "kind": row["kind"], "status": result.status, "said": said}
            )
    told = {"with_tests": len(rows), "passed": len(rows) - len(failed), "failed": failed}
    if given.out:
        write_json(given.out, told)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
