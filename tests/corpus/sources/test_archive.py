"""Archives: hostile ones are made here member by member; the oracle is what was put in.

Whatever is wrong, the reader neither raises nor writes, and each member is a file or a verdict.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import warnings
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neve.corpus.sources import archive
from neve.corpus.sources.batches import Limits, Member
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)


def tar_bytes(*members: tuple[str, bytes] | tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def zip_bytes(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archived:
        warnings.simplefilter("ignore")  # of duplicate names
        for name, content in members:
            archived.writestr(name, content, method)
    return buffer.getvalue()


def read(tmp_path: Path, data: bytes, limits: Limits = LIMITS) -> list[Member]:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(data)
    return list(archive.members(path, limits))


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def told(members: list[Member]) -> list[tuple[str, object]]:
    """(path, content or the rule)"""
    return [(m.path, m.rule if m.rule else m.content) for m in members]


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd], ids=["tar", "gz", "bz2", "xz", "zst"]
)
@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_gives_back_what_was_put_in(tmp_path: Path, pack, format: int) -> None:
    put = [
        ("a/b.py", b"x = 1\n"),
        ("a/empty.py", b""),
        ("./c.py", b"y"),
        (f"deep/{'d' * 90}/é.py", b"z" * 999),
    ]
    got = told(read(tmp_path, pack(tar_bytes(*put, special("folder", tarfile.DIRTYPE), format=format))))
    assert got == [(name.removeprefix("./"), content) for name, content in put]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_gives_back_what_was_put_in(tmp_path: Path, method: int) -> None:
    put = [
        ("a/b.py", b"x = 1\n"),
        ("a/empty.py", b""),
        ("win\\c.py", b"y"),
        ("é.py", b"z" * 999),
        ("folder/", b""),
    ]
    assert told(read(tmp_path, zip_bytes(*put, method=method))) == [
        (n.replace("\\", "/"), c) for n, c in put[:4]
    ]


@pytest.mark.parametrize(
    ("raw", "name"),
    [("a/é.py".encode(), "a/é.py"), ("日本.py".encode(), "日本.py"), ("ü.py".encode("cp437"), "ü.py"), (b"\xff.py", "\xa0.py")],
)  # fmt: skip
def test_a_name_in_utf_8_is_read_so_though_no_flag_says_it(tmp_path: Path, raw: bytes, name: str) -> None:
    """Many programs write UTF-8 and leave the flag off; the specification's code page 437 is what is left."""
    placeholder = "X" * len(raw)
    data = zip_bytes((placeholder, b"1"), ("ok.py", b"2")).replace(placeholder.encode(), raw)
    assert told(read(tmp_path, data)) == [(name, b"1"), ("ok.py", b"2")]


def test_what_comes_before_or_after_an_archive(tmp_path: Path) -> None:
    """A program may stand before a zip; what follows a tar is not lost without a word, zeros aside."""
    path = tmp_path / "x.zip"
    path.write_bytes(b"#!/bin/sh\nexit\n" + zip_bytes(("a.py", b"1")))
    assert told(list(archive.members(path, LIMITS))) == [("a.py", b"1")]
    one, two = tar_bytes(("a.py", b"1")), tar_bytes(("b.py", b"2"))
    assert told(read(tmp_path, one + b"\0" * 9999)) == [("a.py", b"1")]
    for data in (one + two, gzip.compress(one) + gzip.compress(two), gzip.compress(one) + b"junk"):
        members = read(tmp_path, data)
        assert told(members) == [("a.py", b"1"), ("x.tar.gz", "unreadable")]
        assert "1 files before it are kept" in str(members[1].detail)


_BAD_NAMES = [
    ("../up.py", "path-escape"), ("a/../../up.py", "path-escape"), ("a\\..\\..\\up.py", "path-escape"), ("/etc/cron.d/x", "absolute-path"),
    ("\\\\host\\x", "absolute-path"), ("C:\\x.py", "absolute-path"), ("c:/x.py", "absolute-path"), ("a\nb.py", "bad-name"),
    ("a/\x1b[2J.py", "bad-name"), ("./", "bad-name"), ("n" * 5000, "bad-name"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rule"), _BAD_NAMES)
def test_hostile_names_are_refused_one_by_one(tmp_path: Path, name: str, rule: str) -> None:
    for data in (
        tar_bytes(("ok.py", b"1"), (name, b"evil"), ("ok2.py", b"2")),
        zip_bytes(("ok.py", b"1"), (name, b"evil"), ("ok2.py", b"2")),
    ):
        if name.endswith("/") and data.startswith(b"PK"):
            continue  # a folder in zip
        members = read(tmp_path, data)
        assert [m.rule for m in members] == [None, rule, None]
        assert members[1].content is None and "\n" not in members[1].path
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.tar.gz"]


def test_links_devices_and_duplicates_in_tar(tmp_path: Path) -> None:
    members = read(
        tmp_path,
        tar_bytes(
            special("s", tarfile.SYMTYPE, "/etc/passwd"), special("h", tarfile.LNKTYPE, "a.py"), special("c", tarfile.CHRTYPE),
            special("b", tarfile.BLKTYPE), special("p", tarfile.FIFOTYPE), ("a.py", b"first"), ("./a.py", b"second"), ("s", b"through the link"),
        ),
    )  # fmt: skip
    expected = ["link", "link", "device", "device", "device", b"first", "duplicate-path", "duplicate-path"]
    assert [content for _, content in told(members)] == expected
    assert members[0].detail == "/etc/passwd"


def test_links_devices_encrypted_and_duplicates_in_zip(tmp_path: Path) -> None:
    link, pipe = zipfile.ZipInfo("s"), zipfile.ZipInfo("p")
    link.external_attr, pipe.external_attr = (stat.S_IFLNK | 0o777) << 16, (stat.S_IFIFO | 0o644) << 16
    data = bytearray(
        zip_bytes(
            ("a.py", b"1"),
            ("a.py", b"2"),
            (link, b"/etc/passwd"),
            (pipe, b""),
            ("secret.py", b"3"),
            ("last.py", b"4"),
        )
    )
    for signature, at in (
        (b"PK\x03\x04", 6),
        (b"PK\x01\x02", 8),
    ):  # the flag "encrypted", in both headers of secret.py
        start = [i for i in range(len(data)) if data[i : i + 4] == signature][4]
        data[start + at] |= 1
    members = read(tmp_path, bytes(data))
    assert [content for _, content in told(members)] == [
        b"1",
        "duplicate-path",
        "link",
        "device",
        "encrypted",
        b"4",
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_members_of_unbounded_methods_are_refused(tmp_path: Path, method: int) -> None:
    assert [m.rule for m in read(tmp_path, zip_bytes(("a.py", b"0" * 900), method=method))] == ["unreadable"]


def test_large_members_are_refused_and_their_neighbours_kept(tmp_path: Path) -> None:
    put = [("a.py", b"1"), ("large.py", b"x" * 1001), ("exact.py", b"y" * 1000)]
    for data in (gzip.compress(tar_bytes(*put)), zip_bytes(*put)):
        members = read(tmp_path, data)
        assert [m.rule for m in members] == [None, "too-large", None]
        assert (members[1].value, members[1].limit) == (1001.0, 1000.0)


def test_a_bomb_is_refused_from_where_it_goes_off(tmp_path: Path) -> None:
    """By its total, in both kinds; and by its ratio, before the total is reached."""
    put = [("first.py", b"1"), *[(f"{i}.py", b"0" * 1000) for i in range(2000)]]
    for data in (gzip.compress(tar_bytes(*put)), zip_bytes(*put)):
        members = read(tmp_path, data)
        assert members[0].content == b"1" and members[-1].rule == "bomb" and members[-1].limit == 1 << 20
        assert 500 < len(members) < 1200 and all(m.rule is None for m in members[:-1])
    huge = Limits(1 << 20, 1 << 40)
    put = [("first.py", b"1"), *[(f"{i}.py", bytes(1 << 20)) for i in range(70)]]
    for data in (gzip.compress(tar_bytes(*put)), zip_bytes(*put)):
        members = read(tmp_path, data, huge)
        assert (
            members[0].content == b"1" and members[-1].rule == "bomb" and members[-1].limit == archive.RATIO
        )


def test_a_member_larger_than_its_limit_is_not_unpacked_into_memory(tmp_path: Path) -> None:
    """A skipped member counts towards the bomb all the same."""
    members = read(tmp_path, gzip.compress(tar_bytes(("large", bytes(2 << 20)), ("b.py", b"1"))))
    assert [m.rule for m in members] == ["too-large", "bomb"]


def test_a_header_may_not_ask_for_memory(tmp_path: Path) -> None:
    """A long-name record of 300 kB, and a size that is a lie."""
    record = special("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    record.size = 300_000
    data = record.tobuf(tarfile.GNU_FORMAT) + b"n" * 300_032 + bytes(1024)
    assert [m.rule for m in read(tmp_path, tar_bytes(("a.py", b"1"))[:1024] + data)] == [None, "bomb"]
    liar = tarfile.TarInfo("liar.py")
    liar.size = 900
    assert [m.rule for m in read(tmp_path, tar_bytes(("a.py", b"1"))[:1024] + liar.tobuf() + b"short")] == [
        None,
        "unreadable",
    ]


def test_a_zip_that_lies_about_sizes(tmp_path: Path) -> None:
    """Both headers say 10 bytes where 900 are packed: no more than 10 are unpacked, and the digest exposes it."""
    data = bytearray(zip_bytes(("a.py", b"x" * 900), ("b.py", b"1")))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + at, 10)
    assert [m.rule for m in read(tmp_path, bytes(data))] == ["unreadable", None]


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd], ids=["tar", "gz", "bz2", "xz", "zst"]
)
def test_a_truncated_archive_keeps_what_came_before(tmp_path: Path, pack) -> None:
    put = [(f"{i}.py", os.urandom(900)) for i in range(300)]
    data = pack(tar_bytes(*put))
    members = read(tmp_path, data[: len(data) // 2])
    assert members[-1].rule == "unreadable" and "is lost" in str(members[-1].detail)
    assert told(members[:-1]) == put[: len(members) - 1]
    assert len(members) > 50 or pack is bz2.compress


def test_damage_within_an_archive_is_told(tmp_path: Path) -> None:
    """A header overwritten in the middle, an end that is missing, a zip member that is not what it was."""
    data = bytearray(tar_bytes(("a.py", b"1"), ("b.py", b"2"), ("c.py", b"3")))
    data[1024:1124] = b"\xff" * 100
    assert told(read(tmp_path, bytes(data)))[0] == ("a.py", b"1")
    assert [m.rule for m in read(tmp_path, bytes(data))] == [None, "unreadable"]
    assert [m.rule for m in read(tmp_path, tar_bytes(("a.py", b"1"))[:1024])] == [None, "unreadable"]
    data = bytearray(zip_bytes(("a.py", b"abcdefgh"), ("b.py", b"2"), method=zipfile.ZIP_STORED))
    data[data.index(b"abcdefgh")] ^= 1
    assert [m.rule for m in read(tmp_path, bytes(data))] == ["unreadable", None]
    assert [m.rule for m in read(tmp_path, bytes(data)[:-30])] == ["unreadable"]


@pytest.mark.parametrize(
    "data", [b"", b"x", b"no archive at all" * 100, b"\x1f\x8b", b"PK\x03\x04", b"BZh9", b"\xfd7zXZ\0"]
)
def test_what_is_no_archive_is_one_verdict(tmp_path: Path, data: bytes) -> None:
    assert [(m.path, m.rule) for m in read(tmp_path, data)] == [("x.tar.gz", "unreadable")]


def test_an_empty_archive_has_no_files(tmp_path: Path) -> None:
    assert read(tmp_path, tar_bytes()) == [] and read(tmp_path, zip_bytes()) == []


def test_only_wanted_contents_are_read(tmp_path: Path) -> None:
    for data in (
        gzip.compress(tar_bytes(("a.py", b"1"), ("LICENSE", b"2"))),
        zip_bytes(("a.py", b"1"), ("LICENSE", b"2")),
    ):
        (tmp_path / "x").write_bytes(data)
        members = list(archive.members(tmp_path / "x", LIMITS, lambda path: path == "LICENSE"))
        assert told(members) == [("a.py", None), ("LICENSE", b"2")]


def test_an_archive_is_one_repository(tmp_path: Path) -> None:
    path = tmp_path / "lib-1.0.tar.gz"
    path.write_bytes(gzip.compress(tar_bytes(("lib/a.py", b"1"), ("../x", b"2"))))
    (batch,) = archive.read(Source(kind="archive", path=str(path)), LIMITS)
    assert batch.files.select(["source", "repo", "path", "size"]).to_pylist() == [
        {"source": "archive", "repo": "lib-1.0", "path": "lib/a.py", "size": 1}
    ]
    assert batch.verdicts.select(["repo", "path", "stage", "rule"]).to_pylist() == [
        {"repo": "lib-1.0", "path": "../x", "stage": "sources", "rule": "path-escape"}
    ]
    with pytest.raises(Fault, match="no such file"):
        archive.read(Source(kind="archive", path=str(tmp_path / "none.zip")), LIMITS)


_PUT = [("a/b.py", b"x = 1\n"), ("a/c.py", b"y" * 600), ("é.py", b"")]
_GOOD = [
    tar_bytes(*_PUT),
    gzip.compress(tar_bytes(*_PUT)),
    zstd(tar_bytes(*_PUT)),
    zip_bytes(*_PUT),
    tar_bytes(*_PUT, format=tarfile.GNU_FORMAT),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(_GOOD),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    st.integers(0, 10_240),
)
def test_no_damage_makes_the_reader_raise(
    tmp_path: Path, data: bytes, edits: list[tuple[int, int]], cut: int
) -> None:
    """Law: bytes overwritten and a tail cut off give members within the limits, or verdicts, and no exception."""
    broken = bytearray(data)
    for at, value in edits:
        broken[at % len(broken)] = value
    for member in read(tmp_path, bytes(broken[: len(broken) - cut % len(broken)])):
        assert (member.rule is None) == (member.content is not None)
        assert len(member.content or b"") <= LIMITS.max_file_bytes
        assert member.rule or (not member.path.startswith("/") and ".." not in member.path.split("/"))
        member.path.encode()
    assert [p.name for p in tmp_path.iterdir()] == ["x.tar.gz"]
