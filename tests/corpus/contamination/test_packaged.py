"""What the packaged index holds, and what is read beside it: benchmark files in a folder, packed or not."""

from __future__ import annotations

import gzip
import json
import re
import tokenize
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.contamination import benchmark_index, packaged
from neve.corpus.contamination.benchmark_index import Index
from neve.errors import Fault, Misuse
from neve.tasks import benchmarks
from neve.tasks.traits import TABLE

from ...conftest import script


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def planted(text: str) -> str:
    """A text in 4 kB of a real module."""
    host = Path(tokenize.__file__).read_text("utf-8")
    return f"{host[2000:4000]}\n\n{text}\n\n{host[4000:6000]}"


def commented(program: str) -> str:
    return program.replace("\n", "  # so it is\n")


def test_what_is_read_beside_the_index(benchmark_files: Path, tmp_path: Path) -> None:
    """Published files that the index was built from are not read again; what is not packaged must lie in the folder."""
    names = ["humaneval", "mbpp", "humaneval+"]
    assert packaged.beside(names, None) == packaged.beside(names, tmp_path) == []
    assert packaged.beside(names, benchmark_files) == []
    (tmp_path / "mbpp.jsonl").write_text("changed")
    assert packaged.beside(names, tmp_path) == [(TABLE["mbpp"], tmp_path / "mbpp.jsonl")]
    assert packaged.beside(["humaneval"], tmp_path) == [], "nobody asked for mbpp"
    with pytest.raises(Misuse, match=r"'evoeval-subtle' is not in the package.*EvoEval_subtle"):
        packaged.beside(["evoeval-subtle"], tmp_path)


def test_data_adds_other_versions(benchmark_files: Path, tmp_path: Path) -> None:
    """A file equal to the packaged adds nothing; a changed one is searched for beside it; a broken one is a Fault."""
    assert len(Index.load(["mbpp"], benchmark_files).arrays["tasks"]) == 974
    assert len(Index.load(["mbpp"], tmp_path).arrays["tasks"]) == 974
    lines = (benchmark_files / "mbpp.jsonl").read_text().splitlines()
    changed = lines[0].replace("min_cost", "least_toll_of_way")
    assert changed != lines[0]
    (tmp_path / "mbpp.jsonl").write_text(changed)
    index = Index.load(["mbpp"], tmp_path)
    assert len(index.arrays["tasks"]) == 975
    solution = benchmarks.load("mbpp", tmp_path).tasks[0].solution
    assert index.check(column([planted(solution)]))[0].tolist() == [1]
    (tmp_path / "mbpp.jsonl").write_text("{")
    with pytest.raises(Fault, match=r"mbpp\.jsonl"):
        Index.load(["mbpp"], tmp_path)


SNOW = {
    "task_id": "EvoEval/3",
    "prompt": 'def melt(depth: float, days: int) -> float:\n    """Depth of the snow left after so many days"""\n',
    "entry_point": "melt",
    "canonical_solution": "    for _ in range(days):\n        depth = max(0.0, depth * 0.97 - 0.25)\n    return depth\n",
    "inputs": ["1.5, 3", "0.0, 9"],
    "parent": 3,
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_evoeval_in_the_folder_is_searched_for(tmp_path: Path, suffix: str) -> None:
    """In the shape of its sets, named or not, packed or not."""
    raw = (json.dumps(SNOW) + "\n").encode()
    (tmp_path / f"EvoEval_tool_use{suffix}").write_bytes(gzip.compress(raw) if suffix.endswith("gz") else raw)
    program = SNOW["prompt"] + SNOW["canonical_solution"]
    for names in (["humaneval"], ["humaneval", "evoeval-tool-use"]):
        index = Index.load(names, tmp_path)
        shares, labels = index.check(column([planted(program), commented(program), planted("")]))
        assert shares.tolist()[:2] == [1, 1] and shares[2] < 0.1
        assert labels.to_pylist()[:2] == ["evoeval-tool-use:EvoEval/3"] * 2


def test_packaged_index_is_what_the_script_builds(benchmark_files: Path, tmp_path: Path) -> None:
    """To the byte, under 1 MiB, from files with the published digests, and with no benchmark text in it."""
    script("scripts/make_contamination_index.py").build(benchmark_files, tmp_path / "index.npz")
    shipped = Path(benchmark_index.__file__).with_name("contamination.npz")
    assert shipped.stat().st_size < 1 << 20
    old, new = benchmark_index.unpack(shipped), benchmark_index.unpack(tmp_path / "index.npz")
    assert set(old) == set(new)
    for name in old:
        np.testing.assert_array_equal(old[name], new[name])
    assert old["files"].tolist() == [f"{TABLE[name].file} {TABLE[name].sha256}" for name in packaged.PACKAGED]
    assert [name for name in old if old[name].dtype.kind not in "iub"] == ["tasks", "files"]
    assert all(re.fullmatch(r"[a-z+]+:\w+/\d+", task) for task in old["tasks"])
