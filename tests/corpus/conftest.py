"""Small corpora: files of pure Python packages that lie beside this interpreter, with planted troubles."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from neve import documents
from neve.corpus import notebooks
from neve.corpus.settings import Settings
from neve.corpus.text import decode
from neve.recipe.corpus import Corpus, Near
from neve.settings import pick

PACKAGES = ("jinja2", "httpx", "typer", "h11")


CORPUS = Corpus(
    sources=[{"kind": "directory", "path": "x"}],
    languages=["Python", "C", "Jupyter Notebook"],
    licenses="permissive",
    heldout_share=0.2,
)


SETTINGS = pick(Settings, CORPUS, exclude_repos=["exemplar==2.0"], data=None, seed=1)


NO_NEAR = Near(enabled=False)


PROGRAM = """def add(first, second):
    '''Sum of two numbers, for the tests of curation.'''
    total = first
    while second > 0:
        total, second = total + 1, second - 1
    while second < 0:
        total, second = total - 1, second + 1
    return total
"""


GIVEN = """int clamp(int value, int low, int high) {
    if (value < low) return low; /* given */
    while (value > high) value -= 1;
    return value;
}
"""


RUBY = """words = STDIN.read.split
counts = Hash.new(0)
words.each { |word| counts[word.downcase] += 1 }
counts.sort_by { |word, n| [-n, word] }.each do |word, n|
  puts "#{word}: #{n}" if n > 1
end
"""


def other(name: str) -> str:
    """A program of the same length, all its names other ones."""
    return re.sub(r"\b(add|first|second|total)\b", rf"\1_{name}", PROGRAM)


NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["# Sums\n", "of two numbers"]},
            {
                "cell_type": "code",
                "source": ["%time sums\n", other("cell")],
                "outputs": [{"data": "iVBOR" * 999}],
            },
        ]
    }
)


PROSE = """Some words of prose, which nobody would take for a program,
since they only say that a document without a language is text;
a second sentence makes it long enough for every rule.
"""


def file(
    repo: str, path: str, content: bytes | str, license: str | None = "MIT", language: str | None = None
) -> dict:
    raw = content.encode() if isinstance(content, str) else content
    row = {"source": "test", "repo": repo, "path": path, "language": language, "license": license}
    row |= {"license_path": None, "others_license": None}
    return {**row, "source_id": None, "size": len(raw), "content": raw}


def real_files() -> list[dict]:
    rows = []
    for package in PACKAGES:
        found = importlib.util.find_spec(package)
        assert found is not None and found.origin is not None
        root = Path(found.origin).parent
        rows += [
            file(f"{package}==1", str(p.relative_to(root)), p.read_bytes())
            for p in sorted(root.rglob("*.py"))
        ]
    return rows


def text_in(raw: bytes, path: str) -> bytes:
    """What curation reads in a file."""
    text, _ = decode(raw)
    return notebooks.script(text.decode())[0].encode() if path.endswith(".ipynb") else text


def text_of(rows: list[dict], repo: str, path: str) -> str:
    return next(r["content"].decode() for r in rows if (r["repo"], r["path"]) == (repo, path))


def planted(rows: list[dict]) -> dict[tuple[str, str], str]:
    """Add files with troubles to `rows`; gives back the verdict ("stage/rule") that each must get."""
    filters = text_of(rows, "jinja2==1", "filters.py")
    lines = filters.splitlines(keepends=True)
    utf16 = "\ufeff" + PROGRAM.replace("add", "plus").replace("tests", "UTF-16 tests é")
    latin = other("lay") + "# Größe\n"
    trouble = {
        ("copies", "a/longer/path.py"): (file("copies", "a/longer/path.py", filters), "exact/exact-duplicate"),
        ("copies", "f.py"): (file("copies", "f.py", filters, license=None), "exact/exact-duplicate"),
        ("copies", "much/longer/near.py"): (
            file("copies", "much/longer/near.py", "".join([*lines[:40], "# one line more\n", *lines[40:]])),
            "near/near-duplicate",
        ),
        ("odd", "broken.py"): (file("odd", "broken.py", PROGRAM + "def broken(:\n    return second pass\n"), "syntax/syntax"),
        ("odd", "ruby.rb"): (file("odd", "ruby.rb", RUBY), "languages/language"),
        ("odd", "unknown.zzz"): (file("odd", "unknown.zzz", PROSE), "languages/language"),
        ("odd", "gpl.py"): (file("odd", "gpl.py", PROGRAM + "# x\n", license="GPL-3.0-only"), "licenses/license"),
        ("odd", "none.py"): (file("odd", "none.py", PROGRAM + "# y\n", license=None), "licenses/license"),
        ("odd", "latin.py"): (file("odd", "latin.py", b"# caf\xe9\1\2\3\n" * 20), "curate/undecodable"),
        ("odd", "nul.py"): (file("odd", "nul.py", PROGRAM + "\0" * 50), "curate/binary"),
        ("odd", "cut.ipynb"): (file("odd", "cut.ipynb", '{"cells": ['), "curate/broken-notebook"),
        ("odd", "none.ipynb"): (file("odd", "none.ipynb", '{"cells": []}'), "curate/empty"),
        ("odd", "empty.py"): (file("odd", "empty.py", ""), "curate/empty"),
        ("odd", "small.py"): (file("odd", "small.py", "x = 1\n"), "filters/size"),
        ("odd", "made.py"): (file("odd", "made.py", "# Code generated by x. DO NOT EDIT.\n" + PROGRAM), "filters/generated"),
        ("exemplar==1.9", "good.py"): (file("exemplar==1.9", "good.py", PROGRAM + "# good\n"), "curate/exemplar"),
        ("wide", "utf16.py"): (file("wide", "utf16.py", utf16.encode("utf-16-le")), None),
        ("wide", "latin.py"): (file("wide", "latin.py", latin.encode("latin-1")), None),
        ("wide", "stray.py"): (file("wide", "stray.py", other("stray") + "MARK = '\0 here'\n"), None),
        ("wide", "cells.ipynb"): (file("wide", "cells.ipynb", NOTEBOOK), None),
        ("wide", "given.h"): (file("wide", "given.h", GIVEN, language="c"), None),
    }  # fmt: skip
    rows += [row for row, _ in trouble.values()]
    twice = file("wide", "twice.py", PROGRAM.replace("add", "twice_over") + "# the same row, two times\n")
    rows += [twice, dict(twice)]
    return {key: verdict for key, (_, verdict) in trouble.items() if verdict}


def write_files(rows: list[dict], folder: Path, parts: int = 1) -> Path:
    table = pa.Table.from_pylist(rows, schema=documents.FILES)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.json").write_text("[]")
    for part in range(parts):
        documents.write(table.slice(part * len(rows) // parts, (part + 1) * len(rows) // parts - part * len(rows) // parts),
                        folder / f"p{part}", documents.FILES)  # fmt: skip
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / f"p{part}" / "part-00000.parquet").rename(folder / "files" / f"part-{part:05}.parquet")
    return folder


def build(rows: list[dict], folder: Path, settings: Settings = SETTINGS, parts: int = 1) -> tuple[dict, Path]:
    from neve.corpus import curate  # here, since most tests of the corpus need no engine

    inputs = {"files": write_files(rows, folder / "in", parts)}
    (folder / "out").mkdir()
    return curate.build(settings, inputs, folder / "out"), folder / "out"


@pytest.fixture(scope="session")
def corpus() -> tuple[list[dict], dict[tuple[str, str], str]]:
    rows = real_files()
    expected = planted(rows)
    return rows, expected


@pytest.fixture(scope="session")
def built(corpus, tmp_path_factory) -> tuple[dict, Path]:
    return build(corpus[0], tmp_path_factory.mktemp("curated"))


def digests(out: Path) -> dict[str, str]:
    keys = ["repo", "path", "source", "doc_id"]
    return {
        name: documents.digest(documents.read(out / name), keys)
        for name in ("documents", "verdicts", "signals", "samples")
    }


MAIL = '# ask "someone.real" + "@" + "firm.io"\n'.replace('" + "', "").replace('"', "")


@pytest.fixture(scope="session")
def small() -> SimpleNamespace:
    """Settings, texts and functions above, for tests that build corpora of their own."""
    return SimpleNamespace(
        SETTINGS=SETTINGS,
        PROGRAM=PROGRAM,
        RUBY=RUBY,
        PROSE=PROSE,
        MAIL=MAIL,
        NO_NEAR=NO_NEAR,
        file=file,
        real_files=real_files,
        text_in=text_in,
        text_of=text_of,
        write_files=write_files,
        build=build,
        digests=digests,
        other=other,
    )
