"""Bytes as text, and columns as buffers. Oracles: Python's own codecs on texts written here, and hashlib, row by row."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.corpus.text import binary, buffers, decode, decoded, doc_ids, is_binary, only, read_only
from neve.documents import doc_id

CONTENTS = [
    b"plain",
    "é ü".encode(),
    b"\xef\xbb\xbfmarked",
    "wide é".encode("utf-16"),
    b"\xff\xfe\x00",
    "für sich".encode("latin-1"),
    b"",
    None,
]
EXPECTED = ["plain", "é ü", "marked", "wide é", None, "für sich", "", None]


@pytest.mark.parametrize("rows", [range(8), range(2), [7], []])
def test_decoded(rows) -> None:
    texts, encodings = decoded(pa.array([CONTENTS[i] for i in rows], pa.large_binary()))
    assert texts.to_pylist() == [EXPECTED[i] for i in rows]
    assert encodings.to_pylist() == [{3: "UTF-16", 5: "windows-1252"}.get(i) for i in rows]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_decoded_like_decode(raws) -> None:
    texts, encodings = decoded(pa.array(raws, pa.large_binary()))
    one = [decode(raw) or (None, None) for raw in raws]
    assert [None if t is None else t.encode() for t in texts.to_pylist()] == [text for text, _ in one]
    assert encodings.to_pylist() == [encoding for _, encoding in one]


@pytest.mark.parametrize(
    ("declaration", "codec", "words", "name"),
    [
        ("# -*- coding: latin-1 -*-", "latin-1", "café crème", "windows-1252"),
        ("#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :", "iso8859-15", "5 €, Škoda", None),
        ("# encoding: koi8-r", "koi8-r", "да", "KOI8-R"),
        ("# coding=cp1251", "cp1251", "да", "windows-1251"),
        ('<?xml version="1.0" encoding="Shift_JIS"?>', "shift_jis", "表", "Shift_JIS"),
        ("/* @charset=gb2312 */", "gb2312", "中", "GB18030"),
        ("; -*- mode: asm; coding: cp850-dos -*-", "cp850", "ü", "IBM850"), ('@charset "cp852";', "cp852", "ż", "IBM852"),
        ("# coding: mac-cyrillic", "mac-cyrillic", "да", "x-mac-cyrillic"), ("# coding: cp874", "cp874", "ไทย", "windows-874"), ("# coding: cp737", "cp737", "ναι", "IBM737"),
    ],
)  # fmt: skip
def test_a_declaration_is_believed(declaration: str, codec: str, words: str, name: str | None) -> None:
    """In words too few for a detector. Oracle: Python's codec."""
    text = f"{declaration}\nx = '{words}'\n"
    assert decode(text.encode(codec)) == (text.encode(), name or "ISO-8859-15")


def test_a_declaration_may_stand_at_the_end() -> None:
    """A modeline, which Vim reads in the last five lines; Emacs' local variables."""
    for last in ("// vim: set fenc=cp852 :\n", "/* Local Variables:\n * coding: cp852\n * End: */\n"):
        text = "// ż\n" + "int x;\n" * 300 + last
        assert decode(text.encode("cp852")) == (text.encode(), "IBM852")


@pytest.mark.parametrize("codec", ["utf-32", "utf-16", "iso2022_jp"])
def test_encodings_that_say_what_they_are(codec: str) -> None:
    text = "// 現在のスレッド\nint x;\n"
    raw = text.encode(codec)
    assert decode(raw) == (text.encode(), codec.upper().replace("2022_", "-2022-"))
    assert decoded(pa.array([b"x", raw, "é".encode()]))[0].to_pylist() == ["x", text, "é"]
    assert not binary(pa.array([raw]))[0].as_py()
    program = b"printf('\x1b$B');  // \xc3\xa9"
    assert decode(program) == (program, None)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["int x;  // größer\n" * 3, "x = '中文'\n# 评论 of it\n", "Ünïcode 🙂 text\r\n"]
)
def test_wide_texts_without_a_mark(codec: str, text: str) -> None:
    """As editors and PowerShell leave them. Oracle: Python's codec."""
    raw = text.encode(codec)
    assert decode(raw) == (text.encode(), re.sub("-(?=.e$)", "", codec).upper())
    assert decoded(pa.array([b"x", raw, None, b""]))[0].to_pylist() == ["x", text, None, ""]
    assert binary(pa.array([raw, raw[:-2]])).to_pylist() == [False, False]


@pytest.mark.parametrize(
    "data",
    [np.arange(400, dtype="<u2").tobytes(), np.arange(7, 300, dtype="<i4").tobytes(), b"\0\1\0\2" * 40, b"P\0" * 20 + b"\0\xd8" * 3,
     b"a\0b" * 30],
)  # fmt: skip
def test_tables_of_small_numbers_are_no_wide_text(data: bytes) -> None:
    assert decode(data) in (None, (data, None)) and is_binary(data)


@pytest.mark.parametrize(
    "declaration", ["# coding: utf-8", "# coding: rot13", "# coding: unheard-of", "# coding: ascii", "x = 1"]
)
def test_a_declaration_that_does_not_hold_is_passed_over(declaration: str) -> None:
    text = f"{declaration}\n# Größe und Länge\n"
    assert decode(text.encode("cp1252")) == (text.encode(), "windows-1252")


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("cp1252", "// Fügt ein Zeichen hinzu, das — wie üblich — “groß” ist"), ("cp1252", "// auteur: José"),
        ("cp1251", "// Возвращает число строк в таблице"), ("koi8-r", "// Возвращает число строк в таблице"),
        ("gbk", "// 返回当前线程的所有任务"), ("cp932", "// 現在のスレッドを返します"), ("euc_jp", "// 現在のスレッドを返します"),
        ("euc_kr", "// 현재 스레드를 반환합니다"), ("cp850", "// Löscht die übrigen Schlüssel, die länger sind"),
        ("big5", "// 返回目前執行緒的所有工作"),
    ],
)  # fmt: skip
def test_without_a_declaration_by_a_detector(codec: str, words: str) -> None:
    text = f"int first(int *values, size_t count);\n{words}\nint last(int *values, size_t count);\n"
    found = decode(text.encode(codec))
    assert found is not None and found[0].decode() == text


@pytest.mark.parametrize(
    "data",
    [b"\xff\x01\x02", bytes(range(256)), b"text\x00\x01\x02\x03" * 9 + b"\xe9", "naïve Größe, später".encode() + b" \xe9",
     b"#!/bin/sh\ntail -n +3 $0 | gunzip\n\x1f\x8b\x08" + bytes(7 * i * i % 256 for i in range(500))],
)  # fmt: skip
def test_what_is_no_text_is_not_made_one(data: bytes) -> None:
    """Bytes of programs, damaged UTF-8, a script with an archive after it."""
    assert decode(data) is None


def test_a_stray_nul_is_kept_and_many_are_binary() -> None:
    marker = b'const MARK = "\0RESULT\0";\n' + b"export const x = 1;\n" * 20
    assert decode(marker) == (marker, None)
    wide, png = "x = 1\n".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(1, 250)) * 4
    contents = [
        marker,
        marker + b"\0" * 20,
        wide,
        wide[2:],
        png,
        b"plain",
        None,
        b"\xe9\0" + b"x" * 99,
        b"\xe9\0\1\2\3" + b"x" * 99,
        b"\0",
    ]
    assert binary(pa.array(contents, pa.binary())).to_pylist() == [
        False,
        True,
        False,
        True,
        True,
        False,
        False,
        False,
        True,
        True,
    ]
    assert not is_binary((marker + "é".encode())[:-1])  # a character cut by the end of the head that was read


def test_doc_ids_are_hashes_of_texts_in_slices_too() -> None:
    texts = pa.array(["a", None, "bé", ""], pa.large_string())
    for array in (texts, texts.slice(1), texts.slice(2, 1)):
        wanted = [None if t is None else bytes.fromhex(doc_id(t.encode())) for t in array.to_pylist()]
        assert doc_ids(array) == wanted


@pytest.mark.parametrize("kind", [pa.large_string(), pa.large_binary()])
def test_only_hides_what_is_not_wanted(kind) -> None:
    """In slices too, and beside nulls; oracle: the list with None in their place. What is hidden is not decoded."""
    column = pa.array([b"a", None, "zwölf".encode(), b"", b"e", b"f", b"g", b"h", b"i", b"j"]).cast(kind)
    for array in (column, column.slice(1), column.slice(9), column.slice(3, 0)):
        for wanted in (np.arange(len(array)) % 3 == 1, np.ones(len(array), bool), np.zeros(len(array), bool)):
            found = only(array, wanted)
            assert found.type == kind and found.validate(full=True) is None
            assert found.to_pylist() == [
                text if here else None for text, here in zip(array.to_pylist(), wanted, strict=True)
            ]
    broken = only(pa.array([b"x", b"\xff\xfe\x00"], pa.large_binary()), np.array([True, False]))
    assert decoded(broken)[0].to_pylist() == ["x", None]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
def test_buffers_are_the_column_itself(kind) -> None:
    """In slices, chunks and columns without a type too; a null has no bytes though the column has some in its place."""
    texts = ["one", None, "", "zwölf"]
    raw = [None if t is None else t.encode() for t in texts]
    array = pa.array(texts if kind in (pa.string(), pa.large_string()) else raw, kind)
    for column, wanted in (
        (array, raw),
        (array.slice(1), raw[1:]),
        (pa.chunked_array([array, array.slice(3)]), [*raw, raw[3]]),
        (array.slice(0, 0), []),
        (pa.nulls(2), [None, None]),
    ):
        values, offsets, valid = buffers(column)
        found = [
            values[offsets[i] : offsets[i + 1]].tobytes() if valid[i] else None for i in range(len(valid))
        ]
        assert found == wanted and all(
            len(view) == len(column) + more for view, more in ((offsets, 1), (valid, 0))
        )


def test_a_null_has_no_bytes() -> None:
    """Arrow's if_else leaves the bytes of what it hides in the column."""
    texts = pa.array(["hidden", "seen"], pa.large_string())
    hidden = pc.if_else(pa.array([False, True]), texts, None)
    values, offsets, valid = buffers(hidden)
    assert valid.tolist() == [False, True] and values[offsets[0] : offsets[2]].tobytes() == b"seen"


def test_read_only_whoever_owns_the_memory() -> None:
    owned = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, 1])), pa.py_buffer(bytearray(b"x")))
    assert not any(view.flags.writeable for view in read_only(owned))
