"""Languages of files. Oracles: the manuals of env, sh, Vim and Emacs, and small files whose language a person can tell."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.languages import detection
from neve.recipe.corpus import LANGUAGES


def detect(*files: tuple[str, bytes]) -> list[str | None]:
    paths = pa.array([path for path, _ in files], pa.string())
    return detection.detect(paths, pa.array([text for _, text in files], pa.large_binary())).to_pylist()


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
    assert detect(*[(f"x{detection.extension(language)}", b"") for language in LANGUAGES]) == LANGUAGES
    assert detection.extension("no language") == ""


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        # shebangs
        ("run", b"#!/usr/bin/env -S node --no-warnings\n", "JavaScript"), ("run", b"#!/usr/bin/env -Spython3 -u\n", "Python"), ("run", b"#!/usr/bin/env -i A=b ruby\n", "Ruby"), ("run", b"#!/usr/bin/perl5.30\n", "Perl"),
        ("run", b'#!/bin/sh\nexec scala "$0" "$@"\n!#\n', "Scala"), ("run", b'#!/bin/sh\n# the next line restarts with tclsh \\\nexec tclsh "$0" "$@"\n', "Tcl"), ("run", b"#!/bin/sh\nexec java -jar a.jar\n", "Shell"), ("run", b"#!/bin/bash\r\necho a\r\n", "Shell"),
        ("a.txt", b"#!/usr/bin/env python3\nprint(1)\n", "Python"), ("a.py", b"#!/bin/sh\n", "Python"), ("a.ts", b"#!/usr/bin/env node\n", "TypeScript"), ("a.pyx", b"#!python\n", "Cython"), ("a.ini", b"#!/usr/bin/python\n", "Python"), ("a.js", b"#!/usr/bin/osascript -l JavaScript\n", "JavaScript"),
        # modelines
        ("run", b"# -*- mode: ruby -*-\n", "Ruby"), ("run", b"// -*- C++ -*-\n", "C++"), ("run", b"#!x\n# -*- coding: utf-8; mode: python; tab: 4 -*-\n", "Python"), ("run", b"// -*-tab:4;mode:Scala-*-\n", "Scala"), ("x.h", b"/* -*- Mode: C++; tab-width: 2 -*- */\nint f();\n", "C++"),
        ("run", b"a\nb\n# vim: set ft=perl :\n", "Perl"), ("run", b"# vim: ts=4:ft=swift\n", "Swift"), ("run", b"// vim600: sw=2 filetype=kotlin\n", "Kotlin"), ("run", b"// vim>600: sw=2 filetype=kotlin\n", "Kotlin"), ("run", b"# vi: syntax=rust\n", "Rust"), ("run", b"a ex: ft=php\n", "PHP"),
        ("a.txt", b"x\n vim:tw=78:ft=help:norl:\n", "Vim Help File"), ("x.m", b"% vim: ft=mercury ts=4\n", "Mercury"), ("a.cpp", b"/* -*- c -*- */\n", "C++"), ("a.pxd", b"# -*- python -*-\n", "Cython"), ("run", b"# -*- coding: utf-8 -*-\n", None), ("run", b"\n" * 9 + b"# vim: ft=perl\n" + b"\n" * 9, None),
    ],
)  # fmt: skip
def test_shebangs_and_modelines(path: str, text: bytes, language: str | None) -> None:
    """Oracle: the manuals of env, sh, Vim and Emacs; an extension that one programming language owns stands."""
    assert detect((path, text)) == [language]


def test_the_table_is_whole() -> None:
    """Oracle: Linguist of today names over 800 languages, 560 of them for programming; two have no files of their own."""
    rows = detection._table()
    assert len(rows) > 800 and sum(row["type"] == "programming" for row in rows.values()) >= 560
    keys = ("extensions", "filenames", "interpreters", "aliases")
    bare = {name for name, row in rows.items() if not any(row.get(key) for key in keys)}
    assert {name for name in bare if rows[name]["type"] == "programming"} == {
        "Elvish Transcript",
        "Julia REPL",
    }


def test_kinds() -> None:
    kinds = [detection.kind(name) for name in ("Python", "JSON", "HTML", "Markdown", "no language", None)]
    assert kinds == ["programming", "data", "markup", "prose", None, None]


def test_given_names_are_spelled_as_linguist_does() -> None:
    given_names = pa.array(["python", "C#", "csharp", "cpp", "jupyter-notebook", "Elvish Rune", None, ""])
    spelled = detection.named(given_names).to_pylist()
    assert spelled == ["Python", "C#", "C#", "C++", "Jupyter Notebook", "Elvish Rune", None, None]


def test_a_header_where_the_name_tells_nothing() -> None:
    texts = pa.array(
        [b"<?php\nfunction f() {}\n", b"<?xml version='1.0'?>\n", b"<?phpx", b"x"], pa.large_binary()
    )
    assert detection.detect(pa.array(["a.module"] * 4), texts).to_pylist() == ["PHP", "XML", None, None]


def test_dialects_go_by_the_name_of_their_language() -> None:
    """Those that the paper's list and most corpora do not tell apart; what parses otherwise (Cython) keeps its own."""
    names = [
        "PLpgSQL",
        "plsql",
        "TSQL",
        "sqlpl",
        "tsx",
        "TypeScript",
        "Cython",
        "HiveQL",
        "Gradle Kotlin DSL",
        "Gentoo Ebuild",
    ]
    folded = detection.named(pa.array(names)).to_pylist()
    assert folded == [
        "SQL",
        "SQL",
        "SQL",
        "SQL",
        "TypeScript",
        "TypeScript",
        "Cython",
        "HiveQL",
        "Kotlin",
        "Shell",
    ]
    assert all(name in detection._table() for pair in detection.DIALECTS.items() for name in pair)


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
