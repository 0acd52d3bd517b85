"""Languages: the oracles are Linguist's own table and small files whose language a person can tell."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus import languages
from neve.corpus.ambiguous import SIGNS, XML
from neve.recipe import LANGUAGES


def detect(*files: tuple[str, bytes]) -> list[str | None]:
    paths = pa.array([path for path, _ in files], pa.string())
    return languages.detect(paths, pa.array([text for _, text in files], pa.large_binary())).to_pylist()


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("src/a.py", b"", "Python"), ("A.PY", b"", "Python"), ("Makefile", b"", "Makefile"), ("n.ipynb", b"{}", "Jupyter Notebook"),
        ("CMakeLists.txt", b"", "CMake"), ("notes.txt", b"", "Text"), ("config.h.in", b"", "C"), ("x.blade.php", b"", "Blade"),
        ("x.h", b'#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n', "C"),
        ("x.h", b"#include <vector>\nint f();\n", "C++"), ("x.h", b"namespace a {\nint f();\n}\n", "C++"),
        ("x.h", b"#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n", "Objective-C"),
        ("x.m", b"% doubles\nfunction y = f(x)\n  y = 2 * x;\nend\n", "MATLAB"), ("x.m", b"@implementation A\n@end\n", "Objective-C"),
        ("x.m", b":- module queens.\n", "Mercury"), ("a.ts", b"export const a: number = 1\n", "TypeScript"),
        ("a.ts", b'<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS version="2.1">\n', "XML"), ("a.tsx", b"<?xml version='1.0'?>\n<tileset/>", "XML"),
        ("a.pl", b"use strict;\nmy $x = 1;\n", "Perl"), ("a.pl", b"likes(mary, wine).\nhappy(X) :- likes(X, wine).\n", "Prolog"),
        ("a.md", b"# Title\n", "Markdown"), ("i386.md", b'(define_insn "addsi3"\n', "GCC Machine Description"),
        ("a.r", b"x <- 1\n", "R"), ("a.r", b"REBOL [Title: {x}]\n", "Rebol"), ("a.v", b"module m(input a);\nendmodule\n", "Verilog"),
        ("a.v", b"Theorem t : True.\nProof. trivial. Qed.\n", "Rocq Prover"), ("a.inc", b"<?php\n", "PHP"),
        ("a.inc", b"SRC_URI = \"x\"\n", "BitBake"), ("a.sql", b"SELECT 1;\n", "SQL"), ("a.sql", b"SET NOCOUNT ON\nGO\n", "TSQL"),
        ("a.cs", b"class A {}\n", "C#"), ("a.php", b"<?php echo 1;\n", "PHP"), ("a.php", b"<?hh\n", "Hack"),
        ("a.cgi", b"#!/usr/bin/python3.11\n", "Python"), ("run", b"#!/usr/bin/env -S LC_ALL=C python3 -u\n", "Python"),
        ("run", b"#!/bin/sh\nexit\n", "Shell"), ("run", b"#! /usr/bin/perl -w\n", "Perl"), ("bin/app", b"#!/usr/bin/env node\n", "JavaScript"),
        ("run", b"no shebang", None), ("run", b"#!", None), ("run", b"#!/usr/bin/env", None), ("a.unheard", b"x", None),
        ("libz.so.1", b"x", None), ("ls.1", b".TH LS 1\n", "Roff Manpage"), ("a", b"", None), (".gitignore", b"*.o\n", "Ignore List"),
    ],
)  # fmt: skip
def test_language_of_a_file(path: str, text: bytes, language: str | None) -> None:
    assert detect((path, text)) == [language]


def test_the_papers_languages_are_known_by_their_primary_extension() -> None:
    """Oracle: a file called `x` + primary extension is of that language, where the name decides."""
    assert detect(*[(f"x{languages.extension(language)}", b"") for language in LANGUAGES]) == LANGUAGES
    assert languages.extension("no language") == ""


def test_every_sign_is_of_a_language_that_owns_the_extension() -> None:
    """Oracle: Linguist's owners of each extension; each sign must also compile in Arrow's RE2."""
    for extension, (signs, default) in SIGNS.items():
        owners = languages._owners("extensions")[extension]
        assert len(owners) > 1
        for name, sign in [*signs, ("XML", XML)]:
            pc.match_substring_regex(pa.array([b"x"]), sign)
            assert name in owners or name == "XML"
        assert default is None or default in owners


def test_kinds() -> None:
    kinds = [languages.kind(name) for name in ("Python", "JSON", "HTML", "Markdown", "no language", None)]
    assert kinds == ["programming", "data", "markup", "prose", None, None]


def test_given_names_are_spelled_as_linguist_does() -> None:
    given_names = pa.array(["python", "C#", "csharp", "cpp", "jupyter-notebook", "Elvish Rune", None, ""])
    spelled = languages.named(given_names).to_pylist()
    assert spelled == ["Python", "C#", "C#", "C++", "Jupyter Notebook", "Elvish Rune", None, None]


_NAMES = st.sampled_from(
    ["a.py", "a.h", "a.m", "a.pl", "x/b.ts", "run", "é/ü.rs", "a.1", ".h", "a.", "", "a\nb.py"]
)
_TEXTS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"#!/bin/sh\n", b"<?xml ?>", b"class A {", b"#!/usr/bin/env \xff"]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(_NAMES, _TEXTS), max_size=12))
def test_a_column_is_its_rows(files: list[tuple[str, bytes]]) -> None:
    """Law: what a file's language is does not depend on its neighbours in the batch."""
    assert detect(*files) == [detect(file)[0] for file in files]
