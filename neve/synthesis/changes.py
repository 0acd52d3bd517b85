"""How much of a rewrite is its seed's, as text and as code.

A small model that is asked to rewrite a file mostly hands it back: without its first comment, with an import
that nothing needs, or in other clothes, which are comments, docstrings, types, quotes, layout and names. A
Jaccard similarity takes all of these for changes, what was left out too. So what counts is the share of the
answer's n-grams that the seed has, both without the comments and imports that they begin with. As code, the
clothes are taken off both: what is left are keywords, operators, literals, attributes and built-in names as
they are, and every other name as one word. The trade-off: as code, a name that was wrong and is right now is
no change, nor is a better comment, so kinds that are about these ask for the text alone; and code that only
lost or moved some of its lines is the seed's.

Source: Broder (1997) for containment; Baker, "A theory of parameterized pattern matching" (1993), for
programs up to names; here without which name is which, since a line more at the top would rename all that
follows.
"""

from __future__ import annotations

import ast
import builtins
import re

import numpy as np

from neve.quality import variants

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_KEYWORDS = frozenset(variants.KEYWORDS.split())
_KEPT = {"Python": _KEYWORDS | frozenset(dir(builtins))}
_TOKEN = re.compile(
    rf"(?P<string>[A-Za-z]{{0,2}}(?:{variants.STRINGS}))|(?P<word>(?:\.\s*)?\w+)|(?P<mark>[^\s\w,;()])"
)


_FILLED = re.compile(r"\{[^{}]*\}")
"""What an f-string is filled with."""


def kept_text(answer: str, seed: str, ngram: int) -> float:
    """The share of an answer's word n-grams that its seed has, 0 to 1."""
    mine, theirs = _bodies(answer, seed)
    return _kept(mine, theirs, ngram)


def kept_code(answer: str, seed: str, language: str, ngram: int) -> float:
    """The same of programs without their clothes."""
    mine, theirs = _bodies(answer, seed)
    return _kept(plain(mine, language), plain(theirs, language), ngram)


def _bodies(*texts: str) -> list[str]:
    import pyarrow as pa

    from neve.corpus.duplicates import body

    return body.bodies(pa.array(texts, pa.large_string())).to_pylist()


def _kept(answer: str, seed: str, ngram: int) -> float:
    from neve.corpus.duplicates import shingles

    mine, theirs = shingles.of([answer, seed], ngram)
    return float(np.isin(mine, theirs, assume_unique=True).mean()) if len(mine) else 0.0


def plain(text: str, language: str) -> str:
    """A program as words: names are all `n`, what keeps its letters is itself, and each operator is a word.

    >>> plain("def f(x: int) -> int:\\n    '''Twice.'''\\n    return x.real * 2  # so\\n", "Python")
    'def n n o58 return n real o42 2'
    """
    bared = bare(text) if language == "Python" else None
    text = variants.without_comments(text, language) if bared is None else bared
    kept = _KEPT.get(language, _KEYWORDS)
    return " ".join(_as_word(found, kept) for found in _TOKEN.finditer(text))


def _as_word(found: re.Match[str], kept: frozenset[str]) -> str:
    if (mark := found["mark"]) is not None:
        return f"o{ord(mark)}"
    if (string := found["string"]) is not None:
        if "f" in string.partition(string[-1])[0].lower():
            string = _FILLED.sub(" n ", string)
        return " ".join(re.findall(r"\w+", string)) or "s"
    word = found["word"]
    if word.startswith("."):
        return word.lstrip(". \n")
    return word if word in kept or word[0].isdigit() else "n"


def bare(code: str) -> str | None:
    """Python code without docstrings, comments, annotations and imports of types; None where it cannot be
    read."""
    try:
        tree = ast.parse(code)
        for node in ast.walk(tree):
            if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.returns = None
            elif isinstance(node, ast.arg):
                node.annotation = None
            if hasattr(node, "body") and isinstance(node.body, list):
                node.body = [_plain(each) for each in node.body if not _of_types(each)] or [ast.Pass()]
        return ast.unparse(ast.fix_missing_locations(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain(node: ast.stmt) -> ast.stmt:
    """An annotated assignment without its annotation."""
    if isinstance(node, ast.AnnAssign) and node.value is not None and node.simple:
        return ast.Assign([node.target], node.value, lineno=node.lineno)
    return node


def _of_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module in ("__future__", "typing", "collections.abc")
