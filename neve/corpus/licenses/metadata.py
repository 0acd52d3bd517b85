"""What package metadata state of a licence: one line of KINDS for each kind of file.

Structured formats are parsed; programs that describe a package (setup.py, gemspecs) are never run: their
licence is read from the text by a pattern. A file that names another one ("SEE LICENSE IN x", `license =
{file = "x"}`) refers to it; one that states nothing (a private package, an inherited licence) leaves the
word to what lies further up.

The trade-off: a field that is there and cannot be understood is UNREAD and blocks, however the file goes on.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from email.parser import HeaderParser
from typing import Any

from neve.corpus.licenses import license_texts, names, spdx
from neve.corpus.licenses.elements import elements, without_comments, without_others
from neve.corpus.licenses.notices import Statement
from neve.corpus.licenses.spdx import UNREAD
from neve.corpus.text import readable

METADATA_BYTES = 1 << 20
"""Bytes of a file that are read."""
PROGRAM_CHARACTERS = 1 << 16
"""Of a program, which states its licence near its top."""
DOTS = 2000
"""Of a line of TOML, which is left out if it has more."""
_REFERS = re.compile(
    r"(?i)^\W*(?:see licen[cs]e in\W+([\w./@-]+)|(?:see|see the|refer to|file:?|in|custom:?|custom; see|other: see)?\W*(?:licen[cs]e )?(?:in |file )?"
    r"((?:[\w.@-]+/)*[\w.@-]*(?:licen[cs]e|copying|eula|terms)[\w.-]*)\W*(?:file)?)\W*$"
)
_FORM = re.compile(r"(?i)^licen[cs]e \(.*\betc\b")
"""What ansible-galaxy writes unasked."""
_VALUE = 2000
"""Characters of a list over several lines, and of what is read as a name; more is read as a text."""
_LITERALS = re.compile(r"""(?:(?:"[^"\n]*"|'[^'\n]*')(?:\s*,\s*(?=["']))?)+""")
_STRING = re.compile(r"""%w[\[({]([^\])}]*)[\])}]|["']([^"'\n]*)["']""")
_ELSEWHERE = re.compile(
    r"""(?i)\w+(?:\.fetch)?[\[(]\s*(?:["']licen[cs]e["']|:licen[cs]e)\s*[\])][ \t]*(?:\n|$)"""
)
"""A program's look into another file of metadata (`package['license']`), which speaks for itself."""
_FIELDS = ("license", "licenses", "licence", "license-name")
_NAMED = ("type", "name", "text", "@id", "identifier")
"""Keys of an object that stands for a licence."""
_FIELD = re.compile(
    r"""(?i)["']licen[cs]es?["']\s*:\s*(?:["']([^"'\n]*)["']|\[([^\]]{0,2000})\]|\{([^}]{0,2000})\})"""
)


def declared(path: str, content: bytes) -> Statement:
    """What a metadata file at `path` states: an SPDX expression, a file that it refers to, or nothing.

    >>> declared("package.json", b'{"license": "MIT"}').license, declared("Cargo.toml", b"[package]\\nlicense-file = 'L'").refers
    ('MIT', 'L')
    """  # noqa: W505
    reader = kind_of(path)
    text = readable(content[:METADATA_BYTES]).replace("\r\n", "\n")
    if reader is None:
        return Statement()
    try:
        return reader(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, configparser.Error):
        found = _FIELD.search(text)
        return _said([part for part in found.groups() if part]) if found else Statement()


def kind_of(path: str) -> Callable[[str], Statement] | None:
    """The reader for a file of that name, in any case, or None; a few names count in one folder alone."""
    path = path.lower()
    name = path.rpartition("/")[2]
    if not _ANY.fullmatch(name):
        return None
    within = "/".join(path.split("/")[-2:])
    return next(
        (
            reader
            for pattern, reader in KINDS.items()
            if re.fullmatch(pattern, within if "/" in pattern else name)
        ),
        None,
    )


def _said(values: Any, operator: str = "AND") -> Statement:
    """What names, expressions or references state together."""
    found: list[str] = []
    refers: str | None = None
    for value in values if isinstance(values, list | tuple) else [values]:
        if isinstance(value, dict):
            stated = next((value[key] for key in _NAMED if value.get(key)), None)
            refers = refers or (value.get("file") if isinstance(value.get("file"), str) else None)
            value = stated if stated is not None else value.get("url")
        if isinstance(value, str) and ("\n" in value.strip() or len(value) > _VALUE):
            license = license_texts.identify(value.encode("utf-8", "replace")) or (
                UNREAD if len(value) > _VALUE else names.read(value)
            )
        elif isinstance(value, str) and (pointed := _REFERS.match(value)) and names.normalise(value) is None:
            refers, license = pointed[1] or pointed[2], None
        else:
            license = names.read(value)
        if license is not None:
            found.append(license)
    return Statement(spdx.join(found, operator) if found else None, refers)


def _json(operator: str) -> Callable[[str], Statement]:
    def read(text: str) -> Statement:
        data = json.loads(text)
        return _said(next((data[key] for key in _FIELDS if data.get(key)), None), operator)

    return read


def _npm(text: str) -> Statement:
    """package.json; the licence that `npm init` writes unasked, in a file left as it made it, states
    nothing."""
    data = json.loads(text)
    test = data.get("scripts", {}).get("test", "") if isinstance(data.get("scripts"), dict) else ""
    untouched = not data.get("author") and not data.get("description") and not data.get("repository")
    if data.get("license") == "ISC" and (untouched or "no test specified" in str(test)):
        return Statement()
    return _said(data.get("license") or data.get("licenses") or data.get("licence"))


def toml(text: str) -> dict[str, Any]:
    """A TOML file, without lines that may hold a key of thousands of parts, for which tomllib takes time
    that grows with their square. Raises ValueError where it is no TOML."""
    text = "\n".join(line for line in text.split("\n") if line.count(".") <= DOTS)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _toml(text: str) -> Statement:
    """Cargo.toml, pyproject.toml and others that have a table of the package."""
    data = toml(text)
    tool, workspace = data.get("tool", {}), data.get("workspace", {})
    tables = [data.get("package"), data.get("project"), tool.get("poetry"), tool.get("flit", {}).get("metadata"), workspace.get("package"), data]  # fmt: skip
    for table in tables:
        if not isinstance(table, dict):
            continue
        value = table.get("license", table.get("licenses", table.get("licences")))
        if isinstance(value, dict) and "workspace" in value:
            continue
        file = table.get("license-file") or table.get("license_file")
        said = _said(value)
        classified = _classified(table.get("classifiers", []))
        if said.license in (None, UNREAD) and classified is not None:
            said = Statement(classified, said.refers)
        if said.license is None and said.refers is None and isinstance(file, str):
            said = Statement(None, file)
        if said != Statement():
            return said
    return Statement()


def _setup_cfg(text: str) -> Statement:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    stated = parser["metadata"]
    return _with_classifiers(stated.get("license"), stated.get("classifiers", "").split("\n"))


def _setup_py(text: str) -> Statement:
    value = re.search(r"""(?m)^(?![ \t]*#).*?\blicen[cs]e\s*=\s*(?:["']{1,3})([^"']+)["']""", text)
    named = re.search(r"(?m)^(?![ \t]*#).*?\blicen[cs]e\s*=\s*([A-Za-z_]\w*)\s*[,)\n]", text)
    if value is None and named is not None:  # a variable of the same file
        value = re.search(rf"""(?m)^{named[1]}\s*=\s*(?:["']{{1,3}})([^"']+)["']""", text)
    return _with_classifiers(
        value[1] if value else None, re.findall(r"""["'](License\s*::[^"'\n]*)["']""", text)
    )


def _with_classifiers(value: str | None, classifiers: list[str]) -> Statement:
    """The field, or where that is no name that is known, the trove classifiers."""
    said, classified = _said(value), _classified(classifiers)
    return Statement(classified, said.refers) if said.license in (None, UNREAD) and classified else said


def _headers(text: str) -> Statement:
    """PKG-INFO and METADATA."""
    header = HeaderParser().parsestr(text)
    if expression := header.get("License-Expression"):
        return _said(expression)
    written, classified = str(header.get("License", "")), _classified(header.get_all("Classifier", []))
    said = _said(written)
    return (
        Statement(classified, said.refers)
        if classified and (said.license in (None, UNREAD) or _is_vague(written))
        else said
    )


def _is_vague(written: str) -> bool:
    return bool(
        re.fullmatch(r"(?i)\W*(?:new )?(?:bsd|apache|l?gpl)(?: licen[cs]e| software licen[cs]e)?\W*", written)
    )


def _classified(classifiers: Any) -> str | None:
    """Licence of the trove classifiers; all hold."""
    trove = [
        str(each).rpartition("::")[2] for each in classifiers if str(each).strip().startswith("License ::")
    ]
    found = [license for name in trove if (license := names.read(name.strip()))]
    return spdx.join(found, "AND") if found else None


def _xml(text: str) -> Statement:
    """pom.xml, .csproj and their kin, .nuspec and manifests of plug-ins: of several licences one may be
    chosen, as Maven has it."""
    found = elements(without_others(without_comments(text)), _SPEAK)
    blocks = [
        each.inner or each.attribute("name", "value")
        for each in found
        if each.name in _LICENSE and not each.attribute("type")
    ]
    blocks = [block for block in blocks if block]
    if len(blocks) == 1 and "<" not in blocks[0]:
        return _said(" ".join(blocks[0].split()))
    if blocks:
        each = []
        for block in blocks:
            parts = [part.inner for tag in ("name", "url") for part in elements(block, {tag})[:1]]
            read = [names.read(" ".join(part.split())) for part in (parts if "<" in block else [block])]
            known = [license for license in read if license and license != UNREAD]
            each.append(known[0] if known else UNREAD)
        return Statement(spdx.join(each, "OR"))
    said = {
        each.name if each.name not in _LICENSE else each.attribute("type"): each.inner.strip()
        for each in reversed(found)
    }
    if expression := said.get("packagelicenseexpression") or said.get("expression"):
        return _said(expression)
    if file := said.get("packagelicensefile") or said.get("file"):
        return Statement(None, file.replace("\\", "/"))
    url = said.get("packagelicenseurl") or said.get("licenseurl")
    license = names.from_url(url) if url else None
    return Statement(license if license or not url else UNREAD)


_LICENSE = {"license", "licence", "project_license", "project_licence"}
_SPEAK = {*_LICENSE, "packagelicenseexpression", "packagelicensefile", "packagelicenseurl", "licenseurl"}


def _strings(pattern: str, operator: str = "AND") -> Callable[[str], Statement]:
    """A field of a program: the strings in what `pattern` finds; without any string, what it
    finds itself."""
    compiled = re.compile(pattern)

    def read(text: str) -> Statement:
        text = text[:PROGRAM_CHARACTERS]
        found = compiled.search(text)
        if found is None or _ELSEWHERE.match(found[1]):
            return Statement()
        value = _value(text, found.start(1), found[1][:_VALUE])
        strings = [
            part
            for words, quoted in _STRING.findall(value)
            for part in (words.split() if words else [quoted])
        ]
        strings = [
            part for part in strings if not part.lower().startswith(("http", "type", "name", "file"))
        ] or strings
        strings = strings or [name.replace("_", " ") for name in re.findall(r"\bLicense\.`?([\w.-]+)", value)]
        bare = re.sub(r"\s+#.*|[,;]\s*$", "", value).strip()
        words = (
            bare[1:-1].split() if re.fullmatch(r"\([\w.+:\s-]+\)", bare) else [bare]
        )  # an array of a shell
        return _said(strings or [word for word in words if word and not re.search(r"[({=]", word)], operator)

    return read


def _value(text: str, start: int, line: str) -> str:
    """The value of a field that begins at `start`: the literals that the `line` from there on begins with,
    else the whole of what it opens, over lines."""
    if leading := _LITERALS.match(line):
        return leading[0]
    opens = re.search(r"[\[({]", line)
    if opens is None or "<<" in line:
        return line.partition("<<")[0]  # of a text that stands below
    depth, at = 0, start + opens.start()
    for end in range(at, min(len(text), at + _VALUE)):
        depth += (text[end] in "[({") - (text[end] in "])}")
        if depth == 0:
            return text[start : end + 1]
    return line


def _lines(pattern: str, needs: str = "") -> Callable[[str], Statement]:
    """A field on a line of its own, or a list of lines below it."""
    compiled = re.compile(rf"(?im)^{pattern}[ \t]*(.*(?:\n[ \t]*-[ \t].+)*)")

    def read(text: str) -> Statement:
        found = compiled.search(text) if not needs or re.search(needs, text) else None
        if found is None:
            return Statement()
        values = [re.sub(r"\s#.*", "", line).strip(" \t-\"'[]") for line in found[1].split("\n")]
        return _said([value for value in values if value and not _FORM.search(value)])

    return read


KINDS: dict[str, Callable[[str], Statement]] = {
    r"package\.json": _npm,
    r"(bower|component|vcpkg|elm|haxelib|dub|meta6?|metadata|library|jsr|extension|skin|codemeta|\.zenodo|fabric\.mod|.*\.podspec)\.json|deno\.jsonc?": _json("AND"),
    r"composer\.json": _json("OR"),
    r"(cargo|pyproject|project|gleam|typst|fpm|alire|stylua|wally|pixi|theme|blender_manifest)\.toml": _toml,
    r"setup\.cfg": _setup_cfg,
    r"setup\.py": _setup_py,
    r"pkg-info|metadata": _headers,
    r"pom\.xml|.*\.(cs|fs|vb)proj|directory\.build\.props|.*\.nuspec|(package|plugin|addon|ivy)\.xml|.*\.(metainfo|appdata)\.xml(\.in)?|.*\.(vsixmanifest|lpk)": _xml,
    r"appinfo/info\.xml": _xml,
    r".*\.gemspec": _strings(r"(?m)^[^#\n]*\.licen[cs]es?\s*=\s*(.+)"),
    r".*\.podspec": _strings(r"(?m)^[^#\n]*\.license\s*=\s*(.+(?:\n\s+.+)?)"),
    r".*\.(rockspec|nimble|ipkg)|v\.mod|spago\.dhall": _strings(r"(?m)^[ \t{,]*license\s*[=:]\s*(.+)"),
    r"build\.gradle(\.kts)?": _strings(r"licenses\s*\{\s*license\s*\{[^{}]*?\bname\s*(?:=|\.set\()?\s*(.+)"),
    r"gradle\.properties": _lines(r"[ \t]*\w*licen[cs]es?(?:[._]?(?:name|spdx|id))?[ \t]*="),
    r"meson\.build": _strings(r"(?s)\bproject\s*\((?:(?!\n\w).){0,2000}?\blicense\s*:\s*(\[[^\]]{0,2000}\]|'[^'\n]*')"),
    r"xmake\.lua": _strings(r"(?m)^[ \t]*set_license\((.+)"),
    r"conanfile\.py": _strings(r"(?m)^[ \t]+license\s*=\s*(.+)"),
    r"mix\.exs": _strings(r"(?m)^[^#\n]*\blicenses:\s*(.+)"),
    r"src/.+\.app\.src": _strings(r"\{licenses,\s*(\[[^\]]{0,2000}\])"),
    r"project\.clj": _strings(r"(?s):license\s+\{[^}]{0,2000}?:name\s+(\"[^\"]*\")"),
    r"build\.(sbt|sc|mill)": _strings(r"(?m)^(?![ \t]*//).*?\blicenses?\s*(?:\+\+?|:)?=\s*(.+)"),
    r"(makefile|build)\.pl|dist\.ini": _strings(r"(?im)^(?:[^#\n]*[\s(,{])?['\"]?license['\"]?\s*(?:=>?|,)\s*(.+)"),
    r"__(manifest|openerp|terp)__\.py": _strings(r"(?m)^[ \t]*['\"]license['\"]\s*:\s*(.+)"),
    r"metadata\.rb|dub\.sdl|fxmanifest\.lua": _strings(r"(?m)^[ \t]*license\s+(['\"].+)"),
    r"info\.rkt": _strings(r"\(define\s+license\s+'?\(?([^()\n]+)\)"),
    r"dune-project|.*\.asd": _strings(r"(?m)^[ \t]*\(?:?licen[cs]e\s+(.+?)\)?$"),
    r"pkgbuild|apkbuild|.*\.ebuild": _strings(r"(?m)^(?:license|LICENSE)=(.+)"),
    r".*\.opam": _strings(r"(?m)^license:\s*(.+(?:\n[ \t]*\[)?)"),
    r"(pubspec|shard|galaxy|meta|recipe|conda|package|snapcraft|chart|antora|spago)\.ya?ml|citation\.cff|.*\.cabal": _lines(
        r" {0,4}(?:artifacthub\.io/)?licen[cs]es?\s*:"
    ),
    r"meta/main\.ya?ml": _lines(r" {0,4}licen[cs]e\s*:"),
    r"paket\.template": _lines(r"[ \t]*licenseexpression[ \t]"),
    r"metadata\.txt": _lines(r"licen[cs]e[ \t]*=", needs=r"(?i)qgisminimumversion|\[general\]"),
    r"description|.*\.spec": _lines(r"licen[cs]e\s*:"),
    r"readme\.txt|style\.css": _lines(r"[ \t*]*license\s*:", needs=r"(?i)stable tag\s*:|(?:theme|plugin) name\s*:"),
}  # fmt: skip
"""File name in lower case, or its folder and name -> reader."""
_ANY = re.compile("|".join(f"(?:{pattern.rpartition('/')[2]})" for pattern in KINDS))
