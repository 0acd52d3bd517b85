"""Sdists: the oracle is an archive made here, served by the cache under the digest that the recipe names."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from neve import packages
from neve.corpus.sources import sdist
from neve.corpus.sources.batches import Limits
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_an_sdist_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loses its top folder, its metadata name the licence, and a nested package keeps its own."""
    data = archive(
        {"sums-1.0/a.py": b"x = 1\n", "sums-1.0/PKG-INFO": b"Name: sums\nLicense: MIT\n", "sums-1.0/ext/Cargo.toml": b'[package]\nlicense = "GPL-3.0"\n', "sums-1.0/ext/b.rs": b"fn b() {}\n"}
    )  # fmt: skip
    source = Source(
        kind="sdist",
        name="sums",
        version="1.0",
        file="sums-1.0.tar.gz",
        sha256=hashlib.sha256(data).hexdigest(),
    )
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    place = packages.cache() / "packages" / str(source.sha256)[:16] / str(source.file)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    rows = [row for batch in sdist.read(source, LIMITS) for row in batch.files.to_pylist()]
    assert {(row["repo"], row["path"], row["license"]) for row in rows if row["path"].endswith((".py", ".rs"))} == {
        ("sums==1.0", "a.py", "MIT"), ("sums==1.0", "ext/b.rs", "GPL-3.0-only"),
    }  # fmt: skip


def test_a_digest_that_is_not_met_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    source = Source(
        kind="sdist", name="no-such-package-of-ours", version="0", file="x-0.tar.gz", sha256="0" * 64
    )
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(Fault):
        sdist.fetch(source)
