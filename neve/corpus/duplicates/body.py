"""A file without what it shares with its neighbours by custom: the comments and imports that it begins with.

Short files under a long licence notice, or with the same imports, look alike though their code is not: of
387 pairs that were dropped for their whole texts 45 had bodies less than 0.3 alike. So near duplicates are
compared by what follows the first run of comments (a module's docstring too), shebang, package line,
includes, the conditions around them and imports. The trade-off: RE2 expressions for all languages together,
which leave what they do not know (`#define` with a value, Clojure's `ns`, re-exports) in the body. What most
files begin with is tried on all, the rest where it is what comes next: two passes take half the time of one.
A file that is nothing but such a beginning counts without its first comment, else whole.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_END = r"[ \t\r]*(?:\n|\z)"
_PUB = r"(?:pub(?:\([^)\n]*\))?[ \t]+)?"
_REQUIRE = r"[\w{}, :$]+=[ \t]*require[ \t]*\(?[ \t]*['\"][^()\n]*['\"][ \t]*\)?(?:\.\w+|\(\))*"
_COMMON = (
    r"\s+", r"/\*(?s:.*?)\*/", r"//[^\n]*", r"<!--(?s:.*?)-->", r"--\[=*\[(?s:.*?)\]=*\]", r"#\[=*\[(?s:.*?)\]=*\]", r"#=[ \t\r]*\n(?s:.*?)=#", r"#\|(?s:.*?)\|#",
    r"(?:--|;|%)[^\n]*", r"#(?:[^a-z\s][^\n]*|[ \t]+[^\n]*)?(?:\n|\z)",  # comments and shebangs; `#define` has a letter after it
    r"#[ \t]*(?:include|import|pragma|using)\b[^\n]*", r"#[ \t]*(?:if|ifdef|ifndef|elif|else|endif|region|endregion|nullable)\b(?:[^\n\\]|\\\r?\n)*",
    r"#[ \t]*define[ \t]+\w+" + _END, r"<\?php\b", r"<\?xml[^>]*>", r"[\"']use (?:strict|client|server)[\"'];?", r"declare\([^)\n]*\);",
    r"(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]*\([^)]*\);?",  # Python's and Go's lists
    r"import\b[^;'\"(){}\n]*\{[^{}'\"]*\}(?:[ \t]*from[ \t]*['\"][^'\"\n]*['\"];?)?",  # JavaScript's and Scala's
    _PUB + r"use[ \t]+[\w:]+::\{[^;]*\};", _PUB + r"use[ \t]+[\w:\\{}, *]+;",
    r"(?:import|from|package|using|require|require_once|require_relative|include|library|extern crate|namespace)\b(?:[^\n\\{}=]|\\\r?\n|\\[^\n])*(?:\n|\z)",
    r"import\b[^\n]*['\"](?:[ \t]+(?:with|assert)[ \t]*\{[^{}\n]*\})?;?" + _END, r"(?:const|let|var|local)[ \t]+" + _REQUIRE + r"(?:\s*,\s*" + _REQUIRE + ")*;?",
    r"@file:[^\n]*", r"@import\b[^\n]*",
)  # fmt: skip
_RARE = (
    r"[rRuU]?\"\"\"(?s:.*?)\"\"\"", r"[rRuU]?'''(?s:.*?)'''", r"\(\*[\s*](?s:.*?)\*\)", r"\{-(?s:.*?)-\}", r"\{#(?s:.*?)#\}", r"<#(?s:.*?)#>", r"<%--(?s:.*?)--%>", r"=begin\b(?s:.*?)\n=end[^\n]*", r"=(?:pod|head\d)(?s:.*?)\n=cut[^\n]*",
    r"(?:['\"!]|@?(?:rem|REM))[ \t]+[\w(*<][^\n]*", r"(?:['\"]|!+[*=-]*)" + _END, r"(?:::|dnl\b|\.\\\")[^\n]*",  # those of VB, Vim, Fortran, batch, m4, troff
    r"extern[ \t]+\"C\"(?:[ \t\r\n]*\{)?", r"(?:inline[ \t]+)?namespace[\w: \t\\.]*[{;]?" + _END, r"(?:global[ \t]+)?using[ \t][^\n(){}]*;", r"(?:export[ \t]+)?module\b[\w.: \t]*;",
    r"<!(?:DOCTYPE|doctype)[^>]*>", r"(?:if[ \t]*\([ \t]*)?!?[ \t]*defined[ \t]*\([^\n]*(?:exit|die)[^\n]*",
    r"try:[ \t]*\n(?:[ \t]+(?:from|import)\b[^\n]*\n)+except[^\n]*:[^\n]*\n(?:[ \t]+(?:from|import|pass|\w+[ \t]*=[ \t]*None)\b[^\n]*\n)*",
    r"__(?:author|copyright|credits|date|email|license|maintainer|status|version)__[ \t]*=[^\n(]*" + _END, _PUB + r"mod[ \t]+\w+;", r"use[ \t]+[\w:]+[ \t]+qw\([^)]*\);", r"import[ \t]+(?:type[ \t]+)?\w+[ \t]*=[^\n]*" + _END,
    r"define\((?:['\"][^'\"\n]*['\"],\s*)?\[[^\]]*\],\s*function[ \t]*\([^)]*\)[ \t]*\{", r"@\w+[ \t]+import\b[^\n]*", r"@(?:class|charset|use|forward)\b[^\n]*", r"(?:export|part|part[ \t]+of)[ \t]+['\"\w.]+['\"]?;",
    r"(?:Imports|open)[ \t]+[\w.]+" + _END, r"Option[ \t]+(?:Explicit|Strict|Infer|Compare)\b[^\n]*", r"module[ \t]+[\w.]+[ \t\r\n]*(?:\([^()]*\)[ \t\r\n]*)?where\b", r"(?:source|\.)[ \t][^\n]*", r"set[ \t]+-[^\n]*",
    r"(?:USE|use)[ \t]+\[?\w+\]?;?" + _END, r"(?:GO|go|Go)\b;?" + _END, r"(?:SET|set)[ \t]+(?i:ansi_\w+|quoted_identifier|nocount|xact_abort|client_min_messages|search_path)\b[^\n]*", r"@(?:echo|ECHO)[ \t]+(?:off|OFF)",
    r"(?:syntax[ \t]*=|pragma\b|option\b)[^\n]*;" + _END, r"-(?:module|export|include|include_lib|behaviou?r|compile)\([^)]*\)\.",
)  # fmt: skip
_FIRST, _NEXT, _ALL = (f"\\A(?:{'|'.join(each)})" for each in (_COMMON, _RARE, (*_RARE, *_COMMON)))
_NOTICE = r"\A\s*(?:/\*(?s:.*?)\*/|<!--(?s:.*?)-->|(?://[^\n]*(?:\n|\z))+|(?:#[^\n]*(?:\n|\z))+|(?:--[^\n]*(?:\n|\z))+)\s*"
"""The first comment, as a rule the licence's."""


def bodies(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Texts without the comments and imports that they begin with; one without anything else loses its first
    comment alone, and stays as it is if it is no more.

    >>> bodies(pa.array(["# (c) us\\nimport os\\n\\nx = 1\\n", "# words\\n"])).to_pylist()
    ['x = 1\\n', '# words\\n']
    """
    # RE2 finds an end alone far faster than a part within; no second match can begin with \\A
    rest = pc.replace_substring_regex(texts, f"{_FIRST}+", "")
    goes_on = pc.fill_null(pc.match_substring_regex(rest, _NEXT), False)
    if pc.any(goes_on).as_py():
        shorter = pc.replace_substring_regex(rest.filter(goes_on), f"{_ALL}+", "")
        rest = pc.replace_with_mask(rest, goes_on, shorter)
    empty = pc.fill_null(pc.equal(pc.binary_length(rest), 0), False)
    if not pc.any(empty).as_py():
        return rest
    whole = texts.filter(empty)
    plain = pc.replace_substring_regex(whole, _NOTICE, "")
    return pc.replace_with_mask(rest, empty, pc.if_else(pc.equal(pc.binary_length(plain), 0), whole, plain))
