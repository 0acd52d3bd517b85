"""Bodies of files. Oracle: a person who cuts the licence and the imports off by hand."""

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


BEGINNINGS = [
    '/*\n * Copyright 2020 Us\n */\n#pragma once\n#include <a.h>\n', '/*\n * Copyright 2020 Us\n */\n#include <a.h>\n#ifdef __cplusplus\nextern "C" {\n#endif\n',
    '/*\n * Copyright 2020 Us\n */\n#ifdef HAVE_CONFIG_H\n#include "config.h"\n#endif\n#include <a.h>\n', '/*\n * Copyright 2020 Us\n */\n#if HAVE_X\n# include <x.h>\n#endif\n',
    '/*\n * Copyright 2020 Us\n */\n#if !defined(FOO_H)\n#define FOO_H\n#include <a>\n', '/*\n * Copyright 2020 Us\n */\n#include <vector>\nusing namespace std;\nusing std::vector;\n',
    '/*\n * Copyright 2020 Us\n */\n#include <vector>\n\nnamespace foo {\nnamespace bar {\n', 'module;\n#include <a>\nexport module foo;\nimport std;\n',
    '//go:build linux\n// +build linux\n\n// Copyright 2020 Us\n\npackage foo\nimport "fmt"\nimport x "y"\n', 'package foo\n\n/*\n#include <a.h>\n*/\nimport "C"\n\n',
    '/*\n * Copyright 2020 Us\n */\nconst a = require(\'a\');\nconst { b, c } = require(\'./b\');\nvar d = require("d").default;\nlet e = require(\'e\')();\n',
    "var a = require('a')\n  , b = require('b')\n  , c = require('c');\n", "const a = require('a'),\n      b = require('b');\n", 'import a from \'a\'\nimport b from "b" with { type: \'json\' };\nimport def, * as ns from \'x\';\n',
    '/// <reference types="node" />\nimport a = require(\'a\');\nimport type B from \'b\';\n', "/* eslint-disable */\n// @ts-nocheck\nimport { A } from '@x/y';\n",
    "define(['a', 'b'], function (a, b) {\n", '"""\nCopyright 2020 Us\n"""\nimport os\n', '# Copyright 2020 Us\n\n"""The foo module."""\nimport os\n',
    'from a import b, \\\n    c, d\n', 'try:\n    import json\nexcept ImportError:\n    import simplejson as json\n', 'package a.b.c;\n\n/*\n * Copyright 2020 Us\n */\nimport java.util.List;\nimport static a.B.*;\n\n',
    '/*\n * Copyright 2020 Us\n */\n@file:JvmName("X")\n\npackage a.b\n\nimport a.b.C\nimport d.e.* \nimport x.y as z\n\n', 'package a\npackage b\n\nimport a.{B, C => D}\nimport x._\nimport y.{\n  z,\n  w\n}\n',
    'package a\nimport b.{*, given}\n', '#region License\n/*\nCopyright 2020 Us\n*/\n#endregion\nusing System;\nnamespace A;\n', '#nullable enable\nusing System;\n',
    "<?php declare(strict_types = 1);\n\nnamespace A;\nuse B\\C as D;\nrequire_once __DIR__ . '/x.php';\n", "<?php\n/*\n * Copyright 2020 Us\n */\ndefined('ABSPATH') || exit;\n",
    '//! Crate docs\n\nuse a::{\n    b::{c, d},\n    e,\n};\n#[macro_use]\nextern crate q;\npub(crate) use z;\n', '// Copyright 2020 Us\n\nimport Foundation\n@testable import X\nimport class A.B\n@_exported import C\n',
    "// Copyright 2020 Us\n\nlibrary foo;\n\nimport 'dart:io';\nimport 'package:a/b.dart' as c show d;\nexport 'x.dart';\npart 'y.g.dart';\npart of z;\n",
    "=begin\nCopyright 2020 Us\n=end\nrequire 'a'\n", '/*\n * Copyright 2020 Us\n */\n', '#!/usr/bin/env bash\n# Copyright 2020 Us\n\nset -euo pipefail\nsource ./x.sh\n. ./y.sh\n',
    '<!DOCTYPE html>\n<!--\nCopyright 2020 Us\n-->\n', '<?xml version="1.0"?>\n<!--\nCopyright 2020 Us\n-->\n', '@charset "utf-8";\n/*\n * Copyright 2020 Us\n */\n@import url(x.css);\n',
    '<!--\nCopyright 2020 Us\n-->\n', '--[[\nCopyright 2020 Us\n]]\nlocal a = require(\'a\')\nlocal b = require "b"\n', '{-\nCopyright 2020 Us\n-}\n{-# LANGUAGE GADTs #-}\nmodule A where\nimport B\nimport qualified C as D\n',
    '(*\nCopyright 2020 Us\n*)\nopen A\n', '#!/usr/bin/perl\nuse strict;\nuse warnings;\nuse A qw(b c);\n', '# Copyright 2020 Us\n\nlibrary(ggplot2)\nrequire(x)\n',
    '#=\nCopyright 2020 Us\n=#\nusing A, B\nimport C: d\n', '%% Copyright 2020 Us\n\n-module(a).\n-export([b/1]).\n-include("x.hrl").\n', '% Copyright 2020 Us\n\n',
    '! Copyright 2020 Us\n\n', "' Copyright 2020 Us\n\nImports System\n", '@echo off\nREM Copyright 2020 Us\n\n', '<#\nCopyright 2020 Us\n#>\n', '/*\n * Copyright 2020 Us\n */\n#import <A/B.h>\n@import C;\n@class D, E;\n',
    '/*\n * Copyright 2020 Us\n */\nsyntax = "proto3";\npackage a;\nimport "b.proto";\noption java_package = "x";\n', '.\\" Copyright 2020 Us\n\n',
    '# Copyright 2020 Us\n\nimport a, b\nfrom c import d\n', '/*\n * Copyright 2020 Us\n */\nmodule a;\nimport b, c;\n', '// SPDX-License-Identifier: MIT\npragma solidity ^0.8.0;\nimport "a.sol";\n',
    '{#\nCopyright 2020 Us\n#}\n', '% Copyright 2020 Us\n\n', '/*\r\n * Copyright 2020 Acme\r\n * Licensed under the Apache License, Version 2.0 (the "License");\r\n * you may not use this file except in compliance\r\n */\r\npackage a.b;\r\n\r\nimport x.y;\r\n\r\n',
    '// x\r\npackage a\r\n\r\nimport (\r\n\t"fmt"\r\n)\r\n\r\n', '/* x */\r\n#include <a.h>\r\n#ifndef A\r\n#define A\r\n\r\n',
]  # fmt: skip


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_notices_and_imports_in_the_comments_of_other_languages(beginning: str) -> None:
    assert body(beginning + "BODY b1 = f(x)\n") == "BODY b1 = f(x)\n"


@pytest.mark.parametrize(
    "text", ["# words alone\n", "import os\nimport sys\n", "", "\n\n", "/* never closed\nimport a\n"]
)
def test_a_file_of_nothing_else_counts_whole(text: str) -> None:
    assert body(text) == text


def test_a_file_of_documentation_or_imports_under_a_notice_is_compared_without_it() -> None:
    """Java's package-info, a module of Rust that names others: their notices are equal, they are not."""
    pages = [
        f"/*\n * {NOTICE} */\n/** {words} */\npackage a.{words.split()[0]};\n"
        for words in ("Logs nothing at all, ever.", "Keys made by queries of one's own.")
    ]
    assert body(pages[0]) == "/** Logs nothing at all, ever. */\npackage a.Logs;\n"
    assert near_duplicates.jaccard(*map(body, pages)) == 0.0
    assert (
        body(f"// {NOTICE.split()[0]}\n// b\n\npub mod parser;\nmod log;\n") == "pub mod parser;\nmod log;\n"
    )


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


def test_nulls_and_hostile_texts(linear) -> None:
    texts = pa.array([None, "x"], pa.large_string())
    assert bodies(texts).to_pylist() == [None, "x"]
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
        linear(lambda size, piece=piece: body(piece * size), 20_000)
