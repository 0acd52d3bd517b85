"""Names of licences as people write them, read as SPDX expressions.

A name is compared by its words alone: without case, order, punctuation and words that carry nothing ("the",
"version", "license"), so that "3-Clause BSD License" and "BSD (3 clause)" are one. The names are SPDX's own,
in short and in full, and ALIASES; GNU's are read by a rule of their own, since versions and "or later" come
in so many spellings.

The trade-off: words that are left over make a name unknown (UNREAD), however much it looks like a known one.
A family name without a version or a number of clauses becomes the member that asks the most.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from neve.corpus.licenses import spdx
from neve.corpus.licenses.spdx import PROPRIETARY, PUBLIC_DOMAIN, UNREAD

CHARACTERS = 400
"""A longer text is no name."""

ALIASES = {
    "Apache-2.0": "apache; asl; asl 2; apache 2 january 2004; apache 2 2004; apl 2; al2; apache public 2; apache software foundation 2",
    "BSD-3-Clause": "bsd; bsd style; bsd like; bsd new; bsd modified; bsd revised; bsd 3; bsd 3 clauses; new or revised bsd; "
    "bsd derived; bsd type; revised bsd 3 clause; new bsd 3 clause; modified bsd 3 clause; three clause bsd; osi bsd; berkeley; eclipse distribution; eclipse distribution 1; edl; edl 1",
    "BSD-2-Clause": "simplified bsd; freebsd; bsd 2; two clause bsd; bsd 2 clauses; free bsd; simplified bsd 2 clause",
    "BSD-4-Clause": "original bsd; old bsd; bsd 4 clause; four clause bsd",
    "MIT": "expat; mit expat; mit style; mit like; mit x11; x11 mit; mit type; mit open source; mit mit; massachusetts institute of technology; "
    "mit permissive; opensource mit",
    "ISC": "isc iscl; isc style; internet systems consortium",
    "BSL-1.0": "boost; boost bsl; boost 1.0 bsl 1.0",
    "CC0-1.0": "cc0; creative commons zero; cc0 1.0 universal cc0 1.0 public domain dedication; cc zero; creative commons cc0; cc0 1.0 universal; cc0 universal; "
    "creative commons cc0 1.0; creative commons zero 1.0; creative commons cc0 1.0 universal; cc0 public domain dedication; cc0 1.0 public domain dedication",
    "CC-BY-4.0": "cc by; creative commons attribution",
    "CC-BY-SA-4.0": "cc by sa; creative commons attribution sharealike",
    "PSF-2.0": "psf; python; python foundation; psfl; psf style; psf based; python style; psf 2",
    "CNRI-Python": "python cnri python",
    "Unlicense": "unlicense; unlicense unlicense",
    "WTFPL": "wtfpl; wtfpl 2; do what the fuck you want to public; do what the fuck you want to public 2",
    "Zlib": "zlib; zlib libpng; zlib png; zlib style",
    "ZPL-2.1": "zpl; zope public; zope",
    "HPND": "historical permission notice and disclaimer hpnd; hpnd",
    "UPL-1.0": "upl; universal permissive upl",
    "NCSA": "university of illinois ncsa open source; university of illinois open source; uiuc; illinois ncsa; ncsa open source; uiuc ncsa; university of illinois",
    "MPL-2.0": "mpl; mozilla public; mpl 2.0 mpl 2.0; mozilla public 2.0 mpl 2.0; mozilla",
    "EPL-2.0": "eclipse public; epl; eclipse public 2.0 epl 2.0; eclipse",
    "EPL-1.0": "eclipse public 1.0 epl 1.0",
    "CDDL-1.0": "cddl; common development and distribution",
    "Artistic-1.0-Perl": "perl artistic; artistic perl",
    "Artistic-2.0": "artistic 2",
    "Artistic-1.0": "artistic",
    "MS-PL": "ms pl; microsoft public",
    "MS-RL": "ms rl; microsoft reciprocal",
    "Ruby": "ruby; ruby's; ruby s",
    "EUPL-1.2": "eupl; european union public; european union public 1.2 eupl 1.2",
    "OFL-1.1": "sil open font; ofl; sil ofl; sil open font 1.1 ofl 1.1",
    "AFL-3.0": "afl; academic free; academic free afl",
    "CECILL-2.1": "cecill",
    "LPPL-1.3c": "lppl; latex project public",
    "W3C": "w3c; w3c software notice and",
    "PostgreSQL": "postgresql; postgres",
    "MulanPSL-2.0": "mulan psl; mulan permissive",
    "BUSL-1.1": "busl; business source; bsl 1.1; business source bsl 1.1",
    "SSPL-1.0": "sspl; server side public",
    "Elastic-2.0": "elastic 2; elv 2; elastic; elv",
    "PHP-3.01": "php",
    "Unicode-3.0": "unicode",
    "OpenSSL": "openssl ssleay; openssl",
    "Vim": "vim",
    "TCL": "tcl tk; tcl; tcl bsd",
    "curl": "curl; mit curl; curl mit",
    "JSON": "json",
    "Artistic-1.0-Perl OR GPL-1.0-or-later": "perl 5; perl; same terms as perl itself; perl5; same as perl; same as perl itself; artistic gpl",
    "LicenseRef-Permissive": "free for any use; free for any purpose; free for all uses",
    PUBLIC_DOMAIN: "public domain; publicdomain; pd; public domain dedication",
    PROPRIETARY: "proprietary; commercial; unlicensed; closed source; private; closed; all rights reserved; none; confidential; "
    "other proprietary; not licensed; no; internal; internal use only; proprietary and confidential; copyrighted; restricted; "
    "not open source; no redistribution; for internal use only; company confidential; eula; freeware; shareware",
}  # fmt: skip
"""SPDX expression -> names beside SPDX's own, by ";"."""
_NOTHING = "unknown; tbd; todo; n/a; noassertion; unspecified; undefined; null; OSI approved; to be determined; fixme"
"""Words that state nothing."""
_EMPTY = {"the", "license", "licenses", "licensed", "licence", "licences", "licenced", "version", "versions", "v", "ver", "vers", "a", "an", "software", "under", "terms", "of", "lic", "is", "its", "this", "project", "file", "code", "with", "use"}  # fmt: skip
_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_COMMONS = {"creative", "commons", "cc", "attribution", "by", "non", "commercial", "noncommercial", "nc", "share", "alike", "sharealike", "sa", "no", "derivatives", "derivative", "derivs", "works", "noderivatives", "noderivs", "nd", "unported", "international", "generic", "public"}  # fmt: skip
"""Words that the name of a Creative Commons licence may hold."""
_GNU = {"gnu", "general", "gpl", "public", "only", "or", "later", "any", "newer", "above", "greater", "higher", "at", "your", "option", "lesser", "library", "affero", "agpl", "lgpl", "foundation", "free", "fsf", "s", "as", "published", "by", "documentation", "fdl", "gfdl", "clause", "upwards", "up", "and", "either", "l", "lgpllib", "gplv"}  # fmt: skip
"""Words that a GNU licence's name may hold."""
_LATER = re.compile(r"(?<=\d)\s*\+|>=?|\b(or|and)\s+(\(?at your option\)?,?\s+)?(any\s+)?(later|newer|above|greater|higher|up(wards)?)\b|\bany later\b|-or-later")  # fmt: skip
_OR_LATER = re.compile(r"(?i),?\s*(\bor|\band|/)\s+(\(?at your option\)?,?\s+)?(any\s+)?(later|newer|above|greater|higher)(\s+versions?)?\b")  # fmt: skip
_OPERATOR = re.compile(r"(?i)\s+(and/or|or|and|with|\+)\s+|\s*(\|\|?|/|;|,|&|\n)\s*|([()])")
_DUAL = re.compile(r"(?i)\b(dual|double|triple|tri|multi)[- ]?(licen[cs]ed?)?( under)?\b:?")
_LIMITS = re.compile(r"(?i)\b(no|not|non|only|except|without|excluding|limited|restrict\w*|commercial\w*)\b")
_URLS = {
    r"(?:opensource|spdx)\.org/licen[cs]es?/([\w.+-]+?)(?:-licen[cs]e)?(?:\.(?:php|html|txt|json))?": "{}",
    r"choosealicense\.com/licenses/([\w.+-]+)": "{}",
    r"apache\.org/licenses/LICENSE-(\d\.\d)(?:\.txt|\.html)?": "Apache-{}",
    r"gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?([al]?gpl)(?:-(\d(?:\.\d)?))?(?:\.\w+|-standalone\.html)?": "{} {}",
    r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)(?:/[\w. -]*)*": "cc-{}-{}",
    r"creativecommons\.org/publicdomain/zero/1\.0(?:/\w*)?": "CC0-1.0",
    r"mozilla\.org/(?:en-US/)?MPL/(\d\.\d)(?:/\w*)?": "MPL-{}",
    r"eclipse\.org/(?:org/documents|legal)/epl-(?:v|v-)?(\d)\.?0(?:\W\w*)?": "EPL-{}.0",
    r"boost\.org/LICENSE_1_0\.txt": "BSL-1.0",
    r"unlicense\.org": "Unlicense",
    r"wtfpl\.net(?:/\w*)?": "WTFPL",
    r"(?:raw\.githubusercontent|github)\.com/[\w./-]+/LICENSE[\w.-]*": "see LICENSE",
}  # fmt: skip
"""Addresses (without scheme and "www.") -> the name that their parts make."""


def read(value: object) -> str | None:
    """SPDX expression that a name, an expression or a list of which all hold states; UNREAD for what is not
    understood, None for what states nothing. Nulls in a list are left out.

    >>> read("MIT License"), read("MIT/Apache-2.0"), read(["mit", None, "isc"]), read("Acme License"), read("UNKNOWN")
    ('MIT', 'MIT OR Apache-2.0', 'MIT AND ISC', 'NOASSERTION', None)
    """  # noqa: W505
    if isinstance(value, list | tuple):
        parts = [part for each in value if (part := read(each)) is not None]
        return spdx.join(parts, "AND") if parts else None
    if not isinstance(value, str):
        return None if value is None else UNREAD
    return _read(value) if len(value) <= spdx.CHARACTERS else UNREAD


def normalise(value: object) -> str | None:
    """As `read`, but None for what is not wholly understood.

    >>> normalise("GPLv2 or later"), normalise("see LICENSE")
    ('GPL-2.0-or-later', None)
    """
    found = read(value)
    return None if found is None or UNREAD in found else found


@lru_cache(16384)
def _read(value: str) -> str | None:
    text = re.sub(r"(?i)^spdx:\s*", "", " ".join(value.replace("_", " ").split(" ")).strip())
    if _key(text) in _nothing():
        return None
    return from_url(text) or spdx.expression(text) or name(text) or _compound(text) or UNREAD


def name(text: str) -> str | None:
    """SPDX expression of one licence by its name, or None."""
    if len(text) > CHARACTERS:
        return None
    plain = re.sub(r"\((?!c\)|\s*\d)[^()]*\)", " ", text)  # "GNU General Public License v3 (GPLv3)"
    for each in dict.fromkeys((text, text if _LIMITS.search(text) else plain)):
        if found := _gnu(each) or _names().get(_key(each)) or _commons(each):
            return found
    return None


def _compound(text: str) -> str | None:
    """Several names with words or signs between them; a slash or a bar is a choice, a comma is not."""
    parts: list[str] = []
    dual, text = bool(_DUAL.search(text)), _DUAL.sub(" ", text)
    text = _OR_LATER.sub("+", re.sub(r"\(\s*>=?\s*(\d[\d.]*)\s*\)", r" \1+", text))
    at = 0
    for match in [*_OPERATOR.finditer(text), None]:
        operand = text[at : match.start() if match else len(text)].strip(" .:\"'")
        if operand:
            found = (
                _exception(operand) if parts[-1:] == ["WITH"] else spdx.expression(operand) or name(operand)
            )
            if found is None:
                return None
            parts.append(f"({found})" if " " in found else found)
        if match:
            sign = (match[1] or match[2] or match[3]).lower()
            choice = sign in ("or", "|", "||", "/", "and/or") or (dual and sign != "with")
            parts.append(sign if sign in "()" else "WITH" if sign == "with" else "OR" if choice else "AND")
            at = match.end()
    joined = re.sub(r"\b(AND|OR) (AND|OR)\b", r"\2", " ".join(parts)).removesuffix(" AND")
    return spdx.expression(joined)


def _exception(text: str) -> str | None:
    """SPDX exception by a word of its name; of several versions the newest."""
    said = [word for word in words(text) if word not in {"exception", "exceptions", "the"}]
    return spdx.exception(said[0]) if len(said) == 1 else None


def from_url(text: str) -> str | None:
    """SPDX expression of an address where a licence is published, or None.

    >>> from_url("https://www.apache.org/licenses/LICENSE-2.0.txt"), from_url("http://www.gnu.org/licenses/gpl-3.0.html")
    ('Apache-2.0', 'GPL-3.0-only')
    """
    address = re.sub(r"^<?(?:https?:)?(?://)?(?:www\.)?", "", text.strip()).rstrip("/.>")
    for pattern, made in _URLS.items():
        if found := re.fullmatch(f"(?i){pattern}", address):
            said = made.format(*(part or "" for part in found.groups())).strip()
            return spdx.expression(said) or name(said)
    return None


def words(text: str) -> list[str]:
    """The words and numbers of a name, in lower case; "gplv2" is two."""
    return _WORD.findall(re.sub(r"(?<=[a-z])v(?=\d)", " ", text.lower()))


def _key(text: str) -> str:
    """The words of a name that carry meaning, in the order of the alphabet."""
    meant = (word.removesuffix(".0") for word in words(text))
    return " ".join(sorted(word for word in meant if word not in _EMPTY))


@cache
def vocabulary() -> frozenset[str]:
    """Every word that stands in a licence's name."""
    return frozenset(word for key in _names() for word in key.split()) | _GNU | _COMMONS | _EMPTY


@cache
def _nothing() -> set[str]:
    return {"", *(_key(each) for each in _NOTHING.split(";"))}


@cache
def _names() -> dict[str, str]:
    """Key of a name -> SPDX expression."""
    found: dict[str, str] = {}
    for alias, names in ALIASES.items():
        found |= {_key(each): alias for each in names.split(";") if each.strip()}
    for pair in spdx.listed().items():
        for each in pair:
            found.setdefault(_key(each), spdx.current(pair[0]) or pair[0])
    return {key: license for key, license in found.items() if key}


def _gnu(text: str) -> str | None:
    """A GNU licence in whatever spelling: family, version, and whether later versions hold too."""
    lowered, said = text.lower(), words(text)
    families = {"a": ("affero", "agpl"), "l": ("lesser", "library", "lgpl"), "": ("gpl", "general")}
    family = next((f for f, marks in families.items() if any(mark in said for mark in marks)), None)
    versions = [word for word in said if word[0].isdigit()]
    others = {word for word in said if word not in _EMPTY and not word[0].isdigit()}
    gnu = {"gnu", "gpl", "lgpl", "agpl", "affero"} & others or {"general", "public"} <= others
    if (
        family is None
        or not gnu
        or others - _GNU
        or len(set(versions)) > 1
        or {"documentation", "fdl", "gfdl"} & others
    ):
        return None
    newest = {"a": "3.0", "l": "3.0", "": "3.0"}[family]
    version = (
        f"{versions[0]}.0" if versions and "." not in versions[0] else versions[0] if versions else newest
    )
    later = "or-later" if _LATER.search(lowered) else "only"
    return spdx.current(f"{family}gpl-{version}-{later}")


def _commons(text: str) -> str | None:
    """A licence of Creative Commons by its elements, in short or in full, whichever are one word."""
    said = words(text)
    versions = [word for word in said if word[0].isdigit()]
    others = {word for word in said if word not in _EMPTY and not word[0].isdigit()}
    ours = "cc" in others or {"creative", "commons"} <= others
    if not ours or not {"by", "attribution"} & others or others - _COMMONS or len(set(versions)) > 1:
        return None
    elements = {
        "NC": {"nc", "noncommercial", "commercial"},
        "ND": {"nd", "noderivatives", "noderivs", "derivatives", "derivs", "derivative"},
        "SA": {"sa", "sharealike", "alike"},
    }
    asked = "".join(f"-{name}" for name, marks in elements.items() if marks & others)
    version = versions[0] if versions else "4.0"
    return spdx.current(f"CC-BY{asked}-{version if '.' in version else version + '.0'}")
