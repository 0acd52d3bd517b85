"""The example of docs/extend-synthesis.md, done as the page says in a copy of the package, makes documents.

Oracle: the answers, of which every second one adds a docstring and the others change the function.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from chat_server import completion, endpoint

from neve import documents, store
from neve.llm.fences import fences
from neve.synthesis import generate

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "extend-synthesis.md"

RUN = """
import pickle, sys
from pathlib import Path
from neve import store
from neve.synthesis import generate
given = store.read_json(Path(sys.argv[1]))
generate.build(pickle.loads(bytes.fromhex(given["settings"])), {name: Path(path) for name, path in given["inputs"].items()}, Path(given["out"]))
"""


def answer(payload: dict[str, Any], before: int) -> bytes:
    """The function with a docstring and, every second time, another name."""
    (shown,) = fences(payload["messages"][0]["content"])
    head, _, body = shown.code.partition(":\n")
    if payload["seed"] % 2:
        head = head.replace("def ", "def other_")
    return completion(f'```python\n{head}:\n    """What it does, in a few words."""\n{body}```')


def test_the_pages_kind_works_with_one_file_and_one_line(
    tmp_path: Path, settings: generate.Settings, inputs: dict[str, Path]
) -> None:
    file, line = (fence.code for fence in fences(PAGE.read_text()) if fence.word in ("python", "text"))
    assert len(file.splitlines()) <= 60 and len(line.splitlines()) == 1
    shutil.copytree(ROOT / "neve", tmp_path / "neve")  # compiled kernels too
    folder = tmp_path / "neve" / "synthesis" / "kinds"
    (folder / "function_docstring.py").write_text(file)
    table = (folder / "__init__.py").read_text()
    first = "    problem_file,\n"
    assert table.count(first) == 1
    (folder / "__init__.py").write_text(table.replace(first, line + first))

    (tmp_path / "out").mkdir()
    with endpoint(answer) as server:
        about = {"endpoint": server.url, "kinds": {"function-docstring": 1.0}}
        asked = replace(settings, synthesis=settings.synthesis.model_copy(update=about))
        given = {
            "settings": pickle.dumps(asked).hex(),
            "inputs": {name: str(path) for name, path in inputs.items()},
            "out": str(tmp_path / "out"),
        }
        store.write_json(tmp_path / "given.json", given)
        command = [sys.executable, "-c", RUN, str(tmp_path / "given.json")]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        subprocess.run(command, check=True, cwd=tmp_path, env=environment, timeout=100)
    made = documents.read(tmp_path / "out" / "documents").to_pylist()
    refused = documents.read(tmp_path / "out" / "verdicts")["rule"].to_pylist()
    assert len(made) >= 4 and {row["kind"] for row in made} == {"function-docstring"}
    assert all('"""What it does, in a few words."""' in row["content"] for row in made)
    assert not any("def other_" in row["content"] for row in made)
    assert refused.count("changed") >= 4 and len(made) + len(refused) == 20
