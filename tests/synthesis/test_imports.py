"""Packages that documents import. Oracle: lines written by hand in each language, and what is no import."""

from __future__ import annotations

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
    "C": ('#include <stdio.h>\n# include "upb/port/def.inc"\n// include <a.h>\n', {"stdio.h", "upb"}),
    "C++": ("#include <iostream>\n#include <boost/any.hpp>\n", {"iostream", "boost"}),
    "Rust": ("use serde::{Serialize};\nextern crate rand;\npub use ::log::info;\nuse of it\n", {"serde", "rand", "log"}),
    "Go": (
        'import (\n\t"fmt"\n\tv "github.com/a/b/v2/c"\n\t_ "golang.org/x/text"\n)\n',
        {"github.com/a/b", "golang.org/x/text"},
    ),
    "Java": ("import java.util.List;\nimport static org.junit.Assert.assertEquals;\n", {"java.util", "org.junit"}),
}  # fmt: skip


@pytest.mark.parametrize("language", WRITTEN)
def test_what_a_language_imports(language: str, tmp_path: Path) -> None:
    text, names = WRITTEN[language]
    rows = [
        {"language": language, "content": text},
        {"language": "Ruby", "content": "require 'json'\n" + text},
    ]
    documents.write(pa.Table.from_pylist(rows), tmp_path)
    assert imports.known(tmp_path) == {language: frozenset(names)}


def test_the_languages_are_those_that_are_run_or_compiled() -> None:
    from neve.synthesis.toolchains import TOOLCHAINS

    assert set(imports.LANGUAGES) == {"Python", *TOOLCHAINS}
