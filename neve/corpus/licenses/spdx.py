"""SPDX expressions: read as people write them, kept in the identifiers of today, and admitted by a policy.

The trade-off: what is read is a name from a table (NAMES holds trove classifiers and common spellings) or a
plain expression; anything vaguer is no licence. A GNU licence without "only" or "or later" counts as the
one that grants less.

Sources: the SPDX licence list; the permissive table follows the Blue Oak Council's list and that of The Stack v1.
"""

from __future__ import annotations

import re

import pyarrow as pa

PERMISSIVE = """
0BSD AFL-2.0 AFL-2.1 AFL-3.0 AML AMPAS Apache-1.0 Apache-1.1 Apache-2.0 APAFML Artistic-2.0 Beerware blessing
BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-2-Clause-Views BSD-3-Clause
BSD-3-Clause-Attribution BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-3-Clause-Modification BSD-3-Clause-Open-MPI
BSD-4-Clause BSD-4-Clause-UC BSD-Source-Code BSL-1.0 CC-BY-3.0 CC-BY-4.0 CC0-1.0 CNRI-Python curl ECL-2.0 EFL-2.0
Fair FSFAP FTL HPND HPND-sell-variant ICU ISC JasPer-2.0 Libpng libtiff Linux-OpenIB MIT MIT-0 MIT-CMU
MIT-Modern-Variant MIT-advertising MIT-enna MIT-feh MITNFA MS-PL MulanPSL-2.0 Multics Naumen NCSA NTP OFL-1.1
OpenSSL PHP-3.0 PHP-3.01 Plexus PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 Ruby Spencer-94 Spencer-99 SSH-OpenSSH
TCL Unicode-3.0 Unicode-DFS-2015 Unicode-DFS-2016 Unicode-TOU Unlicense UPL-1.0 Vim W3C WTFPL X11 Xnet Zed
Zlib zlib-acknowledgement ZPL-2.0 ZPL-2.1
""".split()  # noqa: SIM905
"""SPDX identifiers that the policy "permissive" admits."""

OTHERS = """
AGPL-3.0-only AGPL-3.0-or-later CC-BY-SA-4.0 CDDL-1.0 CDDL-1.1 EPL-1.0 EPL-2.0 EUPL-1.2 GPL-2.0-only
GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later
MPL-1.1 MPL-2.0
""".split()  # noqa: SIM905
"""Common identifiers that it does not admit; named so that metadata in another spelling is understood."""

NAMES = {
    "apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache2": "Apache-2.0",
    "apache license": "Apache-2.0", "apache license 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0", "apache 2.0 license": "Apache-2.0", "apache software license": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0", "bsd": "BSD-3-Clause", "bsd license": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause", "bsd 2-clause license": "BSD-2-Clause", "2-clause bsd": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause", "bsd3": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause", "3-clause bsd": "BSD-3-Clause", "3-clause bsd license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause", "new bsd license": "BSD-3-Clause", "modified bsd": "BSD-3-Clause",
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0", "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "expat": "MIT", "expat license": "MIT", "mit license": "MIT", "the mit license": "MIT",
    "the mit license (mit)": "MIT", "mit license (mit)": "MIT", "mit no attribution license (mit-0)": "MIT-0",
    "historical permission notice and disclaimer (hpnd)": "HPND", "isc license": "ISC", "isc license (iscl)": "ISC",
    "psf": "PSF-2.0", "psf license": "PSF-2.0", "python software foundation license": "PSF-2.0",
    "python license (cnri python license)": "CNRI-Python", "postgresql license": "PostgreSQL",
    "the unlicense": "Unlicense", "the unlicense (unlicense)": "Unlicense", "universal permissive license (upl)": "UPL-1.0",
    "university of illinois/ncsa open source license": "NCSA", "w3c license": "W3C", "zlib license": "Zlib",
    "zlib/libpng license": "Zlib", "zope public license": "ZPL-2.1", "zpl 2.1": "ZPL-2.1",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "mpl 2.0": "MPL-2.0",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
    "gnu general public license (gpl)": "GPL-3.0-only", "gpl": "GPL-3.0-only",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only", "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu library or lesser general public license (lgpl)": "LGPL-3.0-only", "lgpl": "LGPL-3.0-only",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
} | {name.lower(): name for name in [*PERMISSIVE, *OTHERS]}  # fmt: skip
"""Names that metadata use, in lower case -> SPDX; the trove classifiers by their last part, and SPDX itself."""

DEPRECATED = {
    "BSD-2-Clause-FreeBSD": "BSD-2-Clause-Views", "BSD-2-Clause-NetBSD": "BSD-2-Clause", "StandardML-NJ": "SMLNJ",
    "bzip2-1.0.5": "bzip2-1.0.6", "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-with-GCC-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "wxWindows": "LGPL-2.0-or-later WITH WxWindows-exception-3.1",
}  # fmt: skip
"""Identifiers that SPDX has given up -> those of today; the GNU family goes by its own rule."""

_GNU = re.compile(r"(?i)([al]?gpl)-?v?([123])(?:\.(\d))?(\+|-only|-or-later)?")
_TOKEN = re.compile(r"\(|\)|[^\s()]+")


def current(name: str) -> str:
    """An identifier as SPDX has it today.

    >>> [current(name) for name in ("GPL-3.0", "LGPL-2.1+", "gplv2", "MIT")]
    ['GPL-3.0-only', 'LGPL-2.1-or-later', 'GPL-2.0-only', 'MIT']
    """
    if gnu := _GNU.fullmatch(name):
        later = "or-later" if gnu[4] in ("+", "-or-later") else "only"
        return f"{gnu[1].upper()}-{gnu[2]}.{gnu[3] or 0}-{later}"
    return DEPRECATED.get(name, name)


def normalise(value: object) -> str | None:
    """SPDX expression of a licence as people write it: a name, an expression, or a list of which all hold.

    >>> normalise("MIT License"), normalise("MIT/Apache-2.0"), normalise(["mit", "isc"]), normalise("see LICENSE")
    ('MIT', 'MIT OR Apache-2.0', 'MIT AND ISC', None)
    """
    if isinstance(value, list | tuple):
        parts = [normalise(part) for part in value]
        return join([p for p in parts if p], "AND") if parts and all(parts) else None
    if not isinstance(value, str):
        return None
    if known := NAMES.get(" ".join(value.split()).lower()):
        return known
    tokens = _TOKEN.findall(re.sub(r"(?<=[\w.])/(?=[A-Za-z])", " OR ", value))
    spelled = [
        t.upper() if t.upper() in {"AND", "OR", "WITH"} else current(NAMES.get(t.lower(), t)) for t in tokens
    ]
    known_or_spdx = all(
        t in {"AND", "OR", "WITH", "(", ")"} or re.search(r"[-.0-9]|^[A-Z]+$", t) for t in spelled
    )
    expression = " ".join(spelled).replace("( ", "(").replace(" )", ")")
    return expression if spelled and known_or_spdx and _parse(expression) is not None else None


def permitted(license: str | None, policy: str | list[str]) -> bool:
    """Whether `policy` ("permissive", "any", or a list of SPDX identifiers) admits an SPDX expression.

    OR: one side is enough; AND: both must be; an exception (WITH) only adds permissions; who admits one
    version of a GNU licence admits it "or later". No licence, or what is no expression, is admitted by "any" alone.

    >>> permitted("MIT OR GPL-3.0-only", "permissive"), permitted("MIT AND GPL-3.0-only", "permissive")
    (True, False)
    """
    if policy == "any":
        return True
    listed = PERMISSIVE if policy == "permissive" else [policy] if isinstance(policy, str) else policy
    tree = _parse(license) if license else None
    return tree is not None and _holds(tree, {current(name).lower() for name in listed})


def permitted_mask(licenses: pa.Array | pa.ChunkedArray, policy: str | list[str]) -> pa.Array:
    """`permitted` for a column of SPDX expressions, each distinct value judged once; booleans, never null."""
    column = licenses.combine_chunks() if isinstance(licenses, pa.ChunkedArray) else licenses
    coded = column.dictionary_encode(null_encoding="encode")
    each = pa.array([permitted(value, policy) for value in coded.dictionary.to_pylist()], pa.bool_())
    return each.take(coded.indices)


def join(parts: list[str], operator: str) -> str:
    distinct = list(dict.fromkeys(parts))
    if len(distinct) == 1:
        return distinct[0]
    return f" {operator} ".join(f"({part})" if " " in part else part for part in distinct)


def _parse(expression: str) -> list | str | None:
    """Tree ["AND" | "OR", left, right] over lower-case identifiers, or None for what is no expression."""
    if len(expression) > 2048:
        return None
    tokens = _TOKEN.findall(expression)[::-1]

    def either() -> list | str:
        tree = both()
        while tokens and tokens[-1].upper() == "OR":
            tokens.pop()
            tree = ["OR", tree, both()]
        return tree

    def both() -> list | str:
        tree = one()
        while tokens and tokens[-1].upper() == "AND":
            tokens.pop()
            tree = ["AND", tree, one()]
        return tree

    def one() -> list | str:
        token = tokens.pop()
        if token == "(":
            tree = either()
            if tokens.pop() != ")":
                raise IndexError
            return tree
        if token == ")" or token.upper() in {"AND", "OR", "WITH"}:
            raise IndexError
        if tokens and tokens[-1].upper() == "WITH":
            del tokens[-1]
            tokens.pop()
        return token.lower().removesuffix("+")

    try:
        tree = either()
    except (IndexError, RecursionError):
        return None
    return None if tokens else tree


def _holds(tree: list | str, admitted: set[str]) -> bool:
    if isinstance(tree, str):
        return tree in admitted or tree.replace("-or-later", "-only") in admitted
    left, right = _holds(tree[1], admitted), _holds(tree[2], admitted)
    return (left or right) if tree[0] == "OR" else (left and right)
