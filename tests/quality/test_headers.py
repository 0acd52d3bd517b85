"""neve.quality.headers. Oracle: headers and bodies put together here; what is cut is the header."""

import pyarrow as pa
import pytest

from neve.quality.headers import cut

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
        marked("//", "SPDX-License-Identifier: MIT"), "// (c) 1999 A, B\n", block("Tool.\n") + "\n" + block(LINES),
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


def test_a_column_keeps_its_order_and_its_length():
    texts = ["a = 1", "# Copyright 2020\na = 2", "", "// MIT License\nb", "c # licence"]
    assert cut(pa.array(texts, pa.large_string())).to_pylist() == ["a = 1", "a = 2", "", "b", "c # licence"]
    assert len(cut(pa.array([], pa.large_string()))) == 0
