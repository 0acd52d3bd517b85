"""Files that are not the repository's own writing: third parties' code by path, programs' output by name and marks.

Two tables of RE2 expressions, each joined into one and searched over the whole column: VENDORED over paths, GENERATED
over paths; then MARKS, which tie an expression over a file's first bytes to names, so that a phrase counts only in
the kind of file whose generator writes it. The trade-off: only what its place, name or mark tells with near
certainty; folders that many projects use for code of their own (`lib`, `contrib`, `env`, `cache`), tests with their
fixtures, documentation, settings of tools and TypeScript's declaration files do not count, though Linguist counts some.

Source: GitHub Linguist's vendor.yml and generated.rb, in spirit; the expressions are our own.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HEAD_BYTES, GO_BYTES, TAIL_BYTES = 1024, 4096, 512
"""Marks are searched in so many bytes from a file's start (GO: Go's) and end."""

MINIFIED_LINE = 110
"""JavaScript and CSS whose lines are longer in the mean, in bytes, are minified (Linguist's limit)."""

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
    r"|stomp|showdown|marked"
)

VENDORED = (
    # folders that hold others' code
    r"(^|/)(node_modules|bower_components|jspm_packages|web_modules|elm-stuff|site-packages|dist-packages|flow-typed/npm|xvba_modules)/",
    r"(^|/)_?vendor(s|ed|ized)?([-_][^/]+)?/", r"(?i)(^|/)[^/]*(3rd|third)[-_]?part(y|ies)[^/]*/", r"(^|/)c?[Ee]xtern(al|als)?/", r"^([Dd]ependencies|deps|subprojects)/",
    r"(^|/)\.?venv/|(^|/)\.(tox|nox|eggs|bundle|yarn/(releases|plugins|sdks|versions|unplugged)|google_apis|mvn/wrapper)/", r"(^|/)(Pods|Carthage|Sparkle|Godeps/_workspace|_esy|puphpet|admin_media|gradle/wrapper)/",
    r"(^|/)[^/]+\.(framework|xctemplate)/", r"(^|/)[Pp]ackages/[^/]+\.\d+\.\d+[^/]*/", r"(^|/)gems/[^/]+-\d+(\.\d+)+/", r"^debian/",
    r"(^|/)(ace-builds|MathJax|extjs|tiny_?mce|ckeditor|select2|bootstrap-datepicker|font-?awesome|[Bb]ourbon)/", r"(^|/)[Cc]ode[Mm]irror/(\d[\d.]*/)?(lib|mode|theme|addon|keymap)/",
    # scripts and macros that build tools copy in
    r"(^|/)(configure|config\.(guess|sub|rpath)|ltmain\.sh|ltconfig|install-sh|missing|depcomp|ylwrap|mkinstalldirs|py-compile|test-driver|elisp-comp|ar-lib|texinfo\.tex)$",
    r"(^|/)(aclocal|libtool|ltoptions|ltsugar|ltversion|lt~obsolete)\.m4$", r"(?i)(^|/)(gradlew|mvnw|activator)(\.bat|\.cmd)?$", r"(^|/)(rebar3?|waf|erlang\.mk|dotnet-install\.(sh|ps1))$",
    r"(^|/)(cpplint|get-pip|ez_setup|distribute_setup|versioneer)\.py$",
    # libraries that projects carry as one file
    r"[-._]min\.(js|mjs|css)$", r"[-.](vsdoc|intellisense)\.js$", r"(^|/)(js|libs?|static|assets|public|javascripts?)/([^/]+/)?bootstrap\.js$",
    r"(?i)(^|/)(bootstrap|foundation|normalize|skeleton|animate|materialize|bulma|font-?awesome|fontello|octicons|pure)([-.][^/]*)?\.(css|less|s[ac]ss|styl)$",
    r"(^|/)(sqlite3(ext)?\.[ch]|stb_\w+\.h|catch\.hpp|catch_amalgamated\.[ch]pp|doctest\.h|uthash\.h)$",
)  # fmt: skip
"""Paths of third parties' code; any that shows somewhere in a path makes the file vendored."""

LIBRARIES = rf"(?i)(^|/)({_NAMES}){_VERSION}{_BUILD}\.(js|mjs|css)$"
"""The same for scripts and style sheets alone: it is long, and costs more to compile than a batch to search."""

GENERATED = (
    # lock files and what package managers write
    r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|composer\.lock|Gemfile\.lock|Podfile\.lock|Cargo\.lock|Cargo\.toml\.orig|(Gopkg|glide)\.lock|go\.(work\.)?sum)$",
    r"(^|/)(poetry|pdm|uv|pixi|flake|mix|pubspec|packages|mise(\.[^/]+)?|(\w+\.)?esy|Pipfile|MODULE\.bazel|conda|Chart|gradle|buildscript-gradle)\.(lock|lockfile)$|(^|/)(conda-lock\.yml|packages\.lock\.json)$",
    r"(^|/)(Package\.resolved|\.terraform\.lock\.hcl|\.secrets\.baseline|(Julia)?Manifest(-v\d+(\.\d+)?)?\.toml|\.pnp\.[^/]+)$", r"(^|/)\.sqlx/query-[0-9a-f]{64}\.json$",
    # folders of programs' output
    r"(^|/)(__generated__|htmlcov|\.idea|\.ipynb_checkpoints|__pycache__|[^/]+\.egg-info|[^/]+\.xcodeproj|[^/]+\.xcworkspace)/", r"(^|/)dist/([^/]+/)*[^/]+\.(js|mjs|cjs|css|map)$",
    # names that a generator gives
    r"\.pb(\.gw|\.validate)?\.(go|cc|cpp|h|hpp|swift|dart|rb|ts|js)$|_pb2(_grpc)?\.pyi?$|_(grpc_)?pb(_service)?\.(js|rb|d\.ts)$|\.pbobjc\.[hm]$|\.pb(json|enum|server)\.dart$|_grpc\.pb\.go$",
    r"\.(g|freezed|gr|mocks|config)\.dart$|\.(g|g\.i|designer|Designer|feature)\.(cs|vb)$|\.gen\.(go|ts|cs|py|rs)$|(^|/)zz_generated\.[\w.]+\.go$|_generated\.(h|go|rs|ts|py)$|(?i)_tlb\.pas$",
    r"(^|/)(parsetab|lextab)\.py$|(^|/)y\.tab\.[ch]$|(^|/)lex\.yy\.cc?$|\.tab\.(c|h|cc|cpp|hh)$|(^|/)(moc|qrc)_\w+\.cpp$|\.zep\.(c|h|php)$|(^|/)R\.java$|(^|/)ppport\.h$",
    r"\.(js|mjs|css)\.map$|\.(chunk|bundle)\.(js|css)$|\.(nib|xcworkspacedata|xcuserstate|pbxproj)$|\.js\.flow$",
)  # fmt: skip
"""Names of files that a program writes."""

CODE = {
    "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "hxx", "m", "mm", "cs", "vb", "java", "kt", "scala", "groovy", "swift", "dart", "go", "rs", "py", "pyi",
    "rb", "rbi", "php", "pl", "pm", "lua", "js", "mjs", "cjs", "jsx", "ts", "tsx", "hs", "ml", "mli", "erl", "hx", "as", "f", "f90", "pas", "d",
    "r", "jl", "sql", "proto", "graphql", "cmake", "am", "in", "sh",
}  # fmt: skip
"""Endings of the files in which WRITTEN and MADE are searched."""

WRITTEN = (
    # parsers and lexers
    r"^\W*(A lexical scanner generated by flex|Generated (from [^\n]* )?by (ANTLR|re2c|PEG\.js|peggy|Haxe|Ragel)|(parser |lexer )?generated by jison)",
    r"^\W*(The following code was generated by (JFlex|CUP)|Generated By:\s?(JavaCC|JJTree)|This file is automatically generated by (Racc|Lemon))",
    r"^// This is a generated file\. Not intended for manual editing\.|^\s*\* This file is generated by jOOQ|^\(\* This (file|generated code) .*(ocamllex|menhir|ocamlyacc)",
    # interface and data definitions
    r"(?i)^\W*(Generated by the (protocol buffer compiler|gRPC)|Autogenerated by (Thrift|Avro) Compiler|Automatically generated by the FlatBuffers compiler|(Auto)?generated (by|from [^\n]*) Cap'n Proto)",
    r"(?i)^\W*(code generated by protoc|This file was autogenerated by go-to-protobuf|generated code\W{1,4}do not (modify|edit)|It was generated using rpcgen|Generated by (wayland-scanner|gdbus-codegen|glib-\w+))",
    r"(?i)^\W*(NOTE: This class is auto[- ]?generated by|Generated by: https://|Code generated by Microsoft|This file was generated by the JavaTM? Architecture|@generated (SignedSource|by protobuf))",
    # bindings and resources
    r"^\W*(Generated by Cython \d|DO NOT EDIT THIS FILE - it is machine generated|This file was automatically generated by SWIG|automatically generated by rust-bindgen|Generated with cbindgen|This file is auto-generated with f2py)",
    r"^\W*(Form (implementation )?generated from reading (UI|ui) file|OpenGL loader generated by|(<|&lt;)auto-generated\b|Generated using (Sourcery|SwiftGen)|This is a generated file, do not edit!)",
    r"(?i)\b(generated (automatically )?by (automake|aclocal|autoheader|GNU Autoconf)|generated from configure\.(ac|in) by autoheader)",
)  # fmt: skip
"""What generators write at the beginning of a line in the first bytes of code; each holds
`enerated` in small or capital letters, which is searched first."""

MADE = (
    r"\A\W*(A Bison parser, made by GNU Bison|\$ANTLR \d|(\d{4}-\d\d-\d\d\W+([^\n]*\n){0,12}\W*)?Driver template for the LEMON parser|(ANSI-C|C\+\+|C) code produced by gperf|Meta object code from reading C\+\+ file"
    r"|Resource object code|GIMP [\w -]+(C-Source image dump|image file format)|line \d+ \"[^\"\n]*\.(rl|y|l|re|peg|yy|ll)\")"
)  # fmt: skip
"""What other generators write at the very beginning of code."""

MARKS = {
    "rbi": r"^# DO NOT EDIT MANUALLY",
    "rd": r"\A\W*Generated by roxygen2",
    "js": r"\A//+ Generated by \S|^/\*{6}/ \(?function\(modules\)|webpackBootstrap|\A[;!]?\(function e\(t,\s*n,\s*r\)|\A([^\n]*\n){1,5}[^\n]*GENERATED CODE -- DO NOT EDIT",
    "g": r"\A[^\n]*\n[^\n]*generated by Xtest",
    "html htm xhtml": (
        r"(?i)<!-- (Generated by (Doxygen|pkgdown|javadoc)|This is an automatically generated file)|<meta\s+name=['\"]?generator['\"]?\s+content=['\"]?"
        r"(org mode|j?latex2html|groff|makeinfo|texi2html|ronn|doxygen|sphinx|javadoc|docutils|asciidoctor|rustdoc|pdoc|pkgdown|mkdocs)"
    ),
    "xml": r"\A\W*<\?xml[^>]*>\s*<doc>\s*<assembly>",
    "ps eps pfa": r"^%%Creator: .*(\d|draw|mpage|ImageMagick|inkscape|MATLAB)",
    "meta": r"\AfileFormatVersion: ",
    "yy yyp": r"\A\s*[{\[]|\A\d\.\d\.\d[^\n]+\|\{",
    "dsp": r"Microsoft Developer Studio Generated Build File",
    "frm": r"\ATYPE=VIEW",
    "mod": r"\A(GFORTRAN module version '|PCBNEW-LibModule-V)",
    "map": r"\A\{\"version\":\s?\d|\A/\*\* Begin line maps",
    "yml yaml": r"\Ainteractions:\r?\n- request:",
}  # fmt: skip
"""Marks by the endings of the names that they go with, searched in the first bytes; `^` is a line's beginning."""

SCRIPTS = {"js", "mjs", "cjs", "css"}

GO = r"(?m)^// Code generated .* DO NOT EDIT\.?\r?$"
SOURCE_MAP = r"(?m)^/[*/][#@] source(Mapping)?URL=[^\n]*\n?\z"
CASSETTE = r"(?m)^recorded_with: VCR"
COFFEE_HEAD, COFFEE_TAIL = r"\A\(function\(\) \{\n", r"\}\)\.call\(this\);\n\z"
COFFEE = r"\bvar\b[^;]*\b(_i|_len|_ref|_results|_fn|__bind|__extends|__hasProp|__indexOf|__slice|extend|hasProp|slice)\b"


def vendored(paths: pa.Array) -> pa.Array:
    """Whether each path (in its repository, `/` between folders) is of a third party's code; null for a null path."""
    found = pc.match_substring_regex(paths, "|".join(f"(?:{expression})" for expression in VENDORED))
    scripts = pc.fill_null(pc.match_substring_regex(paths, r"(?i)\.(js|mjs|css)$"), False)
    if not pc.any(scripts).as_py():
        return found
    return pc.or_(
        found,
        pc.replace_with_mask(scripts, scripts, pc.match_substring_regex(paths.filter(scripts), LIBRARIES)),
    )


def generated(paths: pa.Array, contents: pa.Array) -> pa.Array:
    """Whether each file was written by a program: by its name, or by a mark that goes with its name.

    `paths` are strings, `contents` strings or binaries of the same length; null only where a path is null.
    """
    contents = contents.cast(pa.large_binary())
    endings = (
        pc.extract_regex(pc.utf8_lower(paths), r"\.(?P<ending>\w+)$").field("ending").dictionary_encode()
    )
    codes = pc.fill_null(endings.indices, -1).to_numpy()
    present = endings.dictionary.to_pylist()
    heads = pc.binary_slice(contents, 0, HEAD_BYTES)
    found = np.zeros(len(paths), bool)

    def named(among: set[str]) -> np.ndarray:
        return np.flatnonzero(
            np.isin(codes, [code for code, ending in enumerate(present) if ending in among])
        )

    def mark(texts: pa.Array, rows: np.ndarray, expression: str) -> np.ndarray:
        shows = _true(pc.match_substring_regex(texts.take(pa.array(rows)), expression)) if len(rows) else rows
        return rows[shows]

    code = named(CODE)
    hinted = np.union1d(mark(heads, code, "enerated"), mark(heads, code, "ENERATED"))
    found[mark(heads, hinted, "(?m)" + "|".join(f"(?:{each})" for each in WRITTEN))] = True
    found[mark(heads, code, MADE)] = True
    for each, expression in MARKS.items():
        found[mark(heads, named(set(each.split())), f"(?m){expression}")] = True
    found[mark(pc.binary_slice(contents, 0, GO_BYTES), named({"go"}), GO)] = True
    found[mark(pc.binary_slice(contents, -TAIL_BYTES), named({"yml", "yaml"}), CASSETTE)] = True
    scripts = named(SCRIPTS)
    if len(scripts):
        tails = pc.binary_slice(contents, -TAIL_BYTES)
        found[scripts] |= _minified(contents.take(pa.array(scripts)))
        found[mark(tails, scripts, SOURCE_MAP)] = True
        found[mark(contents, mark(tails, mark(heads, scripts, COFFEE_HEAD), COFFEE_TAIL), COFFEE)] = True
    by_name = pc.match_substring_regex(paths, "|".join(f"(?:{expression})" for expression in GENERATED))
    return pc.or_(by_name, pa.array(found))


def _minified(texts: pa.Array) -> np.ndarray:
    """Whether each text's lines are longer than MINIFIED_LINE bytes in the mean."""
    _, offsets_buffer, values = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    ends = (
        np.flatnonzero(np.frombuffer(values or b"", np.uint8)[offsets[0] : offsets[-1]] == ord("\n"))
        + offsets[0]
    )
    lines = np.diff(np.searchsorted(ends, offsets)) + 1
    return np.diff(offsets) - (lines - 1) > MINIFIED_LINE * lines


def _true(mask: pa.Array) -> np.ndarray:
    return pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
