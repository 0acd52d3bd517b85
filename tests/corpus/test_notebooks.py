"""Notebooks as scripts. Oracles: the format's own examples by hand, and CPython's parser on what comes out."""

import ast
import json

import pyarrow as pa
import pytest

from neve.corpus.notebooks import LANGUAGE, NotANotebook, most_bytes, script, scripts


def notebook(*cells: str | tuple[str, str], **metadata) -> str:
    """A notebook of version 4; a cell is code, or (kind, text)."""
    made = []
    for cell in cells:
        kind, text = ("code", cell) if isinstance(cell, str) else cell
        row = {"cell_type": kind, "metadata": {}, "source": text.splitlines(True)}
        if kind == "code":
            row["outputs"] = [{"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 20}}]
            row["execution_count"] = 3
        made.append(row)
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_code_stays_and_text_becomes_comment() -> None:
    made, language = script(
        notebook(
            ("markdown", "# A title\n\nSome *words*.\n"), "x = 1\nprint(x)", "", ("raw", "r"), "y = x\n\n"
        )
    )
    assert language == "Python"
    assert made == (
        "# %% [markdown]\n# # A title\n#\n# Some *words*.\n\n# %%\nx = 1\nprint(x)\n\n# %% [raw]\n# r\n\n# %%\ny = x\n"
    )  # fmt: skip
    ast.parse(made)


def test_outputs_pictures_and_attachments_are_left_out() -> None:
    picture = "![a](data:image/png;base64,iVBORw0KGgo/+AB==) and <img src='data:image/svg+xml;charset=utf-8;base64,PHN2Zz4='/> stay apart"
    made, _ = script(notebook(("markdown", picture), "show()"))
    assert "# ![a]() and <img src=''/> stay apart\n" in made and "iVBOR" not in made and "PHN2" not in made


@pytest.mark.parametrize(
    "magic",
    ["%matplotlib inline", "!pip install a \\\n  b", "xs = !ls", "t = %timeit -o f()", "len?", "?len", "x.y??", "! ls", "%%time\nx = 1",
     "if x:\n    %cd a\n    !ls", "%%bash\nfor f in *; do :; done", "%%html\n<b>x</b>"],
)  # fmt: skip
def test_what_ipython_alone_understands_becomes_a_comment(magic: str) -> None:
    made, _ = script(notebook(magic, "z = 1"))
    ast.parse(made)
    assert all(line.strip() in made for line in magic.split("\n")) and made.endswith("z = 1\n")
    assert ("\nx = 1\n" in made) == magic.startswith("%%time")


@pytest.mark.parametrize(
    "code",
    ['x = """\n%s and\n!important\n"""\n', "x = (a\n     % b)\n", "if a != b:\n    pass\n", "y = a if b else c  # why?\n",
     "rule = '''\n!not(x)\n%d\n'''\n", "a %= 2\n"],
)  # fmt: skip
def test_what_only_looks_like_a_magic_stays(code: str) -> None:
    assert script(notebook(code))[0] == f"# %%\n{code.rstrip()}\n"


@pytest.mark.parametrize(
    ("metadata", "prefix", "language"),
    [
        ({"kernelspec": {"language": "R"}}, "#", "R"),
        ({"language_info": {"name": "javascript"}}, "//", "JavaScript"),
        ({"kernelspec": {"language": "C++17"}}, "//", "C++"),
        ({"kernelspec": {"language": "python3"}}, "#", "Python"),
        ({"kernelspec": {"language": "sql"}}, "--", "SQL"),
        ({"kernelspec": {"language": "octave"}}, "#", None),
        ({"kernelspec": {"language": "sagemath"}}, "#", None),
        ({"kernelspec": {"language": "brainfuck"}}, "#", None),
        ({}, "#", "Python"),
    ],
)
def test_the_kernels_language_and_its_comments(metadata: dict, prefix: str, language: str | None) -> None:
    made, found = script(notebook(("markdown", "words"), "x", **metadata))
    if metadata.get("kernelspec", {}).get("language") == "octave":
        prefix = "%"
    assert made == f"{prefix} %% [markdown]\n{prefix} words\n\n{prefix} %%\nx\n" and found == language


def test_older_formats_and_other_ends_of_lines() -> None:
    old = {
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\r\n", "y = 2\r"]}]}],
        "metadata": {},
    }
    assert script(json.dumps(old)) == ("# %%\nx = 1\ny = 2\n", "Python")
    assert script('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')[0] == "# %%\nx = '?'\n"


@pytest.mark.parametrize(
    "text",
    [notebook(), notebook(("markdown", "words")), notebook("", " \n"), '{"cells": [{"cell_type": "code"}]}'],
)
def test_a_notebook_without_code_is_empty(text: str) -> None:
    assert script(text) == ("", None)


@pytest.mark.parametrize(
    "text",
    [notebook("x")[:-20], "[1, 2]", '{"cells": [1]}', '{"cells": 1, "metadata": 2}', "", "5",
     notebook("x").replace('"metadata"', '<<<<<<< HEAD\n"metadata"', 1), "[" * 9_000, '{"a":' * 9_000,
     '{"cells": [{"cell_type": "code", "source": [1]}]}', '{"cells": [{"cell_type": "code", "source": {"a": 1}}]}'],
)  # fmt: skip
def test_what_is_no_notebook_says_so(text: str) -> None:
    with pytest.raises(NotANotebook):
        script(text)


def test_columns() -> None:
    """Only what is called a notebook is looked at; a text that is no JSON is a script already; a broken one is null."""
    rows = [
        ("a/b.IPYNB", None, notebook("x = 1")), ("a.json", None, notebook("x = 1")), (None, LANGUAGE, notebook("y")),
        ("c.ipynb", None, "import os\n"), ("d.ipynb", None, '{"cells": ['), ("e.ipynb", None, None), ("f.ipynb", None, notebook()),
    ]  # fmt: skip
    paths, languages, texts = (
        pa.array([row[i] for row in rows], pa.large_string() if i == 2 else pa.string()) for i in range(3)
    )
    made, code, broken = scripts(texts, paths, languages)
    assert made.to_pylist() == ["# %%\nx = 1\n", rows[1][2], "# %%\ny\n", "import os\n", None, None, ""]
    assert code.to_pylist() == ["Python", None, "Python", None, None, None, None]
    assert broken.to_pylist() == [False] * 4 + [True, False, False]
    assert most_bytes(paths, languages, 10).to_pylist() == [160, 10, 160, 160, 160, 160, 160]
    nothing = pa.array([], pa.large_string()), pa.array([], pa.string()), pa.array([], pa.string())
    assert [len(column) for column in scripts(*nothing)] == [0, 0, 0]


def test_version_3_and_notebooks_without_what_others_have() -> None:
    """A language a cell, empty metadata, cells without a source: read, not broken."""
    old = {"cell_type": "code", "input": ["x <- 1\n"], "language": "R", "outputs": []}
    assert script(json.dumps({"worksheets": [{"cells": [old]}], "metadata": {"name": ""}})) == (
        "# %%\nx <- 1\n",
        "R",
    )
    code = {"cell_type": "code", "source": "x = 1"}
    for metadata in (
        None,
        {"kernelspec": None},
        {"kernelspec": None, "language_info": None},
        {"language_info": {"name": None}},
    ):
        cells = [{"cell_type": "code", "source": None}, {"cell_type": "code"}, code]
        assert script(json.dumps({"cells": cells, "metadata": metadata})) == ("# %%\nx = 1\n", "Python")


def test_cells_of_another_language_are_comments() -> None:
    cells = [
        {"cell_type": "code", "source": "select 1", "metadata": {"vscode": {"languageId": "sql"}}},
        {"cell_type": "code", "source": "x = 1"},
    ]
    assert script(json.dumps({"cells": cells})) == ("# %% [sql]\n# select 1\n\n# %%\nx = 1\n", "Python")
    made, language = script(
        notebook("#!fsharp\nlet x = 1", "#!csharp\nvar y = 1;", kernelspec={"language": "C#"})
    )
    assert (language, made) == (
        "C#",
        "// %% [f#]\n// #!fsharp\n// let x = 1\n\n// %%\n// #!csharp\nvar y = 1;\n",
    )


def test_what_ipython_reads_besides() -> None:
    """An indented cell, and an assignment from a command in any spelling."""
    made, _ = script(notebook("    x = 1\n    if x:\n        y = 2", "a = !!ls\nb = ! ls\nc = a != b"))
    assert made == "# %%\nx = 1\nif x:\n    y = 2\n\n# %%\n# a = !!ls\n# b = ! ls\nc = a != b\n"
