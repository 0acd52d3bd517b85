"""Files of releases come with the digest asked for, or not at all. Needs the package index."""

import pytest

from neve.errors import Fault
from neve.packages import fetch

TOOLZ = ("toolz", "1.2.0", "toolz-1.2.0.tar.gz")


def sha(name: str) -> str:
    import tomllib
    from pathlib import Path

    recipe = tomllib.loads((Path(__file__).parents[1] / "recipes" / "quickstart.toml").read_text())
    return next(s["sha256"] for s in recipe["annotator"]["positives"] if s["name"] == name)


def test_fetch_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    path = fetch(*TOOLZ, sha("toolz"))
    inode = path.stat().st_ino
    assert fetch(*TOOLZ, sha("toolz")) == path and path.stat().st_ino == inode
    path.write_bytes(b"tampered with")
    assert fetch(*TOOLZ, sha("toolz")).stat().st_size > 50_000


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((*TOOLZ, "1" * 64), "has sha256 "),
        (("toolz", "1.2.0", "toolz-9.tar.gz", "1" * 64), "no file 'toolz-9.tar.gz'"),
        (("no-such-project-zz9-plural", "1", "x.tar.gz", "1" * 64), "knows no project"),
    ],
)
def test_what_cannot_be_had_is_one_line(asked, said: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    with pytest.raises(Fault, match=said):
        fetch(*asked)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
