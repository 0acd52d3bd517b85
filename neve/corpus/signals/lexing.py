"""Where a text has comments and where strings: one compiled pass over the bytes of a batch, by tables of
delimiters.

A dialect is data: a list of delimiters, each with what opens and closes it. The lexer walks the code, tries
the delimiters that its table names for a byte, and marks each byte as code, comment, string or docstring. It
keeps a stack for code inside strings (`${…}`, `#{…}`, `\\(…)`, `$(…)`), reads here-documents, nested
comments, raw strings, character literals beside lifetimes, and regular expressions (an operator's `/` beside
a literal's, by what stands before). The trade-off: no grammar, so that a megabyte takes some hundredths of a
second; what a language's parser would know better is measured in the tests against tree-sitter. What does
not close is no comment and no string: the delimiter alone is code, and the walk goes on after it, so that
one stray quote does not swallow a file.

Source: the languages' own definitions of their comments and literals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from neve.corpus.signals import lexer_kernel

CODE, COMMENT, STRING, DOC = lexer_kernel.CODE, lexer_kernel.COMMENT, lexer_kernel.STRING, lexer_kernel.DOC
"""Marks of a byte. DOC: a string that is a statement of its own (Python), which is documentation."""


@dataclass(frozen=True)
class Delimiter:
    kind: int
    open: str
    close: str = ""
    flags: int = 0


def _line(open: str, flags: int = 0) -> Delimiter:
    return Delimiter(lexer_kernel.LINE, open, "", flags)


def _block(open: str = "/*", close: str = "*/", flags: int = 0) -> Delimiter:
    return Delimiter(lexer_kernel.BLOCK, open, close, flags)


def _string(open: str, close: str = "", flags: int = lexer_kernel.ESCAPE) -> Delimiter:
    return Delimiter(lexer_kernel.QUOTED, open, close or open, flags)


_LONG = lexer_kernel.ESCAPE | lexer_kernel.MULTILINE
_CHARACTER = Delimiter(lexer_kernel.CHAR, "'", "'")
_SLASHES = (_line("//"), _block())
_NESTING = (_line("//"), _block(flags=lexer_kernel.NESTED))
_PYTHON = (
    _line("#"), _string('"""', flags=_LONG | lexer_kernel.DOCUMENTS), _string("'''", flags=_LONG | lexer_kernel.DOCUMENTS),
    _string('"', flags=lexer_kernel.ESCAPE | lexer_kernel.DOCUMENTS), _string("'", flags=lexer_kernel.ESCAPE | lexer_kernel.DOCUMENTS),
)  # fmt: skip
_C = (_line("//", lexer_kernel.CONTINUES), _block(), _string('"'), _CHARACTER)
_CPP = (*_C, Delimiter(lexer_kernel.CPP_RAW, 'R"'))
_JAVA = (*_SLASHES, _string('"""', flags=_LONG), _string('"'), _CHARACTER)
_JAVASCRIPT = (
    *_SLASHES, _string('"'), _string("'"), _string("`", flags=_LONG | lexer_kernel.DOLLAR_BRACE), Delimiter(lexer_kernel.REGEX, "/"),
)  # fmt: skip

DIALECTS: dict[str, tuple[Delimiter, ...]] = {
    "Python": _PYTHON,
    "Cython": _PYTHON,
    "Java": _JAVA,
    "C": _C,
    "C++": _CPP,
    "Cuda": _CPP,
    "Objective-C": _C,
    "JavaScript": _JAVASCRIPT,
    "TypeScript": _JAVASCRIPT,
    "TSX": _JAVASCRIPT,
    "PHP": (
        Delimiter(lexer_kernel.MARKUP, "?>"), _line("//"), _line("#", lexer_kernel.NO_BRACKET), _block(), _string("'", flags=_LONG),
        _string('"', flags=_LONG), _string("`", flags=_LONG), Delimiter(lexer_kernel.HEREDOC, "<<<", "", lexer_kernel.INDENTED),
    ),
    "C#": (
        *_SLASHES, _string('$@"', '"', lexer_kernel.DOUBLED | lexer_kernel.MULTILINE | lexer_kernel.BRACE), _string('@$"', '"', lexer_kernel.DOUBLED | lexer_kernel.MULTILINE | lexer_kernel.BRACE),
        _string('@"', '"', lexer_kernel.DOUBLED | lexer_kernel.MULTILINE), _string('"""', flags=lexer_kernel.MULTILINE), _string('$"', '"', lexer_kernel.ESCAPE | lexer_kernel.BRACE),
        _string('"'), _CHARACTER,
    ),
    "Go": (*_SLASHES, _string("`", flags=lexer_kernel.MULTILINE), _string('"'), _CHARACTER),
    "SQL": (
        _line("--"), _line("#", lexer_kernel.LINE_START), _block(), _string("'", flags=_LONG | lexer_kernel.DOUBLED), _string('"', flags=_LONG | lexer_kernel.DOUBLED),
    ),
    "Ruby": (
        _line("#"), _block("=begin", "\n=end", lexer_kernel.LINE_START), Delimiter(lexer_kernel.REST, "__END__", "", lexer_kernel.LINE_START),
        _string('"', flags=_LONG | lexer_kernel.HASH_BRACE), _string("'", flags=_LONG), _string("`", flags=_LONG | lexer_kernel.HASH_BRACE),
        Delimiter(lexer_kernel.HEREDOC, "<<", "", lexer_kernel.INDENTED | lexer_kernel.BOUNDARY), Delimiter(lexer_kernel.PERCENT, "%"), Delimiter(lexer_kernel.REGEX, "/", "", lexer_kernel.SPACED_CALL),
        Delimiter(lexer_kernel.SKIP, "$'"), Delimiter(lexer_kernel.SKIP, '$"'), Delimiter(lexer_kernel.SKIP, "$`"), Delimiter(lexer_kernel.SKIP, "?'", "", lexer_kernel.BOUNDARY),
        Delimiter(lexer_kernel.SKIP, '?"', "", lexer_kernel.BOUNDARY), Delimiter(lexer_kernel.SKIP, "?#", "", lexer_kernel.BOUNDARY),
    ),
    "Rust": (
        *_NESTING, Delimiter(lexer_kernel.HASHES, "r#", '"', lexer_kernel.BOUNDARY), Delimiter(lexer_kernel.HASHES, "br#", '"', lexer_kernel.BOUNDARY),
        _string('r"', '"', lexer_kernel.MULTILINE | lexer_kernel.BOUNDARY), _string('br"', '"', lexer_kernel.MULTILINE | lexer_kernel.BOUNDARY), _string('"', flags=_LONG),
        _CHARACTER,
    ),
    "Scala": (
        *_NESTING, *(_string(p + '"""', '"""', lexer_kernel.MULTILINE | lexer_kernel.DOLLAR_BRACE | lexer_kernel.BOUNDARY) for p in ("s", "f")),
        _string('"""', flags=lexer_kernel.MULTILINE), *(_string(p + '"', '"', lexer_kernel.ESCAPE | lexer_kernel.DOLLAR_BRACE | lexer_kernel.BOUNDARY) for p in ("s", "f")),
        _string('"'), _CHARACTER,
    ),
    "Kotlin": (
        *_NESTING, _string('"""', flags=lexer_kernel.MULTILINE | lexer_kernel.DOLLAR_BRACE), _string('"', flags=lexer_kernel.ESCAPE | lexer_kernel.DOLLAR_BRACE), _CHARACTER,
    ),
    "Shell": (
        _line("#", lexer_kernel.SPACED), Delimiter(lexer_kernel.SKIP, "\\"), _string("$'", "'", _LONG), _string("'", flags=lexer_kernel.MULTILINE),
        _string('"', flags=_LONG | lexer_kernel.DOLLAR_PAREN | lexer_kernel.DOLLAR_BRACE), Delimiter(lexer_kernel.SKIP, "<<<"), Delimiter(lexer_kernel.HEREDOC, "<<"),
    ),
    "Dart": (
        *_NESTING, _string('r"""', '"""', lexer_kernel.MULTILINE | lexer_kernel.BOUNDARY), _string("r'''", "'''", lexer_kernel.MULTILINE | lexer_kernel.BOUNDARY),
        _string('r"', '"', lexer_kernel.BOUNDARY), _string("r'", "'", lexer_kernel.BOUNDARY), _string('"""', flags=_LONG | lexer_kernel.DOLLAR_BRACE),
        _string("'''", flags=_LONG | lexer_kernel.DOLLAR_BRACE), _string('"', flags=lexer_kernel.ESCAPE | lexer_kernel.DOLLAR_BRACE),
        _string("'", flags=lexer_kernel.ESCAPE | lexer_kernel.DOLLAR_BRACE),
    ),
    "Swift": (
        *_NESTING, Delimiter(lexer_kernel.HASHES, "#", '"'), _string('"""', flags=_LONG | lexer_kernel.BACKSLASH_PAREN),
        _string('"', flags=lexer_kernel.ESCAPE | lexer_kernel.BACKSLASH_PAREN),
    ),
}  # fmt: skip
"""Linguist name: the delimiters of its comments and strings, the longer opening asked first."""

_BEFORE_REGEX = "return typeof case in of delete void throw new else do await yield when if unless and or not while until elsif then"
"""Words after which a `/` opens a regular expression."""


def mark(values: np.ndarray, offsets: np.ndarray, languages: list[str | None]) -> np.ndarray:
    """CODE, COMMENT, STRING or DOC for each byte of `values[offsets[0]:offsets[-1]]`, uint8; quotes and
    comment signs belong to what they delimit, code inside a string is code.

    Text i is `values[offsets[i]:offsets[i + 1]]` in language i; where a language has no dialect all is code.
    """
    first, begin, rules, text, words = _tables()
    names = {name: at for at, name in enumerate(DIALECTS)}
    dialects = np.array([names.get(language, -1) for language in languages], np.int64)  # type: ignore[arg-type]
    marks = np.zeros(int(offsets[-1] - offsets[0]), np.uint8)
    lexer_kernel.mark(values, offsets, dialects, first, begin, rules, text, words, marks)
    return marks


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each byte may begin in each dialect, where a dialect's rows begin, the rows, their text, regex
    words."""
    first = np.zeros((len(DIALECTS), 256), np.uint8)
    begin, rows, text = [0], [], b""
    for at, delimiters in enumerate(DIALECTS.values()):
        first[at, [ord("\n"), ord("\r")]] = lexer_kernel.NEWLINE
        first[at, [ord(bracket) for bracket in "()[]{}"]] = lexer_kernel.BRACKET
        for one in sorted(delimiters, key=lambda d: -len(d.open)):
            first[at, ord(one.open[0])] |= lexer_kernel.OPENS
            opens = len(text)
            text += one.open.encode() + one.close.encode()
            rows.append((one.kind, opens, len(one.open), opens + len(one.open), len(one.close), one.flags))
        begin.append(len(rows))
    words = np.frombuffer(f" {_BEFORE_REGEX} ".encode(), np.uint8)
    return first, np.array(begin), np.array(rows, np.int64), np.frombuffer(text, np.uint8), words
