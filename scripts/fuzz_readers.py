"""Fuzz the readers of sources with damaged and crafted input: archives, JSON lines, Parquet, licences, git.

    python scripts/fuzz_readers.py --minutes 10 --seed 1 --finds DIR

Each execution takes a well-formed input, damages it (bytes flipped, cut, doubled, spliced, numbers made
extreme; in tar and git the checksums mended, so that parsers get past them), reads it as a run would, and
checks the laws:

- no exception but Fault, no crash, and no more than SLOW seconds;
- everything is a file or a verdict: as many as an independent count of lines, rows or members says, unless a
  verdict says that the rest is lost;
- nothing is written: the folders around the input are as they were.

Kinds take turns by the time that they have had. Execution n of a seed is a function of (seed, n, kind)
alone: a find names them and keeps its input, and `--kind K --only N` runs it again. Exit status 1 where
there were finds.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from neve.corpus.licenses import license_evidence, policy
from neve.corpus.licenses.names import normalise
from neve.corpus.sources import archive, columns, git, parquet, remote, sift, table
from neve.corpus.sources.batches import Limits
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=1 << 16, max_archive_bytes=1 << 24)
SLOW = 60
LOST = {"unreadable", "bomb"}
MEMBERS = [
    ("r/LICENSE", b"MIT License\n\nPermission is hereby granted, free of charge, to any person\n"), ("r/a.py", b"x = 1\n" * 50),
    ("r/b/c.h", b"// SPDX-License-Identifier: GPL-2.0-or-later\nint a;\n"), ("r/package.json", b'{"license": ["MIT", {"type": "ISC"}]}'),
    ("r/\xc3\xa9.py".encode().decode("latin-1"), "é".encode("utf-16")), ("r/nul.py", b"a\0b"), ("r/empty.py", b""),
    ("r/LICENSES/MIT.txt", b"MIT"), ("r/pyproject.toml", b'[project]\nlicense = {text = "MIT"}\nclassifiers = ["License :: OSI"]\n'),
]  # fmt: skip
METADATA = b"License: MIT\nClassifier: License :: OSI Approved :: BSD License\n"
ROWS = [
    {"content": "x = 1\n", "max_stars_repo_name": "u/r", "max_stars_repo_path": "a.py", "max_stars_repo_licenses": ["MIT"], "lang": "Python"},
    {"text": "é" * 30, "id": 7, "metadata": {"path": "b.c", "repo": "u/s", "license": "MIT"}, "source": "x"},
    {"repo_name": "u/t", "files": [{"path": "c.py", "text": "y"}, {"path": "../d.py", "text": "\u0000"}]},
]  # fmt: skip
TOKENS = [
    b"\0", b"\xff" * 4, b"../", b"/", b"\n", b'"', b"[" * 300, b"{", b"}", b"null", b"\\ud800", b"-1", b"1e999", b"\xef\xbb\xbf", b"%s",
    b"SPDX-License-Identifier: ", b" OR (", b"\x1b[2J", b"PK\x01\x02", b"00000000000", b"77777777777", b"PAR1", b"99999999999999999999",
]  # fmt: skip


def damaged(data: bytes, dice: random.Random) -> bytes:
    """`data` with one to eight hurts."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        at, size = dice.randrange(len(out) + 1), dice.choice((1, 2, 4, 8, 64, 512))
        match dice.randrange(7):
            case 0 if out:
                out[min(at, len(out) - 1)] ^= 1 << dice.randrange(8)
            case 1:
                out[at : at + size] = dice.randbytes(size)
            case 2:
                del out[at : at + size]
            case 3:
                out[at:at] = out[at : at + size] * dice.choice((1, 2, 50))
            case 4:
                out[at : at + dice.choice((0, 8))] = dice.choice(TOKENS)
            case 5:
                source = dice.randrange(len(out) + 1)
                out[at : at + size] = out[source : source + size]
            case _:
                width = dice.choice((2, 4, 8))
                number = dice.choice((0, 1, -1, 127, 1 << 15, (1 << 31) - 1, 1 << 20)) % (1 << 8 * width)
                out[at : at + width] = number.to_bytes(width, "little")
    if dice.random() < 0.1:
        del out[dice.randrange(len(out) + 1) :]
    return bytes(out)


class Find(Exception):
    """A law is broken."""


def counted(batches: object, expected: Callable[[], int | None]) -> None:
    """Read all batches; their rows must be as many as `expected` says, where nothing tells of a loss."""
    rows, rules = 0, set()
    for batch in batches:  # type: ignore[attr-defined]
        rows += batch.files.num_rows + batch.verdicts.num_rows
        rules |= set(batch.verdicts["rule"].to_pylist())
        batch.files.validate(full=True)
        kept, stopped = sift(batch.files)
        if kept.num_rows + stopped.num_rows != batch.files.num_rows:
            raise Find("sift loses rows")
    if not rules & LOST and (count := expected()) is not None and rows != count:
        raise Find(f"{rows} files and verdicts, {count} expected")


def fuzz_tar(folder: Path, dice: random.Random) -> None:
    buffer = io.BytesIO()
    formats = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    with tarfile.open(fileobj=buffer, mode="w", format=dice.choice(formats)) as tar:
        for name, content in dice.sample(MEMBERS, len(MEMBERS)):
            info = tarfile.TarInfo(name * dice.choice((1, 1, 1, 6)))
            info.size, info.type = (
                len(content),
                dice.choice((b"0", b"0", b"0", b"2", b"1", b"3", b"5", b"7", b"S", b"x")),
            )
            info.linkname = "../../x"
            tar.addfile(info, io.BytesIO(content))
    data = bytearray(damaged(buffer.getvalue(), dice))
    for at in range(0, len(data) - 511, 512):
        if data[at + 257 : at + 262] == b"ustar" and dice.random() < 0.9:
            data[at + 148 : at + 156] = b" " * 8
            data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    packed = dice.choice((bytes, bytes, gzip.compress, bz2.compress, lzma.compress))(bytes(data))
    path = folder / "x.tar"
    path.write_bytes(damaged(packed, dice) if dice.random() < 0.1 else packed)

    def expected() -> int | None:
        with tarfile.open(path) as tar:
            return sum(not info.isdir() for info in tar)

    counted(archive.read(Source(kind="archive", path=str(path)), LIMITS), expected)


def fuzz_zip(folder: Path, dice: random.Random) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in MEMBERS:
            zipped.writestr(name, content, dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    path = folder / "x.zip"
    path.write_bytes(damaged(buffer.getvalue(), dice))

    def expected() -> int | None:
        if not zipfile.is_zipfile(path) or path.read_bytes()[:4] != b"PK\x03\x04":
            return None
        with zipfile.ZipFile(path) as zipped:
            return sum(not info.is_dir() for info in zipped.infolist())

    counted(archive.read(Source(kind="archive", path=str(path)), LIMITS), expected)


def fuzz_jsonl(folder: Path, dice: random.Random) -> None:
    rows = [dice.choice(ROWS[:2]) for _ in range(dice.randrange(1, 9))] if dice.random() < 0.7 else ROWS
    data = damaged(b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows), dice)
    packed, suffix = dice.choice([
        (data, ""), (data, ""), (gzip.compress(data), ".gz"), (pa.Codec("zstd").compress(data).to_pybytes(), ".zst"),
    ])  # fmt: skip
    path = folder / f"x.jsonl{suffix}"
    path.write_bytes(damaged(packed, dice) if suffix and dice.random() < 0.2 else packed)

    def expected() -> int | None:
        if suffix or b'"files"' in data:
            return None  # packing may be damaged, and a row of files is several
        return sum(bool(line.strip(b" \t\r")) for line in data.split(b"\n"))

    counted(table.read(Source(kind="table", path=str(path)), LIMITS), expected)


def fuzz_parquet(folder: Path, dice: random.Random) -> None:
    rows = dice.choice((ROWS[:1] * 30, ROWS[1:2] * 30, ROWS[2:] * 5))
    buffer = io.BytesIO()
    pq.write_table(
        pa.Table.from_pylist(rows), buffer, row_group_size=dice.choice((3, 1000)), use_dictionary=dice.random() < 0.5,
        compression=dice.choice(("none", "snappy", "zstd")), data_page_version=dice.choice(("1.0", "2.0")),
    )  # fmt: skip
    path = folder / "x.parquet"
    path.write_bytes(damaged(buffer.getvalue(), dice))
    if dice.random() < 0.02:  # as a run does, in a process of its own
        counted(table.read(Source(kind="table", path=str(path)), LIMITS), lambda: None)
        return
    child = os.fork()  # the same, without the start of an interpreter
    if child == 0:
        try:
            os.dup2(os.open(folder / "x.arrow", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            parquet.main(str(path), LIMITS.max_file_bytes, sorted(columns.KNOWN))
        except Exception:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    crashes[status] += status < 0
    stream = folder / "x.arrow"
    try:
        if stream.exists() and stream.stat().st_size:
            with pa.ipc.open_stream(stream.read_bytes()) as reader:
                if columns.has_text(reader.schema):
                    counted(
                        (remote.batch(pa.Table.from_batches([b]), "x", LIMITS) for b in reader), lambda: None
                    )
    except pa.ArrowInvalid:
        if status == 0:
            raise
    finally:
        stream.unlink(missing_ok=True)


def fuzz_licenses(folder: Path, dice: random.Random) -> None:
    text = damaged(dice.choice([content for _, content in MEMBERS] + [METADATA]), dice)
    names = (
        "PKG-INFO",
        "pyproject.toml",
        "setup.cfg",
        "package.json",
        "composer.json",
        "Cargo.toml",
        "LICENSE",
        "a/LICENSES/MIT.txt",
        "REUSE.toml",
        "debian/copyright",
        "pom.xml",
        "x.gemspec",
        "c.py.license",
    )
    lookup = license_evidence.Lookup([(dice.choice(("", "a/", "a/b/")) + name, text) for name in names])
    contents = pa.array([text, None, b"# SPDX-License-Identifier: " + text], pa.large_binary())
    found, _ = lookup.columns(pa.array(["a/b/c.py", "x.py", "a/LICENSE"]), contents, dice.choice(("", "a/")))
    policy.permitted_mask(found, "permissive")
    normalise(text.decode("utf-8", "replace"))


def fuzz_git(folder: Path, dice: random.Random) -> None:
    store = folder / "x.git"
    shutil.copytree(template, store)
    files = sorted(p for p in store.rglob("*") if p.is_file())
    for path in dice.sample(files, dice.choice((1, 1, 2, 5))):
        data = path.read_bytes()
        loose = len(path.parent.name) == 2
        path.chmod(0o644)
        path.write_bytes(
            zlib.compress(damaged(zlib.decompress(data), dice)) if loose else damaged(data, dice)
        )

    def expected() -> int | None:
        said = subprocess.run(
            ["git", "--git-dir", str(store), "ls-tree", "-r", "-z", commit], capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
        )  # fmt: skip
        return said.stdout.count(b"\0") if said.returncode == 0 else None

    counted(git.read(Source(kind="git", path=str(store), commit=commit), LIMITS), expected)


def run_git(*arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    return subprocess.run(
        ["git", *who, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def make_repository(folder: Path) -> str:
    """A repository `template` with loose and packed objects, a link and a submodule; returns its commit."""
    work = folder / "work"
    for name, content in MEMBERS:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(content)
    (work / "link").symlink_to("/etc/passwd")
    here = ["-C", str(work)]
    run_git("init", "-q", "--template=", str(work))
    run_git(*here, "add", "-A")
    run_git(*here, "commit", "-q", "-m", "a")
    run_git(*here, "repack", "-a", "-d", "-q")
    (work / "r" / "a.py").write_bytes(b"x = 2\n" * 50)
    run_git(*here, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    run_git(*here, "add", "r")
    run_git(*here, "commit", "-q", "-m", "b")
    name = run_git(*here, "rev-parse", "HEAD")
    (work / ".git").rename(folder / "template")
    shutil.rmtree(work)
    return name


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    "tar": fuzz_tar, "zip": fuzz_zip, "jsonl": fuzz_jsonl, "parquet": fuzz_parquet, "licenses": fuzz_licenses, "git": fuzz_git,
}  # fmt: skip
crashes: Counter[int] = Counter()
template, commit = Path(), ""


def execute(kind: str, seed: int, number: int, work: Path) -> str | None:
    """What is wrong with this execution, or None."""
    folder = work / "input"
    folder.mkdir()
    before = sorted(os.listdir(work)), os.listdir(work / "here")  # noqa: PTH208
    signal.alarm(SLOW)
    try:
        KINDS[kind](folder, random.Random(f"{seed} {number} {kind}"))
    except Fault:
        pass
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = next(
            (f for f in reversed(frames) if "neve" in f.filename or "fuzz_" in f.filename), frames[-1]
        )
        return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
    if (sorted(os.listdir(work)), os.listdir(work / "here")) != before or len(os.listdir(folder)) > 1:  # noqa: PTH208
        return "something was written"
    return None


def too_slow(*_: object) -> None:
    raise Find(f"more than {SLOW} s")


def main() -> int:
    global template, commit
    parser = argparse.ArgumentParser(description="Fuzz the readers of sources.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finds", type=Path, default=Path("fuzz-finds"))
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--only", type=int, help="run this one execution of --kind")
    given = parser.parse_args()
    signal.signal(signal.SIGALRM, too_slow)
    finds_folder = given.finds.resolve()
    spent: dict[str, float] = dict.fromkeys([given.kind] if given.kind else KINDS, 0.0)
    runs: Counter[str] = Counter()
    finds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        work = Path(name)
        commit = make_repository(work)
        template = work / "template"
        (work / "here").mkdir()
        os.chdir(work / "here")
        end = time.monotonic() + 60 * given.minutes
        while time.monotonic() < end:
            kind = min(spent, key=lambda k: spent[k])
            number = runs[kind] if given.only is None else given.only
            start = time.monotonic()
            wrong = execute(kind, given.seed, number, work)
            spent[kind] += time.monotonic() - start
            runs[kind] += 1
            if wrong:
                finds[f"{kind}: {wrong}"] += 1
                if finds[f"{kind}: {wrong}"] == 1:
                    print(f"find: {kind} --seed {given.seed} --only {number}: {wrong}", flush=True)
                    place = finds_folder / f"{kind}-{given.seed}-{number}"
                    if (work / "input").exists():
                        shutil.copytree(work / "input", place, dirs_exist_ok=True)
            shutil.rmtree(work / "input")
            if given.only is not None:
                break
        os.chdir("/")
    print(
        f"{sum(runs.values())} executions: {dict(runs)}; Parquet processes killed by a signal: {dict(+crashes)}; {len(finds)} finds"
    )
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
