"""What lines do. Oracle: regular expressions over each line, written from the table of SIGNALS. Comments and strings are
taken from the lexer's marks, which tests of their own check (test_lexing.py)."""

from __future__ import annotations

import re
import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.signals import lexing, statements
from neve.corpus.signals import statements_kernel as kernel
from neve.corpus.text import buffers

ROLES = {
    name: {
        role: {
            word
            for r, names, words in statements.WORDS
            if r == role and name in (names or [name])
            for word in words.split()
        }
        for role, _, _ in statements.WORDS
    }
    for name in statements.LANGUAGES
}


def is_assert(word: str, language: str) -> bool:
    """assertEqual, ASSERT_EQ, static_assert, XCTAssertTrue; not AssertionError, asserts or reassert."""
    if word in ROLES[language][kernel.ASSERT]:
        return True
    for match in re.finditer(r"(?i)assert", word):
        before, after = word[: match.start()], word[match.end() :]
        if before and not before.endswith("_") and before != "XCT":
            continue
        if not after or after[0] == "_" or not re.match(r"\w", after[0]):
            return True
        if after[0].isascii() and after[0].isupper() and match.group()[-1] == "t":
            return True
    return False


def slow_statements(text: str, marks: np.ndarray, language: str) -> dict[str, float]:
    """Each line of code as text: comments and docstrings blanked, a string's bytes as \\x00; then regular expressions."""
    raw = text.encode()
    role = ROLES[language]
    total: Counter[str] = Counter()
    chars = comment_chars = string_chars = 0
    for byte, mark in zip(raw, marks, strict=True):
        lead = byte & 0xC0 != 0x80
        chars += lead
        comment_chars += lead and mark in (1, 3)
        string_chars += lead and mark == 2
    heads: list[tuple[int, str]] = []  # of each line of code: column, what it is for simple functions
    at = 0
    for piece in re.findall(rb"[^\r\n]*(?:\r\n|\r|\n|$)", raw):
        line, where = piece.rstrip(b"\r\n"), marks[at : at + len(piece.rstrip(b"\r\n"))]
        at += len(piece)
        if not piece:
            continue
        total["lines"] += 1
        parts = {
            kind: "".join(chr(b) if m in marked else "\n" for b, m in zip(line, where, strict=True))
            for kind, marked in (("comment", (1, 3)), ("string", (2,)))
        }
        word = r"[A-Za-z0-9_\x80-\xff]+"
        comment = (
            "".join(chr(b) if m == 1 else "\n" for b, m in zip(line, where, strict=True)),
            "".join(chr(b) if m == 3 else "\n" for b, m in zip(line, where, strict=True)),
        )
        told = [w.lower() if w.isascii() else "é" for part in comment for w in re.findall(word, part)]
        merged = [w.lower() if w.isascii() else "é" for w in re.findall(word, parts["comment"])]
        assert sorted(told) == sorted(merged) or (1 in where and 3 in where)
        todo = {"todo", "fixme"} & set(merged) or " your code here " in f" {' '.join(merged)} "
        total["todo"] += bool(todo)
        total["long_strings"] += len(re.findall(word, parts["string"])) > kernel.LONG_STRING_WORDS
        for chunk in re.split(r"[ \t\n\v\f\r\"'`]", parts["string"]):
            size = sum(ord(c) & 0xC0 != 0x80 for c in chunk)
            total["long_chars"] += size if size > kernel.LONG_WORD and "://" not in chunk else 0
        code = "".join(
            {0: chr(b), 2: "\0"}.get(int(m), " ") if b not in b" \t\n\v\f\r" else " "
            for b, m in zip(line, where, strict=True)
        )
        if not code.strip(" "):
            total["comment_lines"] += re.search(r"[^ \t\n\v\f\r]", parts["comment"]) is not None
            continue
        words = re.findall(word, code)
        before = code.split("(")[0]
        inside = re.findall(word, code[len(before) :])
        first = next((w for w in words if w not in role[kernel.MODIFIER]), "")

        def leads(*roles: int, first: str = first, role: dict = role) -> bool:
            return any(first in role[r] for r in roles)

        def has(what: int, words: list = words, role: dict = role) -> bool:
            return any(w in role[what] for w in words)

        assigns = re.findall(r"(?<![=!<>])=(?![=>])", code)
        assigned = re.search(r"(?<![=!<>])=(?![=>])", before) is not None
        compares = sum(
            code[i + 1 : i + 2] == "=" or code[i - 1 : i] in ("=", "!", "<", ">") if i else code[1:2] == "="
            for i, c in enumerate(code) if c == "="
        )  # fmt: skip
        operators = len(re.findall(r"[-+/%|^!~]", code)) + compares
        brackets, level = "(" in code, code.count("(") - code.count(")")
        begin, end = code.strip(" ")[0], code.strip(" ")[-1]
        head = statements._HEADS.get(language, 0)
        function = brackets and has(kernel.FUNCTION) and (leads(kernel.FUNCTION) or assigned)
        if not function and head and brackets and "\0" not in code and not operators and begin not in "#}":
            refused = leads(
                kernel.CONTROL,
                kernel.IMPORT,
                kernel.CLASS,
                kernel.RETURN,
            )
            if not assigned and len(re.findall(word, before)) >= head and not refused:
                function = end == "{" or (head == 2 and end == ")" and level == 0)
        function = function or (head == 1 and assigned and "=>" in code and end == "{")
        plain = not brackets and not operators
        returns = leads(kernel.RETURN) and plain and len(words) <= 2
        declares = (
            plain and "{" not in code and begin != "#"
            and not leads(kernel.CLASS, kernel.CONTROL, kernel.PASS, kernel.RETURN)
            and (len(assigns) == 1 or (not assigns and len(words) > 1 and end == ";"))
        )  # fmt: skip
        imports = leads(kernel.IMPORT)
        total["code_lines"] += 1
        total["concatenation"] += re.search(r"=\0+\+\0", code.replace(" ", "")) is not None
        total["hexadecimal"] += sum(len(w) for w in words if re.fullmatch(r"0[xX][0-9a-fA-F]+", w))
        total["assert"] += any(is_assert(w, language) for w in words)
        total["print"] += has(kernel.PRINT)
        total["import"] += imports
        total["pass"] += leads(kernel.PASS) and len(words) == 1
        total["function"] += function
        total["declaration"] += function or imports or leads(kernel.CLASS) or returns or declares
        total["variable"] += assigned or declares or has(kernel.FOR) or (function and bool(inside))
        total["directive"] += begin == "#"
        total["goto"] += has(kernel.GOTO)
        total["bits"] |= begin == "#" and imports and has(kernel.BITS)
        opens = function and leads(kernel.FUNCTION) and level == 0 and end == ":"
        kind = "head" if opens else "return" if leads(kernel.RETURN) and level == 0 else "other"
        heads.append((len(code) - len(code.lstrip(" ")), kind))
    ended = [*heads, (-1, ""), (-1, "")]
    for (column, kind), (inner, body), (after, _) in zip(heads, ended[1:], ended[2:], strict=False):
        total["simple"] += kind == "head" and body == "return" and inner > column and after <= column
    shown, rest = max(1, total["code_lines"]), max(1, chars - comment_chars)
    return {
        "code_lines": total["code_lines"],
        "comment_share": comment_chars / max(1, chars),
        "comment_line_share": total["comment_lines"] / max(1, total["lines"]),
        "string_share": string_chars / rest,
        "long_string_line_share": total["long_strings"] / shown,
        "string_concatenation_share": total["concatenation"] / shown,
        "long_word_share": total["long_chars"] / rest,
        "hexadecimal_share": total["hexadecimal"] / rest,
        "todo_line_share": total["todo"] / max(1, total["lines"]),
        "assert_line_share": total["assert"] / shown,
        "print_line_share": total["print"] / shown,
        "import_line_share": total["import"] / shown,
        "pass_line_share": total["pass"] / shown,
        "function_line_share": total["function"] / shown,
        "simple_function_share": total["simple"] / shown,
        "no_logic_share": total["declaration"] / shown,
        "variable_lines": total["variable"],
        "preprocessor_line_share": total["directive"] / shown,
        "goto_line_share": total["goto"] / shown,
        "bits_header": float(total["bits"]),
    }


def measured(text: str, language: str) -> tuple[dict[str, float], np.ndarray]:
    """(signals of a text, its marks)."""
    values, offsets, _ = buffers(pa.array([text], pa.large_string()))
    marks = lexing.mark(values, offsets, [language])
    rows = statements.measure(values, offsets, marks, [language])
    return dict(zip(statements.COLUMNS, rows[:, 0].tolist(), strict=True)), marks


def check(text: str, language: str) -> None:
    found, marks = measured(text, language)
    for name, value in slow_statements(text, marks, language).items():
        assert found[name] == pytest.approx(value, abs=1e-12), (name, text)


PIECES = st.sampled_from(
    [
        "\n", "\n", "\r\n", "\r", "\t", " ", " ", "\x0b", "é", "日本", "x = 1", "pass", "password", "print", "blueprint", "# ", "// ",
        "/* ", " */", "'", '"', "`", "\\", "(", ")", "{", "}", ";", "+", "==", "=>", "=", "def f(", "):", "return x", "return", "    ",
        "import a", "from b", "#include <bits/x>", "class A", "int main(", "assert", "assertEqual", "AssertionError", "ASSERT_EQ",
        "reassert", "XCTAssert", "for", "todo", "FIXME", "your code here", "0x1F", "0x1F, ", "_", "goto", "a" * 63,
        "https://a.b/cccccccccccccccccccc", "const f = (a) => {", "public void g(int a)",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=250, deadline=None)
@given(TEXTS, st.sampled_from(sorted(statements.LANGUAGES)))
def test_agrees_with_regular_expressions(text: str, language: str) -> None:
    check(text, language)


def test_agrees_on_real_files() -> None:
    """20 files of the standard library, and headers of an installed package as five languages."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    for file in files[::8][:20]:
        check(file.read_text("utf-8"), "Python")
    headers = sorted((Path(sysconfig.get_paths()["purelib"]) / "numpy").rglob("*.h"))[:6]
    for language in ("C", "C++", "Java", "JavaScript", "Shell"):
        for header in headers:
            check(header.read_text("utf-8")[:20_000], language)


@pytest.mark.parametrize(
    ("language", "line", "signal", "expected"),
    [
        ("Python", "password = compass", "pass_line_share", 0), ("Python", "    pass", "pass_line_share", 1),
        ("Python", "passes()", "pass_line_share", 0), ("Python", "blueprint.route(x)", "print_line_share", 0),
        ("Python", "fingerprint = pprinter", "print_line_share", 0), ("Python", "print(x)", "print_line_share", 1),
        ("Python", "x = 'print(y)'  # print", "print_line_share", 0), ("C", "sprintf_s(a);", "print_line_share", 0),
        ("C", 'printf("a");', "print_line_share", 1), ("JavaScript", "console.log(x)", "print_line_share", 1),
        ("Go", "fmt.Println(x)", "print_line_share", 1), ("Go", "blueprint.Printers(x)", "print_line_share", 0),
        ("Python", "important = 1", "import_line_share", 0), ("Python", "from_x = 1", "import_line_share", 0),
        ("Python", "import os", "import_line_share", 1), ("Java", "importer.run();", "import_line_share", 0),
        ("Python", "raise AssertionError(x)", "assert_line_share", 0), ("Python", "self.assertEqual(a, b)", "assert_line_share", 1),
        ("C++", "ASSERT_EQ(a, b);", "assert_line_share", 1), ("C++", "asserted(a);", "assert_line_share", 0),
        ("Rust", "assert_eq!(a, b);", "assert_line_share", 1), ("Swift", "XCTAssertEqual(a, b)", "assert_line_share", 1),
        ("Java", "reassert(a);", "assert_line_share", 0), ("C", "gotoxy(1, 2);", "goto_line_share", 0),
        ("C", "goto out;", "goto_line_share", 1), ("Python", "# a todolist, methodo", "todo_line_share", 0),
        ("Python", "todo = 1", "todo_line_share", 0), ("Python", "# TODO: x", "todo_line_share", 1),
        ("Python", "# Your code here!", "todo_line_share", 1), ("C", "domain(x) { }", "main_functions", 0),
        ("C", "int main(void) { }", "main_functions", 1), ("C", "main(void);", "main_functions", 0),
        ("Java", "public int size(int a) {", "function_line_share", 1), ("Java", "if (a) {", "function_line_share", 0),
        ("Java", "return new Foo(a);", "function_line_share", 0), ("Go", "func (s *S) F() {", "function_line_share", 1),
        ("Python", "defer(x)", "function_line_share", 0), ("Python", "async def f(x):", "function_line_share", 1),
        ("TypeScript", "const f = (a) => {", "function_line_share", 1), ("TypeScript", "it('a', () => {", "function_line_share", 0),
    ],
)  # fmt: skip
def test_words_are_words(language: str, line: str, signal: str, expected: float) -> None:
    assert measured(line + "\n", language)[0][signal] == expected


def test_a_function_of_one_return() -> None:
    text = 'def f(self):\n    """doc"""\n\n    return 1\n\ndef g():\n    x = 1\n    return x\n'
    assert measured(text, "Python")[0]["simple_function_share"] == 1 / 5
