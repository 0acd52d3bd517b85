"""Signals against a slow implementation of our own in plain Python and `re`, written from the table of SIGNALS.

Comments and strings are taken from the lexer's marks, which tests of their own check (test_lexing.py)."""

from __future__ import annotations

import re
import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neve.corpus.signals import characters, lexing, markup, measurement, repetition, statements
from neve.corpus.signals import table as signal_table
from neve.corpus.text import buffers

ENCODED = (
    r"[A-Za-z0-9+/=\r\n]{64,}",
    r"(?:(?:\\x|(?<!\w)0x|(?<!\w))[0-9a-fA-F]{2}(?!\w)[ \t\n\r\f\v,]*){8,}",
    r"(?:\\u[0-9a-fA-F]{4}){8,}",
)


def lines_of(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def slow_characters(text: str) -> dict[str, float]:
    raw = text.encode()
    shown = raw.decode("latin-1")  # a character a byte; what is not ASCII must be of the class of words
    shown = "".join(c if ord(c) < 128 else "é" for c in shown)
    lines = lines_of(text)
    covered, longest = set(), 0
    for pattern in ENCODED:
        for match in re.finditer(pattern, shown):
            covered.update(range(*match.span()))
            longest = max(longest, match.end() - match.start())
    head = "\n".join(lines[: characters.HEADER_LINES])
    words = [p for p in characters.GENERATED if p[0].isalnum() and p[-1].isalnum()]
    head = "".join(c.lower() if ord(c) < 128 else "é" for c in head)
    n, rows, spaces = max(1, len(text)), max(1, len(lines)), sum(c.isspace() for c in text)
    alpha, seen = sum(c.isalpha() for c in text), max(1, len(text) - spaces)
    return {
        "bytes": len(raw),
        "characters": len(text),
        "lines": len(lines),
        "mean_line_length": sum(map(len, lines)) / rows,
        "max_line_length": max(map(len, lines), default=0),
        "alphanumeric_share": sum(c.isalnum() for c in text) / n,
        "alphabetic_share": alpha / n,
        "visible_alphabetic_share": alpha / seen,
        "digit_share": sum(c in "0123456789" for c in text) / seen,
        "white_space_share": spaces / n,
        "replacement_share": text.count("\ufffd") / n,
        "blank_line_share": sum(not line or line.isspace() for line in lines) / rows,
        "encoded_share": len(covered) / max(1, len(raw)),
        "longest_encoded_run": longest,
        "xml_header": float(b"<?xml version=" in raw[:100]),
        "generated": float(
            any(re.search(rf"(?<!\w){p}(?!\w)", head, re.DOTALL) for p in map(re.escape, words))
            or re.search(r"@generated(?!\w)", head) is not None
            or any(re.search(rf"(?<!\w){re.escape(p)}", head) for p in characters.GENERATED if p[-1] in "!.")
        ),
    }  # fmt: skip


def slow_repetition(text: str, marks: np.ndarray) -> dict[str, float]:
    fold = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    words = [word.translate(fold) for word in re.findall(r"\w+", text)]
    total = max(1, sum(map(len, words)))
    out: dict[str, float] = {
        "words": len(words),
        "mean_word_length": sum(map(len, words)) / max(1, len(words)),
        "unique_word_share": len(set(words)) / max(1, len(words)),
    }
    for n in range(2, 11):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        counts = Counter(grams)
        if n <= 4:
            most = max(counts.values(), default=0)
            size = max((sum(map(len, g)) for g, c in counts.items() if c == most), default=0)
            out[f"top_{n}gram_share"] = min(1.0, most * size / total) if most > 1 else 0.0
        else:
            inside = {i + k for i, gram in enumerate(grams) if counts[gram] > 1 for k in range(n)}
            out[f"duplicate_{n}gram_share"] = sum(len(words[i]) for i in inside) / total
    code = bytes(b for b, m in zip(text.encode(), marks, strict=True) if b in b"\r\n" or m in (0, 2))
    lines = [bytes(b for b in line if b not in b"\t\v\f ") for line in re.split(rb"[\r\n]", code)]
    named = Counter(line for line in lines if re.search(rb"[A-Za-z0-9\x80-\xff]", line))
    repeated = sum(count for count in named.values() if count > 1)
    out["duplicate_line_share"] = repeated / max(1, sum(bool(line) for line in lines))
    return out


ROLES = {name: {role: set() for role, _, _ in statements.WORDS} for name in statements.LANGUAGES}
for _role, _names, _words in statements.WORDS:
    for _name in _names or statements.LANGUAGES:
        ROLES[_name][_role] |= set(_words.split())
PART_ASSERT = re.compile(r"(?:^|_|^XCT)(?:assert(?![a-z])|Assert(?![a-z])|ASSERT(?![A-Za-z]))")


def is_assert(word: str, language: str) -> bool:
    """assertEqual, ASSERT_EQ, static_assert, XCTAssertTrue; not AssertionError, asserts or reassert."""
    if word in ROLES[language][statements._ASSERT]:
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
        total["long_strings"] += len(re.findall(word, parts["string"])) > statements.LONG_STRING_WORDS
        for chunk in re.split(r"[ \t\n\v\f\r\"'`]", parts["string"]):
            size = sum(ord(c) & 0xC0 != 0x80 for c in chunk)
            total["long_chars"] += size if size > statements.LONG_WORD and "://" not in chunk else 0
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
        first = next((w for w in words if w not in role[statements._MODIFIER]), "")

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
        function = brackets and has(statements._FUNCTION) and (leads(statements._FUNCTION) or assigned)
        if not function and head and brackets and "\0" not in code and not operators and begin not in "#}":
            refused = leads(statements._CONTROL, statements._IMPORT, statements._CLASS, statements._RETURN)
            if not assigned and len(re.findall(word, before)) >= head and not refused:
                function = end == "{" or (head == 2 and end == ")" and level == 0)
        function = function or (head == 1 and assigned and "=>" in code and end == "{")
        plain = not brackets and not operators
        returns = leads(statements._RETURN) and plain and len(words) <= 2
        declares = (
            plain and "{" not in code and begin != "#"
            and not leads(statements._CLASS, statements._CONTROL, statements._PASS, statements._RETURN)
            and (len(assigns) == 1 or (not assigns and len(words) > 1 and end == ";"))
        )  # fmt: skip
        imports = leads(statements._IMPORT)
        total["code_lines"] += 1
        total["concatenation"] += re.search(r"=\0+\+\0", code.replace(" ", "")) is not None
        total["hexadecimal"] += sum(len(w) for w in words if re.fullmatch(r"0[xX][0-9a-fA-F]+", w))
        total["assert"] += any(is_assert(w, language) for w in words)
        total["print"] += has(statements._PRINT)
        total["import"] += imports
        total["pass"] += leads(statements._PASS) and len(words) == 1
        total["function"] += function
        total["declaration"] += function or imports or leads(statements._CLASS) or returns or declares
        total["variable"] += assigned or declares or has(statements._FOR) or (function and bool(inside))
        total["directive"] += begin == "#"
        total["goto"] += has(statements._GOTO)
        total["bits"] |= begin == "#" and imports and has(statements._BITS)
        opens = function and leads(statements._FUNCTION) and level == 0 and end == ":"
        kind = "head" if opens else "return" if leads(statements._RETURN) and level == 0 else "other"
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


def slow_markup(text: str) -> dict[str, float]:
    for pattern in (
        r"<!--[\s\S]*?-->",
        r"<script[\s\S]*?</script[^>]*>",
        r"<style[\s\S]*?</style[^>]*>",
        r"<[A-Za-z!/?][^>]*>",
    ):
        text_ = re.sub(pattern, "", text, flags=re.IGNORECASE)
        text, lost = text_, len(text) - len(text_)
        del lost
    return {"visible_characters": len(text)}


def measured(texts: list[str], language: str | None, path: str = "src/a") -> list[dict[str, float]]:
    table = measurement.measure(
        pa.array(texts, pa.large_string()),
        pa.array([language] * len(texts), pa.string()),
        pa.array([path] * len(texts)),
    )
    return table.to_pylist()


def check(texts: list[str], language: str) -> None:
    for row, text in zip(measured(texts, language), texts, strict=True):
        values, offsets, _ = buffers(pa.array([text], pa.large_string()))
        marks = lexing.mark(values, offsets, [language])
        expected = {
            **slow_characters(text),
            **slow_repetition(text, marks),
            **slow_statements(text, marks, language),
        }
        applies = {s.name for s in signal_table.SIGNALS if s.languages is None or language in s.languages}
        for name, value in expected.items():
            if name in applies:
                assert row[name] == pytest.approx(value, abs=1e-12), (name, text)
            else:
                assert row[name] is None, name


PIECES = st.sampled_from(
    [
        "\n", "\n", "\r\n", "\r", "\t", " ", " ", "\x0b", "\x85", "\u2028", "é", "日本", "🙂", "²", "\ufffd", "x = 1", "pass",
        "password", "print", "blueprint", "# ", "// ", "/* ", " */", "'", '"', "`", "\\", "(", ")", "{", "}", ";", "+", "==", "=>", "=",
        "def f(", "):", "return x", "return", "    ", "import a", "from b", "#include <bits/x>", "class A", "int main(", "assert",
        "assertEqual", "AssertionError", "ASSERT_EQ", "reassert", "XCTAssert", "for", "todo", "FIXME", "your code here", "0x1F",
        "<?xml version=", "Do Not Edit!", "AUTO-GENERATED", "generated", "autogenerated", "_", "by ANTLR", "@generated", "goto",
        "\\x4f", "\\x4", "0x1F, ", "0x1F,", "1f ", "ab,", "\\u00e9", "\\u00e", "QUJD", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY",
        "a" * 63, "b" * 64, "0123456789abcdef", "https://a.b/cccccccccccccccccccc", "const f = (a) => {", "public void g(int a)",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=120, deadline=None)
@given(st.lists(TEXTS, max_size=4), st.sampled_from(sorted(statements.LANGUAGES)))
@example([""], "Python")
@example(["\n"], "C")
@example(["a\r\nb\rc\nd"], "Go")
@example(["\\x00" * 8 + "," + "41 " * 9], "Java")
@example(["x" * 99 + "<?xml version="], "C")
def test_agrees_with_plain_python(texts: list[str], language: str) -> None:
    check(texts, language)


def test_agrees_on_real_files() -> None:
    """20 files of the standard library, and headers of an installed package as C++ and as C."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    check([file.read_text("utf-8") for file in files[::8][:20]], "Python")
    headers = sorted((Path(sysconfig.get_paths()["purelib"]) / "numpy").rglob("*.h"))[:6]
    for language in ("C", "C++", "Java", "JavaScript", "Shell"):
        check([header.read_text("utf-8")[:20_000] for header in headers], language)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "b", "c", "A", "é", "_", "1", "ab", " ", "\n", "-", "»"]), max_size=80
    ).map("".join)
)
def test_repetition_of_small_alphabets(text: str) -> None:
    """Where n-grams are sure to repeat and to overlap."""
    row = measured([text], None)[0]
    for name, value in slow_repetition(text, np.zeros(len(text.encode()), np.uint8)).items():
        assert row[name] == pytest.approx(value, abs=1e-12), (name, text)


def test_repeated_pieces_make_encoded_runs() -> None:
    """The same check where runs are sure to arise, at and under the least length."""
    units = ("\\x4f", "0x1F, ", "0x1F,", "1f ", "\\u00e9", "QUJD", "QUJD\n")
    texts = [
        f"s = '{unit * times}' # {tail}"
        for unit in units
        for times in (1, 7, 8, 9, 16, 300)
        for tail in ("", unit)
    ]
    check(texts, "Python")
    longest = [row["longest_encoded_run"] for row in measured(texts, "Python")]
    assert sum(run > 0 for run in longest) > 30 and sum(run == 0 for run in longest) > 10


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
    assert measured([line + "\n"], language)[0][signal] == expected


def test_a_function_of_one_return() -> None:
    text = 'def f(self):\n    """doc"""\n\n    return 1\n\ndef g():\n    x = 1\n    return x\n'
    assert measured([text], "Python")[0]["simple_function_share"] == 1 / 5


@pytest.mark.parametrize(
    ("page", "characters_"),
    [
        ("<p>Hello <b>you</b></p>", 9), ("<script>var a = '<p>';</script>é", 1), ("<!-- <p>a</p> --> x", 2), ("a < b", 5),
        ("<style>\np {}\n</style>\nx", 2), ("<SCRIPT src=a></SCRIPT>ok", 2), ("<p", 0), ("", 0),
    ],
)  # fmt: skip
def test_visible_text(page: str, characters_: int) -> None:
    row = measured([page], "HTML")[0]
    assert row["visible_characters"] == characters_
    assert row["visible_text_share"] == pytest.approx(characters_ / max(1, len(page)))
    assert measured([page], "XML")[0]["visible_characters"] is None


def test_paths() -> None:
    """What a path tells: tests by name or folder, headers; a path that is not known is null, not "no"."""
    paths = [
        "tests/a.py",
        "a/test_b.py",
        "a_test.go",
        "FooTest.java",
        "x.spec.ts",
        "contest.py",
        "src/latest/a.py",
        "Contest.java",
        None,
    ]
    text = pa.array(["x = 1\n"] * len(paths), pa.large_string())
    table = measurement.measure(text, pa.array(["Python"] * len(paths)), pa.array(paths, pa.string()))
    assert table["test_file"].to_pylist() == [1, 1, 1, 1, 1, 0, 0, 0, None]
    includes = pa.array(["#include <a>\n"] * 2, pa.large_string())
    table = measurement.measure(includes, pa.array(["C", "C"]), pa.array(["a.c", "a.h"]))
    assert table["preprocessor_line_share"].to_pylist() == [1, 0]


def test_what_does_not_apply_is_null() -> None:
    """A language without a dialect, or none at all, has no signals of comments; every language has those of characters."""
    for language in ("Brainfuck", None, "Jupyter Notebook"):
        row = measured(["x = 1 # y\n"], language)[0]
        for signal in signal_table.SIGNALS:
            assert (row[signal.name] is None) == (signal.languages is not None), signal.name


def test_table_is_whole() -> None:
    """Every column of every pass is a signal, every signal a column; languages of signals have a dialect and words."""
    passes = {*characters.COLUMNS, *repetition.COLUMNS, *statements.COLUMNS, *markup.COLUMNS}
    assert passes | {"vendored", "test_file"} == set(signal_table.NAMES) and len(signal_table.NAMES) == len(
        set(signal_table.NAMES)
    )
    spoken = {name for s in signal_table.SIGNALS for name in s.languages or ()}
    assert spoken - set(markup.LANGUAGES) <= set(lexing.DIALECTS) & set(statements.LANGUAGES)


def test_slices_nulls_chunks_and_small_types() -> None:
    """A sliced, chunked or small column gives the rows of the whole one; null in, null out."""
    texts = ["a\n", None, "héllo # x\nworld", "", "x" * 2000]
    languages, paths = pa.array(["Python"] * 5), pa.array(["a.py"] * 5)
    whole = measurement.measure(pa.array(texts, pa.large_string()), languages, paths)
    assert whole["bytes"].to_pylist() == [2, None, 16, 0, 2000]
    sliced = measurement.measure(pa.array(texts, pa.large_string())[2:], languages[2:], paths[2:])
    assert sliced.equals(whole.slice(2).combine_chunks())
    chunked = pa.chunked_array([pa.array(texts[:2]), pa.array(texts[2:])])
    assert measurement.measure(chunked, languages, paths).equals(whole)
    binary = pa.array([t and t.encode() for t in texts], pa.binary())
    assert measurement.measure(binary, languages, paths).equals(whole)
    empty = measurement.measure(
        pa.array([], pa.large_string()), pa.array([], pa.string()), pa.array([], pa.string())
    )
    assert empty.num_rows == 0 and tuple(empty.column_names) == signal_table.NAMES


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([*sorted(lexing.DIALECTS), "HTML"]))
def test_any_bytes(raw: bytes, language: str) -> None:
    """What is no UTF-8 is measured too: shares stay shares, counts stay counts."""
    table = measurement.measure(pa.array([raw], pa.large_binary()), pa.array([language]), pa.array(["a"]))
    row = table.to_pylist()[0]
    assert row["bytes"] == len(raw)
    for name, value in row.items():
        if value is not None:
            assert np.isfinite(value) and value >= 0
            if name.endswith("_share"):
                assert value <= 1, name


def test_the_tables_languages_are_those_of_the_passes() -> None:
    assert tuple(lexing.DIALECTS) == signal_table.LEXED and signal_table.MARKED_UP == markup.LANGUAGES
