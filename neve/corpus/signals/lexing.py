"""Where a text has comments and where strings: one compiled pass over the bytes of a batch, by tables of
delimiters.

A dialect is data: a list of delimiters, each with what opens and closes it. The lexer walks the code, tries
the delimiters that its table names for a byte, and marks each byte as code, comment, string or docstring. It
keeps a stack for code inside strings (`${…}`, `#{…}`, `\\(…)`, `$(…)`), reads here-documents, nested
comments, raw strings, character literals beside lifetimes, and regular expressions (told from a division by
what comes before the `/`). The trade-off: no grammar, so that a megabyte takes some hundredths of a second;
what a language's parser would know better is measured in the tests against tree-sitter. A delimiter that
nothing closes is code, and the walk goes on after it, so that one stray quote does not swallow a file.

Source: the languages' own definitions of their comments and literals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from neve.corpus.signals import lexing_kernel as kernel

CODE, COMMENT, STRING, DOC = kernel.CODE, kernel.COMMENT, kernel.STRING, kernel.DOC
"""Marks of a byte. DOC: a string that is a statement of its own (Python), which is documentation."""


@dataclass(frozen=True)
class Delimiter:
    kind: int
    open: str
    close: str = ""
    flags: int = 0


def _line(open: str, flags: int = 0) -> Delimiter:
    return Delimiter(kernel.LINE, open, "", flags)


def _block(open: str = "/*", close: str = "*/", flags: int = 0) -> Delimiter:
    return Delimiter(kernel.BLOCK, open, close, flags)


def _string(open: str, close: str = "", flags: int = kernel.ESCAPE) -> Delimiter:
    return Delimiter(kernel.QUOTED, open, close or open, flags)


_LONG = kernel.ESCAPE | kernel.MULTILINE
_CHARACTER = Delimiter(kernel.CHAR, "'", "'")
_SLASHES = (_line("//"), _block())
_NESTING = (_line("//"), _block(flags=kernel.NESTED))
_PYTHON = (
    _line("#"), _string('"""', flags=_LONG | kernel.DOCUMENTS), _string("'''", flags=_LONG | kernel.DOCUMENTS),
    _string('"', flags=kernel.ESCAPE | kernel.DOCUMENTS), _string("'", flags=kernel.ESCAPE | kernel.DOCUMENTS),
)  # fmt: skip
_C = (_line("//", kernel.CONTINUES), _block(), _string('"'), _CHARACTER)
_CPP = (*_C, Delimiter(kernel.CPP_RAW, 'R"'))
_JAVA = (*_SLASHES, _string('"""', flags=_LONG), _string('"'), _CHARACTER)
_JAVASCRIPT = (
    *_SLASHES, _string('"'), _string("'"), _string("`", flags=_LONG | kernel.DOLLAR_BRACE), Delimiter(kernel.REGEX, "/"),
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
        Delimiter(kernel.MARKUP, "?>"), _line("//"), _line("#", kernel.NO_BRACKET), _block(), _string("'", flags=_LONG),
        _string('"', flags=_LONG), _string("`", flags=_LONG), Delimiter(kernel.HEREDOC, "<<<", "", kernel.INDENTED),
    ),
    "C#": (
        *_SLASHES, _string('$@"', '"', kernel.DOUBLED | kernel.MULTILINE | kernel.BRACE), _string('@$"', '"', kernel.DOUBLED | kernel.MULTILINE | kernel.BRACE),
        _string('@"', '"', kernel.DOUBLED | kernel.MULTILINE), _string('"""', flags=kernel.MULTILINE), _string('$"', '"', kernel.ESCAPE | kernel.BRACE),
        _string('"'), _CHARACTER,
    ),
    "Go": (*_SLASHES, _string("`", flags=kernel.MULTILINE), _string('"'), _CHARACTER),
    "SQL": (
        _line("--"), _line("#", kernel.LINE_START), _block(), _string("'", flags=_LONG | kernel.DOUBLED), _string('"', flags=_LONG | kernel.DOUBLED),
    ),
    "Ruby": (
        _line("#"), _block("=begin", "\n=end", kernel.LINE_START), Delimiter(kernel.REST, "__END__", "", kernel.LINE_START),
        _string('"', flags=_LONG | kernel.HASH_BRACE), _string("'", flags=_LONG), _string("`", flags=_LONG | kernel.HASH_BRACE),
        Delimiter(kernel.HEREDOC, "<<", "", kernel.INDENTED | kernel.BOUNDARY), Delimiter(kernel.PERCENT, "%"), Delimiter(kernel.REGEX, "/", "", kernel.SPACED_CALL),
        Delimiter(kernel.SKIP, "$'"), Delimiter(kernel.SKIP, '$"'), Delimiter(kernel.SKIP, "$`"), Delimiter(kernel.SKIP, "?'", "", kernel.BOUNDARY),
        Delimiter(kernel.SKIP, '?"', "", kernel.BOUNDARY), Delimiter(kernel.SKIP, "?#", "", kernel.BOUNDARY),
    ),
    "Rust": (
        *_NESTING, Delimiter(kernel.HASHES, "r#", '"', kernel.BOUNDARY), Delimiter(kernel.HASHES, "br#", '"', kernel.BOUNDARY),
        _string('r"', '"', kernel.MULTILINE | kernel.BOUNDARY), _string('br"', '"', kernel.MULTILINE | kernel.BOUNDARY), _string('"', flags=_LONG),
        _CHARACTER,
    ),
    "Scala": (
        *_NESTING, *(_string(p + '"""', '"""', kernel.MULTILINE | kernel.DOLLAR_BRACE | kernel.BOUNDARY) for p in ("s", "f")),
        _string('"""', flags=kernel.MULTILINE), *(_string(p + '"', '"', kernel.ESCAPE | kernel.DOLLAR_BRACE | kernel.BOUNDARY) for p in ("s", "f")),
        _string('"'), _CHARACTER,
    ),
    "Kotlin": (
        *_NESTING, _string('"""', flags=kernel.MULTILINE | kernel.DOLLAR_BRACE), _string('"', flags=kernel.ESCAPE | kernel.DOLLAR_BRACE), _CHARACTER,
    ),
    "Shell": (
        _line("#", kernel.SPACED), Delimiter(kernel.SKIP, "\\"), _string("$'", "'", _LONG), _string("'", flags=kernel.MULTILINE),
        _string('"', flags=_LONG | kernel.DOLLAR_PAREN | kernel.DOLLAR_BRACE), Delimiter(kernel.SKIP, "<<<"), Delimiter(kernel.HEREDOC, "<<"),
    ),
    "Dart": (
        *_NESTING, _string('r"""', '"""', kernel.MULTILINE | kernel.BOUNDARY), _string("r'''", "'''", kernel.MULTILINE | kernel.BOUNDARY),
        _string('r"', '"', kernel.BOUNDARY), _string("r'", "'", kernel.BOUNDARY), _string('"""', flags=_LONG | kernel.DOLLAR_BRACE),
        _string("'''", flags=_LONG | kernel.DOLLAR_BRACE), _string('"', flags=kernel.ESCAPE | kernel.DOLLAR_BRACE),
        _string("'", flags=kernel.ESCAPE | kernel.DOLLAR_BRACE),
    ),
    "Swift": (
        *_NESTING, Delimiter(kernel.HASHES, "#", '"'), _string('"""', flags=_LONG | kernel.BACKSLASH_PAREN),
        _string('"', flags=kernel.ESCAPE | kernel.BACKSLASH_PAREN),
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
    kernel.mark(values, offsets, dialects, first, begin, rules, text, words, marks)
    return marks


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each byte may begin in each dialect, where a dialect's rows begin, the rows, their text, regex
    words."""
    first = np.zeros((len(DIALECTS), 256), np.uint8)
    begin, rows, text = [0], [], b""
    for at, delimiters in enumerate(DIALECTS.values()):
        first[at, [ord("\n"), ord("\r")]] = kernel.NEWLINE
        first[at, [ord(bracket) for bracket in "()[]{}"]] = kernel.BRACKET
        for one in sorted(delimiters, key=lambda d: -len(d.open)):
            first[at, ord(one.open[0])] |= kernel.OPENS
            opens = len(text)
            text += one.open.encode() + one.close.encode()
            rows.append((one.kind, opens, len(one.open), opens + len(one.open), len(one.close), one.flags))
        begin.append(len(rows))
    words = np.frombuffer(f" {_BEFORE_REGEX} ".encode(), np.uint8)
    return first, np.array(begin), np.array(rows, np.int64), np.frombuffer(text, np.uint8), words
