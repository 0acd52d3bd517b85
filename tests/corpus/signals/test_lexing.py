"""Marks of comments and strings against other lexers: CPython's tokenizer and syntax tree for Python, tree-sitter's
comment and string nodes for the other languages, on texts full of what is easily misread and on real files."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import io
import os
import sysconfig
import tokenize
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.signals import lexing, measurement

UNKNOWN = 255
CODE, COMMENT, STRING, DOC = lexing.CODE, lexing.COMMENT, lexing.STRING, lexing.DOC


def marks(text: bytes, language: str) -> np.ndarray:
    values, offsets, _ = measurement.buffers(pa.array([text], pa.large_binary()))
    return lexing.mark(values, offsets, [language])


def shown(text: str, language: str) -> str:
    """The marks of an ASCII text, one sign a byte: `.` code, `c` comment, `s` string, `d` docstring; blanks stay."""
    return "".join(
        char if char in " \n" else ".csd"[says]
        for char, says in zip(text, marks(text.encode(), language), strict=True)
    )


# ---------------------------------------------------------------------------------------------------------- Python


def python_oracle(raw: bytes) -> np.ndarray:
    """Marks by CPython: COMMENT and STRING tokens, and statements that are a plain string."""
    text = raw.decode()
    lines = text.splitlines(keepends=True)
    starts = np.cumsum([0, *(len(line.encode()) for line in lines)])

    def at(row: int, column: int) -> int:
        return int(starts[row - 1]) + len(lines[row - 1][:column].encode())

    out = np.zeros(len(raw), np.uint8)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            prefix = (
                len(token.string) - len(token.string.lstrip("rRbBuUfF"))
                if token.type == tokenize.STRING
                else 0
            )
            out[at(*token.start) + prefix : at(*token.end)] = (
                COMMENT if token.type == tokenize.COMMENT else STRING
            )
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            first = int(starts[node.lineno - 1]) + node.col_offset
            last = int(starts[node.end_lineno - 1]) + node.end_col_offset  # type: ignore[operator, operator]
            out[first:last] = np.where(out[first:last] == STRING, DOC, out[first:last])
    return out


def test_python_agrees_with_cpython() -> None:
    """Some 90 files of the standard library: at most 1 byte in 2,000 is told otherwise (strings joined side by side)."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[::3]
    files += sorted((Path(sysconfig.get_paths()["stdlib"]) / "test").glob("test_[a-m]*.py"))[:150:5]
    seen = wrong = 0
    kinds = set()
    for file in files:
        raw = file.read_bytes()
        try:
            expected = python_oracle(raw)
        except (SyntaxError, UnicodeDecodeError, tokenize.TokenError):
            continue
        found = marks(raw, "Python")
        wrong += int((found != expected).sum())
        seen += len(raw)
        kinds |= set(np.unique(expected))
        assert abs((found == COMMENT).mean() - (expected == COMMENT).mean()) < 0.01, file
    assert seen > 1_000_000 and kinds == {CODE, COMMENT, STRING, DOC}
    assert wrong / seen < 1 / 2000, wrong / seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1  # a 'b'\n", ". . .  c c ccc\n"),
        ('"""d"""\nx = "#"\n', "ddddddd\n. . sss\n"),
        ("def f():\n    r'd'\n    return ''\n", "... ....\n    .ddd\n    ...... ss\n"),
        ("f(\n'''a\nb'''\n)\n", "..\nssss\nssss\n.\n"),
        ("x = \\\n'a'\n", ". . .\nsss\n"),
        ("'a' + x\n", "sss . .\n"),
        ("s = 'it\\'s'\n", ". . sssssss\n"),
        ("s = 'open\nt = 'a'\n", ". . .....\n. . sss\n"),
        ("s = '''open\n'a'\n", ". . ........\nsss\n".replace("sss", "ddd").replace("........", "ss.....", 1)),
    ],
)  # fmt: skip
def test_python_shapes(text: str, expected: str) -> None:
    assert shown(text, "Python") == expected


# ------------------------------------------------------------------------------------------------- other languages

GRAMMARS = {
    "Java": ("tree_sitter_java", "language"), "C++": ("tree_sitter_cpp", "language"), "C": ("tree_sitter_c", "language"),
    "JavaScript": ("tree_sitter_javascript", "language"), "PHP": ("tree_sitter_php", "language_php"),
    "C#": ("tree_sitter_c_sharp", "language"), "Go": ("tree_sitter_go", "language"),
    "TypeScript": ("tree_sitter_typescript", "language_typescript"), "SQL": ("tree_sitter_sql", "language"),
    "Ruby": ("tree_sitter_ruby", "language"), "Rust": ("tree_sitter_rust", "language"),
    "Scala": ("tree_sitter_scala", "language"), "Kotlin": ("tree_sitter_kotlin", "language"),
    "Shell": ("tree_sitter_bash", "language"), "Dart": ("tree_sitter_dart", "language"),
    "Swift": ("tree_sitter_swift", "language"),
}  # fmt: skip
COMMENTS = {
    "comment",
    "line_comment",
    "block_comment",
    "multiline_comment",
    "documentation_comment",
    "marginalia",
}
STRINGS = {
    "string", "string_literal", "raw_string_literal", "interpreted_string_literal", "char_literal", "character_literal",
    "rune_literal", "template_string", "raw_string", "ansi_c_string", "encapsed_string", "heredoc_body", "nowdoc_body",
    "string_array", "symbol_array", "line_string_literal", "multi_line_string_literal", "verbatim_string_literal",
    "interpolated_string_expression", "interpolated_string", "text_block", "character", "multiline_string_literal",
}  # fmt: skip
INSIDE = {
    "template_substitution", "interpolation", "command_substitution", "expansion", "interpolated_expression",
    "string_interpolation", "heredoc_end"
}  # fmt: skip


def tree_oracle(raw: bytes, language: str) -> np.ndarray | None:
    """Marks by tree-sitter; None where it does not parse the text."""
    import tree_sitter

    module, entry = GRAMMARS[language]
    grammar = tree_sitter.Language(getattr(importlib.import_module(module), entry)())
    tree = tree_sitter.Parser(grammar).parse(raw)
    if tree.root_node.has_error:
        return None
    out = np.zeros(len(raw), np.uint8)
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        quoted = raw[node.start_byte : node.start_byte + 1] in (b"'", b'"')
        if node.type in COMMENTS:
            out[node.start_byte : node.end_byte] = COMMENT
            continue
        if node.type == "preproc_arg":  # the grammar does not look into it
            out[node.start_byte : node.end_byte] = UNKNOWN
        elif (node.is_named and node.type in STRINGS) or (node.type == "literal" and quoted):
            out[node.start_byte : node.end_byte] = STRING
        elif node.type in INSIDE:
            out[node.start_byte : node.end_byte] = CODE
        stack.extend(reversed(node.children))
    return out


TRICKY = {
    "Java": 'class A { /* "no */ char q = \'"\'; String s = "// \\" no"; // it\'s\n String t = """\n a "b" /* no */\n """; char e = \'\\\'\'; }\n',
    "C": '#include <stdio.h>\n/* it\'s "open */\nint main(void) { char q = \'"\'; /* // */ char *s = "/* no \\" */"; return q; } // on \\\n and on\n',
    "C++": 'auto r = R"x(" // no )" )x"; int big = 1\'000\'000; /* " */ char c = \'\\\'\'; const char *s = "\\\\"; // end "\n',
    "JavaScript": "const re = /['\"/*]/g, half = 1 / 2; // '\nconst t = `a ${ b ? `in ${'x'} // no` : \"}\" } /* no */`; /* ` */\nconst u = a[1] / 2 / b; return_(/\"/.test('\\''));\n",
    "TypeScript": "const re: RegExp = /[\"]/; // \"\nconst t = `${x as any}'`; /* ' */ let y: number = 4 / 2; let z = \"it's\";\n",
    "PHP": "<p class=\"it's\"># no</p>\n<?php # yes '\n$a = 'it\\'s // no'; // yes ?><b>'</b><?php\n#[Attr]\nfunction f() {}\n$t = <<<EOT\n  it's \"a\" # no\n  EOT;\n/* \" */ $b = \"x\";\n",
    "C#": 'class A { string p = @"c:\\"; string q = "\\""; char c = \'"\'; string v = @"a ""b"" // no"; /* \' */ string i = $"x {y + "z"} w"; } // "\n',
    "Go": "package a\n\n// it's\nvar s = `raw \\` + \"// no \\\" \" + string('\"') /* ` */\nvar r = '\\''\n",
    "SQL": "-- it's\nSELECT 'it''s -- no', b FROM t /* ' */ WHERE c = '/* no */';\n",
    "Ruby": "# it's\na = %w[it's \"x #]\nb = \"in #{c[\"d\"]} # no\" # yes\n=begin\nit's\n=end\ne = <<~TXT\n  it's # no\nTXT\nf = x.split(/['\"#]/) # yes\ng = 4 / 2\n",
    "Rust": "fn f<'a>(x: &'a str) -> char { /* a /* nested \" */ b */ let r = r#\"raw \" // no\"#; let q = '\"'; let s = \"\\\" //\"; 'x' } // it's\n",
    "Scala": "object A { /* a /* nested \" */ b */ val q = '\"'; val t = \"\"\"raw \" // no\"\"\"; val i = \"it's\" } // it's\n",
    "Kotlin": "fun f() { /* a /* nested \" */ b */ val q = '\"'\n val s = \"a \\\" // no\"\n val t = \"\"\"raw \" /* no */\"\"\" } // it's\n",
    "Shell": "#!/bin/sh\n# it's\necho \"a $(echo \"b # no\") c\" # yes\nx=${y#z}; echo '#' it\\'s a#b\ncat <<'EOF'\nit's \"a # no\nEOF\necho done # \"\n",
    "Dart": "void f() { /* a /* nested ' */ b */ var r = r'raw \\'; var s = 'it\\'s // no'; var t = '''a ' b'''; } // it's\n",
    "Swift": "func f() { /* a /* nested \" */ b */ let s = \"a \\\" // no\"\n let t = \"\"\"\n raw \" # no\n \"\"\"\n } // it's\n",
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(TRICKY))
def test_tricky_texts_agree_with_tree_sitter(language: str) -> None:
    if importlib.util.find_spec(GRAMMARS[language][0]) is None:
        pytest.skip(f"no grammar of {language} is installed")
    raw = TRICKY[language].encode()
    expected = tree_oracle(raw, language)
    assert expected is not None, "the text must parse"
    found = marks(raw, language)
    told = "".join(".csd"[m] for m in found) + "\n" + "".join(".csd"[m] for m in expected)
    blank = np.isin(
        np.frombuffer(raw, np.uint8), [10, 13, 32]
    )  # whether the end of a comment's line is its own, say both
    assert ((found == expected) | blank).all(), f"\n{raw.decode()}\n{told}"


def real_files() -> list[tuple[str, Path]]:
    """Files of installed packages; with NEVE_LINGUIST_SAMPLES (a folder), Linguist's as well."""
    site = Path(sysconfig.get_paths()["purelib"])
    found = [("C++", f) for f in sorted((site / "torch" / "include" / "c10").rglob("*.h"))[:120]]
    found += [("C", f) for f in sorted((site / "numpy").rglob("*.h"))[:60]]
    found += [("JavaScript", f) for f in sorted(site.rglob("*.js"))[:40]]
    samples = Path(os.environ.get("NEVE_LINGUIST_SAMPLES", ""))
    if os.environ.get("NEVE_LINGUIST_SAMPLES"):
        found += [(n, f) for n in GRAMMARS for f in sorted((samples / n).glob("*")) if f.is_file()]
    return found


def test_real_files_agree_with_tree_sitter() -> None:
    """Of each language at most 1 % of the bytes are told otherwise, where tree-sitter parses the file without error."""
    seen: dict[str, list[int]] = {}
    for language, file in real_files():
        raw = file.read_bytes()
        if not 0 < len(raw) < 100_000 or importlib.util.find_spec(GRAMMARS[language][0]) is None:
            continue
        expected = tree_oracle(raw, language)
        if expected is not None:
            found = marks(raw, language)
            both = seen.setdefault(language, [0, 0])
            both[0] += int(((found != expected) & (expected != UNKNOWN)).sum())
            both[1] += len(raw)
    if not seen:
        pytest.skip("no grammar besides Python's is installed")
    for language, (wrong, total) in seen.items():
        assert wrong / total < 0.01, (language, wrong, total)


# ------------------------------------------------------------------------------------------------------------- laws

PIECES = st.sampled_from(
    ["'", '"', "`", "'''", '"""', "/*", "*/", "//", "#", "--", "\\", "\n", "\r\n", "${", "}", "#{", "$(", ")", "{", "(", "<<EOF\n",
     "EOF\n", "<<~A", "A", "%w[", "]", "r#\"", '"#', 'R"x(', ')x"', "=begin\n", "=end\n", "<?php ", "?>", "x", " ", "é", "/", "=", "$'",
     "__END__\n", "@\"", "$\"", "'a'", "'a"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join), st.sampled_from(sorted(lexing.DIALECTS)))
def test_any_text_is_marked(text: str, language: str) -> None:
    """A mark for every byte, from the table; the same in company as alone; white space and words alone are code."""
    raw = text.encode()
    alone = marks(raw, language)
    assert len(alone) == len(raw) and set(np.unique(alone)) <= {CODE, COMMENT, STRING, DOC}
    values, offsets, _ = measurement.buffers(pa.array([b'"/*', raw, b"'"], pa.large_binary()))
    assert (lexing.mark(values, offsets, ["Java", language, "Python"])[3:-1] == alone).all()
    assert not marks(b" alpha beta \n gamma ", language).any() or language == "PHP"


@pytest.mark.parametrize("language", sorted(lexing.DIALECTS))
def test_hostile_texts_take_linear_time(language: str, linear) -> None:
    """200 kB of one opening after another that nothing closes."""
    for piece in ('"', "\\'", "/*", "(/[", "<<A\n", "%w[", '"""', 'r#"', 'R"(', "`${", '$("', "x = 'a\n"):
        marks(piece.encode(), language)
        linear(lambda size, piece=piece: marks((piece * (size // len(piece))).encode(), language), 200_000)
