"""Packages that documents import, and whether they exist. Oracle: lines written by hand in each language, what
is no import, and the languages' own programs that are here (node, javac, g++, rustc)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from neve import documents
from neve.synthesis import imports

WRITTEN = {
    "Python": (
        "import os.path\nfrom yaml.nodes import Node\n    import numpy as np\nfrom . import x\nimportant = 1\nfrom a to b\nimport of goods\n",
        {"os", "yaml", "numpy"},
    ),
    "JavaScript": (
        "const a = require('lodash/fp');\nimport b from \"@vue/core/x\";\nimport './own.js';\nexport { c } from 'rxjs';\n",
        {"lodash", "@vue/core", "rxjs"},
    ),
    "C": ('#include <stdio.h>\n# include "upb/port/def.inc"\n// include <a.h>\n#include "own.h"\n', {"stdio.h", "upb"}),
    "C++": ("#include <iostream>\n#include <boost/any.hpp>\n", {"iostream", "boost"}),
    "Rust": (
        "use serde::{Serialize};\nextern crate rand;\npub use ::log::info;\nuse of it\nuse std::io;\nmod own;\nuse crate::own::a;\n",
        {"serde", "rand", "log"},
    ),
    "Go": (
        'import (\n\t"fmt"\n\tv "github.com/a/b/v2/c"\n\t_ "golang.org/x/text"\n\t"./own"\n)\n',
        {"github.com/a/b", "golang.org/x/text"},
    ),
    "Java": ("import java.util.List;\nimport static org.junit.Assert.assertEquals;\n", {"org.junit"}),
    "C#": ("using System;\nusing Newtonsoft.Json.Linq;\nusing var file = open();\n/*\nusing No.No;\n*/\n", {"Newtonsoft.Json"}),
    "Kotlin": ("import kotlin.math.max\nimport io.ktor.server.*\n", {"io.ktor"}),
    "Scala": ("import cats.effect.{IO, Ref}\nimport java.io._\n", {"cats.effect"}),
    "Swift": ("@testable import Alamofire\nimport struct Foundation.Date\nimportant()\n", {"Alamofire", "Foundation"}),
    "Ruby": ("require 'nokogiri'\nrequire_relative 'own'\n", {"nokogiri"}),
    "PHP": ("<?php\nuse Psr\\Log\\LoggerInterface;\nuse DateTime;\nrequire __DIR__ . '/own.php';\n", {"Psr\\Log"}),
    "Dart": ("import 'dart:io';\nimport 'package:flutter/material.dart';\nimport 'own.dart';\n", {"package:flutter"}),
}  # fmt: skip
KNOWN = {language: frozenset(names) for language, (_, names) in WRITTEN.items()}
FINE = {
    "TypeScript": "import { a } from 'fs/promises';\nimport b from 'node:test';\nimport type { C } from 'rxjs/operators';\n",
    "C": '#include <stdio.h>\n#include "stdlib.h"\n#include <sys/epoll.h>\n#include <linux/fs.h>\n#include <windows.h>\n',
    "C++": "#include <ranges>\n#include <string.h>\n#include <boost/asio.hpp>\n",
    "Go": 'package main\n\nimport (\n\t"math/rand"\n\tx "github.com/a/b/other"\n)\n\nvar hosts = []string{\n\t"example.com/not/imported",\n}\n',
    "Java": "package a.b;\nimport java.util.concurrent.atomic.*;\nimport javax.swing.JFrame;\nimport org.junit.Test;\nimport a.b.Main.Inner;\nclass Main { }\n",
    "Rust": "use std::{fmt, io};\nuse fmt::Display;\nuse inner::one;\nuse crate::inner::one as uno;\nmod inner { pub fn one() {} }\nmod tests {\n    use super::*;\n    use super::{inner, one};\n}\n",
    "C#": "using System.Collections.Generic;\nusing static System.Math;\nusing Map = System.Collections.Generic.Dictionary<int, int>;\nusing Own.Part;\nnamespace Own.Part { class A { } }\n",
    "Kotlin": "package own\nimport java.util.*\nimport kotlin.random.Random\nimport own.Color.RED\nenum class Color { RED }\n",
    "Scala": "import scala.collection.mutable\nimport mutable.ListBuffer\nimport collection.immutable.Map\nimport scala.util.{Try => T}\nobject Color\nobject A { import Color._ }\n",
    "Swift": "import Foundation\nimport func Darwin.fputs\n",
    "Ruby": "require 'json'\nrequire \"net/http\"\n",
    "PHP": "<?php\nnamespace Own;\nrequire 'vendor/autoload.php';\nuse Psr\\Log\\NullLogger;\n$f = function () use ($x) {};\n",
    "Dart": "import 'dart:math';\n",
    "COBOL": "import 'what.ever'\n",
}  # fmt: skip
INVENTED = [
    ("Go", 'import "collections"\n', "not in the library of Go"),
    ("Go", 'import "github.com/py/itertools"\n', "no document of the corpus imports it"),
    ("TypeScript", "import { a } from './a';\n", "a file beside it"),
    ("TypeScript", "import { a } from '@/a';\n", "a file beside it"),
    ("JavaScript", "const np = require('numpyjs');\n", "no document of the corpus imports it"),
    ("JavaScript", "import a from 'node:json';\n", "not in the library of JavaScript"),
    ("C", '#include "utils.h"\n', "a file beside it"),
    ("C", "#include <vector>\n", "no document of the corpus imports it"),
    ("C++", "#include <fastmap/map.hpp>\n", "no document of the corpus imports it"),
    ("Java", "import java.utils.List;\n", "not in the library of Java"),
    ("Java", "import java.util.list.List;\n", "not in the library of Java"),
    ("Java", "package a;\nimport a.util.Helper;\nclass A { }\n", "no document of the corpus imports it"),
    ("Rust", "mod helper;\n", "a file beside it"),
    ("Rust", "use crate::helper::go;\n", "a file beside it"),
    ("Rust", "use pyrange::range;\n", "no document of the corpus imports it"),
    ("C#", "using System.Itertools;\n", "not in the library of C#"),
    ("C#", "using Python.Runtime.Helpers;\n", "no document of the corpus imports it"),
    ("Kotlin", "import kotlin.utils.Helper\n", "not in the library of Kotlin"),
    ("Scala", "import python.itertools._\n", "no document of the corpus imports it"),
    ("Swift", "import NumSwift\n", "no document of the corpus imports it"),
    ("Ruby", "require 'itertools'\n", "no document of the corpus imports it"),
    ("Ruby", "require_relative 'helper'\n", "a file beside it"),
    ("PHP", "<?php\nuse Python\\Tools\\Range;\n", "no document of the corpus imports it"),
    ("PHP", "<?php\nrequire_once 'helper.php';\n", "a file beside it"),
    ("Dart", "import 'dart:itertools';\n", "not in the library of Dart"),
]


@pytest.mark.parametrize("language", WRITTEN)
def test_what_a_language_imports(language: str, tmp_path: Path) -> None:
    text, names = WRITTEN[language]
    rows = [
        {"language": language, "content": text},
        {"language": "COBOL", "content": "require 'json'\n" + text},
    ]
    documents.write(pa.Table.from_pylist(rows), tmp_path)
    assert imports.known(tmp_path) == {language: frozenset(names)}


@pytest.mark.parametrize("language", FINE)
def test_what_there_is(language: str) -> None:
    assert imports.unknown(language, FINE[language], KNOWN) == ""


@pytest.mark.parametrize(("language", "text", "why"), INVENTED)
def test_what_there_is_not(language: str, text: str, why: str) -> None:
    assert imports.unknown(language, text, KNOWN).endswith(f": {why}")


def test_kin_share_their_packages() -> None:
    assert imports.unknown("TypeScript", "import 'lodash';\n", KNOWN) == ""
    assert imports.unknown("Kotlin", "import org.junit.Test\n", KNOWN) == ""
    assert imports.unknown("Ruby", "require 'lodash'\n", KNOWN) != ""


def test_the_languages_are_those_that_are_run_compiled_or_translated_to() -> None:
    from neve.synthesis.kinds.translation import LANGUAGES
    from neve.synthesis.toolchains import TOOLCHAINS

    assert {"Python", *TOOLCHAINS, *LANGUAGES} <= set(imports.LANGUAGES)


def _said(*command: str) -> list[str]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()


def test_the_library_of_node_is_that_of_the_node_that_is_here() -> None:
    said = _said("node", "-e", "console.log(JSON.stringify(require('module').builtinModules))")
    names = [name for name in json.loads(said[0]) if not name.startswith("_")]
    assert [name for name in names if not imports.there("JavaScript", name, {})] == []


def test_the_headers_of_the_compiler_that_is_here_are_known() -> None:
    folders = Path("/usr/include/c++").glob("*")
    names = {
        path.name for folder in folders for path in folder.iterdir() if path.is_file() and not path.suffix
    }
    assert [name for name in sorted(names) if not imports.there("C++", name, {})] == []
