"""Vendored and generated files: the oracles are what the tools in question write, and near misses that people write."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.languages import vendored


def third_party(*paths: str) -> list[bool | None]:
    return vendored.vendored(pa.array(paths, pa.string())).to_pylist()


def machine_made(*files: tuple[str | None, bytes | None]) -> list[bool | None]:
    paths = pa.array([path for path, _ in files], pa.string())
    return vendored.generated(paths, pa.array([text for _, text in files], pa.large_binary())).to_pylist()


VENDORED = [
    ("web/node_modules/a/index.js", "web/node_modules.py"), ("bower_components/a/b.css", "bower.json"), ("vendor/github.com/a/b.go", "vendors.py"), ("pip/_vendor/six.py", "pip/_vendoring.py"),
    ("vendored-meson/meson/a.py", "revendor/a.py"), ("src/third_party/a.c", "src/third/party.c"), ("src/3rdparty/a.c", "3rdparty.md"), ("ThirdParty/zlib/inflate.c", "Third.cs"), ("cextern/expat/a.c", "src/external.py"), ("a/externals/b.py", "external_api/b.py"),
    ("deps/uv/a.c", "src/deps/a.py"), ("subprojects/highs/a.cpp", "test/subprojects/a.py"), ("venv/lib/a.py", "src/venv.py"), (".tox/py311/a.py", "tox.ini"), ("ios/Pods/A/A.m", "Pods.swift"), ("Carthage/Checkouts/A.swift", "carthage.md"),
    ("lib/site-packages/a.py", "site_packages.py"), ("packages/Json.9.0.1/a.cs", "packages/core/a.ts"), ("debian/rules", "pkg/debian/rules"), ("A.framework/Headers/A.h", "framework/a.py"), ("static/MathJax/a.js", "mathjax.py"), ("codemirror/lib/codemirror.js", "editor/lib/mirror.js"),
    ("configure", "configure.ac"), ("build-aux/config.guess", "config.py"), ("m4/libtool.m4", "m4/mine.m4"), ("ltmain.sh", "main.sh"), ("gradlew", "build.gradle"), ("gradlew.bat", "run.bat"), ("gradle/wrapper/a.jar", "gradle/a.gradle"), (".mvn/wrapper/a.java", "wrapper/a.java"),
    ("mvnw.cmd", "maven.cmd"), ("waf", "waf.py"), ("versioneer.py", "version.py"), ("ez_setup.py", "setup.py"), (".yarn/releases/yarn.cjs", "src/releases/a.js"), ("a/b.min.js", "a/admin.js"), ("a/b-min.css", "a/min.css"),
    ("js/jquery.js", "js/jquery.init.js"), ("jquery-3.6.0.js", "jquery_helper.js"), ("js/jquery-ui-1.12.1.custom.min.js", "js/ui.js"), ("js/jquery.validate.unobtrusive.js", "js/validate.js"), ("d3.v7.js", "d3chart.js"), ("lib/angular-route.js", "lib/angular-thing.js"),
    ("react-dom.development.js", "react-utils.js"), ("underscore.js", "underscored.js"), ("lodash-4.17.21.js", "lodash-like.js"), ("bootstrap.bundle.js", "src/bootstrap.js"), ("static/js/bootstrap.js", "server/bootstrap.js"), ("css/bootstrap-theme.css", "css/boot.css"),
    ("css/font-awesome.css", "css/font.css"), ("css/normalize.css", "src/normalize.py"), ("src/sqlite3.c", "src/sqlite.c"), ("include/stb_image.h", "include/image.h"), ("Chart.bundle.js", "chart-view.js"), ("scripts/modernizr-2.8.3.js", "scripts/modern.js"),
]  # fmt: skip
"""(another project's code, code of one's own with a name much like it)."""

OWN = [
    "tests/fixtures/a.py", "testdata/a.go", "spec/fixtures/a.rb", "docs/conf.py", "docs/_static/a.js", "src/lib/a.c", "lib/a.rb", "contrib/a.py", "env/gym.py", "cache/lru.py", "packages/core/src/index.ts", "types/index.d.ts",
    ".github/workflows/a.yml", "Vagrantfile", "Jenkinsfile", "fabfile.py", ".gitignore", "src/prototypes.js", "src/reactor.js", "src/chartist_view.js", "examples/a.py", "dist/a.py", "tools/configure.py", "app/effects.js",
]  # fmt: skip


def test_third_parties_code_by_its_path() -> None:
    found = third_party(*[yes for yes, _ in VENDORED])
    assert [yes for (yes, _), flag in zip(VENDORED, found, strict=True) if not flag] == []
    found = third_party(*[no for _, no in VENDORED])
    assert [no for (_, no), flag in zip(VENDORED, found, strict=True) if flag] == []


def test_tests_documentation_and_own_folders_are_not_vendored() -> None:
    assert [path for path, flag in zip(OWN, third_party(*OWN), strict=True) if flag] == []


NAMES = [
    ("a/package-lock.json", "a/package.json"), ("yarn.lock", "yarn.py"), ("pnpm-lock.yaml", "pnpm.yaml"), ("Cargo.lock", "Cargo.toml"), ("poetry.lock", "poetry.py"), ("uv.lock", "uv.rs"), ("composer.lock", "composer.json"), ("Gopkg.lock", "Gopkg.toml"), ("go.sum", "go.mod"),
    ("Pipfile.lock", "Pipfile"), ("Podfile.lock", "Podfile"), ("esy.lock", "easy.lock.py"), (".terraform.lock.hcl", "main.hcl"), ("Package.resolved", "Package.swift"), ("Manifest.toml", "manifest.py"), ("__generated__/a.graphql.js", "generated.js"), ("htmlcov/a.html", "cov.html"),
    (".idea/a.xml", "idea.xml"), ("a.egg-info/PKG-INFO", "egg.py"), ("dist/app.js", "src/dist.js"), ("a_pb2.py", "pb2.py"), ("a_pb2_grpc.py", "grpc.py"), ("a.pb.go", "pb.go"), ("a.pb.cc", "apb.cc"), ("a_grpc_pb.js", "a_pbs.js"), ("A.pbobjc.m", "A.m"), ("a.g.dart", "ag.dart"),
    ("a.freezed.dart", "frozen.dart"), ("Form.Designer.cs", "Designer.cs"), ("a.feature.cs", "Feature.cs"), ("A.g.i.cs", "Ag.cs"), ("zz_generated.deepcopy.go", "deepcopy.go"), ("parsetab.py", "parser.py"), ("y.tab.c", "tab.c"), ("moc_window.cpp", "mocking.cpp"), ("a.zep.c", "zep.c"),
    ("R.java", "Router.java"), ("ppport.h", "support.h"), ("a.js.map", "a.map"), ("app.chunk.js", "chunk.js"), ("A.xcodeproj/project.pbxproj", "project.py"), ("A_TLB.pas", "TLB.pas"), (".pnp.cjs", "pnp.cjs"),
    (".sqlx/query-" + "0a" * 32 + ".json", ".sqlx/query-1.json"), ("monster_generated.h", "generated.h"),
]  # fmt: skip
"""(what a program writes, what a person writes), by name alone."""


def test_programs_output_by_its_name() -> None:
    found = machine_made(*[(yes, b"x") for yes, _ in NAMES])
    assert [yes for (yes, _), flag in zip(NAMES, found, strict=True) if not flag] == []
    found = machine_made(*[(no, b"x") for _, no in NAMES])
    assert [no for (_, no), flag in zip(NAMES, found, strict=True) if flag] == []


MINIFIED = b"var a=" + b"1+" * 200 + b"1;\n"
MARKS = [
    # parsers and lexers
    ("p.c", b"/* A Bison parser, made by GNU Bison 3.8.2.  */\n", b"/* We use a Bison parser, made by GNU Bison 3.8 */\n"), ("l.c", b"#line 2 \"lex.yy.c\"\n/* A lexical scanner generated by flex */\n", b"/* Not a lexical scanner generated by flex */\n"), ("P.java", b"// Generated from Expr.g4 by ANTLR 4.9\n", b"// How code is generated by ANTLR\n"),
    ("p.js", b"/*\n * Generated by PEG.js 0.10.0.\n */\n", b"// This loads what is generated by PEG.js\n"), ("p.js", b"/* parser generated by jison 0.4.17 */\n", b"/* a parser like that generated by jison */\n"), ("p.rb", b"#\n# DO NOT MODIFY!!!!\n# This file is automatically generated by Racc 1.4\n", b"# uses Racc\n"),
    ("L.java", b"/* The following code was generated by JFlex 1.4.3 on 1/1/1 */\n", b"/* The code was once generated by JFlex */\n"), ("P.java", b"// This is a generated file. Not intended for manual editing.\n", b"// This is not a generated file.\n"), ("P.java", b"/* Generated By:JavaCC: Do not edit this line. */\n", b"/* Generated bytes: 3 */\n"),
    ("p.c", b"/*\n** 2000-05-29\n**\n** The author disclaims\n**\n** Driver template for the LEMON parser generator.\n", b"/* template for the LEMON parser */\n"), ("h.c", b"/* ANSI-C code produced by gperf version 3.1 */\n", b"/* code produced by hand */\n"), ("r.c", b"/* Generated by re2c 1.0 */\n", b"/* scanners: generated by re2c */\n"), ("r.rb", b"# line 1 \"a.rl\"\n", b"# line 1 of a.rl\n"),
    # interface and data definitions
    ("a.py", b"# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n", b"s = 'Generated by the protocol buffer compiler'\n"), ("a.cc", b"// Generated by the gRPC C++ plugin.\n", b"// Not generated by the gRPC plugin.\n"), ("a.py", b"#\n# Autogenerated by Thrift Compiler (0.13.0)\n", b"# see what is autogenerated by thrift\n"),
    ("a.h", b"// automatically generated by the FlatBuffers compiler, do not modify\n", b"// Files that are generated by FlatBuffers\n"), ("a.dart", b"// GENERATED CODE - DO NOT MODIFY BY HAND\n", b"// generated code is not modified\n"), ("a.js", b"// source: a.proto\n/**\n * @fileoverview\n */\n// GENERATED CODE -- DO NOT EDIT!\n", b"// GENERATED CODE is not edited\n"),
    ("a.ts", b"// Code generated by protoc-gen-ts_proto. DO NOT EDIT.\n", b"// Code that calls protoc-gen-ts_proto\n"), ("a.go", b"// Copyright\n\n// Code generated by stringer; DO NOT EDIT.\n\npackage a\n", b"package a\n\n// Code generated by us says DO NOT EDIT. Always.\n"),
    ("A.java", b"/*\n * This file is generated by jOOQ.\n */\n", b"/* like jOOQ */\n"), ("a.cs", b"// <auto-generated>\n", b"// <auto-sized>\n"), ("a.rbi", b"# typed: true\n\n# DO NOT EDIT MANUALLY\n", b"# typed: true\n"), ("a.proto", b"\n// This file was autogenerated by go-to-protobuf. Do not edit it manually!\n", b"// go-to-protobuf reads this\n"),
    # bindings
    ("a.c", b"/* Generated by Cython 3.0.0 */\n", b"/* Compare with what is generated by Cython 3 */\n"), ("a.h", b"/* DO NOT EDIT THIS FILE - it is machine generated */\n#include <jni.h>\n", b"#include <jni.h>\n"), ("a.py", b"# This file was automatically generated by SWIG (http://www.swig.org).\n", b"# wraps SWIG\n"),
    ("a.rs", b"/* automatically generated by rust-bindgen 0.59 */\n", b"// run rust-bindgen\n"), ("a.c", b"/* GIMP RGB C-Source image dump (a.c) */\n", b"/* GIMP plug-in */\n"), ("a.py", b"# Form implementation generated from reading ui file 'a.ui'\n", b"# Form helpers\n"), ("a.js", b"// Generated by CoffeeScript 1.12.7\n", b"// Code near what is generated by CoffeeScript\n"),
    ("a.py", b"# Generated by Haxe 4.2\n", b"# Haxe\n"), ("a.js", b"(function() {\n  var x, _i, _len;\n  x = 1;\n}).call(this);\n", b"(function() {\n  var x;\n  x = 1;\n}).call(this);\n"),
    # scripts, documents, data
    ("a.js", MINIFIED, b"var a = 1;\n" * 30), ("a.css", b"a{b:c}" * 60, b"a { b: c }\n" * 60), ("a.js", b"f();\n//# sourceMappingURL=a.js.map\n", b"//# sourceMappingURL=a.js.map\nf();\ng();\n"), ("a.js", b"/******/ (function(modules) { // webpackBootstrap\n", b"// modules\n"), ("Makefile.in", b"# Makefile.in generated by automake 1.16.1 from Makefile.am.\n", b"# for automake\n"),
    ("a.html", b"<html>\n<!-- Generated by Doxygen 1.8 -->\n", b"<html>\n<p>Doxygen</p>\n"), ("a.html", b"<meta name=\"generator\" content=\"Org mode\" />", b"<meta name=\"author\" content=\"Org mode\" />"), ("A.html", b"<!-- Generated by javadoc (17) -->\n", b"<!-- about javadoc -->\n"), ("a.xml", b"<?xml version=\"1.0\"?>\n<doc>\n    <assembly>\n", b"<?xml version=\"1.0\"?>\n<document>\n"),
    ("a.Rd", b"% Generated by roxygen2: do not edit by hand\n", b"% by hand\n"), ("a.yml", b"---\nhttp_interactions: []\nrecorded_with: VCR 2.0.1\n", b"recorded: VCR\n"), ("a.yaml", b"interactions:\n- request:\n    body: null\n", b"interactions: 3\n"), ("a.meta", b"fileFormatVersion: 2\nguid: 0\n", b"format: 2\n"), ("a.dsp", b"# Microsoft Developer Studio Generated Build File\n", b"process = _;\n"),
    ("a.yy", b"{\"a\": 1}\n", b"%token A\n%%\n"), ("a.frm", b"TYPE=VIEW\n", b"VERSION 5.00\n"), ("a.mod", b"GFORTRAN module version '10' created from a.f90\n", b"MODULE a;\n"), ("a.map", b"{\"version\":3,\"sources\":[]}", b"{\"map\":3}"), ("a.eps", b"%!PS\n%%Creator: MATLAB 7\n", b"%!PS\n% by hand\n"), ("a.g", b"#\n# generated by Xtest\n", b"#\n# Xtest\n"),
]  # fmt: skip
"""(name, text that a program writes, text that a person writes)."""


def test_programs_output_by_its_marks() -> None:
    found = machine_made(*[(name, text) for name, text, _ in MARKS])
    assert [rule for rule, flag in zip(MARKS, found, strict=True) if not flag] == []
    found = machine_made(*[(name, text) for name, _, text in MARKS])
    assert [rule for rule, flag in zip(MARKS, found, strict=True) if flag] == []


def test_a_mark_counts_only_in_files_of_its_kind() -> None:
    """Oracle: notebooks, prose and long lines of other languages are no programs' output."""
    assert machine_made(
        ("a.md", b"/* A Bison parser, made by GNU Bison 3.8.2.  */\n"), ("a.rst", b"Generated by Cython 3.0.0\n"), ("a.py", MINIFIED), ("a.ipynb", b'{"cells": []}'),
        ("a.json", b'{"version": 3}'), ("a.py", b"// Code generated by x. DO NOT EDIT.\n"), ("a.js", b""), ("a.css", None),
    ) == [False] * 8  # fmt: skip


@pytest.mark.parametrize(("length", "flag"), [(110, False), (111, True)])
def test_the_limit_of_minified_lines(length: int, flag: bool) -> None:
    """Oracle: by hand; the line that an end of line at the end opens counts, as Linguist counts it."""
    assert machine_made(("a.js", b"\n".join([b"x" * length] * 3))) == [flag]


def test_missing_paths_and_texts() -> None:
    assert third_party("vendor/a.c") == [True]
    assert vendored.vendored(pa.array([None, "a.c"], pa.string())).to_pylist() == [None, False]
    assert machine_made((None, b"x"), ("a.c", None), ("Cargo.lock", None)) == [None, False, True]
    assert machine_made() == []


def test_expressions_are_linear_on_hostile_text() -> None:
    """Law: neither function takes more than a moment of CPU on paths and texts made to make a search backtrack."""
    pieces = [
        "vendor",
        "a/",
        ".",
        "-1.",
        "jquery-",
        "dist/a",
        "generated by ",
        "// Code generated ",
        "(function() {\n",
        "*/ ",
    ]
    paths = [piece * 500 + end for piece in pieces for end in ("", ".js", ".go")]
    texts = [
        ("a" + end, (piece * 9000).encode()) for piece in pieces for end in (".js", ".go", ".py", ".html")
    ]
    start = time.thread_time()
    third_party(*paths)
    machine_made(*[(path, b"enerated") for path in paths], *texts)
    assert time.thread_time() - start < 3.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([*MARKS, ("a", b"", b""), ("Cargo.lock", b"", b"")]), max_size=8))
def test_a_column_is_its_rows(rules: list[tuple[str, bytes, bytes]]) -> None:
    """Law: a file's verdict does not depend on its neighbours, nor on where the column begins in its buffer."""
    files = [(name, text) for name, *texts in rules for text in texts]
    assert machine_made(*files) == [machine_made(file)[0] for file in files]
    paths, texts = (
        pa.array([f[0] for f in files], pa.string()),
        pa.array([f[1] for f in files], pa.large_binary()),
    )
    assert vendored.generated(paths[1:], texts[1:]).to_pylist() == machine_made(*files[1:])
