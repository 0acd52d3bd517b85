"""Tables keep rows, order and columns; identity and digest depend on content alone."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents
from neve.documents import DOCUMENTS, SELECTION, digest, doc_id, read, write


@given(st.text())
def test_identity_is_half_a_sha256(text: str) -> None:
    assert (
        doc_id(text.encode("utf-8", "surrogatepass"))
        == hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16].hex()
    )


def rows(n: int, size: int) -> pa.Table:
    texts = [f"{i}" * size for i in range(n)]
    return pa.table({"doc_id": [doc_id(t.encode()) for t in texts], "source": ["s"] * n, "repo": ["r"] * n,
                     "path": [f"{i}.py" for i in range(n)], "language": ["Python"] * n, "split": ["train"] * n,
                     "size": [len(t) for t in texts], "content": texts})  # fmt: skip


def test_rows_come_back_in_order_with_absent_columns_null(tmp_path: Path) -> None:
    table = rows(50, 10)
    assert write(table, tmp_path / "t", DOCUMENTS) == 50
    back = read(tmp_path / "t")
    assert back.schema.names == DOCUMENTS.names and back["license"].null_count == 50
    assert back["path"].to_pylist() == table["path"].to_pylist()


def test_row_groups_stay_small(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(documents, "GROUP_BYTES", 10_000)
    write(rows(100, 1000), tmp_path / "t", DOCUMENTS)
    meta = pq.ParquetFile(tmp_path / "t" / "part-00000.parquet").metadata
    assert meta.num_rows == 100
    assert max(meta.row_group(i).num_rows for i in range(meta.num_row_groups)) <= 20


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    assert write([], tmp_path / "t", SELECTION) == 0
    assert read(tmp_path / "t").schema.names == ["doc_id", "repeats", "tokens"]


@settings(max_examples=20)
@given(st.permutations(list(range(12))), st.integers(1, 5))
def test_digest_ignores_order_and_chunks(order: list[int], cut: int) -> None:
    table = rows(12, 3)
    shuffled = table.take(order)
    parts = pa.concat_tables([shuffled.slice(0, cut), shuffled.slice(cut)])
    assert digest(parts, ["path"]) == digest(table, ["path"])
    assert digest(table.slice(1), ["path"]) != digest(table, ["path"])
