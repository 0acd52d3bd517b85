"""Which measurements stop a file: a table of rules, applied to whole columns.

A rule compares one signal with one limit for some languages, which may differ by language; the first rule of
the table that a file breaks is its verdict. What could not be measured is never let through: it is the
verdict `unmeasured`. The trade-off: rules are data with one comparison each, so that a person can read all
of them (`neve filters`) and a recipe can move every limit; what needs more than a comparison becomes a
signal. Nothing is drawn by chance.

A limit is the published one unless reading what it stopped showed good code among it; then `source` says
what was published and what Neve takes. A rule without a limit is off until a recipe gives it one.

Sources: StarCoder (arXiv 2305.06161), StarCoder2 (2402.19173), The Stack (2211.15533), OpenCoder
(2411.04905).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from neve.corpus.signals import expression
from neve.corpus.signals.table import SIGNALS
from neve.errors import Fault

UNMEASURED = "unmeasured"

_PROSE = (
    "HTML", "JSON", "Jupyter Notebook", "Markdown", "Roff", "Roff Manpage", "SMT", "TeX", "Text", "XML",
)  # fmt: skip
_DATA = ("Graphviz (DOT)", "JSON", "Text", "Web Ontology Language", "YAML")
_SMALL_DATA = ("JSON", "YAML")
_ASSEMBLY = ("Motorola 68K Assembly", "WebAssembly")
_XML = (
    "Ant Build System", "COLLADA", "Eagle", "HTML", "Maven POM", "SVG", "Web Ontology Language", "XML",
    "XML Property List", "XPages", "XProc", "XSLT",
)  # fmt: skip
_PARSED = {
    **dict.fromkeys(("C", "C++", "Kotlin", "Shell", "Swift"), 0.99),
    **dict.fromkeys(("C#", "Dart", "Go", "Java", "JavaScript", "Jupyter Notebook", "PHP", "Ruby", "Rust", "Scala",
                     "TypeScript"), 0.1),
}  # fmt: skip
"""Limits of syntax: grammars that lack what is new in their languages make errors in good code. In C, C++,
Kotlin, Shell and Swift most of what was stopped for a part was good: only a text that is errors from end to
end stops, and in the last three only one with a merge conflict in it."""
_MEASURED = {signal.name: signal.languages for signal in SIGNALS}

STACK = "The Stack 2211.15533"
STARCODER = "StarCoder 2305.06161"
STARCODER2 = "StarCoder2 2402.19173"
OPENCODER = "OpenCoder 2411.04905"


@dataclass(frozen=True)
class Rule:
    name: str
    signal: str
    stops: Literal["<", ">"]
    """A file stops when its signal is below, or above, the limit; at the limit it passes."""
    limit: float | None
    """None: off, until a recipe gives a limit."""
    meaning: str
    source: str
    languages: tuple[str, ...] | None = None
    """Linguist names that the rule applies to; None: all for which the signal is measured."""
    excluded: tuple[str, ...] = ()
    """Linguist names that it does not apply to."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Limits of single languages, by their Linguist names."""
    step: Literal["bytes", "syntax"] = "bytes"
    """bytes: at once. syntax: expensive, on what passed the rules of the other step."""

    def applies(self, language: str | None) -> bool:
        """Whether a file of this language (None: unknown) is asked."""
        measured = _MEASURED.get(self.signal)
        for admitted in (self.languages, measured):
            if admitted is not None and language not in admitted:
                return False
        return language not in self.excluded


RULES = (
    Rule("size", "bytes", "<", 64, "too small to teach anything", f"Neve; {OPENCODER} stops below 50 characters"),
    Rule("words", "words", "<", 16, "few words", f"Neve; {OPENCODER} has 30"),
    Rule("short", "lines", "<", 3, "few lines", f"Neve; {OPENCODER} has 10"),
    Rule("lines", "lines", ">", 100_000, "too many lines", f"{STARCODER2}, long line filters; {OPENCODER}"),
    Rule("data_lines", "lines", ">", 512, "data rather than code", f"{STARCODER2}, language-specific filters", _DATA),
    Rule("data_small", "characters", "<", 50, "too small for a data file", f"{STARCODER}, JSON and YAML filters", _SMALL_DATA),
    Rule("data_large", "characters", ">", 5000, "data rather than configuration", f"{STARCODER}, JSON and YAML filters", _SMALL_DATA),
    Rule("data_alphabetic", "alphabetic_share", "<", 0.5, "numbers for the most part", f"{STARCODER}, JSON and YAML filters", _SMALL_DATA),
    Rule("mean_line", "mean_line_length", ">", 100, "long lines on average: minified or data", f"{STARCODER}, after {STACK}; SQL 250: Neve", excluded=_PROSE, limits={"SQL": 250}),
    Rule("short_lines", "mean_line_length", "<", 5, "hardly anything on a line", OPENCODER),
    Rule("max_line", "max_line_length", ">", 10_000, "a very long line: minified or data", f"Neve; {STARCODER}, after {STACK}, has 1000: a literal in a test", excluded=_PROSE),
    Rule("max_line_prose", "max_line_length", ">", 100_000, "a very long line where long lines are usual", f"{STARCODER2}, long line filters", _PROSE),
    Rule("alphanumeric", "alphanumeric_share", "<", 0.12, "few letters and digits", f"Neve; {STACK}, {STARCODER2} for assembly have 0.25: rulers in comments, deep indentation"),
    Rule("alphabetic", "alphabetic_share", "<", 0.12, "few letters", f"Neve; {STARCODER}, {STARCODER2} have 0.25: tests with arrays", excluded=_ASSEMBLY),
    Rule("visible_alphabetic", "visible_alphabetic_share", "<", 0.2, "few letters among what can be seen", f"Neve; {OPENCODER} has 0.5", excluded=_ASSEMBLY),
    Rule("digits", "digit_share", ">", 0.5, "numbers for the most part", f"Neve; {OPENCODER} has 0.2, SQL 0.3: ciphers, test vectors"),
    Rule("white_space", "white_space_share", ">", 0.8, "white space for the most part", f"Neve; {OPENCODER} has 0.5: deep indentation"),
    Rule("replacement", "replacement_share", ">", 0.01, "broken by a wrong decoding", OPENCODER),
    Rule("vendored", "vendored", ">", 0, "another project's code", "Linguist, vendored files"),
    Rule("generated", "generated", ">", 0, "written by a program", f"{STARCODER2}, autogenerated filter"),
    Rule("test_file", "test_file", ">", None, "a test", f"{OPENCODER} drops 8 of 10 Go tests by chance; off here"),
    Rule("encoded_run", "longest_encoded_run", ">", 8192, "a long piece of encoded data", f"Neve; {STARCODER2}, encoded data filter, has 1024: keys and vectors in tests"),
    Rule("encoded", "encoded_share", ">", 0.6, "encoded data for the most part", f"Neve; {STARCODER2}, encoded data filter, has 0.5"),
    Rule("xml_header", "xml_header", ">", 0, "XML under another language's name", f"{STARCODER}, XML filter", excluded=_XML),
    Rule("word_short", "mean_word_length", "<", None, "words of a letter or two", f"{OPENCODER} has 1.7; off here: scripts with combining marks, short tests"),
    Rule("word_long", "mean_word_length", ">", 30, "words that are too long for names", f"Neve; {OPENCODER} has 10: names of tables, lists of exports"),
    Rule("unique_words", "unique_word_share", "<", None, "few different words", OPENCODER),
    Rule("top_2gram", "top_2gram_share", ">", None, "the same two words again and again", f"{OPENCODER} has 0.2; off here: parallel lines, tables"),
    Rule("top_3gram", "top_3gram_share", ">", None, "the same three words again and again", f"{OPENCODER} has 0.18; off here: a literal in a test"),
    Rule("top_4gram", "top_4gram_share", ">", None, "the same four words again and again", f"{OPENCODER} has 0.16; off here: a literal in a test"),
    *(Rule(f"duplicate_{n}gram", f"duplicate_{n}gram_share", ">", limit, f"repeats itself, {n} words at a time",
           f"Neve; {OPENCODER} has {published}, HTML 0.6: overloads")
      for n, limit, published in ((5, 0.98, 0.8), (6, 0.98, 0.7), (7, 0.98, 0.7), (8, 0.98, 0.7), (9, 0.98, 0.7), (10, 0.98, 0.6))),
    Rule("duplicate_lines", "duplicate_line_share", ">", 0.95, "the same lines again and again", f"Neve; {OPENCODER} has 0.7"),
    Rule("comments", "comment_share", ">", 0.97, "comment for the most part", f"Neve; SantaCoder 2301.03988 and {OPENCODER} have 0.8"),
    Rule("strings", "string_share", ">", 0.97, "text in strings for the most part", f"Neve; {OPENCODER} has 0.6", excluded=("Shell",)),
    Rule("long_strings", "long_string_line_share", ">", 0.5, "prose in strings", f"Neve; {OPENCODER} has 0.2: one sentence in a short file", excluded=("Shell",)),
    Rule("string_concatenation", "string_concatenation_share", ">", None, "strings put together line by line", OPENCODER),
    Rule("long_words", "long_word_share", ">", 0.85, "strings that are no words", f"Neve; {OPENCODER} has 0.4; not Go, whose imports are strings", excluded=("Go",)),
    Rule("hexadecimal", "hexadecimal_share", ">", 0.7, "tables of numbers", f"Neve; {OPENCODER} has 0.4: checksums with their tables"),
    Rule("todo", "todo_line_share", ">", 0.4, "an exercise left to its reader", f"Neve; {OPENCODER} has 0.01: programs about to-do lists"),
    Rule("asserts", "assert_line_share", ">", 0.97, "assertions for the most part", f"Neve; {OPENCODER} has 0.4", excluded=("Shell", "Go")),
    Rule("prints", "print_line_share", ">", 0.8, "prints for the most part", f"Neve; {OPENCODER} has 0.4: examples, command lines", excluded=("Shell", "SQL")),
    Rule("imports", "import_line_share", ">", 0.8, "imports for the most part", f"Neve; {OPENCODER} has 0.3", ("Python",)),
    Rule("passes", "pass_line_share", ">", 0.5, "bodies without code", f"Neve; {OPENCODER} has 0.05: modules of exceptions", ("Python",)),
    Rule("functions", "function_line_share", ">", None, "heads of functions for the most part", f"{OPENCODER} has 0.2; off here: interfaces, protocols, traits"),
    Rule("simple_functions", "simple_function_share", ">", None, "functions of one return", f"{OPENCODER} has 0.1; off here: modules of small helpers", ("Python",)),
    Rule("no_logic", "no_logic_share", ">", None, "declarations for the most part", f"{OPENCODER} drops 8 of 10 above 0.5 by chance; off here: constants, enums, stubs"),
    Rule("no_variable", "variable_lines", "<", None, "nothing is named", f"{OPENCODER} has 1; off here: scripts, tests",  ("Python", "Java", "C#", "Go", "JavaScript")),
    Rule("preprocessor", "preprocessor_line_share", ">", None, "preprocessor directives for the most part", f"{OPENCODER} has 0.8; off here: a file that includes others"),
    Rule("mains", "main_functions", ">", 3, "several programs in one file", f"Neve; {OPENCODER} has 1: one main for each platform"),
    Rule("html_text", "visible_text_share", "<", 0.2, "hardly any text on the page", f"{STARCODER}, HTML filter"),
    Rule("html_small", "visible_characters", "<", 100, "hardly any text on the page", f"{STARCODER}, HTML filter"),
    Rule("syntax", "parse_error_share", ">", 0, "does not parse",
         "SwallowCode 2505.02881, syntax errors; limits: docs/curation-corpus.md",
         ("Python", *_PARSED), limits=_PARSED, step="syntax"),
)  # fmt: skip
"""All rules in the order in which they are asked."""


def limit(rule: str, language: str | None) -> float | None:
    """The default limit of a rule for a language; None where it does not ask, or is off."""
    (found,) = (r for r in RULES if r.name == rule)
    return found.limits.get(language or "", found.limit) if found.applies(language) else None


def apply(
    signals: pa.Table,
    languages: pa.Array | pa.ChunkedArray,
    overrides: Mapping[str, float | bool | str] | None = None,
    step: Literal["bytes", "syntax"] = "bytes",
) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """Verdict of the rules of one step for every row of `signals`.

    `languages`: Linguist names or null, as many. `overrides`: a limit by rule name, for all languages that
    the rule applies to, or by `rule.Language` for one; False switches off, True leaves as it is; a text by a
    name of its own is an expression (`expression`), asked after the rules of step bytes. Returns
    (name of the first rule that stops the row, "unmeasured" where that rule's signal is null or NaN, null
    where none stops it; the value; the limit), the last two NaN where there is nothing to tell. Raises Fault
    for an override of an unknown rule or to something that is neither number nor expression.
    """
    chosen = _chosen(overrides or {})
    rows = signals.num_rows
    names = np.array([None] * rows, dtype=object)
    values, bounds = np.full(rows, np.nan), np.full(rows, np.nan)
    known, codes = _codes(languages)
    for rule in RULES:
        if rule.step != step:
            continue
        limits = [chosen[rule.name].of(language) if rule.applies(language) else None for language in known]
        if all(limit is None for limit in limits):
            continue
        limit = np.array([math.nan if limit is None else limit for limit in limits])[codes]
        value = signals[rule.signal].to_numpy().astype(float)
        unknown = np.isnan(value)
        breaks = unknown | (value < limit if rule.stops == "<" else value > limit)
        stopped = ~np.isnan(limit) & breaks & (names == None)  # noqa: E711  (elementwise)
        names[stopped] = rule.name
        names[stopped & unknown] = UNMEASURED
        values[stopped] = value[stopped]
        bounds[stopped] = limit[stopped]
    spelled = np.array(known, dtype=object)[codes]
    for name, text in _own(overrides or {}).items() if step == "bytes" else ():
        names[expression.stops(text, signals, spelled) & (names == None)] = name  # noqa: E711
    return pa.array(names, pa.string()), values, bounds


def table(overrides: Mapping[str, float | bool | str] | None = None) -> list[dict[str, Any]]:
    """Rows for a person: rule, step, what stops a file, languages, limits by language, meaning, source.

    Limits are as `overrides` leave them.
    """
    chosen = _chosen(overrides or {})
    return [
        {
            "rule": rule.name,
            "step": rule.step,
            "stops": f"{rule.signal} {rule.stops} {_told(chosen[rule.name].limit)}"
            if chosen[rule.name].limit is not None
            else "off",
            "languages": _who(rule),
            "by_language": ", ".join(
                f"{name} {_told(limit)}" for name, limit in sorted(chosen[rule.name].single.items())
            ),
            "meaning": rule.meaning,
            "source": rule.source,
        }
        for rule in RULES
    ] + [
        {"rule": name, "step": "bytes", "stops": text, "languages": "all", "by_language": "", "meaning": "a rule of one's own",
         "source": "the recipe"}
        for name, text in _own(overrides or {}).items()
    ]  # fmt: skip


def _own(overrides: Mapping[str, float | bool | str]) -> dict[str, str]:
    """The expressions among the overrides, by the names that they give their rules."""
    return {name: text for name, text in overrides.items() if isinstance(text, str)}


@dataclass
class _Limits:
    """The limits of one rule as a recipe leaves them; None: off."""

    limit: float | None
    single: dict[str, float | None]

    def of(self, language: str | None) -> float | None:
        return self.single.get(language, self.limit) if language is not None else self.limit


def _chosen(overrides: Mapping[str, float | bool | str]) -> dict[str, _Limits]:
    rules = {rule.name: rule for rule in RULES}
    chosen = {rule.name: _Limits(rule.limit, dict(rule.limits)) for rule in RULES}
    for key, value in sorted(
        overrides.items(), key=lambda pair: "." in pair[0]
    ):  # a rule before its languages
        name, _, language = key.partition(".")
        if isinstance(value, str):
            _check_own(key, value, rules)
            continue
        if name not in rules:
            raise Fault(
                f"corpus.filters.{key} = {value}: no such rule{_meant(name, rules)}; `neve filters` lists them, and one "
                f'language\'s limit is set as "max_line.SQL"'
            )
        if language and not rules[name].applies(language):
            raise Fault(f"corpus.filters.{key} = {value}: the rule {name!r} does not apply to {language!r}")
        if value is True:
            continue
        if value is not False and not (isinstance(value, int | float) and value >= 0):
            raise Fault(
                f"corpus.filters.{key} = {value!r}: must be a number, 0 or more, or false to switch the rule off"
            )
        limit = None if value is False else float(value)
        if language:
            chosen[name].single[language] = limit
        else:
            chosen[name] = _Limits(limit, {})
    return chosen


def _check_own(name: str, text: str, rules: Mapping[str, Rule]) -> None:
    """Raises Fault for an expression that cannot be, or under a name that it may not have."""
    said = f"corpus.filters.{name} = {text!r}"
    if name.partition(".")[0] in rules:
        raise Fault(
            f"{said}: must be a number, or false to switch the rule off; a rule of one's own has another name"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == UNMEASURED:
        raise Fault(f"{said}: a rule's name has small letters, digits and _")
    try:
        expression.parse(text)
    except Fault as fault:
        raise Fault(f"{said}: {fault}") from None


def _meant(name: str, rules: Mapping[str, Rule]) -> str:
    near = difflib.get_close_matches(name, rules, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _codes(languages: pa.Array | pa.ChunkedArray) -> tuple[list[str | None], np.ndarray]:
    if isinstance(languages, pa.ChunkedArray):
        languages = languages.combine_chunks() if languages.num_chunks != 1 else languages.chunk(0)
    if pa.types.is_null(languages.type):
        languages = languages.cast(pa.string())
    encoded = languages.dictionary_encode(null_encoding="encode")
    known = encoded.dictionary.to_pylist() or [None]
    return known, encoded.indices.to_numpy(zero_copy_only=False)


def _told(limit: float | None) -> str:
    return "off" if limit is None else f"{limit:g}"


def _who(rule: Rule) -> str:
    admitted = rule.languages if rule.languages is not None else _MEASURED.get(rule.signal)
    if admitted is not None:
        return ", ".join(name for name in admitted if rule.applies(name))
    return f"all but {', '.join(rule.excluded)}" if rule.excluded else "all"
