"""Git: repositories are made by git itself, damaged by hand; the oracle is the tree that was committed."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from neve import documents
from neve.corpus import sources
from neve.corpus.sources import git
from neve.corpus.sources.batches import Limits
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)
WHO = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
GPL = b"# SPDX-License-Identifier: GPL-2.0-or-later\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


def run(repo: Path, *arguments: str, stdin: bytes | None = None) -> str:
    done = subprocess.run(
        ["git", "-C", str(repo), *WHO, *arguments], check=True, capture_output=True, input=stdin
    )
    return done.stdout.decode().strip()


def commit(repo: Path, files: dict[str, bytes]) -> str:
    if not repo.exists():
        repo.mkdir()
        run(repo, "init", "-q", "-b", "main", "--template=")
    for name, content in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_bytes(content)
    run(repo, "add", "-A")
    run(repo, "commit", "-q", "-m", "a")
    return run(repo, "rev-parse", "HEAD")


def tree(repo: Path, *entries: tuple[str, bytes, str]) -> str:
    """A commit of a tree written entry by entry (mode, name, object), which git itself would refuse."""
    data = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    oid = run(repo, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=data)
    return run(repo, "commit-tree", oid, "-m", "x")


def blob(repo: Path, content: bytes) -> str:
    return run(repo, "hash-object", "-w", "--stdin", stdin=content)


def source(path: Path | str, commit: str | None = None, repo: str | None = None) -> Source:
    return Source.model_construct(kind="git", path=str(path), commit=commit, repo=repo)


def read(
    path: Path | str, commit: str | None = None, limits: Limits = LIMITS
) -> tuple[dict[str, bytes], dict[str, str], str]:
    files, verdicts, repos = {}, {}, set()
    for batch in git.read(source(path, commit), limits):
        assert batch.files.schema == documents.FILES and batch.verdicts.schema == documents.VERDICTS
        files |= {row["path"]: row["content"] for row in batch.files.to_pylist()}
        verdicts |= {row["path"]: row["rule"] for row in batch.verdicts.to_pylist()}
        repos |= set(batch.files["repo"].to_pylist()) | set(batch.verdicts["repo"].to_pylist())
    return files, verdicts, repos.pop() if len(repos) == 1 else str(repos)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Two commits on main, a tag at the first, a branch, links, a submodule, an LFS pointer, a large file."""
    at = tmp_path / "lib"
    commit(at, {"a.py": b"x = 1\n", "LICENSE": b"old"})
    run(at, "tag", "-a", "v1", "-m", "first")
    (at / "link").symlink_to("/etc/passwd")
    files = {
        "a.py": b"x = 2\n", "b/\xe9 \n.py".encode(): b"", "gpl.py": GPL, "big.py": b"x" * 1001, "exact.py": b"x" * 1000,
        "model.bin": POINTER, ".gitattributes": b"*.py text eol=crlf filter=evil\n", "empty.py": b"",
    }  # fmt: skip
    commit(at, {k if isinstance(k, str) else os.fsdecode(k): v for k, v in files.items()})
    run(at, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    run(at, "commit", "-q", "--amend", "-m", "b")
    run(at, "branch", "topic")
    return at


def test_the_tree_of_a_commit_is_read_and_what_is_no_file_is_a_verdict(repo: Path) -> None:
    run(repo, "config", "filter.evil.smudge", f"touch {repo.parent}/evil")
    run(repo, "config", "core.fsmonitor", f"touch {repo.parent}/evil")
    (repo / "uncommitted.py").write_text("1")
    head = run(repo, "rev-parse", "HEAD")
    files, verdicts, name = read(repo)
    assert name == f"lib@{head[:12]}" and git.resolve(source(repo)) == head
    assert files == {
        "a.py": b"x = 2\n", "gpl.py": GPL, "exact.py": b"x" * 1000, "LICENSE": b"old", "empty.py": b"",
        ".gitattributes": b"*.py text eol=crlf filter=evil\n",
    }  # fmt: skip
    assert {v for k, v in verdicts.items() if "\\n" in k} == {"bad-name"}
    assert {k: v for k, v in verdicts.items() if "\\n" not in k} == {
        "link": "link", "sub": "submodule", "big.py": "too-large", "model.bin": "lfs-pointer",
    }  # fmt: skip
    assert sorted(p.name for p in repo.parent.iterdir()) == ["lib"]


@pytest.mark.parametrize("wanted", ["v1", "main~1", "tag", "hash", "short"])
def test_any_name_of_a_commit_will_do(repo: Path, wanted: str) -> None:
    first = run(repo, "rev-parse", "v1^{commit}")
    name = {"hash": first, "short": first[:8], "tag": "refs/tags/v1"}.get(wanted, wanted)
    files, verdicts, where = read(repo, name)
    assert (files, verdicts, where) == ({"LICENSE": b"old", "a.py": b"x = 1\n"}, {}, f"lib@{first[:12]}")


def test_bare_work_tree_and_packed_are_the_same(repo: Path, tmp_path: Path) -> None:
    expected = read(repo)
    run(repo, "clone", "-q", "--bare", str(repo), str(tmp_path / "bare" / "lib.git"))
    run(tmp_path / "bare" / "lib.git", "gc", "-q")
    run(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "tree" / "lib"))
    for other in (tmp_path / "bare" / "lib.git", tmp_path / "tree" / "lib", repo / ".git"):
        assert read(other) == expected


@pytest.mark.parametrize("wanted", [None, "topic", "v1", "hash", "short"])
def test_a_url_is_fetched_and_nothing_of_it_stays(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    """The oracle is the local repository; a full hash that no branch names needs all of it, and is found."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path / "cache"))
    first = run(repo, "rev-parse", "v1^{commit}")
    name = {"hash": first, "short": first[:9]}.get(wanted, wanted) if wanted else None
    url = f"file://{repo}/.git"
    assert read(url, name) == read(repo, name)
    assert list((tmp_path / "cache").iterdir()) == []
    if wanted != "short":
        assert git.resolve(source(url, name)) == git.resolve(source(repo, name))


def test_faults(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path / "cache"))
    for path, name, says in (
        (tmp_path, None, "no git repository"), (repo, "none", "has no commit 'none'"), (repo, "--all", "has no commit"),
        (f"file://{tmp_path}/none", "main", "git fetch failed"), (f"file://{repo}", "nobody", "nobody"),
        (f"ext::sh -c touch% {tmp_path}/evil", "main", "no git repository"), (f"ext://x/{tmp_path}", "main", "not allowed"),
    ):  # fmt: skip
        with pytest.raises(Fault, match=says) as fault:
            read(path, name)
        assert "\n" not in str(fault.value)
    assert not (tmp_path / "evil").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(git, "_PASSED", ("PATH",))
    with pytest.raises(Fault, match="no git on this machine"):
        read(repo)


def test_a_repository_does_not_make_git_fetch_or_run_anything(repo: Path) -> None:
    """A partial clone whose missing objects would be fetched through a command of the repository's choice."""
    evil = repo.parent / "evil"
    for key, value in (
        ("extensions.partialClone", "o"), ("remote.o.promisor", "true"), ("remote.o.url", f"ext::touch {evil}"),
        ("core.sshCommand", f"touch {evil}"), ("core.alternateRefsCommand", f"touch {evil}"), ("core.repositoryFormatVersion", "1"),
    ):  # fmt: skip
        run(repo, "config", key, value)
    oid = run(repo, "rev-parse", "HEAD:exact.py")
    (repo / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    files, verdicts, _ = read(repo)
    assert verdicts["exact.py"] == "unreadable" and files["gpl.py"] == GPL and not evil.exists()
    run(repo, "config", "remote.o.url", "ssh://nobody@localhost/x")
    assert read(repo)[1]["exact.py"] == "unreadable" and not evil.exists()


def test_hostile_trees(repo: Path) -> None:
    """Names that leave the folder, stand twice or are no names; an object that is missing or of another kind."""
    good, folder = blob(repo, b"1"), run(repo, "rev-parse", "HEAD^{tree}")
    up = run(
        repo,
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--literally",
        "--stdin",
        stdin=b"100644 evil.py\0" + bytes.fromhex(good),
    )
    at = tree(
        repo, ("100644", b"a.py", good), ("100644", b"../b.py", good), ("40000", b"..", up), ("100644", b"/abs.py", good),
        ("100644", b"a.py", good), ("100644", b"\x1b[2J.py", good), ("100644", b"\xff.py", good), ("100644", b"n" * 5000, good),
        ("100644", b"missing.py", "12" * 20), ("100644", b"folder.py", folder), ("100644", b"z.py", good),
    )  # fmt: skip
    files, verdicts, _ = read(repo, at)
    assert files == {"a.py": b"1", "z.py": b"1", r"\xff.py": b"1"}
    rules = sorted(verdicts.values())
    assert rules == [
        "absolute-path", "bad-name", "bad-name", "duplicate-path", "path-escape", "path-escape", "unreadable", "unreadable",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-4], lambda data: b"no zlib at all", lambda data: zlib.compress(b"blob 3\0abc"), lambda data: b"",
        lambda data: zlib.compress(b"blob 2\0longer than that\nand more\n"), lambda data: zlib.compress(b"blob 900\0short"),
        lambda data: zlib.compress(b"blob \x87p1 ?\0x"), lambda data: zlib.compress(b"blob 99999999999999999999\0x"),
        lambda data: zlib.compress(b"tree 3\0abc"), lambda data: zlib.compress(b"tag 900000000\0abc"),
    ],
    ids=range(10),
)  # fmt: skip
def test_a_corrupt_object_costs_itself_alone(repo: Path, damage: Callable[[bytes], bytes]) -> None:
    """Whatever git makes of it, its digest is what counts. (A find of scripts/fuzz_readers.py, git --seed 4 --only 8.)"""
    expected = read(repo)[0]
    for name in ("a.py", "gpl.py"):
        oid = run(repo, "rev-parse", f"HEAD:{name}")
        path = repo / ".git" / "objects" / oid[:2] / oid[2:]
        path.chmod(0o644)
        path.write_bytes(damage(path.read_bytes()))
    files, verdicts, _ = read(repo)
    assert {verdicts["a.py"], verdicts["gpl.py"]} <= {"unreadable", "too-large"}
    assert files == {path: content for path, content in expected.items() if path not in ("a.py", "gpl.py")}


def test_a_tree_bomb_is_refused_from_where_it_goes_off(tmp_path: Path) -> None:
    """Ten levels of a tree that holds the one below ten times: ten thousand million files in 11 objects."""
    at = tmp_path / "bomb"
    commit(at, {"a.py": b"1"})
    name, mode = blob(at, b"x = 1\n"), b"100644"
    for _ in range(10):
        data = b"".join(mode + b" " + b"%d" % i + b"\0" + bytes.fromhex(name) for i in range(10))
        name, mode = run(at, "hash-object", "-t", "tree", "-w", "--stdin", stdin=data), b"40000"
    files, verdicts, _ = read(at, run(at, "commit-tree", name, "-m", "x"))
    assert set(verdicts.values()) == {"bomb"} and 500 < len(files) < 3000


def test_a_lost_folder_is_told(repo: Path) -> None:
    oid = commit(repo, {"sub2/x.py": b"1"})
    folder = run(repo, "rev-parse", f"{oid}:sub2")
    (repo / ".git" / "objects" / folder[:2] / folder[2:]).unlink()
    _, verdicts, _ = read(repo, oid)
    assert verdicts[oid] == "unreadable"


def test_many_files_over_several_requests_and_two_walks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository too large to hold at once is walked twice; the licence after the files holds for them."""
    put = {f"{i % 7}/{i}.py": f"x = {i}\n".encode() for i in range(700)}
    at = tmp_path / "many"
    commit(at, put | {"z/LICENSE": GPL})
    first = read(at)
    monkeypatch.setattr(sources.batches, "AHEAD_BYTES", 10_000)
    monkeypatch.setattr(sources.batches, "BATCH_ROWS", 100)
    assert read(at) == first and first[0] == put | {"z/LICENSE": GPL}


def test_as_a_source_of_a_run(repo: Path, tmp_path: Path) -> None:
    given = Source(kind="git", path=str(repo), commit="main")
    out = tmp_path / "out"
    out.mkdir()
    sources.build(sources.Settings((given,), 1000, 1 << 20), {}, out)
    rows = documents.read(out / "files").to_pylist()
    assert {(r["path"], r["license"], r["license_path"]) for r in rows if r["path"].endswith(".py")} == {
        ("a.py", None, "LICENSE"), ("gpl.py", "GPL-2.0-or-later", "gpl.py"), ("exact.py", None, "LICENSE"), ("empty.py", None, "LICENSE"),
    }  # fmt: skip
