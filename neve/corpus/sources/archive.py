"""Archives as sources: tar (plain, gzip, bzip2, xz, zstd) and zip, read as streams; nothing is unpacked.

The first bytes say what an archive is, so wheels, jars and crates are read too. An archive is hostile until
read. Each member is judged by itself and refused with a verdict where its name leaves the folder
(`path-escape`, `absolute-path`, `bad-name`), stands twice (`duplicate-path`), is a `link` or a `device`, is
`encrypted`, `too-large` or `unreadable`. What unpacks to more than the limit, or to more than RATIO times
its own size, is a `bomb`: the rest is refused. What is truncated or corrupt keeps the members before the
damage. No size in any header is believed: bytes are counted as they come.

The trade-off: Python's tarfile and zipfile do the parsing, over a stream (`_Forward`) that bounds what one
header may make them read; zip members packed otherwise than by deflate are refused, since their
decompressors cannot be bounded there, and code is hardly ever packed that way.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from neve.corpus.sources.batches import (
    NAME_CHARACTERS,
    RATIO,
    RATIO_BYTES,
    Batch,
    Limits,
    Member,
    printable,
    repository,
)
from neve.errors import Fault
from neve.recipe.sources import Source

HEADER_BYTES = 256 << 10
"""What the headers of one tar member may hold: long names and attributes."""
_CHUNK = 64 << 10
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SUFFIX = re.compile(r"(?i)\.(tar(\.(gz|bz2|xz|zst))?|tgz|tbz2?|txz|zip|whl|jar|crate)$")
_DAMAGE = (
    EOFError, OSError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, struct.error,
    ValueError, IndexError, KeyError, OverflowError, NotImplementedError, RecursionError,
)  # fmt: skip
"""What the parsers raise on damaged or crafted input."""

Wanted = Callable[[str], bool]


class _Bomb(Exception):
    """More is unpacked than the limits allow: `value` and `limit`."""

    def __init__(self, value: float, limit: float, detail: str) -> None:
        super().__init__(detail)
        self.value, self.limit = value, limit


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of an archive, one repository: `source.repo`, else the file's name without its suffix.

    Raises Fault where there is no such file; whatever is wrong within it is a verdict.
    """
    path = Path(str(source.path)).expanduser()
    if not path.is_file():
        raise Fault(f"source archive: {path}: no such file; correct its path in the recipe")
    repo = source.repo or _SUFFIX.sub("", path.name)
    return repository("archive", repo, partial(members, path, limits))


def members(path: Path, limits: Limits, wanted: Wanted = lambda path: True) -> Iterator[Member]:
    """Files of the archive at `path` in its own order, refused ones as verdicts.

    Contents are read only where `wanted(path)`; the others' `content` is None.
    """
    last, count = path.name, 0
    seen: set[str] = set()
    try:
        with path.open("rb") as raw:
            magic = raw.read(6)
            raw.seek(0)
            zipped = magic[:4] in (b"PK\x03\x04", b"PK\x05\x06") or path.suffix.lower() == ".zip"
            for member in _zip(raw, limits, wanted) if zipped else _tar(raw, magic, limits, wanted):
                last = member.path
                if member.rule is None and member.path in seen:
                    member = Member(member.path, rule="duplicate-path")
                seen.add(member.path)
                count += member.rule is None
                yield member
    except _Bomb as bomb:
        detail = f"{bomb}; all after {printable(last)!r} is refused, {count} files before it are kept"
        yield Member(printable(path.name), rule="bomb", value=bomb.value, limit=bomb.limit, detail=detail)
    except _DAMAGE as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        detail = f"{why}; what comes after {last!r} is lost, {count} files before it are kept"
        yield Member(printable(path.name), rule="unreadable", detail=printable(detail))


def judge(name: str) -> Member:
    """The member that a name from outside stands for, refused where the name is no relative path
    within it."""
    shown, path = printable(name), printable(name.replace("\\", "/"))
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or re.match(r"[A-Za-z]:/", path):
        return Member(shown, rule="absolute-path")
    if ".." in parts:
        return Member(shown, rule="path-escape")
    if not parts or len(path) >= NAME_CHARACTERS or _CONTROL.search(path):
        return Member(
            printable(repr(name)), rule="bad-name", detail="empty, too long, or with control characters"
        )
    return Member("/".join(parts))


def _too_large(path: str, size: int, limits: Limits) -> Member:
    return Member(path, rule="too-large", value=float(size), limit=float(limits.of(path)))


class _Forward:
    """A decompressed stream that goes forwards (and one byte back, which tarfile asks for), counting.

    Raises _Bomb when more comes out than allowed in all, in proportion to what went in, or from one header.
    """

    def __init__(self, stream: IO[bytes], consumed: Callable[[], int], limits: Limits) -> None:
        self._stream, self._consumed, self._limits = stream, consumed, limits
        self._at = self._out = 0
        self._before = b""
        self.header_left: int | None = HEADER_BYTES
        self.block = b""
        """The last block read: zeros at a regular end."""

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def seek(self, to: int, whence: int = 0) -> int:
        if whence != 0 or to < self._at - len(self._before):
            raise ValueError("an archive is read forwards")
        if to < self._at:
            self._at = to
        while self._at < to:
            if not self._pull(min(_CHUNK, to - self._at)):
                break
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self.header_left is not None:
            self.header_left -= max(size, 0)
            if self.header_left < 0:
                raise _Bomb(float(size), HEADER_BYTES, "a header asks for more than headers need")
        parts = []
        while size > 0 and (part := self._pull(min(_CHUNK, size))):
            parts.append(part)
            size -= len(part)
        self.block = b"".join(parts)
        return self.block

    def _pull(self, size: int) -> bytes:
        back = self._out - self._at
        data = self._before[-back:] if back else self._stream.read(size)
        self._at += len(data)
        if not back and data:
            self._out += len(data)
            self._before = data[-1:]
            if self._out > self._limits.max_archive_bytes:
                raise _Bomb(
                    float(self._out), self._limits.max_archive_bytes, "the archive unpacks to too much"
                )
            _judge_ratio(self._out, self._consumed())
        return data


def _judge_ratio(out: int, packed: int) -> None:
    if out > RATIO_BYTES and out > RATIO * max(packed, 1):
        raise _Bomb(out / max(packed, 1), RATIO, "bytes unpacked per byte packed")


def _tar(raw: IO[bytes], magic: bytes, limits: Limits, wanted: Wanted) -> Iterator[Member]:
    stream: Any = raw
    if magic.startswith(b"\x1f\x8b"):
        stream = gzip.GzipFile(fileobj=raw)
    elif magic.startswith(b"BZh"):
        stream = bz2.BZ2File(raw)
    elif magic.startswith(b"\xfd7zXZ"):
        stream = lzma.LZMAFile(raw)  # noqa: SIM115
    elif magic.startswith(b"\x28\xb5\x2f\xfd"):
        stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
    forward = _Forward(stream, raw.tell, limits)
    tar = tarfile.TarFile(fileobj=forward, mode="r")  # type: ignore[arg-type]
    while True:
        forward.header_left = HEADER_BYTES
        info = tar.next()
        forward.header_left = None
        if info is None:
            break
        tar.members.clear()  # type: ignore[attr-defined]
        if info.isdir():
            continue
        member = judge(info.name)
        if member.rule is not None:
            pass
        elif info.issym() or info.islnk():
            member.rule, member.detail = "link", printable(info.linkname)
        elif not info.isreg() or info.issparse():
            member.rule, member.detail = "device", f"tar member of type {info.type!r}"
        elif info.size > limits.of(member.path):
            member = _too_large(member.path, info.size, limits)
        elif wanted(member.path):
            forward.seek(info.offset_data)
            member.content = forward.read(info.size)
            if len(member.content) < info.size:
                raise tarfile.ReadError(f"{member.path} is cut short")
        yield member
    if not forward.block:
        raise tarfile.ReadError("no end of archive where one must be")
    if forward.block.strip(b"\0"):
        raise tarfile.ReadError("a broken header")
    while more := forward.read(_CHUNK):
        if more.strip(b"\0"):  # archives one after the other, as `cat` makes them
            raise tarfile.ReadError("more data after the end of the archive")


def _named(info: zipfile.ZipInfo) -> str:
    """A zip member's name: in UTF-8 where its bytes are that, though the flag that says so is off, as many
    programs leave it."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            return name.encode("cp437").decode()
    return name


def _zip(raw: IO[bytes], limits: Limits, wanted: Wanted) -> Iterator[Member]:
    out, packed = 0, raw.seek(0, 2)
    with zipfile.ZipFile(raw) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            mode = info.external_attr >> 16
            member = judge(_named(info))
            if member.rule is not None:
                pass
            elif stat.S_ISLNK(mode):
                member.rule = "link"
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                member.rule, member.detail = "device", f"zip member of mode {mode:o}"
            elif info.flag_bits & 1:
                member.rule = "encrypted"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                member.rule, member.detail = "unreadable", f"packed by method {info.compress_type}"
            elif info.file_size > limits.of(member.path):
                member = _too_large(member.path, info.file_size, limits)
            elif wanted(member.path):
                out += info.file_size
                if out > limits.max_archive_bytes:
                    raise _Bomb(float(out), limits.max_archive_bytes, "the archive unpacks to too much")
                _judge_ratio(out, packed)
                try:
                    with archive.open(info) as file:
                        content = file.read(info.file_size)
                        file.read(1)  # past the end, where the checksum is compared
                    member.content = content
                except _DAMAGE as error:
                    member.rule, member.detail = "unreadable", printable(f"{type(error).__name__}: {error}")
            yield member
