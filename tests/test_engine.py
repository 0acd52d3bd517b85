"""The engine's contract: one engine a process, no telemetry, kernels over batches, tables through disk."""

import hashlib
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from neve import documents, engine
from neve.errors import Fault


def test_telemetry_is_off_before_daft_is_imported():
    """Oracle: Daft's own opinion of whether the user opted out."""
    from daft.scarf_telemetry import opted_out

    assert opted_out()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_one_engine_a_process():
    assert engine.current() == "native"
    engine.use("native")
    with pytest.raises(Fault, match="already runs on native"):
        engine.use("ray")
    with pytest.raises(Fault, match="may be native or ray"):
        engine.use("spark")


def test_an_unreachable_cluster_is_one_line():
    code = "from neve import engine; engine.use('ray', '127.0.0.1:1')"
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "Fault: engine = 'ray': no cluster at 127.0.0.1:1" in got.stderr


def test_kernel_and_save(tmp_path):
    """Oracle: the same column computed by Arrow at once, sorted since order is not kept."""
    table = pa.table({"word": [f"w{i}" for i in range(1000)]})

    def sizes(words: pa.Array) -> dict[str, pa.Array]:
        assert len(words) <= engine.KERNEL_ROWS
        return {"size": pc.binary_length(words), "big": pc.utf8_upper(words)}

    made = engine.kernel(sizes, {"size": pa.int64(), "big": pa.string()}, counts=True)
    frame = engine.frame(table)
    engine.save(frame.select("word", made(frame["word"])), tmp_path / "a", "sizes", 1000)
    got = engine.read(tmp_path / "a").sort("word").to_arrow()
    words = sorted(table["word"].to_pylist())
    assert got["word"].to_pylist() == words
    assert got["size"].to_pylist() == [len(word) for word in words]
    assert got["big"].to_pylist() == [word.upper() for word in words]


def test_save_by_partition(tmp_path):
    frame = engine.frame(pa.table({"part": [0, 1, 0, 1, 2], "x": [1, 2, 3, 4, 5]}))
    engine.save(frame, tmp_path / "a", "parts", partition="part")
    found = {p.name: sorted(documents.read(p)["x"].to_pylist()) for p in (tmp_path / "a").iterdir()}
    assert found == {"part=0": [1, 3], "part=1": [2, 4], "part=2": [5]}


def test_row_groups_get_smaller_as_parts_get_more(tmp_path, monkeypatch):
    """Writers of four parts hold back less each than one of one; text that lz4 cannot press, 1.3 MB a part."""
    monkeypatch.setattr(engine, "OPEN_BYTES", 1 << 20)
    rows = 40_000
    sha256 = hashlib.sha256
    table = pa.table(
        {
            "part": [i % 4 for i in range(rows)],
            "text": [sha256(b"%d" % i).hexdigest() * 2 for i in range(rows)],
        }
    )
    groups = {}
    for parts in (1, 4):
        out = tmp_path / str(parts)
        engine.save(engine.frame(table), out, "parts", rows, partition="part", partitions=parts)
        files = [pq.ParquetFile(path).metadata for path in out.glob("**/*.parquet")]
        assert sum(file.num_rows for file in files) == rows
        groups[parts] = max(file.row_group(i).num_rows for file in files for i in range(file.num_row_groups))
    assert groups[4] < groups[1]
