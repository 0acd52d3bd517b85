"""Synthesis alone on real modules in a table of other people's columns.

Oracles: the server's record of questions; a second run, which asks nothing; rows counted.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve import documents
from neve.errors import Misuse
from neve.recipe.synthesis import Synthesis
from neve.run import questions, synthesize
from neve.store import MANIFEST, read_json

sys.path.append(str(Path(__file__).parents[1] / "llm"))
from chat_server import completion, endpoint

MODULES = (
    "bisect",
    "colorsys",
    "fnmatch",
    "graphlib",
    "heapq",
    "linecache",
    "netrc",
    "queue",
    "sched",
    "stat",
)


def reply(payload: dict[str, Any], before: int) -> bytes:
    n = payload["seed"] % 1_000_003
    if n % 3 == 0:
        return completion("I would rather not.")
    helpers = "".join(
        f"def part_{n}_{i}(value):\n    total = value * {n}\n    for step in range({i + 2}):\n        total += step * {i}\n    return total\n\n\n"
        for i in range(6)
    )
    return completion(f"```python\n{helpers}\nprint(part_{n}_0(1))\n```")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stdlib = Path(sysconfig.get_path("stdlib"))
    texts = [(stdlib / f"{name}.py").read_text(encoding="utf-8") for name in MODULES]
    folder = tmp_path_factory.mktemp("tables")
    made = pa.table({"text": texts, "max_stars_repo_name": [f"r{i % 3}" for i in range(len(texts))],
                     "max_stars_repo_path": [f"{name}.py" for name in MODULES]})  # fmt: skip
    pq.write_table(made, folder / "a.parquet")
    return folder


def request(table: Path, url: str, **more: Any) -> synthesize.Request:
    spec = {"endpoint": url, "model": "m", "tokens": 10**6, "seeds": 12, "max_tokens": 200, **more}
    return synthesize.Request(str(table), Synthesis.model_validate(spec))


def test_a_table_grows_documents_once(table: Path, tmp_path: Path) -> None:
    with endpoint(reply) as server:
        counts = synthesize.run(request(table, server.url), tmp_path)
        assert counts["seeds_tried"] == 12 == len(server.asked)
        assert counts["accepted"] >= 3 and counts["refused"]["no-code"] >= 1
        assert synthesize.run(request(table, server.url), tmp_path) == counts and len(server.asked) == 12
        with pytest.raises(Misuse, match="holds the result of other seeds or settings"):
            synthesize.run(request(table, server.url, seeds=11), tmp_path)
        models = questions.show(tmp_path, None, 2.0)
    made = documents.read(tmp_path / "documents")
    assert made.num_rows == counts["accepted"] and set(made["checked"].to_pylist()) == {"run"}
    assert documents.read(tmp_path / "verdicts").num_rows == sum(counts["refused"].values())
    assert models["m"]["questions"] == 12
    assert questions.export(tmp_path, tmp_path / "more" / "asked.parquet") == 12
    assert not (tmp_path / ".work").exists()


def test_what_it_made_is_a_folder_of_documents_and_seeds_others(table: Path, tmp_path: Path) -> None:
    with endpoint(reply) as server:
        synthesize.run(request(table, server.url), tmp_path / "first")
        counts = synthesize.run(request(tmp_path / "first", server.url, seeds=3), tmp_path / "second")
    assert counts["seeds_tried"] == 3


def test_scoring_takes_a_run_whose_annotator_made_its_selection(
    table: Path, tmp_path: Path, small_run: Path
) -> None:
    """Oracle: what the run's own stages were given."""
    with pytest.raises(Misuse, match=r"gates\.score = 0\.1: .* is no run with a selection"):
        synthesize.run(request(table, "http://127.0.0.1:1", gates={"score": 0.1}), tmp_path / "none")
    with endpoint(reply) as server:
        given = request(small_run, server.url, seeds=4, gates={"score": 0.1, "run": False})
        _, inputs = synthesize.prepared(given, tmp_path)
        counts = synthesize.run(given, tmp_path / "out")
    made = {name: read_json(inputs[name] / MANIFEST)["inputs"] for name in ("selection", "scores")}
    assert made["selection"]["scores"] == inputs["scores"].name
    assert made["scores"]["annotator"] == inputs["annotator"].name
    scores = documents.read(tmp_path / "out" / "documents")["score"].to_pylist()
    assert counts["seeds_tried"] == 4 and None not in scores


def test_a_folder_of_something_else_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="must be a folder"):
        synthesize.run(request(tmp_path / "absent", "http://127.0.0.1:1"), tmp_path / "out")
