"""What documents import, and which of it there is: the language's own library, what the corpus's documents
import, and the file itself.

A program that needs a package which is not here cannot be run, and nothing in it says whether there is such
a package: small models invent them. So a package that neither the language brings along (`standard.json`)
nor any document of the corpus imports is taken for invented, and so is a file beside the document, which was
to stand alone. Of a name only the root counts: `yaml` of `yaml.nodes`, `boost` of `boost/any.hpp`.
Names are read off the text, by a pattern where there is one, else by the kernel of corpus.ordering.
The trade-off: a real package that the corpus never uses is refused with the invented ones, what stands in a
comment or a string at the beginning of a line counts as imported where a pattern reads, and a library's
classes and functions are not looked at.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve.corpus.ordering.imports import imports

BATCH_ROWS = 1024
_NEVER = r"(?!)"


class Language(NamedTuple):
    """How a language names what it imports."""

    parts: str
    """What separates the parts of a name."""
    root: int
    """How many of them name a package."""
    beside: str = _NEVER
    """Names of files of one's own."""
    reserved: str = _NEVER
    """Names that only the language's own library has."""
    member: str = _NEVER
    """What may stand behind a package of that library, with what separates it."""
    within: str = ""
    """What a package of that library may be named without."""
    library: tuple[str, ...] = ()
    """Languages whose library it has."""
    kin: tuple[str, ...] = ()
    """Languages whose packages it may use."""
    goes_on: bool = False
    """Whether a name may begin with one that the file itself has declared or imported."""
    statement: str = ""
    """Its groups are the names; "": by the kernel."""


_C = Language("/", 1, r"(?!<)(?:[^/]*|\.\.?/.*)", member=r"/.*", library=("C",), kin=("C", "C++"))
_WEB = ("JavaScript", "TypeScript", "TSX", "JSX")
_SCRIPT = Language("/", 1, r"(?:[./~#]|@/).*", r"node:.*", library=("JavaScript",), kin=_WEB)
_JVM = ("Java", "Kotlin", "Scala")
_TYPE = r"\.[A-Z*].*"
LANGUAGES = {
    "Python": Language(
        ".", 1, r"\..*",
        statement=r"^[ \t]*(?:from[ \t]+(?=[\w.]+[ \t]+import\b)|import[ \t]+(?=[\w.]+[ \t]*(?:[,;#]|as\b|$)))([A-Za-z_][\w.]*)",
    ),
    "JavaScript": _SCRIPT,
    "TypeScript": _SCRIPT,
    "TSX": _SCRIPT,
    "JSX": _SCRIPT,
    "C": _C,
    "C++": _C._replace(library=("C++", "C")),
    "Go": Language("/", 3, r"\.\.?/.*", r"[^./]+(?:/.*)?", library=("Go",)),
    "Java": Language(".", 2, reserved=r"java\..*", member=_TYPE, library=("Java",), kin=_JVM, goes_on=True),
    "Rust": Language(
        "::", 1, r"mod .*|(?:crate|self|super)::.*", r"(?:std|core|alloc)(?:::.*)?", r"::.*", library=("Rust",), goes_on=True,
        statement=r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:(?:use|extern[ \t]+crate)[ \t]+(?!(?:crate|self|super)\b(?!::\w))(?:::)?(\w+(?:::\w+)*)(?=::|[ \t]*;|[ \t]+as\b)"
        r"|(mod[ \t]+\w+)[ \t]*;)",
    ),
    "C#": Language(
        ".", 2, reserved=r"System(?:\..*)?", library=("C#",), goes_on=True,
        statement=r"^[ \t]*(?:global[ \t]+)?using[ \t]+(?:(?:global::)?([\w.]+)[ \t]*;|(?:static[ \t]+|\w+[ \t]*=[ \t]*)(?:global::)?([\w.]+)\.\w+[ \t]*[<;?\[])",
    ),
    "Kotlin": Language(
        ".", 2, reserved=r"(?:java|kotlin)\..*", member=rf"{_TYPE}|\.\w+", library=("Kotlin", "Java"), kin=_JVM, goes_on=True,
        statement=r"^[ \t]*import[ \t]+([\w.`]+(?:\.\*)?)(?:[ \t]+as[ \t]+\w+)?[ \t]*(?:;[ \t]*)?$",
    ),
    "Scala": Language(
        ".", 2, reserved=r"java\..*", member=rf"{_TYPE}|\.[\w*]+", within="scala.", library=("Scala", "Java"), kin=_JVM, goes_on=True,
        statement=r"^[ \t]*import[ \t]+(?:_root_\.)?([a-zA-Z_][\w.]*\w)",
    ),
    "Swift": Language(
        ".", 1, member=r"\..*", library=("Swift",),
        statement=r"^[ \t]*(?:@\w+(?:\([^)\n]*\))?[ \t]+)*(?:(?:public|package|internal|fileprivate|private)[ \t]+)?import[ \t]+"
        r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)[ \t]+)?(\w+(?:\.\w+)*)[ \t]*;?[ \t]*(?://.*)?$",
    ),
    "Ruby": Language(
        "/", 1, r"\.\.?/.*|/.*|require_relative.*", member=r"/.*", library=("Ruby",),
        statement=r"^[ \t]*(?:require[ \t]*\(?[ \t]*['\"]([^'\"#\n]+)['\"]|(require_relative\b[^\n]*))",
    ),
    "PHP": Language(
        "\\", 2, r"(?!.*\\)(?!.*\bautoload\.php$).*\.\w+", member=r"\\.*", library=("PHP",),
        statement=r"^[ \t]*(?:use[ \t]+(?:function[ \t]+|const[ \t]+)?\\?([A-Za-z_]\w*(?:\\\w+)+)"
        r"|(?:require|include)(?:_once)?[ \t]*\(?[ \t]*(?:(?:__DIR__|dirname\(__FILE__\))[ \t]*\.[ \t]*)?['\"](?![^'\"\n]*\bautoload\.php)([^'\"\n$]+)['\"])",
    ),
    "Dart": Language(
        "/", 1, r"(?!dart:|package:).*", r"dart:.*", library=("Dart",),
        statement=r"^[ \t]*(?:import|export|part)[ \t]+['\"]([^'\"\n]+)['\"]",
    ),
}  # fmt: skip
"""Linguist name -> how it imports."""
_OWN = re.compile(
    r"\b(?:class|interface|enum|object|trait|struct|record|union|module|mod|fn|def|fun|val|var|let|type|const|static|protocol|macro_rules!)\s+(?!(?:class|struct|record|object|fn)\b)(\w+)"
    r"|\b(\w+)[ \t]*:(?!:)|::\s*(?:\w+\s+as\s+)?(\w+)\s*[;,}]|[{,]\s*(?:\w+(?:\s+as|\s*=>)\s+)?(\w+)\s*(?=[,}])|^[ \t]*import[ \t]+[\w.]+\.(\w+)[ \t]*;?$",
    re.M,
)
"""Names that a file gives to something, by a declaration, a parameter or an import: imports may go on from
those."""
_HOME = re.compile(r"^[ \t]*(?:package|namespace)[ \t]+([\w.\\]+)", re.M)
_REMARKS = re.compile(r"/\*.*?\*/", re.S)


def named(language: str, texts: pa.Array) -> pa.ListArray:
    """What each text imports, as written."""
    if not LANGUAGES[language].statement:
        names = pa.array([language], pa.string()).take(pa.array([0] * len(texts), pa.int64()))
        return imports(texts.cast(pa.large_string()), names, pa.array([""] * len(texts)))
    find = re.compile(LANGUAGES[language].statement, re.M)
    plain = language in ("Python", "Ruby")  # they have no such remarks, but patterns that look so
    found = [
        [next(filter(None, m.groups())) for m in find.finditer(text if plain else _without_remarks(text))]
        for text in texts.to_pylist()
    ]
    return pa.array(found, pa.list_(pa.string()))


def _without_remarks(text: str) -> str:
    """Where the last remark ends, none that begins later has an end, and each would be read up to there."""
    end = text.rfind("*/") + 2
    return _REMARKS.sub("", text[:end]) + text[end:] if end > 1 else text


def written(language: str, text: str) -> list[str]:
    """What one text imports, as written, each once."""
    return list(dict.fromkeys(named(language, pa.array([text], pa.large_string()))[0].as_py()))


def root(language: str, name: str) -> str:
    """The part of a name that is the package's.

    >>> root("Python", "yaml.nodes"), root("JavaScript", "@vue/core/x"), root("Go", "github.com/a/b/c")
    ('yaml', '@vue/core', 'github.com/a/b')
    """
    how = LANGUAGES[language]
    return how.parts.join(name.split(how.parts)[: how.root + name.startswith("@")])


def known(corpus: Path) -> dict[str, frozenset[str]]:
    """Language -> the packages that documents in a folder of Parquet import, but for those that the language
    has itself or that are files of their own."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(corpus.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=["language", "content"]):
                for language in set(batch["language"].to_pylist()) & set(LANGUAGES):
                    texts = batch["content"].filter(pc.equal(batch["language"], language))
                    how = LANGUAGES[language]
                    own = re.compile(f"{how.beside}|{how.reserved}")
                    names = pc.unique(named(language, texts).flatten()).to_pylist()
                    found[language] |= {
                        root(language, name.strip("<>")) for name in names if name and not own.fullmatch(name)
                    }
    return {language: frozenset(names) for language, names in found.items()}


def unknown(
    language: str, text: str, packages: Mapping[str, Collection[str]], beside: Collection[str] = ()
) -> str:
    """The first import of a text that may not exist, and why; "" where there is none. `packages` are those
    of the corpus, `beside` names that are there for this text."""
    if language not in LANGUAGES or language == "Python":  # where Python runs, it is known what is missing
        return ""
    how = LANGUAGES[language]
    own = _own(text) if how.goes_on else ()
    homes = dict.fromkeys(["crate", "self", "super", *sorted(_HOME.findall(text), key=len, reverse=True)])
    order = {home: place for place, home in enumerate(homes)}
    for name in written(language, text):
        if name in beside:
            continue
        bare = name.strip("<>`")
        if _standard(language, bare) or _first(bare, how.parts, order) in own:
            continue
        if re.fullmatch(how.beside, name):
            return f"{bare}: a file beside it"
        if re.fullmatch(how.reserved, bare):
            return f"{bare}: not in the library of {language}"
        if not there(language, bare, packages):
            return f"{bare}: no document of the corpus imports it"
    return ""


def there(language: str, name: str, packages: Mapping[str, Collection[str]]) -> bool:
    """Whether a name is of the language's own library, or some document of the corpus, in the language or in
    its kin, imports its package."""
    kin = LANGUAGES[language].kin or (language,)
    found = root(language, name)
    return _standard(language, name) or any(found in packages.get(each, ()) for each in kin)


def _standard(language: str, name: str) -> bool:
    """Whether a name is of the language's own library: a package, or what is in one."""
    how = LANGUAGES[language]
    names = frozenset().union(*(_library()[each] for each in how.library))
    for whole in {name.removeprefix("node:"), how.within + name}:
        rest = ""
        while whole:
            if whole in names and (not rest or re.fullmatch(how.member, rest)):
                return True
            whole, part, last = whole.rpartition(how.parts)
            rest = part + last + rest
    return False


@cache
def _library() -> dict[str, frozenset[str]]:
    rows = json.loads(files("neve.synthesis").joinpath("standard.json").read_text(encoding="utf-8"))
    return {language: frozenset(" ".join(row["names"]).split()) for language, row in rows.items()}


def _own(text: str) -> set[str]:
    named = {name for match in _OWN.finditer(text) for name in match.groups() if name}
    return named | {home.rpartition(".")[2] for home in _HOME.findall(text)}


def _first(name: str, parts: str, homes: Mapping[str, int]) -> str:
    """The first part of a name, without what leads to the file itself: `homes`, tried in their order."""
    place = -1
    while True:
        before = [*accumulate(name.split(parts), lambda whole, part: whole + parts + part)]
        home = min(
            (each for each in before if homes.get(each, -1) > place), key=homes.__getitem__, default=None
        )
        if home is None:
            return before[0]
        place = homes[home]
        name = name.rpartition(parts)[2] if name == home else name.removeprefix(home + parts)
