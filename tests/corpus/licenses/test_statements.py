"""What one text says of its licence; of whole columns `test_own_statements` asks the same."""

from __future__ import annotations

from neve.corpus.licenses import statements
from neve.corpus.licenses.statements import PARAGRAPH, Head, Statement

MARK = b"SPDX-License-Identifier:"  # in two parts below, since this very file is no such file


def read(text: str, marked: bool = False, said: str = "") -> tuple[Statement, frozenset[str]] | None:
    mask = sum(1 << i for i, word in enumerate(PARAGRAPH) if word in (said or text).lower())
    return statements.read(Head(text.encode(), marked, mask))


def test_a_head_is_read_by_its_line_else_by_its_words() -> None:
    """The words that it is told are all that it looks for."""
    notice = "# Licensed under the MIT License.\n"
    assert read(notice) == (Statement("MIT"), frozenset())
    assert read(f"# {MARK.decode()} ISC\n{notice}", marked=True) == (Statement("ISC"), frozenset())
    assert read(notice, said="warranty") is None
    assert read("x = 1\n") is None


def test_who_reserves_all_rights_is_named() -> None:
    assert read("# Copyright 2020 Acme Tools. All rights reserved.\n") == (Statement(reserved=True), frozenset({"acme", "tools"}))  # fmt: skip


def test_holders() -> None:
    assert statements.holders("Copyright (c) 2019-2021 Acme Ltd. All rights reserved.\n© 2020 by Jane Doe <jane@doe.example>\n") >= {"acme", "jane", "doe"}  # fmt: skip
    assert (
        statements.holders(
            "The above copyright notice shall be included.\nTHE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE"
        )
        == frozenset()
    )


def test_a_file_beside() -> None:
    assert (
        statements.read_beside(
            b"SPDX-FileCopyrightText: 2024 Someone\n" + MARK + b" GPL-3.0-or-later\n"
        ).license
        == "GPL-3.0-or-later"
    )
