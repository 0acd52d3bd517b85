"""What the lines of a text do: one compiled pass over the bytes of a batch and the lexer's marks.

A line of code is a line with something in it that is neither comment, docstring nor white space; a line of
comment has only comment or docstring. A word is a whole run of letters, digits, _ and bytes
beyond ASCII: `pass` is not in `password`, nor `print` in `blueprint`. WORDS says what a word does in each
language. The trade-off: lines are read one by one and without a grammar, so that a statement over three
lines counts by its first, and a C++ macro that looks like a function counts as one.

Source: OpenCoder (arXiv 2411.04905) for what is worth counting; the words of each language are its own.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from neve.corpus.signals import statements_kernel as kernel

_BRACES = ("Java", "C", "C++", "Cuda", "Objective-C", "JavaScript", "TypeScript", "TSX", "PHP", "C#", "Dart")
_SCRIPT = ("JavaScript", "TypeScript", "TSX")
_CFAMILY = ("C", "C++", "Cuda", "Objective-C")

WORDS: tuple[tuple[int, tuple[str, ...], str], ...] = (
    (kernel.PRINT, ("Python", "Cython"), "print pprint"),
    (kernel.PRINT, ("Java", "Scala", "Kotlin"), "println printf print"),
    (kernel.PRINT, ("C", "Objective-C"), "printf fprintf puts fputs putchar NSLog"),
    (kernel.PRINT, ("C++", "Cuda"), "printf fprintf puts cout cerr"),
    (kernel.PRINT, ("C#",), "WriteLine Write"),
    (kernel.PRINT, _SCRIPT, "console"),
    (kernel.PRINT, ("Go",), "Print Println Printf Fprint Fprintln Fprintf println print"),
    (kernel.PRINT, ("PHP",), "echo print printf print_r var_dump"),
    (kernel.PRINT, ("Ruby",), "puts print p pp printf"),
    (kernel.PRINT, ("Rust",), "println print eprintln eprint"),
    (kernel.PRINT, ("Swift", "Dart"), "print debugPrint NSLog"),
    (kernel.PRINT, ("Shell",), "echo printf"),
    (kernel.IMPORT, ("Python", "Cython"), "import from cimport"),
    (kernel.IMPORT, ("Java", "Go", "Scala", "Kotlin", "Swift", "Dart", *_SCRIPT), "import"),
    (kernel.IMPORT, _CFAMILY, "include import"),
    (kernel.IMPORT, ("C#", "C++"), "using"),
    (kernel.IMPORT, ("PHP",), "use require require_once include include_once"),
    (kernel.IMPORT, ("Ruby",), "require require_relative load"),
    (kernel.IMPORT, ("Rust",), "use extern mod"),
    (kernel.IMPORT, ("Shell",), "source"),
    (kernel.FUNCTION, ("Python", "Cython", "Ruby", "Scala"), "def cdef cpdef"),
    (kernel.FUNCTION, ("Go", "Swift"), "func init deinit"),
    (kernel.FUNCTION, ("Rust",), "fn"),
    (kernel.FUNCTION, ("Kotlin",), "fun"),
    (kernel.FUNCTION, ("PHP", "Shell", *_SCRIPT), "function"),
    (kernel.FUNCTION, ("SQL",), "FUNCTION PROCEDURE function procedure"),
    (kernel.CLASS, ("Python", "Cython", "Ruby", "PHP", "Scala", "Kotlin", "Dart", *_SCRIPT), "class"),
    (kernel.CLASS, ("Java", "C#", "C++", "Cuda", "Swift", "C", "Objective-C"), "class struct enum interface record union"),
    (kernel.CLASS, ("Rust",), "struct enum trait impl"),
    (kernel.CLASS, ("Go",), "type"),
    (kernel.CLASS, ("Scala", "Kotlin", "PHP", "Swift", "Dart", "Ruby", *_SCRIPT), "object trait protocol extension interface enum module mixin"),
    (kernel.RETURN, (), "return"),
    (kernel.PASS, ("Python", "Cython"), "pass"),
    (kernel.CONTROL, _BRACES, "if for while switch else do catch new throw return case foreach using lock synchronized until "
     "elseif await yield typeof delete sizeof defined"),
    (kernel.CONTROL, ("Shell",), "if for while case else elif until do then"),
    (kernel.MODIFIER, _BRACES, "public private protected internal static final abstract virtual override async export default "
     "inline unsafe sealed partial const declare readonly constexpr"),
    (kernel.MODIFIER, ("C", "C++", "Cuda", "Objective-C", "C#"), "extern"),
    (kernel.MODIFIER, ("Rust",), "pub const async unsafe"),
    (kernel.MODIFIER, ("Kotlin", "Scala", "Swift"), "public private protected internal final abstract override open inline sealed "
     "implicit lazy data suspend case mutating required convenience fileprivate static"),
    (kernel.MODIFIER, ("Python", "Cython"), "async"),
    (kernel.MODIFIER, ("SQL",), "create or replace CREATE OR REPLACE"),
    (kernel.FOR, (), "for foreach FOR"),
    (kernel.GOTO, _CFAMILY, "goto"),
    (kernel.ASSERT, (), "static_assert debug_assert debug_assert_eq debug_assert_ne"),
    (kernel.MAIN, _CFAMILY, "main"),
    (kernel.BITS, _CFAMILY, "bits"),
)  # fmt: skip
"""What words do: role, languages (none: all), words. An assertion is also any word with the part
`assert` at its beginning or after `_` or `XCT`, unless a longer part begins so (assertEqual and ASSERT_EQ
are assertions, AssertionError is not)."""

COMMENT_WORDS = (
    (kernel.WORD_TODO, "todo fixme"),
    (kernel.WORD_YOUR, "your"),
    (kernel.WORD_CODE, "code"),
    (kernel.WORD_HERE, "here"),
)
"""Words of comments, in any case: `todo`, `fixme`, and the three in a row of `your code here`."""

LANGUAGES = tuple(dict.fromkeys(name for _, names, _ in WORDS for name in names))
"""Languages whose lines are understood, by their Linguist names."""

COLUMNS = (
    "code_lines", "comment_share", "comment_line_share", "string_share", "long_string_line_share",
    "string_concatenation_share", "long_word_share", "hexadecimal_share", "todo_line_share", "assert_line_share",
    "print_line_share", "import_line_share", "pass_line_share", "function_line_share", "simple_function_share",
    "no_logic_share", "variable_lines", "preprocessor_line_share", "goto_line_share", "main_functions", "bits_header",
)  # fmt: skip
"""Signals of this pass, in the order of its rows."""

_HEADS = {"JavaScript": 1, "TypeScript": 1, "TSX": 1, "Shell": 1, "Dart": 1, **dict.fromkeys(("Java", "C", "C++", "Cuda", "Objective-C", "C#"), 2)}  # fmt: skip
"""Languages whose functions need no word of their own: the least number of words before their bracket."""


def measure(
    values: np.ndarray, offsets: np.ndarray, marks: np.ndarray, languages: list[str | None]
) -> np.ndarray:
    """Rows of COLUMNS, float64 [len(COLUMNS), texts]; zeros for texts in languages other than LANGUAGES.

    `marks`: those of lexing.mark for the same texts.
    """
    keys, roles, heads, words = _tables()
    names = {name: at for at, name in enumerate(LANGUAGES)}
    spoken = np.array([names.get(language, -1) for language in languages], np.int64)  # type: ignore[arg-type]
    out = np.zeros((len(COLUMNS), len(offsets) - 1))
    kernel.measure(values, offsets, marks, spoken, keys, roles, heads, words, out)
    return out


def _hash(word: str) -> int:
    state = 0xCBF29CE484222325
    for byte in word.encode():
        state = ((state ^ byte) * 0x100000001B3) & (2**64 - 1)
    return state


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Hash table of (word, language) to roles, words before a function's bracket, and roles of comment
    words."""
    found: dict[int, int] = {}
    for role, names, words in WORDS:
        for name in names or LANGUAGES:
            for word in words.split():
                key = _hash(word) ^ (LANGUAGES.index(name) + 1)
                found[key] = found.get(key, 0) | role
    keys, roles = np.zeros(kernel.SLOTS, np.uint64), np.zeros(kernel.SLOTS, np.int64)
    for key, role in found.items():
        slot = key % kernel.SLOTS
        while roles[slot]:
            slot = (slot + 1) % kernel.SLOTS
        keys[slot], roles[slot] = key, role
    heads = np.array([_HEADS.get(name, 0) for name in LANGUAGES])
    comments = [(_hash(word), role) for role, words in COMMENT_WORDS for word in words.split()]
    return keys, roles, heads, np.array(comments, np.uint64)
