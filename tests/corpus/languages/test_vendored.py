"""Vendored files: the oracles are the libraries themselves, and near misses that people write."""

from __future__ import annotations

import pyarrow as pa
import pytest

from neve.corpus.languages import vendored


def third_party(*paths: str | None, text: str = "export const a = 1;\n") -> list[bool | None]:
    """`text` is that of all files; "{name}" in it is the file's name without its ending."""
    texts = [
        text.replace("{name}", (path or "").rpartition("/")[2].rpartition(".")[0]).encode() for path in paths
    ]
    return vendored.vendored(pa.array(paths, pa.string()), pa.array(texts, pa.large_binary())).to_pylist()


VENDORED = [
    ("web/node_modules/a/index.js", "web/node_modules.py"), ("bower_components/a/b.css", "bower.json"), ("vendor/github.com/a/b.go", "vendors.py"), ("pip/_vendor/six.py", "pip/_vendoring.py"),
    ("vendored-meson/meson/a.py", "revendor/a.py"), ("src/third_party/a.c", "src/third/party.c"), ("src/3rdparty/a.c", "3rdparty.md"), ("ThirdParty/zlib/inflate.c", "Third.cs"), ("cextern/expat/a.c", "src/external.py"), ("a/externals/b.py", "external_api/b.py"),
    ("deps/uv/a.c", "src/deps/a.py"), ("thirdPartyLibs/a.c", "src/thirdPartyAuth/a.ts"), ("my-third-party-v2/a.c", "apps/third_party_auth/a.py"), ("subprojects/highs/a.cpp", "test/subprojects/a.py"), ("venv/lib/a.py", "src/venv.py"), (".tox/py311/a.py", "tox.ini"), ("ios/Pods/A/A.m", "Pods.swift"), ("Carthage/Checkouts/A.swift", "carthage.md"),
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
    found = third_party(*[yes for yes, _ in VENDORED], text="/*! {name} v1.2.3 */")
    assert [yes for (yes, _), flag in zip(VENDORED, found, strict=True) if not flag] == []
    found = third_party(*[no for _, no in VENDORED])
    assert [no for (_, no), flag in zip(VENDORED, found, strict=True) if flag] == []


def test_tests_documentation_and_own_folders_are_not_vendored() -> None:
    assert [path for path, flag in zip(OWN, third_party(*OWN), strict=True) if flag] == []


BANNERS = [
    ("jquery.js", "/*!\n * jQuery JavaScript Library v3.6.0\n * https://jquery.com/\n"), ("chart.js", "/*!\n * Chart.js v2.9.4\n * https://www.chartjs.org\n"),
    ("video.js", "/**\n * @license\n * Video.js 7.0 <http://videojs.com/>\n"), ("marked.js", "/**\n * marked - a markdown parser\n * Copyright (c) 2011-2021\n * https://github.com/markedjs/marked\n"),
    ("prism.js", "/* http://prismjs.com/download.html\nPrism 1.15 */\n"), ("moment.js", "//! moment.js\n//! version : 2.29.1\n"),
    ("three.js", "(function (global, factory) {\n\ttypeof exports === 'object' && typeof module !== 'undefined' ? factory(exports)"),
    ("jquery.form.js", "/*!\n * jQuery Form Plugin\n * version: 3.28.0\n"), ("d3.js", "// https://d3js.org v5.9.2 Copyright 2019\n"),
    ("animate.css", '@charset "UTF-8";/*!\n * animate.css - https://animate.style/\n * Version - 4.1.1\n'),
]  # fmt: skip
OWN_BANNERS = [
    ("src/chart.js", "/*\n * Copyright 2020 Example Inc.\n * Licensed under the Apache License, Version 2.0\n * http://www.apache.org/licenses/LICENSE-2.0\n */\n// Draws a chart.\n"),
    ("src/base/react.js", "// How a board answers to what is dragged.\nexport function react(board, wait = 2.5) {}\n"),
    ("lib/require.js", "// Loads modules\nmodule.exports = function (path) { return cache[path] }\n"), ("js/moment.js", "import moment from 'moment';\nmoment.locale('de');\n"),
    ("docs/javascripts/mathjax.js", "window.MathJax = {\n  tex: { inlineMath: [['$', '$']] },\n};\n"), ("app/css/foundation.scss", "$blue: #1779ba;\n@import 'settings';\n"),
]  # fmt: skip
"""Files of one's own with a library's name: they say nothing of it, or only use it."""


def test_a_librarys_name_counts_where_the_text_bears_it_out() -> None:
    """Oracle: the beginnings of the libraries themselves, and of files that people call so."""
    for path, text in BANNERS:
        assert third_party(path, text=text) == [True], path
    for path, text in OWN_BANNERS:
        assert third_party(path, text=text) == [False], path
    assert (
        third_party("js/d3-5.9.2.js", "chart.bundle.js", "vue.runtime.js", "chart2.js", "video.module.js")
        == [True] * 3 + [False] * 2
    )


DECLARED = [
    ("mes/controller/md/vendor/VendorController.java", "package cn.acme.mes.controller.md.vendor;\n\nimport x;\n"), ("Algorithms/Sorters/External/MergeSorter.cs", "using System;\n\nnamespace Algorithms.Sorters.External;\n"),
    ("app/Models/Vendors/Bill.php", "<?php\n\nnamespace App\\Models\\Vendors;\n"), ("src/main/kotlin/shop/vendor/Prices.kt", "/* x */\npackage shop.vendor\n"), ("src/shop/vendors/a/B.scala", "package shop.vendors.a\n"),
]  # fmt: skip
NOT_DECLARED = [
    ("vendor/acme/list/src/List.php", "<?php\n\nnamespace Acme\\List;\n"), ("src/vendors/json/Reader.java", "package org.json;\n"), ("src/external/Fmt.cs", "namespace Fmt.External\n{\n"), ("src/external/fmt.c", "int x;\n"),
    ("src/vendors/a.js", "export const a = 1;\n"), ("externals/a/b.py", "import a\n"), ("third-party/src/A.java", "package third.party.src;\n"), ("lib/vendor/deps/node_modules/vendor/A.java", "package node_modules.vendor;\n"),
]  # fmt: skip


def test_a_folder_for_others_code_is_own_where_its_code_declares_that_it_belongs_there() -> None:
    """Oracle: files about vendors and about external sorting, and libraries that lie in such folders."""
    for rows, expected in ((DECLARED, False), (NOT_DECLARED, True)):
        paths, texts = zip(*rows, strict=True)
        found = vendored.vendored(pa.array(paths), pa.array([t.encode() for t in texts], pa.large_binary()))
        assert found.to_pylist() == [expected] * len(rows)


def test_missing_paths() -> None:
    assert third_party("vendor/a.c") == [True]
    assert third_party(None, "a.c") == [None, False]


def test_expressions_are_linear_on_hostile_text(linear) -> None:
    pieces = ["vendor", "a/", ".", "-1.", "jquery-", "dist/a", "*/ ", "/* ", "// \n", "v1.", "http://", "prism \n* "]  # fmt: skip
    linear(
        lambda size: third_party(*[piece * size + end for piece in pieces for end in ("", ".js", ".go")]), 500
    )
    for piece in pieces:
        linear(lambda size, piece=piece: third_party("prism.js", text=piece * size), 900)
        linear(lambda size, piece=piece: third_party("prism.js", text="/*" + piece * size), 900)


@pytest.mark.parametrize("piece", [b"\n", b" \n", b"<?php\n", b"//\n"])
def test_empty_lines_take_linear_time(piece: bytes, linear) -> None:
    linear(lambda size: vendored.belongs("a/vendor/x/List.java", piece * (size // len(piece))), 8192)
