"""Imports against Python's own parser on real packages, and against hand-written files for the other languages."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.ordering import imports as module
from neve.corpus.ordering import imports_kernel
from neve.corpus.ordering.imports import imports


def names(text: str, language: str | None, path: str = "x") -> list[str]:
    return imports(pa.array([text], pa.large_string()), pa.array([language], pa.string()), pa.array([path]))[
        0
    ].as_py()


def parsed(text: str) -> list[str]:
    """What `ast` says that a Python program imports, in our notation."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            dot = "" if base.endswith(".") else "."
            found += [base if alias.name == "*" else f"{base}{dot}{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize(
    "folder", ["asyncio", "email", "json", "unittest", "xml", "importlib", "lib2to3", ""]
)
def test_python_as_its_own_parser(folder):
    """Oracle: `ast` over the standard library's files that it can parse."""
    files = sorted((Path(sysconfig.get_path("stdlib")) / folder).glob("*.py"))
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    got = imports(
        pa.array(texts, pa.large_string()), pa.array(["Python"] * len(texts)), pa.array(map(str, files))
    )
    for file, text, mine in zip(files, texts, got.to_pylist(), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = parsed(text)
            except SyntaxError:
                continue
        assert sorted(mine) == sorted(expected), file


PYTHON_FILE = '''"""
import no
"""
import a.b as c, d
from . import x
from .import y
from ..p.q import (u as v, # a comment, import no
   w,)
try: import z1
except ImportError: from z2 import *
s = "import no"; import yes
t = \\
from_ = 3
from a.b \\
  import k
# import no
raise ValueError from error
'''


def test_python():
    expected = ["a.b", "d", ".x", ".y", "..p.q.u", "..p.q.w", "z1", "z2", "yes", "a.b.k"]
    assert names(PYTHON_FILE, "Python") == expected
    assert names(PYTHON_FILE, None, "a/b.py") == expected
    assert names(PYTHON_FILE, None, "a/b.txt") == names(PYTHON_FILE, "Ruby", "a/b.py") == []


@pytest.mark.parametrize("language", ["TypeScript", "JavaScript", "TSX"])
def test_javascript(language):
    text = """
import a, {b as c} from "./x"; // import q from "no"
import type { T } from '../t';
/* import z from "no" */
import "./side"
import * as all
  from "./all";
const re = /['"`]/g, y = require("./r"), z = await import(`./dyn`), half = 1 / 2, q = n / require("./div");
export * from "./e"; export { k } from "./f"; export type { K } from "./g";
export const s = "import q from 'no'";
import w = require("./w");
foo.require("no"); import.meta.url; const o = {import: 1, from: "no"}
const t = `
import no from "./no"
`;
export { a }
require("./last")
"""
    expected = [
        "./x",
        "../t",
        "./side",
        "./all",
        "./r",
        "./dyn",
        "./div",
        "./e",
        "./f",
        "./g",
        "./w",
        "./last",
    ]
    assert names(text, language) == expected


def test_java():
    text = '''package a;
/* import no.X; */ // import no.Y;
import java.util.List;
  import static a.b.C.method;
import a.b.*;
@A("import no;") class X { String s = """
import no.Z;
"""; }'''
    assert names(text, "Java") == ["java.util.List", "a.b.C.method", "a.b.*"]


def test_go():
    text = """// import "no"
package main
import "fmt"
import x "a.b/c"
import (
  "net/http" // "no"
  . "a.b/d"; _ `a.b/e`
)
var s = `
import "no"
`"""
    assert names(text, "Go") == ["fmt", "a.b/c", "net/http", "a.b/d", "a.b/e"]


@pytest.mark.parametrize("language", ["C", "C++", "Objective-C"])
def test_c(language):
    text = """#include "a/b.h"
 # include <vector>
/*
#include "no.h"
*/
// #include "no.h"
#include MACRO
#import "objc.h"
char c = '"'; char *s = "/*";
#include "last.h"
"""
    assert names(text, language) == ["a/b.h", "<vector>", "objc.h", "last.h"]


def test_null_and_empty():
    got = imports(
        pa.array([None, "", "import a"], pa.large_string()), pa.array(["Go", "Go", "Python"]), pa.array("abc")
    )
    assert got.type == pa.list_(pa.string()) and got.to_pylist() == [None, [], ["a"]]
    none = imports(pa.array([], pa.large_string()), pa.array([], pa.string()), pa.array([], pa.string()))
    assert len(none) == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text("imporfexqu stc.*{}()[]'\"`/\\#<>,;:\n\té", max_size=60), min_size=1, max_size=6),
    st.data(),
)
def test_any_text(texts, data):
    """Whatever a text holds, in whatever batch, slice or language: the same names, each a part of valid text."""
    languages = [data.draw(st.sampled_from(list(module.FAMILIES))) for _ in texts]
    together = imports(pa.array(texts, pa.large_string()), pa.array(languages), pa.array(texts))
    assert together.to_pylist() == [names(t, kind) for t, kind in zip(texts, languages, strict=True)]
    assert (
        together[1:].to_pylist()
        == imports(
            pa.array(texts, pa.large_binary())[1:], pa.array(languages)[1:], pa.array(texts)[1:]
        ).to_pylist()
    )
    together.validate(full=True)


@pytest.mark.parametrize("language", ["Python", "JavaScript", "Java", "Go", "C"])
@pytest.mark.parametrize(
    "piece",
    [
        "import ",
        "export {",
        "from a import ",
        "from .",
        "import(",
        '#include "',
        "/*",
        "`",
        "import a,",
        "'''",
    ],
)
def test_hostile_text_takes_linear_time(language, piece, linear):
    """A mebibyte of one half-finished statement; at most NAMES names of bounded length."""
    names("", language)

    def work(size: int) -> None:
        assert len(names(piece * (size // len(piece)), language)) <= imports_kernel.NAMES

    linear(work, 1 << 20)


def test_limits():
    prefix = "a" * (imports_kernel.PREFIX_BYTES + 1)
    assert names(f"from {prefix} import b\nfrom {prefix[1:]} import b", "Python") == [f"{prefix[1:]}.b"]
    many = "import " + ",".join("a" for _ in range(imports_kernel.NAMES + 5))
    both = imports(pa.array([many, "import b"]), pa.array(["Python"] * 2), pa.array(["x"] * 2))
    assert [len(found) for found in both.to_pylist()] == [imports_kernel.NAMES, 1]
