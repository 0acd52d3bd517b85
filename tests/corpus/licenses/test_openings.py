"""neve.corpus.licenses.openings. Oracle: notices and bodies put together here; what is cut is the notice."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.corpus.licenses import openings
from neve.corpus.licenses.openings import cut, without

LINES = "Copyright (c) 2024 A. Author\n\nPermission is hereby granted, free of charge, to any person."
APACHE = "Licensed under the Apache License, Version 2.0;\nyou may not use this file except in compliance."


def block(text: str) -> str:
    return "/*\n" + "".join(f" * {line}\n" for line in text.split("\n")) + " **/\n"


def marked(mark: str, text: str) -> str:
    return "".join(f"{mark} {line}".rstrip() + "\n" for line in text.split("\n"))


def one(text: str) -> str:
    return cut(pa.array([text], pa.large_string()))[0].as_py()


@pytest.mark.parametrize(
    "body", ["int main(void);\n", "\nimport os\n", "\n# Adds two numbers.\ndef add(): pass\n"]
)
@pytest.mark.parametrize(
    "header",
    [
        block(LINES), block(APACHE), marked("//", APACHE), marked("#", LINES), marked("--", APACHE),
        "#!/bin/sh\n" + marked("#", APACHE), "/* -*- mode: C -*- */\n" + block(APACHE),
        marked("//", "SPDX-License-Identifier: MIT"), "// (c) 1999 A, B\n", block(APACHE) + "\n" + block(LINES),
    ],
)  # fmt: skip
def test_a_licence_goes_and_the_body_stays(header, body):
    assert one(header + body) == body


@pytest.mark.parametrize(
    "text",
    [
        "/* Adds two numbers. */\nint add(int, int);\n",
        "import os\n# Copyright 2024 A\nx = 1\n",
        '#include <stdio.h>\n#define LICENSE "MIT"\nint x;\n',
        "# a module\n\ndef licence():\n    return 1\n",
        "",
        "x = 1",
        "/* unfinished Copyright",
    ],
)
def test_what_has_no_licence_at_its_head_stays_as_it_is(text):
    assert one(text) == text


NOTICE = "Copyright 2020 A.\nLicensed under the MIT License."


@pytest.mark.parametrize(
    ("opens", "closes", "body"),
    [
        ("/*", "*/", "int x;\n"), ("/**", "**/", "int x;\n"), ('"""', '"""', "import os\n"), ("r'''", "'''", "import os\n"), ("--[[", "]]", "local x\n"), ("{-", "-}", "module X where\n"),
        ("(*", "*)", "let x = 1\n"), ("<#", "#>", "Get-Item x\n"), ("=begin", "=end", "puts 1\n"), ("<!--", "-->", "<p>\n"), ("#=", "=#", "x = 1\n"), ("#|", "|#", "(x)\n"), ("<%--", "--%>", "<p>\n"),
    ],
)  # fmt: skip
def test_blocks_of_all_languages_go(opens: str, closes: str, body: str) -> None:
    assert without(f"{opens}\n{NOTICE}\n{closes}\n{body}") == body
    assert without(f"{opens}\nAdds.\n\n{NOTICE}\n{closes}\n{body}") == f"{opens}\nAdds.\n\n{closes}\n{body}"
    assert without(f"{opens}\n{NOTICE}\n\nAdds.\n{closes}\n{body}") == f"{opens}\nAdds.\n{closes}\n{body}"


@pytest.mark.parametrize("mark", ["//", "#", "--", ";;", "%", "!", "rem", "dnl", "'"])
def test_lines_of_all_languages_go(mark: str) -> None:
    assert without(marked(mark, NOTICE) + "\n(x)\n") == "\n(x)\n"
    text = marked(mark, "Adds.") + "\n(x)\n"
    assert without(marked(mark, NOTICE + "\n") + text) == text


@pytest.mark.parametrize(
    "before",
    [
        "<?php\n", "<?php declare(strict_types=1);\n", "#!/usr/bin/env php\n<?php\n\n", "#pragma once\n\n", "#ifndef A_H\n#define A_H\n\n", '<?xml version="1.0"?>\n', "<!DOCTYPE html>\n<html>\n",
        '"use strict";\n', "package a.b;\n\n", "@echo off\n", "\ufeff", "/* Adds. */\n\n", '"""Adds."""\n\n',
    ],
)  # fmt: skip
def test_what_may_stand_before_a_notice_stays(before: str) -> None:
    left = without(before + block(NOTICE) + "f();\n")
    assert left.replace("\n", "") == before.replace("\n", "") + "f();"


@pytest.mark.parametrize(
    "text",
    [
        '"""Tells which licenses a package has.\n\nA license is read from its file.\n"""\nimport os\n', "# Runs the Python interpreter.\nx\n", "# There is no warranty that this stays.\nx\n",
        "# Says whether permission is denied.\nx\n", "#include <a.h>\n/* Copyright 2020 A */\n", "#[derive(Debug)]\n// Copyright 2020 A\n", "#if X\n// Copyright 2020 A\n", "/****/\nint x;\n/* Copyright 2020 A */\n",
        "// A view under the lid, in which points are shared.\nf();\n", '"""Adds two. Licensed under the MIT License."""\nx\n',
    ],
)  # fmt: skip
def test_explanations_stay(text: str) -> None:
    assert without(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('"""Adds.\n\nIt is fast.\nLicensed under the MIT License.\n"""\nx\n', '"""Adds.\n\nIt is fast.\n"""\nx\n'),
        ("/* a.c - adds\n *\n * Copyright 2020 A\n */\nx\n", "/* a.c - adds\n *\n */\nx\n"),
        (";;; a.el --- Adds  -*- lexical-binding:t -*-\n\n;; Copyright 2020 A\n\n(x)\n", ";;; a.el --- Adds  -*- lexical-binding:t -*-\n\n(x)\n"),
        ("/*\n** Adds\n** See Copyright Notice in a.h\n*/\nx\n", "/*\n** Adds\n*/\nx\n"),
        ("# Copyright 2020 A\n# implements sums\nx\n", "# implements sums\nx\n"),
        ("(**************)\n(* (c) 2020 A *)\n(* MIT License*)\n(**************)\nx\n", "x\n"),
        ("/* Copyright 2020 A */ int x;\n/* MIT License */\n", " int x;\n/* MIT License */\n"),
        ("{- |\n   Module: Sum\n   Copyright: (C) 2020 A\n   License: BSD\n\nAdds.\n-}\nx\n", "{- |\n   Module: Sum\nAdds.\n-}\nx\n"),
        ("- Fast\n", "- Fast\n"),
        ("'''\n- Reads;\n- Under the MIT License\n'''\nx\n", "'''\n- Reads;\n'''\nx\n"),
    ],
)  # fmt: skip
def test_a_notice_goes_from_the_middle_of_a_comment(text: str, left: str) -> None:
    assert without(text) == left


def test_a_comment_longer_than_what_is_read_stays() -> None:
    text = "/*\n * Copyright 2020 A\n" + " * word\n" * openings.HEAD + " */\nint x;\n"
    assert without(text) == text
    assert without("// Copyright 2020 A\n" + text) == text


@pytest.mark.parametrize(
    "piece",
    ["/*", "#", " \n", "\n", ". ", "<", "http://!", "copyright ", "(c)", "*/", "-*-", "-*", "<?xml ", "a@"],
)
def test_hostile_texts_take_linear_time(piece: str, linear) -> None:
    for head, tail in (
        ("# Copyright 2020 A ", ""),
        ("", " Copyright 2020 A"),
        ("# ", "a\n# Copyright 2020 A"),
        ("", "\n# Copyright 2020 A"),
    ):
        linear(
            lambda size, head=head, tail=tail: without(head + piece * (size // len(piece)) + tail),
            openings.HEAD - 64,
        )


@given(
    st.lists(
        st.sampled_from(
            [
                "# Copyright 2020 A",
                "/*",
                "*/",
                '"""',
                "",
                "x = 1",
                "<?php",
                "Adds.",
                "MIT License",
                "//",
                "\ufeff",
            ]
        ),
        max_size=12,
    )
)
def test_only_lines_go_and_what_is_cut_once_is_not_cut_again_from_code(lines: list[str]) -> None:
    text = "\n".join(lines)
    left = without(text)
    rest = iter(text)
    assert all(letter in rest for letter in left), "a part of the text, in its order"
    marks = [at for at, line in enumerate(lines) if line in ("/*", "*/", '"""')]
    code = lines[marks[-1] + 1 :] if marks else lines  # between marks it is a comment, and nobody's code
    assert left.count("x = 1") >= code.count("x = 1")


@pytest.mark.parametrize("opens", ["/*", '"""', "<!--"])
def test_a_comment_without_an_end_stays(opens: str) -> None:
    text = f"{opens}\nx = 1\nMIT License\n"
    assert without(text) == text
    assert without("# Copyright 2020 A\n\n" + text).endswith(text)


def test_a_column_keeps_its_order_and_its_length():
    texts = ["a = 1", "# Copyright 2020\na = 2", "", "// MIT License\nb", "c # licence"]
    assert cut(pa.array(texts, pa.large_string())).to_pylist() == ["a = 1", "a = 2", "", "b", "c # licence"]
    assert len(cut(pa.array([], pa.large_string()))) == 0
