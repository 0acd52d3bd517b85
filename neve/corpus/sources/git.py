"""Git repositories as sources, local or at a URL, at one commit: read from the object store, without a work
tree.

The commit is resolved first and is the repository's version (`name@` and its first twelve digits). Files are
the blobs of its tree, asked of `git ls-tree` and `git cat-file`, so no checkout filter, hook, text
conversion or LFS smudge ever runs; links, submodules and LFS pointers are verdicts, and so are names that
leave the folder, objects that are missing or corrupt, and everything after the point where a tree unpacks to
more than the limit. A URL is fetched bare, at depth 1 where the server gives the commit by its name, into a
folder of the cache that is removed afterwards.

The trade-off: the git of this machine does the parsing, in processes whose memory, output and configuration
are bounded, rather than a second implementation of packs and deltas.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Timer
from typing import IO

from neve import packages
from neve.corpus.sources.archive import judge
from neve.corpus.sources.batches import MEMBER_BYTES, Batch, Limits, Member, printable, repository
from neve.errors import Fault
from neve.recipe.sources import Source

MEMORY_KIB = 4 << 20
"""Address space of one git process."""
FETCH_SECONDS = 3600
HANG_SECONDS = 120.0
"""What a git that reads may take for the next part of a tree, or for _ASKED objects."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:")
_PASSED = (
    "PATH",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
)
_SETTINGS = (
    "safe.directory=*", "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.packedGitWindowSize=32m",
    "core.packedGitLimit=256m", "credential.helper=", "submodule.recurse=false", "gc.auto=0", "maintenance.auto=false",
    "http.lowSpeedLimit=1000", "http.lowSpeedTime=60",
)  # fmt: skip
_ASKED = 128
"""Objects asked for at a time: their names fit into a pipe, so that neither side waits for the other."""


class _Dead(Exception):
    """`git cat-file` ended before its time; the message is what it said."""


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of the tree of `source.commit` (a hash, tag or branch; default HEAD), one repository.

    Raises Fault where there is no git, no such repository or no such commit, or a URL cannot be fetched.
    """
    with _store(source, limits) as (store, commit):
        path = str(source.path)
        whole = path if _URL.match(path) else str(Path(path).expanduser().resolve())
        name = source.repo or re.sub(r"/?(\.git)?/*$", "", whole).rpartition("/")[2].rpartition(":")[2]
        repo = f"{printable(name or 'repository')}@{commit[:12]}"
        yield from repository("git", repo, partial(_members, store, commit, limits))


def resolve(source: Source) -> str:
    """The 40 (or 64) hex digits of the commit that `source` means now, without fetching its files; Fault as
    `read`."""
    path, wanted = str(source.path), source.commit or "HEAD"
    if not _URL.match(path):
        return _commit(_local(path), wanted, path)
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", wanted):
        return wanted
    said = _run(
        ["ls-remote", "--", path, wanted, f"refs/tags/{wanted}^{{}}"], path, "https:http:ssh:git:file"
    )
    rows = {ref: name for name, ref in re.findall(r"^([0-9a-f]+)\t(.+)$", said, re.M)}
    for ref in (f"refs/tags/{wanted}^{{}}", f"refs/tags/{wanted}", f"refs/heads/{wanted}", wanted):
        if ref in rows:
            return rows[ref]
    raise Fault(
        f"source git: {path}: names no tag or branch {wanted!r}; a commit there is named by its full hash"
    )


@contextmanager
def _git(
    arguments: list[str], store: Path, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """A git that only reads, killed at the end."""
    process = subprocess.Popen(
        _command(arguments, store, 0),
        env=_environment(),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        yield process
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        process.wait()


@contextmanager
def _patience(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kills the process where what is asked of it here takes more than HANG_SECONDS."""
    timer = Timer(HANG_SECONDS, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _store(source: Source, limits: Limits) -> Iterator[tuple[Path, str]]:
    """(folder of objects, resolved commit)"""
    path, wanted = str(source.path), source.commit or "HEAD"
    if not _URL.match(path):
        store = _local(path)
        yield store, _commit(store, wanted, path)
        return
    packages.cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=packages.cache(), prefix="git-") as folder:
        store = Path(folder)
        _run(["init", "--quiet", "--bare", "--template=", str(store)], path)
        yield store, _fetch(store, path, wanted, limits)


def _local(path: str) -> Path:
    top = Path(path).expanduser().resolve()
    for store in (top / ".git", top):
        if store.is_file() or (store / "objects").is_dir():
            return store
    raise Fault(
        f"source git: {top}: no git repository; name a folder with .git in it, a bare repository or a URL"
    )


def _commit(store: Path, wanted: str, path: str) -> str:
    try:
        return _run(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}"],
            path,
            store=store,
        ).strip()
    except Fault as error:
        if not str(error).endswith("failed"):
            raise
        raise Fault(
            f"source git: {path}: has no commit {wanted!r}; name a hash, tag or branch that is there"
        ) from None


def _fetch(store: Path, url: str, wanted: str, limits: Limits) -> str:
    """Fetch `wanted` alone where the server gives it by that name, else all branches and tags."""
    fetch = [
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
    ]
    protocols, most = "https:http:ssh:git:file", limits.max_archive_bytes
    short = re.fullmatch(r"[0-9a-f]{4,39}", wanted)
    try:
        if short is None:
            _run([*fetch, "--depth=1", "--", url, f"+{wanted}:refs/neve/wanted"], url, protocols, store, most)
            return _commit(store, "refs/neve/wanted", url)
    except Fault as error:
        if not re.search(r"not our ref|unadvertised|couldn't find remote ref", str(error)):
            raise
    _run(
        [*fetch, "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
        url,
        protocols,
        store,
        most,
    )
    return _commit(store, wanted, url)


def _command(arguments: list[str], store: Path | None, most_bytes: int) -> list[str]:
    """The command that starts git under limits, which its children share."""
    if shutil.which("git") is None:
        raise Fault("source git: there is no git on this machine; install it")
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    where = ["--git-dir", str(store)] if store else []
    limit = f'ulimit -v {MEMORY_KIB}; ulimit -f {max(1, most_bytes >> 9)}; ulimit -c 0; exec git "$@"'
    return ["sh", "-c", limit, "git", *settings, *where, *arguments]


def _environment(protocols: str = "none") -> dict[str, str]:
    """Nothing of the user's configuration or credentials, no prompt, and no protocol but those named."""
    return {name: os.environ[name] for name in _PASSED if name in os.environ} | {
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "GIT_ALLOW_PROTOCOL": protocols, "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
    }  # fmt: skip


def _run(
    arguments: list[str],
    path: str,
    protocols: str = "none",
    store: Path | None = None,
    most_bytes: int = 1 << 30,
) -> str:
    """Output of one git command; Fault with the last line it said where it fails."""
    try:
        done = subprocess.run(
            _command(arguments, store, most_bytes), env=_environment(protocols), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=FETCH_SECONDS, check=False, cwd="/",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Fault(f"source git: {path}: git {arguments[0]} did not end within {FETCH_SECONDS} s") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = printable(" ".join(lines[-2:]))[:300]
        raise Fault(f"source git: {path}: git {arguments[0]} failed{': ' + said if said else ''}")
    return done.stdout.decode("utf-8", "replace")


def _members(store: Path, commit: str, limits: Limits, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Files of a commit's tree in its order, refused ones as verdicts; contents only of paths that are
    `wanted`."""
    seen: set[str] = set()
    waiting: list[tuple[Member, str | None]] = []
    out = 0
    for member, name in _tree(store, commit, limits):
        if member.rule is None and member.path in seen:
            member, name = Member(member.path, rule="duplicate-path"), None
        seen.add(member.path)
        waiting.append((member, name if member.rule is None and wanted(member.path) else None))
        out += MEMBER_BYTES
        if len(waiting) == _ASKED or out > limits.max_archive_bytes:
            out += yield from _filled(waiting, store, limits)
            waiting = []
        if out > limits.max_archive_bytes:
            detail = f"all after {member.path!r} is refused, {len(seen)} files before it are kept"
            value, limit = float(out), float(limits.max_archive_bytes)
            yield Member(commit, rule="bomb", value=value, limit=limit, detail=detail)
            return
    yield from _filled(waiting, store, limits)


def _filled(
    waiting: list[tuple[Member, str | None]], store: Path, limits: Limits
) -> Generator[Member, None, int]:
    """The members with their contents; returns how many bytes these are."""
    size = 0
    contents = iter(_blobs(store, [name for _, name in waiting if name is not None], limits.of(".ipynb")))
    for member, name in waiting:
        if name is not None:
            content = next(contents)
            if not isinstance(content, str) and len(content) > limits.of(member.path):
                content = f"the object is a blob of {len(content)} bytes"
            if isinstance(content, str):
                member.rule, member.detail = "unreadable", content
            else:
                member.content = content
                size += len(content)
        yield member
    return size


def _tree(store: Path, commit: str, limits: Limits) -> Iterator[tuple[Member, str | None]]:
    """(member, name of its blob) of each entry of the tree, as a stream.

    Listed with sizes, and from where an object without one ends that, without them.
    """
    done = 0
    for sizes in (["-l"], []):
        with _git(["ls-tree", "-r", *sizes, "-z", "--full-tree", commit], store) as process:
            for row in islice(_rows(process), done, None):
                done += 1
                said, _, path = row.partition(b"\t")
                mode, _, name, *size = said.split()
                member = judge(path.decode("utf-8", "surrogateescape"))
                if member.rule is not None:
                    pass
                elif mode == b"160000":
                    member.rule, member.detail = "submodule", name.decode()
                elif mode == b"120000":
                    member.rule = "link"
                elif size and size[0].isdigit() and int(size[0]) > limits.of(member.path):
                    member.rule = "too-large"
                    member.value, member.limit = float(size[0]), float(limits.of(member.path))
                yield member, name.decode()
            if process.wait() == 0:
                return
    yield Member(commit, rule="unreadable", detail="git ended before the whole tree was listed"), None


def _rows(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert process.stdout
    rest, chunk = b"", b"\0"
    while chunk:
        with _patience(process):
            chunk = process.stdout.read(1 << 16)
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


def _blobs(store: Path, names: list[str], most_bytes: int) -> list[bytes | str]:
    """Each blob's bytes, or why it cannot be had, in the order of `names` (at most _ASKED).

    git is asked for all at once and told that this was all, so that it ends where it gives less than it
    promised; where it ends too early, the object it was at is lost, and those after it are asked of another
    process.
    """
    found: list[bytes | str] = []
    while len(found) < len(names):
        with _git(["cat-file", "--batch"], store, subprocess.PIPE) as process:
            assert process.stdin and process.stdout
            asked = names[len(found) :]
            try:
                with _patience(process):
                    process.stdin.write("".join(f"{name}\n" for name in asked).encode())
                    process.stdin.close()
                    for name in asked:
                        found.append(_answer(process.stdout, name, most_bytes))
            except (_Dead, BrokenPipeError):
                found.append("the object is corrupt, or takes too much memory")
    return found


def _answer(stream: IO[bytes], name: str, most_bytes: int) -> bytes | str:
    """The answer for one object. What is not exactly it (git does not check blobs that it hands out) is
    _Dead, so that the next one is asked of a fresh process."""
    header = stream.readline(256)
    if header == f"{name} missing\n".encode():
        return "the object is missing"
    said = re.fullmatch(rb"(\w+) (blob|tree|commit|tag) (\d{1,15})\n", header)
    if not said or said[1] != name.encode():
        raise _Dead
    kind, size = said[2].decode(), int(said[3])
    if kind == "blob" and size <= most_bytes:
        content = stream.read(size + 1)
        hashed = hashlib.new("sha1" if len(name) == 40 else "sha256", b"blob %d\0" % size)
        hashed.update(content[:size])
        if content[size:] != b"\n" or hashed.hexdigest() != name:
            raise _Dead
        return content[:size]
    left = size + 1
    while left and (chunk := stream.read(min(left, 1 << 20))):
        left -= len(chunk)
    if left:
        raise _Dead
    return f"the object is a {kind} of {size} bytes"
