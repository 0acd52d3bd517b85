"""The lexer's kernel: marks comments and strings by rows of numbers, which lexing.py makes from its tables.

One loop over the bytes of a text, a table of what each byte may begin, and a helper for each kind of
delimiter. Time is linear in the text: a delimiter that nothing closes is not tried again before the place
where the search for its end stopped. One long file on purpose: numba caches compiled code by its file, so
that a change to a helper in another file would leave the old kernel in the cache, and nobody would notice.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

CODE, COMMENT, STRING, DOC = 0, 1, 2, 3
"""Marks of a byte. DOC: a string that is a statement of its own (Python), which is documentation."""

LINE, BLOCK, QUOTED, CHAR, HASHES, CPP_RAW, HEREDOC, REGEX, SKIP, PERCENT, REST, MARKUP = range(12)
(
    ESCAPE, DOUBLED, MULTILINE, NESTED, BOUNDARY, SPACED, LINE_START, CONTINUES, DOCUMENTS, NO_BRACKET,
    DOLLAR_BRACE, HASH_BRACE, BACKSLASH_PAREN, BRACE, DOLLAR_PAREN, INDENTED, SPACED_CALL,
) = (1 << bit for bit in range(17))  # fmt: skip
INTERPOLATES = DOLLAR_BRACE | HASH_BRACE | BACKSLASH_PAREN | BRACE | DOLLAR_PAREN
DEPTH = 64  # code in strings in code …: what is nested deeper is plain string
REGEX_BYTES = 1000
HEREDOC_MISSES = 8
HEAD_BYTES, PERCENT_BYTES = 200, 4000
UNCLOSED, NONE = -1, -2  # an opening that nothing closes; what only looked like one


KIND, OPEN, OPEN_LENGTH, CLOSE, CLOSE_LENGTH, FLAGS = range(6)
OPENS, NEWLINE, BRACKET = 1, 2, 4

_helper: Any = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what kernels alone call: no entry from Python, which halves the time of compiling."""


@numba.njit(cache=True, nogil=True)
def mark(values, offsets, dialects, first, begin, rules, text, words, marks):
    base = offsets[0]
    stack = np.zeros(
        (DEPTH, 3), np.int64
    )  # code in strings: rule of the string, brackets open, what closes the code
    dead = np.zeros(len(rules), np.int64)  # before this place the rule closes nowhere
    pending = np.zeros(
        (4, 3), np.int64
    )  # here-documents that begin on the next line: word from, to, indented
    for doc in range(len(offsets) - 1):
        d = dialects[doc]
        if d < 0:
            continue
        i, start, end = offsets[doc], offsets[doc], offsets[doc + 1]
        template = False
        for r in range(begin[d], begin[d + 1]):
            dead[r] = start
            template = template or rules[r, KIND] == MARKUP
        if template:
            i = _template(values, start, end)
        depth, nested, waiting, misses = 0, 0, 0, 0
        while i < end:
            byte = values[i]
            bits = first[d, byte]
            if bits == 0:
                i += 1
                continue
            if bits & NEWLINE:
                i += 1
                if waiting and (byte == 10 or i == end or values[i] != 10):
                    for k in range(waiting):
                        body, after = _heredoc_end(values, i, end, pending[k])
                        if body < 0:
                            misses += 1
                            break
                        _fill(marks, i - base, body - base, STRING)
                        i = after
                    waiting = 0
                continue
            if bits & BRACKET:
                depth = max(0, depth + (1 if byte == 40 or byte == 91 or byte == 123 else -1))
                i += 1
                if nested:
                    closer = stack[nested - 1, 2]
                    if byte == closer and stack[nested - 1, 1] == 0:
                        nested -= 1
                        r = stack[nested, 0]
                        i = _body(values, i, end, rules, r, text, marks, base)
                        if i < 0:
                            i = -i
                            stack[nested, 2] = 41 if values[i - 1] == 40 else 125
                            nested += 1
                    elif byte == closer:
                        stack[nested - 1, 1] -= 1
                    elif byte == (40 if closer == 41 else 123):
                        stack[nested - 1, 1] += 1
                continue
            to = np.int64(NONE)
            for r in range(begin[d], begin[d + 1]):
                at, length, flags, kind = (
                    rules[r, OPEN],
                    rules[r, OPEN_LENGTH],
                    rules[r, FLAGS],
                    rules[r, KIND],
                )
                if i < dead[r] or not _matches(values, i, end, text, at, length):
                    continue
                if not _stands(values, i, start, end, length, flags):
                    continue
                inside = i + length
                says = STRING
                if kind == LINE:
                    says = COMMENT
                    to = _line_end(values, inside, end, flags)
                    if template:
                        to = _before_template(values, inside, to)
                elif kind == BLOCK:
                    says = COMMENT
                    to = _block_end(values, inside, end, text, rules[r])
                    if to >= 0 and flags & LINE_START:
                        to = _line_end(values, to, end, 0)
                elif kind == REST:
                    says = COMMENT
                    to = end
                elif kind == SKIP:
                    says = CODE
                    to = min(end, inside + (byte == 92))
                elif kind == MARKUP:
                    says = CODE
                    to = _template(values, inside, end)
                elif kind == CHAR:
                    to = _character_end(values, inside, end)
                elif kind == HASHES:
                    to = _hashes_end(values, inside, end)
                elif kind == CPP_RAW:
                    to = _cpp_raw_end(values, i, start, inside, end)
                elif kind == HEREDOC:
                    says = CODE
                    if misses < HEREDOC_MISSES and waiting < len(pending):
                        to = _heredoc_word(values, inside, end, flags, pending[waiting])
                        waiting += to >= 0
                elif kind == REGEX:
                    says = CODE
                    if not _operand_before(values, marks, base, i, start, end, words, flags):
                        to = _regex_end(values, inside, end)
                elif kind == PERCENT:
                    to = _percent_end(values, i, start, end)
                elif flags & INTERPOLATES:
                    _fill(marks, i - base, inside - base, STRING)
                    to = _body(values, inside, end, rules, r, text, marks, base)
                    if to < 0:
                        to = -to
                        if nested < DEPTH:
                            stack[nested, 0] = r
                            stack[nested, 1] = 0
                            stack[nested, 2] = 41 if values[to - 1] == 40 else 125
                            nested += 1
                    break
                else:
                    to = _string_end(values, inside, end, text, rules[r])
                    if to >= 0 and flags & DOCUMENTS and depth == 0 and _statement(values, i, to, start, end):
                        says = DOC
                if to >= 0:
                    if says != CODE:
                        _fill(marks, i - base, to - base, says)
                    break
                if to == UNCLOSED:
                    whole = kind in (BLOCK, HASHES, CPP_RAW) or flags & MULTILINE
                    dead[r] = end if whole else _line_end(values, inside, end, 0)
            i = to if to >= 0 else i + 1


@_helper
def _fill(marks, first, last, says):
    for k in range(first, last):
        marks[k] = says


@_helper
def _word(byte):
    return 97 <= byte <= 122 or 65 <= byte <= 90 or 48 <= byte <= 57 or byte == 95 or byte >= 128


@_helper
def _blank(byte):
    return byte == 32 or 9 <= byte <= 13


@_helper
def _matches(values, i, end, text, at, length):
    if i + length > end:
        return False
    for k in range(length):  # noqa: SIM110  (a generator would be slow to compile)
        if values[i + k] != text[at + k]:
            return False
    return True


@_helper
def _stands(values, i, start, end, length, flags):
    """Whether what is around an opening admits it."""
    if i > start:
        before = values[i - 1]
        if flags & BOUNDARY and _word(before):
            return False
        if flags & SPACED and not (_blank(before) or before in (38, 40, 41, 59, 124)):  # & ( ) ; |
            return False
        if flags & LINE_START and before != 10 and before != 13:
            return False
    return not (flags & NO_BRACKET and i + length < end and values[i + length] == 91)


@_helper
def _line_end(values, i, end, flags):
    """Where the line of i ends, its end not counted; a line continued by a backslash is one line if the
    flags say so."""
    while i < end:
        if values[i] == 10 or values[i] == 13:
            if not (flags & CONTINUES and values[i - 1] == 92):
                return i
            i += values[i] == 13 and i + 1 < end and values[i + 1] == 10
        i += 1
    return end


@_helper
def _block_end(values, i, end, text, rule):
    depth = 1
    while i < end:
        if _matches(values, i, end, text, rule[CLOSE], rule[CLOSE_LENGTH]):
            i += rule[CLOSE_LENGTH]
            depth -= 1
            if depth == 0:
                return i
        elif rule[FLAGS] & NESTED and _matches(values, i, end, text, rule[OPEN], rule[OPEN_LENGTH]):
            i += rule[OPEN_LENGTH]
            depth += 1
        else:
            i += 1
    return np.int64(UNCLOSED)


@_helper
def _escape_end(values, i, end):
    """The place after the backslash at i and what it escapes."""
    return min(end, i + (3 if i + 2 < end and values[i + 1] == 13 and values[i + 2] == 10 else 2))


@_helper
def _string_end(values, i, end, text, rule):
    flags, closer = rule[FLAGS], text[rule[CLOSE]]
    while i < end:
        byte = values[i]
        if byte == 92 and flags & ESCAPE:
            i = _escape_end(values, i, end)
        elif byte == closer and _matches(values, i, end, text, rule[CLOSE], rule[CLOSE_LENGTH]):
            i += rule[CLOSE_LENGTH]
            if not (flags & DOUBLED and i < end and values[i] == closer):
                return i
            i += 1
        elif (byte == 10 or byte == 13) and not flags & MULTILINE:
            break
        else:
            i += 1
    return np.int64(UNCLOSED)


@_helper
def _body(values, i, end, rules, r, text, marks, base):
    """Mark a string that may hold code, from i on. Returns the place after it, or minus the place where code
    inside it begins."""
    rule = rules[r]
    flags, closer = rule[FLAGS], text[rule[CLOSE]]
    begin = i
    while i < end:
        byte = values[i]
        code = 0
        if i + 1 < end:
            after = values[i + 1]
            if (
                (
                    byte == 36
                    and ((flags & DOLLAR_BRACE and after == 123) or (flags & DOLLAR_PAREN and after == 40))
                )
                or (byte == 35 and flags & HASH_BRACE and after == 123)
                or (byte == 92 and flags & BACKSLASH_PAREN and after == 40)
            ):
                code = 2
            elif byte == 123 and flags & BRACE:
                if after == 123:
                    i += 2
                    continue
                code = 1
        if code:
            _fill(marks, begin - base, i - base, STRING)
            return -(i + code)
        if byte == 92 and flags & ESCAPE:
            i = _escape_end(values, i, end)
        elif byte == closer and _matches(values, i, end, text, rule[CLOSE], rule[CLOSE_LENGTH]):
            i += rule[CLOSE_LENGTH]
            if not (flags & DOUBLED and i < end and values[i] == closer):
                break
            i += 1
        elif (byte == 10 or byte == 13) and not flags & MULTILINE:
            break
        else:
            i += 1
    _fill(marks, begin - base, i - base, STRING)
    return i


@_helper
def _character_end(values, i, end):
    """The place after a literal of one character whose quote is before i. A lifetime or an apostrophe is
    none."""
    if i + 1 >= end or values[i] == 39 or values[i] == 10:
        return np.int64(NONE)
    if values[i] == 92:
        for j in range(i + 2, min(end, i + 12)):
            if values[j] == 39:
                return np.int64(j + 1)
            if values[j] == 10:
                break
        return np.int64(NONE)
    j = i + 1
    while j < end and j < i + 4 and values[j] & 0xC0 == 0x80:
        j += 1
    return np.int64(j + 1) if j < end and values[j] == 39 else np.int64(NONE)


@_helper
def _hashes_end(values, i, end):
    """The place after a raw string that as many # close as open it; the first # is before i."""
    hashes = 1
    while i < end and values[i] == 35:
        hashes += 1
        i += 1
    if i == end or values[i] != 34:
        return np.int64(NONE)
    i += 1
    while i < end:
        if values[i] == 34:
            k = 0
            while k < hashes and i + 1 + k < end and values[i + 1 + k] == 35:
                k += 1
            if k == hashes:
                return i + 1 + k
        i += 1
    return np.int64(UNCLOSED)


@_helper
def _cpp_raw_end(values, at, start, i, end):
    """The place after C++'s R"word( … )word"; its first quote is before i."""
    if at > start and _word(values[at - 1]) and values[at - 1] not in (76, 85, 117, 56):  # L U u 8
        return np.int64(NONE)
    paren = i
    while paren < end and paren < i + 17 and values[paren] != 40:
        paren += 1
    if paren == end or values[paren] != 40:
        return np.int64(NONE)
    length = paren - i
    for j in range(paren + 1, end - length - 1):
        if values[j] == 41 and values[j + 1 + length] == 34:
            k = 0
            while k < length and values[j + 1 + k] == values[i + k]:
                k += 1
            if k == length:
                return np.int64(j + 2 + length)
    return np.int64(UNCLOSED)


@_helper
def _heredoc_word(values, i, end, flags, pending):
    """The place after the word that will close a here-document, which goes into `pending`; NONE for a shift
    or an append."""
    dashed = i < end and (values[i] == 45 or values[i] == 126)
    i += dashed
    ruby = flags & BOUNDARY
    while not ruby and i < end and (values[i] == 32 or values[i] == 9):
        i += 1
    quote = np.uint8(0)
    if i < end and (values[i] == 34 or values[i] == 39 or (values[i] == 92 and not flags & INDENTED)):
        quote = values[i]
        i += 1
    first = i
    while i < end and _word(values[i]):
        i += 1
    if i == first or 48 <= values[first] <= 57 or (ruby and not dashed and not quote and values[first] > 90):
        return np.int64(NONE)
    pending[0], pending[1] = first, i
    pending[2] = dashed or (flags & INDENTED and not ruby)
    return i + (1 if quote and quote != 92 and i < end else 0)


@_helper
def _heredoc_end(values, i, end, pending):
    """(where the closing line begins, the place after its word) of the here-document that begins at i; -1 if
    nothing closes it."""
    length = pending[1] - pending[0]
    while i < end:
        j = i
        while pending[2] and j < end and (values[j] == 32 or values[j] == 9):
            j += 1
        k = 0
        while k < length and j + k < end and values[j + k] == values[pending[0] + k]:
            k += 1
        if k == length and (j + k == end or not _word(values[j + k])):
            return i, j + k
        i = _line_end(values, i, end, 0) + 1
    return np.int64(-1), i


@_helper
def _operand_before(values, marks, base, i, start, end, words, flags):
    """Whether a / at i divides, since a value comes before it. With a blank before it and none after, it may
    begin the argument of a call without brackets (Ruby, told by the flags)."""
    j = i - 1
    while j >= start and (_blank(values[j]) or marks[j - base] == COMMENT):
        j -= 1
    if j < start:
        return False
    if marks[j - base] != CODE:
        return True
    byte = values[j]
    if not _word(byte):
        if byte == 62:
            return not (j > start and values[j - 1] == 61)  # => opens, > of a tag does not
        if byte == 43 or byte == 45:
            return j > start and values[j - 1] == byte
        return byte in (41, 93, 125, 60, 36)  # ) ] } < $
    first = j
    while first > start and _word(values[first - 1]):
        first -= 1
    length = j + 1 - first
    for at in range(len(words) - length - 1):
        if words[at] == 32 and words[at + 1 + length] == 32:
            k = 0
            while k < length and words[at + 1 + k] == values[first + k]:
                k += 1
            if k == length:
                return False
    call = flags & SPACED_CALL and j + 1 < i and i + 1 < end and not _blank(values[i + 1])
    return not (call and values[i + 1] != 61)


@_helper
def _regex_end(values, i, end):
    bracket = False
    for _ in range(REGEX_BYTES):
        if i >= end or values[i] == 10 or values[i] == 13:
            break
        if values[i] == 92:
            i += 1
        elif values[i] == 91:
            bracket = True
        elif values[i] == 93:
            bracket = False
        elif values[i] == 47 and not bracket:
            return i + 1
        i += 1
    return np.int64(UNCLOSED)


@_helper
def _percent_end(values, at, start, end):
    """The place after Ruby's %w[…], %q(…), %(…) and their like."""
    if (
        at > start and not _blank(values[at - 1]) and values[at - 1] not in (40, 44, 61, 91, 123, 124, 33)
    ):  # ( , = [ { | !
        return np.int64(NONE)
    i = at + 1
    if i < end and values[i] in (113, 81, 119, 87, 105, 73, 114, 115, 120):  # q Q w W i I r s x
        i += 1
    if i >= end or _word(values[i]) or _blank(values[i]):
        return np.int64(NONE)
    opener = values[i]
    pairs = opener in (40, 91, 123, 60)  # ( [ { <
    if i == at + 1 and not (pairs and opener != 60):
        return np.int64(NONE)
    closer = (opener + (1 if opener == 40 else 2)) if pairs else opener
    level = 1
    for j in range(i + 1, min(end, i + PERCENT_BYTES)):
        if values[j - 1] == 92:
            continue
        if values[j] == closer:
            level -= 1
            if level == 0:
                return np.int64(j + 1)
        elif pairs and values[j] == opener:
            level += 1
    return np.int64(NONE)


@_helper
def _statement(values, i, to, start, end):
    """Whether the string [i, to) is a statement of its own, alone on its lines."""
    j = i - 1
    if j >= start and (values[j] | 32) in (114, 117):  # r u
        j -= 1
    while j >= start and (values[j] == 32 or values[j] == 9):
        j -= 1
    if j >= start and values[j] == 58:  # : of a head with its body on the same line
        first = j
        while (
            first > start and first > j - HEAD_BYTES and values[first - 1] != 10 and values[first - 1] != 13
        ):
            first -= 1
        while first < j and _blank(values[first]):
            first += 1
        if not (
            (values[first] == 100 and values[first + 1] == 101)
            or (values[first] == 99 and values[first + 1] == 108)
        ):
            return False  # neither def nor class
    elif j >= start and values[j] != 10 and values[j] != 13:
        return j == start + 2 and values[start] == 0xEF and values[j] == 0xBF  # a byte order mark
    while j >= start and (values[j] == 10 or values[j] == 13):
        j -= 1
    if j >= start and values[j] == 92:
        return False
    while to < end and (values[to] == 32 or values[to] == 9):
        to += 1
    return to == end or values[to] in (10, 13, 35, 59)  # the line's end, # ;


@_helper
def _template(values, i, end):
    """The place after the next `<?php`, `<?=` or `<?`; the end where there is none."""
    while i + 1 < end:
        if values[i] == 60 and values[i + 1] == 63:
            if not (
                i + 4 < end and values[i + 2] == 120 and values[i + 3] == 109 and values[i + 4] == 108
            ):  # xml
                return i + (5 if i + 4 < end and values[i + 2] == 112 else 2)
            i += 1
        i += 1
    return end


@_helper
def _before_template(values, i, end):
    for j in range(i, end - 1):
        if values[j] == 63 and values[j + 1] == 62:
            return np.int64(j)
    return end
