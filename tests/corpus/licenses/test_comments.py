"""Comments of many languages: the oracle is each language's own syntax."""

from __future__ import annotations

import pytest

from neve.corpus.licenses import comments


@pytest.mark.parametrize(
    "text",
    [
        "# one\n# two\ncode()\n", "// one\n// two\nint a;\n", "/*\n * one\n * two\n */\nint a;\n", "/* one\n   two */\n", "<!-- one\n two -->\n<p>\n", ";; one\n;; two\n(code)\n",
        "-- one\n-- two\nSELECT 1;\n", "{- one\n two -}\nmain\n", "(* one\n two *)\nlet a = 1\n", '"""one\ntwo"""\nimport a\n', "% one\n% two\nx = 1;\n", "=begin\none\ntwo\n=end\nputs 1\n",
        "--[[ one\n two ]]\nlocal a\n", "rem one\nrem two\ncopy a b\n", "dnl one\ndnl two\nAC_INIT\n", "! one\n! two\nprogram x\n", "C     one\nC     two\n      X = 1\n", "<?php\n/**\n * one\n * two\n */\n",
        "#!/bin/sh\n\n# one\n# two\n", "' one\n' two\nDim a\n", "<%-- one\n two --%>\n", "#= one\n two =#\nx = 1\n", "#[ one\n two ]#\nlet a = 1\n", "#[[ one\n two ]]\nproject(x)\n", "###\none\ntwo\n###\nx = 1\n", "{*\n  one\n  two\n}\nunit a;\n", "{\n *** *\n  one\n  two }\n",
        "      *> one\n      *> two\n", "⍝ one\n⍝ two\n", "-# one\n   two\n= p\n", "//-\n  one\n  two\np\n", "..\n   one\n   two\n\ntext\n", "/ one\n/ two\nx:1\n", "*! one\n*! two\nsysuse auto\n",
        'defmodule A do\n  @moduledoc """\n  one\n  two\n  """\n', "<#-- one\n two -->\n", "<%doc>\none\ntwo\n</%doc>\n", "{# one\n two #}\n",
    ],
)  # fmt: skip
def test_paragraphs(text: str) -> None:
    assert ["one", "two"] in list(comments.paragraphs(text, 0))


def test_a_licence_in_a_variable_over_lines() -> None:
    text = '__author__ = "x"\n__license__ = """GNU Affero General Public License\nhttp://www.gnu.org"""\n'
    assert ["License: GNU Affero General Public License"] in list(comments.paragraphs(text, 0))


def test_code_is_no_comment_and_ends_the_reading() -> None:
    text = 'x = "one"\n# two\ny = 1\n# three\n'
    assert list(comments.paragraphs(text, 0)) == [["two"]]
    assert list(comments.paragraphs(text, len(text))) == [["two"], ["three"]]
    assert list(comments.paragraphs("text = '''\none\n'''\n", 99)) == []
    for code in ("#[derive(Debug)]\nx ]#\n", "{\none\n}\n", "###\n# two\n###\none\n", '{\n  "one": 1\n}\n'):
        assert ["one"] not in list(comments.paragraphs(code, 99))
    assert list(comments.paragraphs('__license__ = "MIT"\n', 0)) == [["License: MIT"]]
