"""The parsers themselves, in a process that may be killed: `python -m neve.corpus.syntax.parsers FD` serves
neve.corpus.syntax.parsing.

Texts lie in a file that both processes map (see `layout`), and each share is written there as soon as it is
known, so that whoever finds this process dead sees which text killed it. The kernel ends it with SIGPROF at
a text's limit of processor time; it has a limit of address space too. Nothing per text goes over the pipes.

Python. CPython's word is what "parses" means, and tree-sitter is the second opinion. Measured against
CPython: of 65 files that it refuses in four sdists of Python 2's time tree-sitter-python sees an error in 3
(its grammar holds the old statements, and heals indentation); of 6,598 files that it accepts tree-sitter
refuses 4. Where CPython refuses, the file still passes if ruff
accepts it as Python 3.15, so that the verdict does not depend on the host's version; but not with `except A,
B:` (PEP 758), which in nearly all code is Python 2. Ruff's parser, set to Python 3.11, goes first
because it is several times faster: what it accepts parses, and CPython is asked for the rest alone. Of
24,000 files, of which CPython refuses 1,336 (most of them mutilated for this), it accepted none that CPython
refused and refused two that CPython accepts; but it knows no limit of nesting, which CPython has at 200.

Other languages: tree-sitter. Where bytes are in error (in C and C++ more than macros cause) the text is read
again, by the second grammar that a name covers and, in the C family, with one branch of each `#if`: grammars
read all branches, whose braces need not match (of 250 good C files 3 % were one error from end to end).
Grammars also lag behind their languages, and one construct that they lack can turn a whole text into an
error; so the lines of the first errors are taken out, and where the rest then parses only those count. Merge
conflicts are errors from end to end; zsh, which Linguist calls Shell too, has no grammar here and passes.
SQL has no parser here: of 245 files, most of them good, in nine dialects tree-sitter-sql 0.3.13 saw errors
in 61 %, and in more than a fifth of the text in 24 %.

Sources: SwallowCode (arXiv 2505.02881) drops Python that its compiler refuses; the grammars are their own
projects'.
"""

from __future__ import annotations

import ast
import gc
import importlib
import math
import mmap
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

GRAMMARS = {
    "C": ("tree_sitter_c:language", "tree_sitter_cpp:language"),
    "C#": ("tree_sitter_c_sharp:language",),
    "C++": ("tree_sitter_cpp:language",),
    "Dart": ("tree_sitter_dart:language",),
    "Go": ("tree_sitter_go:language",),
    "Java": ("tree_sitter_java:language",),
    "JavaScript": ("tree_sitter_javascript:language", "tree_sitter_typescript:language_tsx"),
    "Kotlin": ("tree_sitter_kotlin:language",),
    "PHP": ("tree_sitter_php:language_php",),
    "Python": ("tree_sitter_python:language",),
    "Ruby": ("tree_sitter_ruby:language",),
    "Rust": ("tree_sitter_rust:language",),
    "Scala": ("tree_sitter_scala:language",),
    "Shell": ("tree_sitter_bash:language",),
    "Swift": ("tree_sitter_swift:language",),
    "TypeScript": ("tree_sitter_typescript:language_typescript", "tree_sitter_typescript:language_tsx"),
}
"""Linguist name: its tree-sitter grammars, module:function. Rules on syntax are asked for these languages
alone."""

MEMORY_BYTES = 1 << 30
REQUEST = struct.Struct("<QQd")
"""Number of texts, the first to parse, seconds of processor time a text."""
UNANSWERED = -1.0
TEXT_BYTES = 32 << 20
"""Longer texts are not given to a parser."""

_RUFF_TEXT_BYTES = 2 << 20  # longer texts go to CPython at once
_MEMORY_FOLDER = "/dev/shm"  # where there is one: files there take a tenth of the time
_RUFF_WORTH_BYTES = 100_000  # less is not worth a process
_RUFF_OUTPUT_BYTES = 16 << 20
_USUAL = {
    "C": 0.05,
    "C++": 0.05,
}  # share of error bytes that macros cause in good code: no other reading is tried
_CONDITIONAL = {"C", "C#", "C++"}
ROUNDS, SET_ASIDE = 8, 0.2
"""Lines that are taken out one after the other, and the share of a text that they may make up."""
PATIENCE, HOPELESS = 3, 0.95
"""After so many lines no more than this share of the errors may be left: what is wrong from end to end is
not read nine times."""
_LOCAL = 0.05  # a smaller share of error bytes is no whole text lost to one construct
_CONFLICT = re.compile(rb"(?m)^<{7} \S(?s:.*?)^={7}\r?$(?s:.*?)^>{7} \S")
_ZSH = re.compile(
    rb"\A#![^\n]*\bzsh\b|(?m:^[ \t]*(emulate -L|autoload -U|zmodload|zstyle|compdef)\b)|\$\{\(|\$\{\+\w|\(\( \$\+"
)
_IMPORT_TYPE = re.compile(rb"\bimport\((?:\"[^\"\n]*\"|'[^'\n]*')\)\.(?=\w)")
"""What compilers write into declarations, and the grammar lacks after `extends`."""
_EXCEPT_2 = re.compile(rb"(?m)^[ \t]*except\b[^\n:(]*,")
_NEWER = re.compile(
    rb"(?m)^[ \t]*(?:type|lazy)[ \t]+\w|\b(?:def|class)[ \t]+\w+[ \t]*\[|\b(?:[fFtT][rR]?|[rR][fFtT])[\"']"
)
"""What Python has only since 3.12 begins so; where it stands ruff is asked once more, a process a slice."""
_IF = re.compile(rb"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b(.*)")

_UNSURE = dict.fromkeys(("Kotlin", "Shell", "Swift"), 0.98)
"""Languages whose grammar makes one error of whole good files (`a get b` after a property, an atomic's
operators, `<<'END' |`, a typed throw) -> the largest share that anything but a merge conflict has."""


def layout(rows: int) -> tuple[int, int, int]:
    """Where offsets, language codes and texts begin in the shared file: after 8 bytes of answer a text,
    after rows + 1 offsets of 8 bytes, after a byte of language a text; offsets count from the first text."""
    return 8 * rows, 16 * rows + 8, 17 * rows + 8


def main() -> None:
    """Answer requests on standard input until it ends, a byte each."""
    shared = int(sys.argv[1])
    back = os.dup(1)
    os.dup2(2, 1)  # nothing else may speak on the pipe
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    gc.disable()  # syntax trees are many objects without circles
    os.write(back, b"\1")
    while len(head := sys.stdin.buffer.read(REQUEST.size)) == REQUEST.size:
        rows, first, timeout_s = REQUEST.unpack(head)
        with mmap.mmap(shared, 0) as file:
            _answer(file, rows, first, timeout_s)
        os.write(back, b"\1")


def _answer(file: mmap.mmap, rows: int, first: int, timeout_s: float) -> None:
    names = list(GRAMMARS)
    offsets_at, codes_at, texts_at = layout(rows)
    with (
        memoryview(file) as whole,
        whole[:offsets_at].cast("d") as shares,
        whole[offsets_at:codes_at].cast("q") as ends,
    ):

        def text(row: int) -> bytes:
            return file[texts_at + ends[row] : texts_at + ends[row + 1]]

        python = [
            row for row in range(first, rows)
            if names[file[codes_at + row]] == "Python" and ends[row + 1] - ends[row] <= _RUFF_TEXT_BYTES
        ]  # fmt: skip
        accepted: set[int] = set()
        if sum(ends[row + 1] - ends[row] for row in python) >= _RUFF_WORTH_BYTES:
            texts = {row: text(row) for row in python}
            accepted = _accepted_by_ruff(texts, "py311", timeout_s)
            newer = {row: texts[row] for row in python if row not in accepted and _may_be_newer(texts[row])}
            accepted |= _accepted_by_ruff(newer, "py315", timeout_s) if newer else set()
        for row in range(first, rows):
            if row in accepted:
                shares[row] = 0.0
                continue
            signal.setitimer(signal.ITIMER_PROF, timeout_s)
            try:
                share = error_share(text(row), names[file[codes_at + row]])
            except (MemoryError, RecursionError):
                share = math.nan
            signal.setitimer(signal.ITIMER_PROF, 0)
            shares[row] = share


def error_share(text: bytes, language: str) -> float:
    """Share of a text's bytes that the parser of a language of GRAMMARS can make nothing of, in [0, 1].

    NUL ends a text for most parsers. It is read as a question mark, which is well in a literal and nowhere
    else.
    """
    text = text.replace(b"\0", b"?")
    errors = _python(text) if language == "Python" else _fewest_errors(text, language)
    return min(1.0, errors / max(1, len(text)))


def _fewest_errors(text: bytes, language: str) -> int:
    """Error bytes, by the reading that has fewest where there are more than usual."""
    if _CONFLICT.search(text):
        return len(text)
    if language == "PHP" and b"<?" not in text:
        return len(text)  # to the grammar, a text outside tags is a page without any PHP
    if language == "Shell" and _ZSH.search(text):
        return 0
    most = int(_UNSURE.get(language, 1) * len(text))
    return min(most, _read(text, language))


def _read(text: bytes, language: str) -> int:
    """Error bytes of what is no conflict."""
    first, *others = GRAMMARS[language]
    fewest = _error_bytes(_parser(first).parse(text).root_node)
    if fewest <= _USUAL.get(language, 0) * len(text):
        return fewest
    if language in _CONDITIONAL:
        if (branch := one_branch(text)) is None:
            return fewest
        text, others = branch, [first, *others]
    if language == "TypeScript":
        text, others = _IMPORT_TYPE.sub(lambda found: b" " * len(found[0]), text), [first, *others]
    readings = {grammar: _error_bytes(_parser(grammar).parse(text).root_node) for grammar in others}
    readings.setdefault(first, fewest)
    best = min(readings, key=readings.__getitem__)
    fewest = min(fewest, readings[best])
    return fewest if fewest <= _LOCAL * len(text) else min(fewest, _set_aside(text, best))


def _set_aside(text: bytes, grammar: str) -> int:
    """Bytes of the lines that must be taken out for the rest to parse; all of the text where a few do not
    suffice.

    A construct that the grammar lacks often turns all that follows into one error. The line of the first
    error is blanked and the text parsed again, at most ROUNDS times.
    """
    left, gone, tree = bytearray(text), 0, _parser(grammar).parse(text)
    at_first = _error_bytes(tree.root_node)
    for number in range(ROUNDS):
        node = tree.root_node
        if not node.has_error:
            return gone
        if number == PATIENCE and _error_bytes(node) > HOPELESS * at_first:
            break
        while inner := next(
            (child for child in node.children if child.is_error or child.is_missing or child.has_error), None
        ):
            node = inner
        at = node.start_byte + len(left[node.start_byte :]) - len(left[node.start_byte :].lstrip())
        start, end = left.rfind(b"\n", 0, at) + 1, left.find(b"\n", at)
        end = end if end >= 0 else len(left)
        gone += end - start
        if start == end or gone > SET_ASIDE * len(text):
            break
        left[start:end] = b" " * (end - start)
        line = text.count(b"\n", 0, start)
        tree.edit(start, end, end, (line, 0), (line, end - start), (line, end - start))
        tree = _parser(grammar).parse(bytes(left), tree)  # what the line did not touch is not read again
    return len(text) if tree.root_node.has_error else gone


def one_branch(text: bytes) -> bytes | None:
    """C, C++ or C# as one compiler sees it: of each `#if` the first branch that is neither `#if 0` nor for
    C++ alone (`__cplusplus`); other branches and the directives are empty lines. None where `#if` and
    `#endif` do not match.

    >>> one_branch(b"#if A\\nx {\\n#else\\ny {\\n#endif\\n}")
    b'\\nx {\\n\\n\\n\\n}'
    """
    lines: list[bytes] = []
    open_ifs: list[tuple[bool, bool]] = []  # whether a branch was kept before, whether this one is
    continued = False
    for line in text.split(b"\n"):
        found = None if continued else _IF.match(line)
        if found is None and not continued:
            lines.append(line if all(kept for _, kept in open_ifs) else b"")
            continue
        continued = line.rstrip().endswith(b"\\")
        lines.append(b"")
        if found is None:
            continue
        word, condition = found[1], found[2]
        if word.startswith(b"if"):
            unkept = condition.strip() == b"0" or (word != b"ifndef" and b"__cplusplus" in condition)
            open_ifs.append((not unkept, not unkept))
        elif not open_ifs:
            return None
        elif word == b"endif":
            open_ifs.pop()
        else:
            open_ifs[-1] = (True, not open_ifs[-1][0])
    return None if open_ifs else b"\n".join(lines)


@cache
def _parser(grammar: str) -> Any:
    from tree_sitter import Language, Parser

    module, _, function = grammar.partition(":")
    return Parser(Language(getattr(importlib.import_module(module), function)()))


def _error_bytes(root: Any) -> int:
    """Bytes under error and missing nodes; one that covers no byte counts as one."""
    errors, nodes = 0, [root]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            errors += max(1, node.end_byte - node.start_byte)
        elif node.has_error:
            nodes.extend(node.children)
    return errors


def _accepted_by_ruff(texts: dict[int, bytes], version: str, timeout_s: float = 5.0) -> set[int]:
    """Keys of the Python texts that ruff parses as that version of Python; none where ruff fails in any way.

    A text that cannot parse lies among them: ruff's word counts only if it refuses that one.
    """
    from ruff import find_ruff_bin

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_RUFF_OUTPUT_BYTES, _RUFF_OUTPUT_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(4 * timeout_s), math.ceil(4 * timeout_s)))

    command = [find_ruff_bin(), "check", ".", "--isolated", "--no-cache", "--no-respect-gitignore", "--quiet",
               f"--target-version={version}", "--select=E902", "--output-format=json-lines"]  # fmt: skip
    place = _MEMORY_FOLDER if os.access(_MEMORY_FOLDER, os.W_OK) else None
    try:
        with (
            tempfile.TemporaryDirectory(prefix="neve-", dir=place) as folder,
            tempfile.TemporaryFile() as out,
        ):
            for key, text in {**texts, -1: b"("}.items():
                Path(folder, f"{key}.py").write_bytes(text)
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                env={"RAYON_NUM_THREADS": "1"}, preexec_fn=limit, timeout=5 * timeout_s,
            )  # fmt: skip
            out.seek(0)
            refused = {int(key) for key in re.findall(rb'"filename":"[^"]*?(-?\d+)\.py"', out.read())}
    except (OSError, subprocess.SubprocessError):
        return set()
    return set(texts) - refused if done.returncode == 1 and not done.stderr and -1 in refused else set()


def _python(text: bytes) -> int:
    """Bytes of Python in error: tree-sitter's, at least the line where CPython stops; 0 where CPython, or
    ruff for what is newer, lets it pass."""
    if not (refused := _refused(text)):
        return 0
    if _may_be_newer(text) and _accepted_by_ruff({0: text}, "py315"):
        return 0
    return max(refused, _error_bytes(_parser(GRAMMARS["Python"][0]).parse(text).root_node))


def _may_be_newer(text: bytes) -> bool:
    short = len(text) <= _RUFF_TEXT_BYTES
    return short and bool(_NEWER.search(text)) and not _EXCEPT_2.search(text)


def _refused(text: bytes) -> int:
    """Bytes of the line where CPython stops, at least 1; 0 where it parses."""
    try:
        source = text.decode().removeprefix("\ufeff")
        compile(source, "<document>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        lines = text.splitlines()
        return max(1, len(lines[error.lineno - 1])) if error.lineno and error.lineno <= len(lines) else 1
    except ValueError:  # a NUL, or no UTF-8
        return 1
    return 0


if __name__ == "__main__":
    main()
