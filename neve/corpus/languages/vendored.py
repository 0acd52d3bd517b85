"""Files of third parties in a repository: by their path, or by a library's name and what its text says.

VENDORED is a table of RE2 expressions, joined into one and searched over the whole column of paths. The
trade-off: only what its place or banner tells with near certainty; folders that many projects use for code
of their own (`lib`, `contrib`, `env`, `cache`), tests with their fixtures, documentation, settings of tools
and TypeScript's declaration files do not count, though Linguist counts some.

Source: GitHub Linguist's vendor.yml, in spirit; the expressions are our own.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

_VERSION = r"([-._]?v?\d[\w.]*)?"
_BUILD = r"([-.](min|slim|full|core|all|src|debug|dev|development|prod|production|bundle|umd|esm|cjs|iife|global|common|pack|pkgd|runtime|browser|module|legacy|custom))*"
_NAMES = (
    r"jquery|jquery-?ui|jquery-?migrate"
    r"|jquery[-.](ui[\w.-]*|effects[\w.-]*|fancybox[\w.-]*|validate[\w.-]*|unobtrusive[\w-]*|fileupload[\w-]*|datatables[\w.-]*)"
    r"|jquery[-.](cookie|form|easing|mousewheel|timeago|tipsy|tablesorter|scrollto|hotkeys|lazyload|placeholder|color|fn\.gantt|mobile|metadata|flot[\w.]*)"
    r"|underscore|lodash|backbone|moment(-with-locales|-timezone[\w-]*)?|handlebars|mustache|knockout|ember(-template-compiler)?|modernizr"
    r"|html5shiv(-printshiv)?|es5-sh[ai]m|prototype|scriptaculous|mootools[\w-]*|dojo|mochikit|yahoo-[\w-]*|yui[\w-]*|ckeditor|tinymce|tiny_mce[\w]*"
    r"|codemirror|ace|mathjax|chart|highlight|prism|socket\.io|three|leaflet(-src|\.draw[\w-]*|\.spin)?|select2|datatables[\w.]*|sizzle|zepto|raphael"
    r"|swfobject|plotly[\w-]*|echarts|highcharts[\w-]*|highstock|crossfilter|nv\.d3|d3([-.](tip|cloud|geo|layout|legend))?"
    r"|angular(-(animate|aria|cookies|loader|messages|mocks|resource|route|sanitize|scenario|touch|ui-router))?|react(-dom|-with-addons)?|vue(-router|x)?"
    r"|require|pdf(\.worker)?|slick|fuelux|bootbox|cordova|phonegap|webcomponents(-lite)?"
    r"|bootstrap[-.](bundle|datepicker|select|modal|table|editable|slider|tagsinput|toggle|typeahead|tour|switch)[\w.-]*|shbrush\w+|shcore|shlegacy"
    r"|ext-all(-debug)?|foundation(\.[\w.]+)?|typeahead(\.bundle|\.jquery)?|microsoft(mvc)?(ajax|validation)|sweetalert2?|toastr|video|hls|rxjs|rx|sockjs"
    r"|stomp|showdown|marked|bootstrap(-(theme|grid|reboot|utilities|responsive))?|normalize|skeleton|animate|materialize|bulma|font-?awesome|fontello|octicons|pure"
)

_HOLDING = r"[-_. ]?(libs?|librar(y|ies)|code|src|sources?|deps|dependenc(y|ies)|modules?|packages?|components?|software|projects?|tools?|vendor(s|ed)?|include(s|d)?|files?|contrib|licen[cs]es?|js|css|c|cpp|py(thon)?|java|go|rust|v?\d[\w.]*)"
"""After `third_party`: what says that it lies there. `thirdPartyAuth` is about third parties."""

FOLDERS = (r"(^|/)_?vendor(s|ed|ized)?([-_][^/]+)?/", r"^([^/]+/){0,2}c?[Ee]xtern(al|als)?/")
"""Folders that hold others' code, unless what lies there declares a package or namespace of the folder's own
place: `shop/md/vendor/` with `package shop.md.vendor;` is about vendors, `Sorters/External/` about sorting.
"""
VENDORED = (
    # folders that hold others' code
    r"(^|/)(node_modules|bower_components|jspm_packages|web_modules|elm-stuff|site-packages|dist-packages|flow-typed/npm|xvba_modules)/",
    rf"(?i)(^|/)[^/]*(3rd|third)[-_]?part(y|ies)({_HOLDING})?/", r"^([Dd]ependencies|deps|subprojects)/",
    r"(^|/)\.?venv/|(^|/)\.(tox|nox|eggs|bundle|yarn/(releases|plugins|sdks|versions|unplugged)|google_apis|mvn/wrapper)/", r"(^|/)(Pods|Carthage|Sparkle|Godeps/_workspace|_esy|puphpet|admin_media|gradle/wrapper)/",
    r"(^|/)[^/]+\.(framework|xctemplate)/", r"(^|/)[Pp]ackages/[^/]+\.\d+\.\d+[^/]*/", r"(^|/)gems/[^/]+-\d+(\.\d+)+/", r"^debian/",
    r"(^|/)(ace-builds|MathJax|extjs|tiny_?mce|ckeditor|select2|bootstrap-datepicker|font-?awesome|[Bb]ourbon)/", r"(^|/)[Cc]ode[Mm]irror/(\d[\d.]*/)?(lib|mode|theme|addon|keymap)/",
    # scripts and macros that build tools copy in
    r"(^|/)(configure|config\.(guess|sub|rpath)|ltmain\.sh|ltconfig|install-sh|missing|depcomp|ylwrap|mkinstalldirs|py-compile|test-driver|elisp-comp|ar-lib|texinfo\.tex)$",
    r"(^|/)(aclocal|libtool|ltoptions|ltsugar|ltversion|lt~obsolete)\.m4$", r"(?i)(^|/)(gradlew|mvnw|activator)(\.bat|\.cmd)?$", r"(^|/)(rebar3?|waf|erlang\.mk|dotnet-install\.(sh|ps1))$",
    r"(^|/)(cpplint|get-pip|ez_setup|distribute_setup|versioneer)\.py$",
    # libraries that projects carry as one file
    r"[-._]min\.(js|mjs|css)$", r"[-.](vsdoc|intellisense)\.js$",
    r"(^|/)(sqlite3(ext)?\.[ch]|stb_\w+\.h|catch\.hpp|catch_amalgamated\.[ch]pp|doctest\.h|uthash\.h)$",
)  # fmt: skip
"""Paths of third parties' code; any that shows somewhere in a path makes the file vendored."""

LIBRARIES = rf"(?i)(^|/)({_NAMES}){_VERSION}{_BUILD}\.(js|mjs|css|less|s[ac]ss|styl)$"
"""Names of libraries that projects carry as one file; it is long, and costs more to compile than a batch to
search.

Projects call their own files so too (`chart.js`, `video.js`, `moment.js`), so that a name alone counts only
with a version or a build (`d3-5.9.2.js`, `vue.runtime.js`); else the library has to say in its first bytes
which it is.
"""
NUMBERED = r"[-._]v?\d+\.\d[\w.]*\.[a-z]+$|[-.](min|slim|bundle|umd|iife|pack|pkgd|prod|production|development|runtime)\.[a-z]+$"
BANNER_BYTES = 2048
_BANNER = re.compile(rb"(?s)\s*+(@charset[^;\n]*;)?[\s;!]*+((/\*.*?(\*/|\Z)\s*)+|(//[^\n]*\n?\s*)+)")


_DECLARES = r"\.(java|kt|scala|groovy|cs|fs|vb|php)$"
_DECLARED = re.compile(rb"(?m)^[^\S\n]*(?:<\?php\s+)?(?:package|namespace|Namespace)\s+([\w.\\]+)")
_FOLDER = re.compile(r"_?vendor(s|ed|ized)?([-_].+)?|c?extern(al|als)?")


def vendored(paths: pa.Array, contents: pa.Array) -> pa.Array:
    """Whether each file is a third party's: by its path in the repository, or by a library's name and what
    it says.

    Null for a null path. `contents` are strings or binaries of the same length.
    """
    found = pc.or_(_any(paths, VENDORED), _in_folders(paths, contents))
    scripts = pc.fill_null(pc.match_substring_regex(paths, r"(?i)\.(js|mjs|css|less|s[ac]ss|styl)$"), False)
    if not pc.any(scripts).as_py():
        return found
    named = pc.replace_with_mask(scripts, scripts, pc.match_substring_regex(paths.filter(scripts), LIBRARIES))
    heads = pc.binary_slice(contents.cast(pa.large_binary()).filter(named), 0, BANNER_BYTES).to_pylist()
    sure = [
        is_library(path, head or b"")
        for path, head in zip(paths.filter(named).to_pylist(), heads, strict=True)
    ]
    return pc.or_(found, pc.replace_with_mask(named, named, pa.array(sure, pa.bool_())))


def _any(paths: pa.Array, expressions: tuple[str, ...]) -> pa.Array:
    return pc.match_substring_regex(paths, "|".join(f"(?:{expression})" for expression in expressions))


def _in_folders(paths: pa.Array, contents: pa.Array) -> pa.Array:
    """Whether each file lies in one of FOLDERS, and does not declare that it belongs there; few are read."""
    found = _any(paths, FOLDERS)
    here = pc.fill_null(pc.and_(found, pc.match_substring_regex(paths, _DECLARES)), False)
    if not pc.any(here).as_py():
        return found
    heads = pc.binary_slice(contents.cast(pa.large_binary()).filter(here), 0, BANNER_BYTES * 4).to_pylist()
    own = [
        belongs(path, head or b"") for path, head in zip(paths.filter(here).to_pylist(), heads, strict=True)
    ]
    return pc.replace_with_mask(found, here, pc.invert(pa.array(own, pa.bool_())))


def belongs(path: str, head: bytes) -> bool:
    """Whether a file in one of FOLDERS declares a package or namespace of that folder and the one above it.

    >>> belongs("a/shop/vendor/List.java", b"package org.acme.shop.vendor;")
    True
    >>> belongs("vendor/acme/src/List.php", b"<?php namespace Acme\\\\List;")
    False
    """
    folders = path.lower().split("/")[:-1]
    for declared in _DECLARED.findall(head):
        names = re.split(r"[.\\]", declared.decode("utf-8", "replace").lower())
        for above, folder in pairwise(folders):
            if _FOLDER.fullmatch(folder) and (above, folder) in pairwise(names):
                return True
    return False


def is_library(path: str, head: bytes) -> bool:
    """Whether a file with a library's name is that library: by the name, or by the banner or wrapper of a
    build.

    A banner has the library's name next to a version, or in an address beside a licence.

    >>> is_library("js/d3-5.9.js", b""), is_library("src/chart.js", b"export class Chart {}")
    (True, False)
    >>> is_library("js/chart.js", b"/*!\\n * Chart.js v2.9.4\\n * https://www.chartjs.org\\n */")
    True
    """
    if re.search(NUMBERED, path.lower()):
        return True
    name = re.escape((re.findall(r"[a-z]+\d?", path.lower().rpartition("/")[2]) or ["?"])[0].encode())
    text = head.lower()
    if re.search(rb"typeof exports|define\.amd|require\.amd", text):
        return True
    banner = (_BANNER.match(text) or [b""])[0]
    if re.search(name + rb"[^\n]{0,30}(\n[\s*/!#:-]*)?(v|version\W*)?\b\d+\.\d", banner):
        return True
    licensed = re.search(rb"licen[sc]e|copyright|\(c\)|@preserve", banner)
    return licensed is not None and re.search(rb"(https?://|www\.)[^\s\"'<>]*" + name, banner) is not None
