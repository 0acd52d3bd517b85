"""The kernel of `imports`: one pass over bytes that knows strings, comments and import statements, and
nothing else.

All in one file, with its own reader of regular expressions beside the lexer's, since numba caches compiled
code by its file and would not notice a change in another. Java
is read up to its first class and Go up to its first declaration, where imports end. A text that is not well
formed gives what its statements look like, in linear time. A span is (text, prefix start, prefix end, name
start, name end): positions in the column's bytes.

The grammars are those of the languages' references: Python's `simple_stmt`, ECMAScript's import and export
declarations, Java's compilation unit, Go's source file, and C's `#include`.
"""

from __future__ import annotations

import numba
import numpy as np

PYTHON, JAVASCRIPT, JAVA, GO, C = 1, 2, 3, 4, 5
NAMES, PREFIX_BYTES, NAME_BYTES = 10_000, 255, 1024
"""More names in a file, or longer ones, are no code's: they are left out."""


@numba.njit(cache=True, nogil=True)
def scan(values, offsets, families, spans):
    """How many names there are; as many as `spans` has room for are put into it."""
    n = np.int64(0)  # a bare 0 has another type, and all would be compiled twice
    for text in range(len(families)):
        start, end, first = offsets[text], offsets[text + 1], n
        if families[text] == PYTHON:
            n = _python(values, start, end, text, spans, n)
        elif families[text] > 0:
            n = _braces(values, start, end, families[text], text, spans, n)
        n = min(n, first + NAMES)
    return n


@numba.njit(cache=True, nogil=True)
def _put(spans, n, text, prefix, prefix_end, name, name_end):
    if prefix_end - prefix > PREFIX_BYTES or name_end - name > NAME_BYTES:
        return n
    if n < len(spans):
        spans[n, 0], spans[n, 1], spans[n, 2] = text, prefix, prefix_end
        spans[n, 3], spans[n, 4] = name, name_end
    return n + 1


@numba.njit(cache=True, nogil=True)
def join(values, spans):
    """(bytes, n + 1 ends) of the spans' texts: prefix and name with a dot between, unless the prefix ends in
    one."""
    ends = np.zeros(len(spans) + 1, np.int64)
    dots = np.zeros(len(spans), np.int64)
    for k in range(len(spans)):
        prefix, prefix_end, name, name_end = spans[k, 1], spans[k, 2], spans[k, 3], spans[k, 4]
        dots[k] = prefix_end > prefix and name_end > name and values[prefix_end - 1] != 46
        ends[k + 1] = ends[k] + prefix_end - prefix + dots[k] + name_end - name
    data = np.empty(ends[-1], np.uint8)
    for k in range(len(spans)):
        at = ends[k]
        for i in range(spans[k, 1], spans[k, 2]):
            data[at] = values[i]
            at += 1
        if dots[k]:
            data[at] = 46
            at += 1
        for i in range(spans[k, 3], spans[k, 4]):
            data[at] = values[i]
            at += 1
    return data, ends


@numba.njit(cache=True, nogil=True)
def _letter(byte):
    return (
        97 <= byte <= 122 or 65 <= byte <= 90 or 48 <= byte <= 57 or byte == 95 or byte == 36 or byte >= 128
    )


@numba.njit(cache=True, nogil=True)
def _word(values, i, end, word):
    """Whether `word` stands at i, and no letter follows."""
    size = len(word)
    if i + size > end or (i + size < end and _letter(values[i + size])):
        return False
    for k in range(size):  # noqa: SIM110  (numba has no all())
        if values[i + k] != word[k]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _name(values, i, end):
    """Where the identifier at i ends."""
    while i < end and _letter(values[i]):
        i += 1
    return i


@numba.njit(cache=True, nogil=True)
def _dotted(values, i, end):
    """Where the dotted name at i ends, stars included."""
    while i < end and (_letter(values[i]) or values[i] == 46 or values[i] == 42):
        i += 1
    return i


@numba.njit(cache=True, nogil=True)
def _string(values, i, end):
    """Where the text goes on after the string whose quote is at i; only one in backticks spans lines."""
    quote = values[i]
    i += 1
    while i < end:
        if values[i] == 92:
            i += 2
        elif values[i] == quote:
            return i + 1
        elif values[i] == 10 and quote != 96:
            return i
        else:
            i += 1
    return end


@numba.njit(cache=True, nogil=True)
def _line(values, i, end):
    while i < end and values[i] != 10:
        i += 1
    return i


@numba.njit(cache=True, nogil=True)
def _python(values, i, end, text, spans, n):
    fresh = True  # whether a statement may start here
    while i < end:
        byte = values[i]
        if fresh and byte == 105 and _word(values, i, end, b"import"):
            i, n = _python_names(values, i + 6, end, text, i, i, spans, n)
            fresh = False
        elif fresh and byte == 102 and _word(values, i, end, b"from"):
            first = last = _gap(values, i + 4, end, False)
            while last < end and values[last] == 46:
                last += 1
            if not _word(values, last, end, b"import"):
                last = _dotted(values, last, end)
            i = _gap(values, last, end, False)
            if last > first and _word(values, i, end, b"import"):
                i, n = _python_names(values, i + 6, end, text, first, last, spans, n)
            fresh = False
        elif byte == 35:
            i = _line(values, i, end)
        elif byte == 34 or byte == 39:
            if i + 2 < end and values[i + 1] == byte and values[i + 2] == byte:
                i += 3
                while i < end and not (
                    values[i] == byte and i + 2 < end and values[i + 1] == byte and values[i + 2] == byte
                ):
                    i += 2 if values[i] == 92 else 1
                i += 3
            else:
                i = _string(values, i, end)
            fresh = False
        elif byte == 92:
            i += 2
        else:
            if byte == 10 or byte == 58 or byte == 59:  # end of line, colon, semicolon
                fresh = True
            elif byte != 32 and byte != 9 and byte != 12 and byte != 13:
                fresh = False
            i += 1
    return n


@numba.njit(cache=True, nogil=True)
def _gap(values, i, end, lines):
    """After white space and continued lines; with `lines` (in brackets) also after line ends and
    comments."""
    while i < end:
        byte = values[i]
        if byte == 32 or byte == 9 or byte == 12 or byte == 13 or (lines and byte == 10):
            i += 1
        elif byte == 92 and i + 1 < end and (values[i + 1] == 10 or values[i + 1] == 13):
            i += 2 if values[i + 1] == 10 else 3
        elif lines and byte == 35:
            i = _line(values, i, end)
        else:
            break
    return min(i, end)


@numba.njit(cache=True, nogil=True)
def _python_names(values, i, end, text, prefix, prefix_end, spans, n):
    """The names after `import`, of the module at prefix, if any; and where they end."""
    i = _gap(values, i, end, False)
    bracket = i < end and values[i] == 40
    if bracket:
        i = _gap(values, i + 1, end, bracket)
    if prefix_end > prefix and i < end and values[i] == 42:
        n = _put(spans, n, text, prefix, prefix_end, i, i)
        return i + 1, n
    while True:
        start = i
        i = _dotted(values, i, end)
        if i == start:
            break
        n = _put(spans, n, text, prefix, prefix_end, start, i)
        i = _gap(values, i, end, bracket)
        if _word(values, i, end, b"as"):
            i = _name(values, _gap(values, i + 2, end, bracket), end)
            i = _gap(values, i, end, bracket)
        if i >= end or values[i] != 44:
            break
        i = _gap(values, i + 1, end, bracket)
    return i, n


@numba.njit(cache=True, nogil=True)
def _space(values, i, end):
    """After white space and the comments of C and its kin."""
    while i < end:
        byte = values[i]
        if byte == 32 or 9 <= byte <= 13:
            i += 1
        elif byte == 47 and i + 1 < end and values[i + 1] == 47:
            i = _line(values, i, end)
        elif byte == 47 and i + 1 < end and values[i + 1] == 42:
            i += 2
            while i < end and not (values[i] == 42 and i + 1 < end and values[i + 1] == 47):
                i += 1
            i += 2
        else:
            break
    return min(i, end)


@numba.njit(cache=True, nogil=True)
def _quote(values, i, end):
    return i < end and (values[i] == 34 or values[i] == 39 or values[i] == 96)


@numba.njit(cache=True, nogil=True)
def _quoted(values, i, end, text, spans, n):
    """The string at i as a name, and where it ends."""
    close = min(_string(values, i, end), end)
    if close - i > 2 and values[close - 1] == values[i]:
        n = _put(spans, n, text, i, i, i + 1, close - 1)
    return close, n


@numba.njit(cache=True, nogil=True)
def _braces(values, i, end, family, text, spans, n):
    before = 59  # the last byte that means something
    while True:
        i = _space(values, i, end)
        if i >= end:
            return n
        byte = values[i]
        if _letter(byte):
            start = i
            i = _name(values, i, end)
            if family == JAVASCRIPT and before != 46:
                i, n = _javascript(values, start, i, end, text, spans, n)
            elif family == JAVA and _word(values, start, end, b"import"):
                i = _space(values, i, end)
                if _word(values, i, end, b"static"):
                    i = _space(values, i + 6, end)
                last = _dotted(values, i, end)
                n = _put(spans, n, text, i, i, i, last)
                i = last
            elif family == GO and _word(values, start, end, b"import"):
                i, n = _go(values, i, end, text, spans, n)
            elif family == GO and (
                _word(values, start, end, b"func") or _word(values, start, end, b"type")
                or _word(values, start, end, b"var") or _word(values, start, end, b"const")
            ):  # fmt: skip
                return n  # imports come before these
            before = 59 if _word(values, start, end, b"return") else 97
        elif byte == 123 and family == JAVA:
            return n  # the first class
        elif byte == 35 and family == C:
            i = _gap(values, i + 1, end, False)
            if _word(values, i, end, b"include") or _word(values, i, end, b"import"):
                i = _gap(values, _name(values, i, end), end, False)
                if i < end and values[i] == 34:
                    i, n = _quoted(values, i, end, text, spans, n)
                elif i < end and values[i] == 60:
                    last = i
                    while last < end and values[last] != 62 and values[last] != 10:
                        last += 1
                    if last < end and values[last] == 62:
                        n = _put(spans, n, text, i, i, i, last + 1)
                    i = last
        elif _quote(values, i, end):
            i = _string(values, i, end)
            before = 97
        elif byte == 47 and family == JAVASCRIPT and not (before == 97 or before == 41 or before == 93):
            i = _regex(values, i, end)
            before = 97
        else:
            before = byte
            i += 1


@numba.njit(cache=True, nogil=True)
def _regex(values, i, end):
    """The place after the regular expression at i, which ends on its line."""
    inside = False
    i += 1
    while i < end and values[i] != 10:
        if values[i] == 92:
            i += 1
        elif values[i] == 91:
            inside = True
        elif values[i] == 93:
            inside = False
        elif values[i] == 47 and not inside:
            return i + 1
        i += 1
    return min(i, end)


@numba.njit(cache=True, nogil=True)
def _javascript(values, start, i, end, text, spans, n):
    """What the word at start imports (`import`, `export … from`, `require`); and where to go on."""
    opens = _word(values, start, end, b"import")
    if not opens and not _word(values, start, end, b"export") and not _word(values, start, end, b"require"):
        return i, n
    call = opens or values[start] == 114
    at = _space(values, i, end)
    if call and at < end and values[at] == 40:
        at = _space(values, at + 1, end)
        if _quote(values, at, end):
            return _quoted(values, at, end, text, spans, n)
        return i, n
    if opens and _quote(values, at, end):
        return _quoted(values, at, end, text, spans, n)
    if not opens and not (
        at < end and (values[at] == 42 or values[at] == 123 or _word(values, at, end, b"type"))
    ):
        return i, n
    while at < end:  # the clause up to `from "…"`; where it turns out to be none, go on from its last word
        byte = values[at]
        if _letter(byte):
            i = at
            at = _space(values, _name(values, at, end), end)
            if _word(values, i, end, b"from") and _quote(values, at, end):
                return _quoted(values, at, end, text, spans, n)
        elif byte == 123 or byte == 125 or byte == 44 or byte == 42:
            at = _space(values, at + 1, end)
        else:
            break
    return i, n


@numba.njit(cache=True, nogil=True)
def _go(values, i, end, text, spans, n):
    """The paths after `import`, one or a list in brackets; and where they end."""
    i = _space(values, i, end)
    bracket = i < end and values[i] == 40
    if bracket:
        i = _space(values, i + 1, end)
    while i < end and values[i] != 41:
        i = _space(values, _dotted(values, i, end), end)  # another name for it
        if not _quote(values, i, end):
            break
        i, n = _quoted(values, i, end, text, spans, n)
        if not bracket:
            break
        i = _space(values, i, end)
        if i < end and values[i] == 59:
            i = _space(values, i + 1, end)
    return i, n
