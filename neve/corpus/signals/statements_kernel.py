"""The kernel of `statements`: counts what each line of a text does, from its bytes and their marks.

A line is read twice: for its comments and strings, then for its code. Words are looked up in a hash table of
(word, language), which `statements` fills. Small helpers such as `_word` are copied from other kernels on
purpose: numba caches compiled code by its file, and would not notice a change in another.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

PRINT, IMPORT, FUNCTION, CLASS, RETURN, PASS, CONTROL, MODIFIER, GOTO, FOR, ASSERT, MAIN, BITS = (
    1 << bit for bit in range(13)
)
"""What a word of code does."""
WORD_TODO, WORD_YOUR, WORD_CODE, WORD_HERE = (1 << bit for bit in range(13, 17))
"""What a word of a comment may be part of."""

CODE, COMMENT, STRING, DOC = 0, 1, 2, 3
LONG_WORD, LONG_STRING_WORDS = 20, 20
SLOTS = 1 << 11
"""Of the hash table."""

_helper: Any = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what the kernel alone calls: no entry from Python, which would cost time to compile."""

(
    _CHARS, _COMMENT_CHARS, _STRING_CHARS, _LONG_CHARS, _HEX_CHARS, _LINES, _CODE_LINES, _COMMENT_LINES, _LONG_STRINGS,
    _CONCATENATIONS, _TODOS, _ASSERTS, _PRINTS, _IMPORTS, _PASSES, _FUNCTIONS, _SIMPLE, _DECLARATIONS, _VARIABLES,
    _DIRECTIVES, _GOTOS, _MAINS, _BITS_HEADER, _HEAD, _ONLY_RETURN, _TOTALS,
) = range(26)  # fmt: skip
"""What is counted of a text. _HEAD: column + 1 of the function whose body has just begun; _ONLY_RETURN: it
was a return."""


@numba.njit(cache=True, nogil=True)
def measure(values, offsets, marks, spoken, keys, roles, heads, comment_words, out):
    base = offsets[0]
    total = np.zeros(_TOTALS, np.int64)
    for doc in range(len(offsets) - 1):
        language = spoken[doc]
        if language < 0:
            continue
        total[:] = 0
        i, end = offsets[doc], offsets[doc + 1]
        while i < end:
            last, seen, chars = i, 0, 0  # of the line: its end, marks that occur, characters
            while last < end and values[last] != 10 and values[last] != 13:
                seen |= marks[last - base]
                chars += values[last] & 0xC0 != 0x80
                last += 1
            after = min(end, last + 1 + (last + 1 < end and values[last] == 13 and values[last + 1] == 10))
            total[_LINES] += 1
            total[_CHARS] += chars + after - last
            commented = False
            if seen or (last < end and marks[last - base]):
                commented = _prose(values, marks, base, i, last, after, comment_words, total)
            if not _code(values, marks, base, i, last, end, language, keys, roles, heads[language], total):
                total[_COMMENT_LINES] += commented
            i = after
        total[_SIMPLE] += total[_HEAD] > 0 and total[_ONLY_RETURN] == 1
        lines, chars = max(1, total[_LINES]), max(1, total[_CHARS])
        code_chars, code_lines = max(1, total[_CHARS] - total[_COMMENT_CHARS]), max(1, total[_CODE_LINES])
        out[0, doc] = total[_CODE_LINES]
        out[1, doc] = total[_COMMENT_CHARS] / chars
        out[2, doc] = total[_COMMENT_LINES] / lines
        out[3, doc] = total[_STRING_CHARS] / code_chars
        out[4, doc] = total[_LONG_STRINGS] / code_lines
        out[5, doc] = total[_CONCATENATIONS] / code_lines
        out[6, doc] = total[_LONG_CHARS] / code_chars
        out[7, doc] = total[_HEX_CHARS] / code_chars
        out[8, doc] = total[_TODOS] / lines
        for k in range(8):  # shares of lines of code, _ASSERTS to _DECLARATIONS
            out[9 + k, doc] = total[_ASSERTS + k] / code_lines
        out[16, doc] = total[_VARIABLES]
        out[17, doc] = total[_DIRECTIVES] / code_lines
        out[18, doc] = total[_GOTOS] / code_lines
        out[19, doc] = total[_MAINS]
        out[20, doc] = total[_BITS_HEADER]


@_helper
def _prose(values, marks, base, first, last, after, comment_words, total):
    """Count the characters of strings and comments in a line, and their words; True if it has a comment."""
    words, chunk, step = 0, first, 0
    commented = todo = False
    i = first
    while i < last:
        says = marks[i - base]
        if says == CODE:
            i += 1
            chunk = i
            continue
        j = i
        state = np.uint64(0xCBF29CE484222325)
        while j < last and marks[j - base] == says and _word(values[j]):
            lower = values[j] + 32 if 65 <= values[j] <= 90 else values[j]
            state = (state ^ np.uint64(lower)) * np.uint64(0x100000001B3)
            total[_STRING_CHARS if says == STRING else _COMMENT_CHARS] += values[j] & 0xC0 != 0x80
            j += 1
        if j == i:
            total[_STRING_CHARS if says == STRING else _COMMENT_CHARS] += 1
            commented = commented or (says != STRING and not _blank(values[i]))
            if says == STRING and (_blank(values[i]) or values[i] in (34, 39, 96)):  # " ' `
                total[_LONG_CHARS] += _long(values, chunk, i)
                chunk = i + 1
            i += 1
        elif says == STRING:
            words += 1
            i = j
        else:
            commented = True
            role = np.int64(0)
            for k in range(len(comment_words)):
                if comment_words[k, 0] == state:
                    role = np.int64(comment_words[k, 1])
            todo = todo or role == WORD_TODO or (role == WORD_HERE and step == 2)
            step = 1 if role == WORD_YOUR else 2 if role == WORD_CODE and step == 1 else 0
            i = j
        if says != STRING:
            chunk = i
        elif i == last or marks[i - base] != STRING:
            total[_LONG_CHARS] += _long(values, chunk, i)
            chunk = i
    if last < after and marks[last - base] != CODE:
        total[_STRING_CHARS if marks[last - base] == STRING else _COMMENT_CHARS] += after - last
    total[_LONG_STRINGS] += words > LONG_STRING_WORDS
    total[_TODOS] += todo
    return commented


@_helper
def _long(values, first, last):
    """Characters of a piece of a string without white space, if more than LONG_WORD and no address (`://`)."""
    chars = 0
    for k in range(first, last):
        chars += values[k] & 0xC0 != 0x80
        if values[k] == 58 and k + 2 < last and values[k + 1] == 47 and values[k + 2] == 47:
            return 0
    return chars if chars > LONG_WORD else 0


@_helper
def _code(values, marks, base, first, last, end, language, keys, roles, head, total):
    """Count what the code of a line does; False if it has none. Words and signs are those of code alone."""
    words = words_before = words_inside = brackets = level = equals = operators = concat = 0
    any_role = first_role = 0
    equals_before = arrow = string = brace = named = concatenated = False
    column = np.int64(-1)
    first_byte = last_byte = np.uint8(0)
    i = first
    while i < last:
        byte, says = values[i], marks[i - base]
        if says in (COMMENT, DOC) or _blank(byte):
            i += 1
            continue
        if column < 0:
            column, first_byte = i - first, byte
        last_byte = byte
        if says == STRING:
            string = True
            concatenated = concatenated or concat == 3
            concat = 2 if concat else 0
            i += 1
        elif _word(byte):
            j = i
            state = np.uint64(0xCBF29CE484222325)
            role = np.int64(0)
            while j < last and marks[j - base] == CODE and _word(values[j]):
                state = (state ^ np.uint64(values[j])) * np.uint64(0x100000001B3)
                if values[j] | 32 == 97 and _asserts(values, i, j, last):
                    role = np.int64(ASSERT)
                j += 1
            role |= _role(state ^ np.uint64(language + 1), keys, roles)
            if not named and not role & MODIFIER:
                named, first_role = True, role
            words += 1
            words_before += brackets == 0
            words_inside += brackets > 0
            any_role |= role
            if byte == 48 and j - i > 2 and values[i + 1] | 32 == 120 and _hexadecimal(values, i + 2, j):
                total[_HEX_CHARS] += j - i
            if role & MAIN:
                total[_MAINS] += _defines(values, j, end)
            last_byte = values[j - 1]
            concat = 0
            i = j
        else:
            after = values[i + 1] if i + 1 < last else np.uint8(0)
            before = values[i - 1] if i > first else np.uint8(0)
            if byte == 61:  # =
                arrow = arrow or after == 62
                if after == 61 or before in (61, 33, 60, 62):  # == != <= >=
                    operators += 1
                elif after != 62:
                    equals += 1
                    equals_before = equals_before or brackets == 0
            elif byte == 40:
                brackets += 1
                level += 1
            elif byte == 41:
                level -= 1
            elif byte == 123:
                brace = True
            elif byte in (43, 45, 47, 37, 124, 94, 33, 126):  # + - / % | ^ ! ~
                operators += 1
            concat = 1 if byte == 61 else 3 if byte == 43 and concat == 2 else 0
            i += 1
    if column < 0:
        return False
    leads = first_role
    directive = first_byte == 35
    imports = leads & IMPORT != 0
    plain = brackets == 0 and operators == 0
    function = brackets > 0 and any_role & FUNCTION != 0 and (leads & FUNCTION != 0 or equals_before)
    may = (
        head > 0
        and brackets > 0
        and not string
        and not operators
        and not equals_before
        and words_before >= head
    )
    may = may and first_byte != 35 and first_byte != 125 and not leads & (CONTROL | IMPORT | CLASS | RETURN)
    if may and (last_byte == 123 or (head == 2 and last_byte == 41 and level == 0)):
        function = True
    if head == 1 and equals_before and arrow and last_byte == 123:
        function = True
    is_class = leads & CLASS != 0
    simple_return = leads & RETURN != 0 and plain and words <= 2
    declares = (
        plain and not brace and not directive and not is_class and not leads & (CONTROL | PASS | RETURN)
    )
    declares = declares and (equals == 1 or (equals == 0 and words > 1 and last_byte == 59))
    total[_CODE_LINES] += 1
    total[_CONCATENATIONS] += concatenated
    total[_ASSERTS] += any_role & ASSERT != 0
    total[_PRINTS] += any_role & PRINT != 0
    total[_IMPORTS] += imports
    total[_PASSES] += leads & PASS != 0 and words == 1
    total[_FUNCTIONS] += function
    total[_DECLARATIONS] += function or imports or is_class or simple_return or declares
    total[_VARIABLES] += equals_before or declares or any_role & FOR != 0 or (function and words_inside > 0)
    total[_DIRECTIVES] += directive
    total[_GOTOS] += any_role & GOTO != 0
    if directive and imports and any_role & BITS:
        total[_BITS_HEADER] = 1
    if total[_HEAD] and (total[_ONLY_RETURN] or column < total[_HEAD]):  # the body that was open may end here
        total[_SIMPLE] += total[_ONLY_RETURN] and column < total[_HEAD]
        total[_HEAD] = 0
    if total[_HEAD] and leads & RETURN and level == 0:
        total[_ONLY_RETURN] = 1
    else:
        opens = function and leads & FUNCTION != 0 and level == 0 and last_byte == 58
        total[_HEAD], total[_ONLY_RETURN] = (column + 1 if opens else 0), 0
    return True


@_helper
def _blank(byte):
    return byte == 32 or 9 <= byte <= 13


@_helper
def _word(byte):
    return 97 <= byte <= 122 or 65 <= byte <= 90 or 48 <= byte <= 57 or byte == 95 or byte >= 128


@_helper
def _role(key, keys, roles):
    slot = key & np.uint64(SLOTS - 1)
    while roles[slot]:
        if keys[slot] == key:
            return roles[slot]
        slot = (slot + np.uint64(1)) & np.uint64(SLOTS - 1)
    return np.int64(0)


@_helper
def _asserts(values, first, i, end):
    """Whether the part of a word that begins at i is `assert`."""
    if (
        i > first
        and values[i - 1] != 95
        and not (
            i == first + 3 and values[first] == 88 and values[first + 1] == 67 and values[first + 2] == 84
        )
    ):  # _ or XCT
        return False
    if i + 6 > end:
        return False
    for k in range(6):
        if values[i + k] | 32 != (97, 115, 115, 101, 114, 116)[k]:
            return False
    if i + 6 == end or not _word(values[i + 6]) or values[i + 6] == 95:
        return True
    return 65 <= values[i + 6] <= 90 and values[i + 5] == 116


@_helper
def _hexadecimal(values, first, last):
    for k in range(first, last):
        lower = values[k] | 32
        if not (48 <= values[k] <= 57 or 97 <= lower <= 102):
            return False
    return True


@_helper
def _defines(values, i, end):
    """Whether `( … ) {` follows at i, without brackets in the brackets."""
    while i < end and _blank(values[i]):
        i += 1
    if i == end or values[i] != 40:
        return False
    while i < end and values[i] != 41:
        i += 1
    i += 1
    while i < end and _blank(values[i]):
        i += 1
    return i < end and values[i] == 123
