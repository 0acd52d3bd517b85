"""The table of signals: what each is, in which unit, after whom, and for which languages it is measured.

A module of its own, so that the rules can be read without compiling anything.
"""

from __future__ import annotations

from dataclasses import dataclass

STACK, STARCODER, STARCODER2, OPENCODER = "The Stack", "StarCoder", "StarCoder2", "OpenCoder"

LEXED = (
    "Python",
    "Cython",
    "Java",
    "C",
    "C++",
    "Cuda",
    "Objective-C",
    "JavaScript",
    "TypeScript",
    "TSX",
    "PHP",
    "C#",
    "Go",
    "SQL",
    "Ruby",
    "Rust",
    "Scala",
    "Kotlin",
    "Shell",
    "Dart",
    "Swift",
)
"""Languages with signals of comments and strings, by their Linguist names: those of `lexing.DIALECTS`."""
MARKED_UP = ("HTML",)
"""Languages whose visible text is told from tags: those of `markup`."""

_CFAMILY = ("C", "C++")
_FUNCTIONS = tuple(name for name in LEXED if name not in ("SQL", "Shell"))


@dataclass(frozen=True)
class Signal:
    name: str
    unit: str
    meaning: str
    source: str
    languages: tuple[str, ...] | None = None
    """Linguist names that it can be measured for; None: all."""
    module: str | None = None
    """Whose `measure(values, offsets)` gives it for each text; None: a compiled pass of `measurement`."""


SIGNALS = (
    Signal("bytes", "bytes", "size of the text in UTF-8", OPENCODER),
    Signal("characters", "characters", "size of the text", OPENCODER),
    Signal("lines", "lines", "lines, an unfinished last one counted", STARCODER2),
    Signal("mean_line_length", "characters", "mean length of a line, its end not counted; 0 without lines", STACK),
    Signal("max_line_length", "characters", "length of the longest line", STACK),
    Signal("alphanumeric_share", "share of characters", "letters and digits of any script (str.isalnum)", STACK),
    Signal("alphabetic_share", "share of characters", "letters of any script (str.isalpha)", STARCODER),
    Signal(
        "visible_alphabetic_share", "share of characters but white space", "letters of any script (str.isalpha)",
        OPENCODER,
    ),
    Signal("digit_share", "share of characters but white space", "the digits 0 to 9", OPENCODER),
    Signal("white_space_share", "share of characters", "white space (str.isspace)", OPENCODER),
    Signal("replacement_share", "share of characters", "U+FFFD, left by a failed decoding", OPENCODER),
    Signal("blank_line_share", "share of lines", "lines with nothing but white space (str.isspace)", OPENCODER),
    Signal(
        "encoded_share", "share of bytes",
        "bytes inside encoded runs: base64 of at least 64 characters (in lines of 24 in the mean), or at least 8 two-digit "
        "hexadecimal bytes (a prefix or a letter among them), or at least 8 \\uXXXX escapes", STARCODER2,
    ),
    Signal("longest_encoded_run", "bytes", "length of the longest encoded run", STARCODER2),
    Signal("xml_header", "0 or 1", "`<?xml version=` within the first 100 bytes", STARCODER),
    Signal(
        "generated", "0 or 1",
        "a phrase that generators leave, as whole words in the first 5 lines, in any case; or a generator's own mark "
        "or file name", STARCODER2,
    ),
    Signal("vendored", "0 or 1", "another project's code, by its path or by a licence of another holder in its folder", "Linguist"),
    Signal("test_file", "0 or 1", "a test by its name or folder", OPENCODER),
    Signal("words", "words", "runs of letters, digits and _", OPENCODER),
    Signal("mean_word_length", "characters", "mean length of a word; 0 without words", OPENCODER),
    Signal("unique_word_share", "share of words", "distinct words, in any case", OPENCODER),
    *(
        Signal(
            f"top_{n}gram_share", "share of characters of words",
            f"all occurrences of the most frequent {n} words in a row, 0 where none repeats", OPENCODER,
        )
        for n in (2, 3, 4)
    ),
    *(
        Signal(
            f"duplicate_{n}gram_share", "share of characters of words",
            f"words in some {n} words in a row that occur more than once", OPENCODER,
        )
        for n in range(5, 11)
    ),
    Signal(
        "duplicate_line_share", "share of lines of code",
        "lines with a letter or digit that occur more than once, comments and white space left out", OPENCODER,
    ),
    Signal("code_lines", "lines", "lines with more than comment, docstring and white space", OPENCODER, LEXED),
    Signal("comment_share", "share of characters", "comments and docstrings", "SantaCoder, OpenCoder", LEXED),
    Signal("comment_line_share", "share of lines", "lines with only comment or docstring", "Neve", LEXED),
    Signal("string_share", "share of characters but comments", "string literals, their quotes counted in", OPENCODER, LEXED),
    Signal("long_string_line_share", "share of lines of code", "more than 20 words of string literals", OPENCODER, LEXED),
    Signal(
        "string_concatenation_share", "share of lines of code", 'an assignment of "…" + "…"', OPENCODER, LEXED,
    ),
    Signal(
        "long_word_share", "share of characters but comments",
        "pieces of string literals of more than 20 characters without white space or quote, addresses (://) left out",
        OPENCODER, LEXED,
    ),
    Signal("hexadecimal_share", "share of characters but comments", "numbers written 0x…", OPENCODER, LEXED),
    Signal("todo_line_share", "share of lines", "todo, fixme or `your code here` in a comment", OPENCODER, LEXED),
    Signal("assert_line_share", "share of lines of code", "an assertion", OPENCODER, LEXED),
    Signal("print_line_share", "share of lines of code", "a call that prints", OPENCODER, LEXED),
    Signal("import_line_share", "share of lines of code", "an import or include", OPENCODER, LEXED),
    Signal("pass_line_share", "share of lines of code", "`pass` alone", OPENCODER, ("Python", "Cython")),
    Signal("function_line_share", "share of lines of code", "the head of a function", OPENCODER, _FUNCTIONS),
    Signal(
        "simple_function_share", "share of lines of code", "functions whose only line is a return", OPENCODER,
        ("Python", "Cython"),
    ),
    Signal(
        "no_logic_share", "share of lines of code",
        "imports, heads of functions and classes, plain declarations, returns of one word", OPENCODER, _FUNCTIONS,
    ),
    Signal(
        "variable_lines", "lines", "assignments, declarations, loops by for, heads of functions with parameters",
        OPENCODER, _FUNCTIONS,
    ),
    Signal(
        "preprocessor_line_share", "share of lines of code", "preprocessor directives; 0 in a header, whose work that is",
        OPENCODER, _CFAMILY,
    ),
    Signal("goto_line_share", "share of lines of code", "goto", OPENCODER, _CFAMILY),
    Signal("main_functions", "functions", "definitions of main", OPENCODER, _CFAMILY),
    Signal("bits_header", "0 or 1", "an include of bits/…, as programs of contests have", OPENCODER, _CFAMILY),
    Signal(
        "visible_text_share", "share of characters", "outside tags, comments, scripts and styles", STARCODER,
        MARKED_UP,
    ),
    Signal("visible_characters", "characters", "outside tags, comments, scripts and styles", STARCODER, MARKED_UP),
)  # fmt: skip
"""The table of signals; every column is float64."""

NAMES = tuple(signal.name for signal in SIGNALS)
