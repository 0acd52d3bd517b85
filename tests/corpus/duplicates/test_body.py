"""Bodies of files. Oracle: a person who cuts the licence and the imports off by hand."""

import time

import pyarrow as pa
import pytest

from neve.corpus.duplicates import near_duplicates
from neve.corpus.duplicates.body import bodies

NOTICE = "Copyright 2024 Us\n *\n * This file may be used as its licence says, and comes without any warranty of any kind.\n"


def body(text: str) -> str:
    return bodies(pa.array([text], pa.large_string()))[0].as_py()


@pytest.mark.parametrize(
    ("beginning", "rest"),
    [
        (f"/* {NOTICE} */\npackage demo\n\nimport a.b.C\nimport d.*\n\n", "class Latch(private var left: Int) {\n}\n"),
        ("#!/usr/bin/env python3\n# Licence\n\nfrom __future__ import annotations\nimport os, sys\nfrom a.b import (\n    c,\n    d,\n)\n\n", "def f():\n    import g\n"),
        ("// Copyright\n\n#pragma once\n#include <stdio.h>\n# include \"a.h\"\n\n", "#define SIZE 3\nint f(void);\n"),
        ("/* c */\n#ifndef A_H\n#define A_H\n\n#include <b.h>\n", "struct a;\n#endif\n"),
        ("// c\npackage a\n\nimport (\n\t\"fmt\"\n\tx \"b/c\"\n)\n\n", "func f() {}\n"),
        ("'use strict';\nconst a = require('a');\nimport { b, c } from './b';\nimport * as d from 'd';\nimport 'e.css';\nimport {\n  f,\n  g as h,\n} from \"f\";\n", "export const x = {};\n"),
        ("//! Docs.\nuse std::io;\nuse a::{\n    b,\n    c::D,\n};\nextern crate e;\n", "pub fn f() {}\n"),
        ("<?php\n/** c */\n\ndeclare(strict_types=1);\n\nnamespace A\\B;\n\nuse C\\D;\nuse C\\{E, F};\n", "class A {}\n"),
        ("# frozen_string_literal: true\n\nrequire 'set'\nrequire_relative \"../a\"\n\n", "module A\nend\n"),
        ("-- c\n-- d\n", "select 1;\n"), ("using System;\nusing A.B;\n\n", "namespace C { }\n"), ("", "x = 1\n"),
    ],
)  # fmt: skip
def test_what_a_file_begins_with_is_cut_off(beginning: str, rest: str) -> None:
    assert body(beginning + rest) == rest


@pytest.mark.parametrize(
    "text", ["# words alone\n", "import os\nimport sys\n", "", "\n\n", "/* never closed\nimport a\n"]
)
def test_a_file_of_nothing_else_counts_whole(text: str) -> None:
    assert body(text) == text


def test_files_under_one_notice_are_compared_by_their_code() -> None:
    """Whole they are 0.8 alike and more; their code has no five words in common."""
    head = "/* " + "".join(NOTICE.replace(" ", f" {i}") for i in range(5)) + " */\npackage demo\n\n"
    one, two = (
        "class Latch(private var left: Int) {\n    fun down() = --left == 0\n}\n",
        "enum class Screen { Statuses, Note, Done, Back }\n",
    )
    assert near_duplicates.jaccard(head + one, head + two) > 0.7
    assert near_duplicates.jaccard(body(head + one), body(head + two)) == 0.0
    assert near_duplicates.jaccard(body(head + one), body("// another notice\n" + one)) == 1.0


def test_nulls_and_hostile_texts() -> None:
    texts = pa.array([None, "x"], pa.large_string())
    assert bodies(texts).to_pylist() == [None, "x"]
    start = time.thread_time()
    for piece in (
        "import ",
        "/*",
        "use a::{",
        "import {a\n",
        "# \n",
        "from a import (",
        "const a, ",
        "\t",
        "#ifndef A\n",
    ):
        body(piece * 20_000)
    assert time.thread_time() - start < 3.0
