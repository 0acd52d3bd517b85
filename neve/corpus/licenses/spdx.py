"""SPDX expressions: parsed by license-expression, joined, and kept in today's identifiers.

The trade-off: an identifier that neither SPDX's list nor `LicenseRef-` knows is no expression. NOASSERTION,
SPDX's word for "cannot be determined", stands for evidence that was not understood, so that AND and OR carry
it along.

Source: the SPDX licence list (`spdx_names.tsv`, written by scripts/make_licenses.py).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from license_expression import LicenseExpression

UNREAD = "NOASSERTION"
"""Evidence that is there and was not understood."""
PROPRIETARY = "LicenseRef-Proprietary"
PUBLIC_DOMAIN = "LicenseRef-Public-Domain"
CHARACTERS = 2048
"""A longer expression is not read."""
_OWN = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+|NOASSERTION")
_DEPRECATED = {
    "BSD-2-Clause-FreeBSD": "BSD-2-Clause-Views", "BSD-2-Clause-NetBSD": "BSD-2-Clause", "StandardML-NJ": "SMLNJ",
    "bzip2-1.0.5": "bzip2-1.0.6", "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-with-GCC-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "GPL-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "GPL-2.0-with-bison-exception": "GPL-2.0-or-later WITH Bison-exception-2.2",
    "GPL-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "GPL-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
    "wxWindows": "LGPL-2.0-or-later WITH WxWindows-exception-3.1",
}  # fmt: skip
_GNU = re.compile(r"(?i)(A?GPL|LGPL|GFDL)-(\d\.\d)(\+|-only|-or-later)?")


@cache
def listed() -> dict[str, str]:
    """SPDX's identifiers and their full names, deprecated ones too."""
    text = files("neve.corpus.licenses").joinpath("spdx_names.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows}


@cache
def _spelling() -> dict[str, str]:
    return {name.lower(): name for name in listed()}


def current(name: str) -> str | None:
    """An identifier in any case as SPDX has it today; None where it is none.

    >>> [current(name) for name in ("GPL-3.0", "LGPL-2.1+", "mit", "Apache-2.0+", "LicenseRef-x", "Foo-1.0")]
    ['GPL-3.0-only', 'LGPL-2.1-or-later', 'MIT', 'Apache-2.0', 'LicenseRef-x', None]
    """
    if gnu := _GNU.fullmatch(name):
        later = "or-later" if gnu[3] and gnu[3].lower() in ("+", "-or-later") else "only"
        name = f"{gnu[1].upper()}-{gnu[2]}-{later}"
    if _OWN.fullmatch(name):
        return name
    known = _spelling().get(name.removesuffix("+").lower())
    return _DEPRECATED.get(known, known) if known else None


def join(parts: list[str], operator: str) -> str:
    """The expressions joined by AND or OR, each once, in their order.

    >>> join(["MIT", "MIT OR ISC"], "OR"), join(["MIT", "MIT OR ISC"], "AND")
    ('MIT OR ISC', 'MIT AND (MIT OR ISC)')
    """
    trees = [parse(part) for part in parts]
    each: list[Any] = []
    for tree in trees:
        if tree is None:  # no SPDX, as a table may give it
            return f" {operator} ".join(dict.fromkeys(parts))
        same = getattr(tree, "args", ()) and tree.operator.strip() == operator
        each += tree.args if same else [tree]
    distinct = {str(part): f"({part})" if getattr(part, "args", ()) else str(part) for part in each}
    return next(iter(distinct)) if len(distinct) == 1 else f" {operator} ".join(distinct.values())


@lru_cache(8192)
def parse(expression: str) -> LicenseExpression | None:
    """Tree of an expression over known identifiers and exceptions, or None for what is no such
    expression."""
    from license_expression import LicenseWithExceptionSymbol

    if len(expression) > CHARACTERS:
        return None
    licensing = _licensing()
    try:
        tree = licensing.dedup(licensing.parse(expression))
        symbols = list(licensing.license_symbols(tree, decompose=False)) if tree is not None else []
    except Exception:  # the parser raises many kinds, IndexError and RecursionError among them
        return None
    for symbol in symbols:
        if isinstance(symbol, LicenseWithExceptionSymbol):
            if not symbol.exception_symbol.is_exception:
                return None
            symbol = symbol.license_symbol
        if symbol.is_exception or current(symbol.key) is None:
            return None
    return tree


@cache
def _licensing() -> Any:
    """A parser that knows SPDX's identifiers and exceptions."""
    from license_expression import LicenseSymbol, Licensing

    symbols = [LicenseSymbol(name) for name in listed() if "+" not in name]
    return Licensing([*symbols, *(LicenseSymbol(name, is_exception=True) for name in _exceptions())])


@cache
def _exceptions() -> list[str]:
    """SPDX's exceptions, oldest version first."""
    from license_expression import get_license_index

    names = {row.get("spdx_license_key") for row in get_license_index() if row.get("is_exception")}
    return sorted(name for name in names if name and "LicenseRef-" not in name and name not in listed())


def exception(word: str) -> str | None:
    """The newest exception whose name begins with `word`, in any case."""
    found = [name for name in _exceptions() if name.lower().startswith(f"{word.lower()}-")]
    return found[-1] if found else None


def expression(text: str) -> str | None:
    """An SPDX expression in the identifiers of today, or None.

    >>> expression("(mit or GPL-2.0+) and isc"), expression("MIT License"), expression("MIT AND")
    ('(MIT OR GPL-2.0-or-later) AND ISC', None, None)
    """
    words = re.findall(r"[()]|[^\s()]+", text[: CHARACTERS + 1])
    operators = {"and", "or", "with"}
    renewed = [word.upper() if word.lower() in operators else (current(word) or word) for word in words]
    tree = parse(" ".join(renewed)) if renewed else None
    return str(tree) if tree is not None else None


def identifiers(text: str) -> set[str]:
    """The licences that an expression names; without its exceptions."""
    tree = parse(text)
    return set() if tree is None else {symbol.key for symbol in _symbols(tree)}


def _symbols(tree: Any) -> list[Any]:
    if getattr(tree, "args", ()):
        return [symbol for part in tree.args for symbol in _symbols(part)]
    return [getattr(tree, "license_symbol", tree)]
