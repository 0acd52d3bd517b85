"""A small real corpus, code of installed packages as a curate stage would hand it on, and the stages tokenizer and tokens on it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pyarrow as pa
import pytest

from neve import documents as tables
from neve.tokens import bpe, shards

SITE = Path(importlib.util.find_spec("numpy").origin).parents[1]  # type: ignore[union-attr, arg-type]
PACKAGES = ("httpx", "jinja2", "pydantic", "rich", "typer")
HOSTILE = [
    "x = '<|endoftext|>'  # <fim_prefix>a<fim_suffix>b<fim_middle>c <file_sep><repo_name><fim_pad>",
    "naïve café 北京 \U0001f600\u200d\U0001f469 \u0e01\u0e33 ﬁ ſ 'S 12345 ٣٤ Ⅷ \u0378",
    "\r\n\r\n\t \n \x00\x01\x7f\x85\xa0\u2028\u3000 tail   ",
    " " * 5000 + "x" + "\n" * 3000 + "=" * 3000 + "0" * 300,
]


def table() -> pa.Table:
    """Documents in grouping order (repository, path): Python of five packages and hostile texts; one package is held out."""
    rows = []
    for package in PACKAGES:
        for path in sorted((SITE / package).rglob("*.py"))[:25]:
            text = path.read_text(encoding="utf-8", errors="replace")
            if text.strip():
                rows.append((package, path.relative_to(SITE).as_posix(), "Python", text))
    rows += [("zz-hostile", f"{i}.c", "C", text) for i, text in enumerate(HOSTILE)]
    columns: dict[str, list] = {name: [] for name in tables.DOCUMENTS.names}
    seen = set()
    for repo, path, language, text in rows:
        identity = tables.doc_id(text.encode())
        if identity in seen:
            continue
        seen.add(identity)
        split = "heldout" if repo == "typer" else "train"
        values = (identity, "test", repo, path, language, "MIT", split, len(text.encode()), text, None)
        for name, value in zip(tables.DOCUMENTS.names, values, strict=True):
            columns[name].append(value)
    return pa.table(columns, schema=tables.DOCUMENTS)


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    return HOSTILE


@pytest.fixture(scope="session")
def curate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curate")
    documents = table()
    third = len(documents) // 3
    tables.write([documents.slice(0, third), documents.slice(third)], folder / "documents", tables.DOCUMENTS)
    return folder


@pytest.fixture(scope="session")
def tokenizer(curate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    bpe.build(
        {"tokenizer": {"vocab_size": 3000, "sample_bytes": 1 << 20, "folder": None}, "seed": 1},
        {"curate": curate},
        folder,
    )
    return folder


@pytest.fixture(scope="session")
def tokens(curate: Path, tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Token shards, small enough that there are several."""
    folder = tmp_path_factory.mktemp("tokens")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_TOKENS", 60_000)
        shards.build({}, {"curate": curate, "tokenizer": tokenizer}, folder)
    return folder
