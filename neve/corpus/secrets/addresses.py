"""E-mail and IP addresses in source text: a compiled pass finds what has the form of one, rules on its
surroundings decide.

The kernel reads the bytes of an Arrow column, stops only at `@`, `.` and `:`, and looks both ways, without a
Python object for each document. What has the form of an address is rare (some 80 a megabyte of code), so
that the decision can be regular expressions over the bytes around it, which a person can read: emails.py and
ip_addresses.py.

An e-mail address has the form `local@domain`: letters (those of Latin with their marks, too), digits and
`._%+-` before the sign (at most 64 bytes, a letter or digit first, no dot last and no two in a row), after
it labels of letters, digits and `-`, the last a top-level domain in one case, or with a capital first. An
IPv4 address is four decimal numbers up to 255 without leading zeros, an IPv6 address what RFC 4291 writes,
with three groups or more, in the blocks that IANA has given out. Neither touches a letter, digit, `_`, `-`
or `.`. Only addresses of the public internet have the form: not private, loopback, link-local, shared,
documentation, benchmarking, multicast and reserved ranges (RFC 6890), nor 6to4 and its relays, and no well-
known name servers.

Source: StarCoder (arXiv 2305.06161, section 4) and the BigCode PII library for what is looked for.
"""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv6Address

import numba
import numpy as np

from neve.corpus.secrets import emails, ip_addresses

EMAIL, IP = 0, 1
"""Kinds of a span."""

REACH = 200
"""Bytes before an address that are looked at; half as many after it."""

NEAR = 48
"""Bytes between two addresses of a list, at most."""

_LOCAL, _LABEL, _WORD, _HEX, _STOP = 1, 2, 4, 8, 16


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(classes of the 256 bytes, hashes of top-level domains, v4 addresses that stay, v6 ones as two words
    each)."""
    classes = np.zeros(256, np.uint8)
    for byte in range(128):
        char = chr(byte)
        classes[byte] |= _LOCAL if char.isalnum() or char in "._%+-" else 0
        classes[byte] |= _LABEL if char.isalnum() or char in ".-" else 0
        classes[byte] |= _WORD if char.isalnum() or char in "._-" else 0
        classes[byte] |= _HEX if char in "0123456789abcdefABCDEF" else 0
        classes[byte] |= _STOP if char in "@.:" else 0
    domains = np.sort([_hash_text(name) for name in emails.top_level_domains()])
    known = [*ip_addresses.RESOLVERS, *ip_addresses.ROOT_SERVERS, *ip_addresses.PLATFORM]
    four = np.sort(np.array([int(IPv4Address(a)) for a in known if "." in a], np.int64))
    six = np.array(
        [[int(IPv6Address(a)) >> 64, int(IPv6Address(a)) % 2**64] for a in known if ":" in a], np.uint64
    )
    return classes, domains, four, six


def find(
    values: np.ndarray, offsets: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spans of addresses in the texts `values[offsets[i]:offsets[i + 1]]`, i of `rows`: (starts, ends,
    kinds), in their order.

    Starts and ends are places in `values` (int64), kinds EMAIL or IP. Spans do not overlap. The loop is over
    what has the form of an address.
    """
    starts, ends, kinds = _candidates(values, offsets, rows)
    of = np.searchsorted(offsets, starts, side="right") - 1
    text = memoryview(values)  # type: ignore[arg-type]
    chosen = np.zeros(len(starts), bool)
    last = (-1, 0)  # the row and the end of the IP address found before
    for i, (start, end, kind, row) in enumerate(
        zip(starts.tolist(), ends.tolist(), kinds.tolist(), of.tolist(), strict=True)
    ):
        before = bytes(text[max(int(offsets[row]), start - REACH) : start])
        after = bytes(text[end : min(int(offsets[row + 1]), end + REACH // 2)])
        address = bytes(text[start:end])
        if kind == EMAIL:
            skip = emails.escaped(before, address)
            starts[i] += skip
            before, address = before + address[:skip], address[skip:]
            chosen[i] = emails.is_address(before, address, after)
            continue
        between = bytes(text[last[1] : start]) if last[0] == row and start - last[1] <= NEAR else None
        chosen[i] = b":" in address or ip_addresses.is_address(before, address, after, between)
        if chosen[i]:
            last = (row, end)
    return starts[chosen], ends[chosen], kinds[chosen]


def _candidates(
    values: np.ndarray, offsets: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(starts, ends, kinds) of what has the form of an address."""
    room = max(64, (int(offsets[-1]) - int(offsets[0])) // 4096)
    while True:
        starts, ends, kinds = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
        found = _find(values, offsets, rows, *_tables(), starts, ends, kinds)
        if found <= room:
            return starts[:found], ends[:found], kinds[:found]
        room = found


def _hash_text(text: str) -> int:
    value = 0
    for byte in text.encode():
        value = (value * 131 + byte) % 2**61
    return value


@numba.njit(cache=True, nogil=True)
def _find(values, offsets, rows, classes, domains, known4, known6, starts, ends, kinds):
    found = 0
    for row in rows:
        low, high = offsets[row], offsets[row + 1]
        i = low
        while i < high:
            byte = values[i]
            if not classes[byte] & _STOP:
                i += 1
                continue
            if byte == 64:
                kind = EMAIL
                start, end = _email(values, low, i, high, classes, domains)
            elif byte == 46:
                kind = IP
                start, end = _ipv4(values, low, i, high, classes, known4)
            else:
                kind = IP
                start, end = _ipv6(values, low, i, high, classes, known6)
            if end > start:
                if found < len(starts):
                    starts[found], ends[found], kinds[found] = start, end, kind
                found += 1
                i = end
                low = end  # what follows may not reach back into it
            else:
                i += 1
    return found


@numba.njit(cache=True, nogil=True)
def _hash(values, start, end):
    """As `_hash_text` of the bytes in lower case."""
    value = np.int64(0)
    for i in range(start, end):
        byte = np.int64(values[i])
        if 65 <= byte <= 90:
            byte += 32
        value = (value * 131 + byte) % np.int64(2305843009213693952)
    return value


@numba.njit(cache=True, nogil=True)
def _among(value, sorted_values):
    at = np.searchsorted(sorted_values, value)
    return at < len(sorted_values) and sorted_values[at] == value


@numba.njit(cache=True, nogil=True)
def _email(values, low, at, high, classes, domains):
    """The address around the `@` at `at`, or an empty span."""
    start = at
    while start > low and at - start <= 64:
        if classes[values[start - 1]] & _LOCAL:
            start -= 1
        elif start > low + 1 and _latin(values, start - 2):
            start -= 2
        else:
            break
    while start < at and not (_alnum(values[start], classes) or _latin(values, start)):
        start += 1
    if start == at or at - start > 64 or values[at - 1] == 46:
        return at, at
    for i in range(start + 1, at):
        if values[i] == 46 and values[i - 1] == 46:
            return at, at
    end = at + 1
    while end < high and end - at <= 254:
        if classes[values[end]] & _LABEL:
            end += 1
        elif end + 1 < high and _latin(values, end):
            end += 2
        else:
            break
    if end < high and (values[end] == 95 or values[end] == 64 or values[end] == 40 or values[end] == 37):
        return at, at  # goes on with `_`, `@`, `(` or `%`
    while end > at + 1 and not (_alnum(values[end - 1], classes) or values[end - 1] >= 128):
        end -= 1
    last = end  # of the labels
    dots = 0
    for i in range(end - 1, at, -1):
        if values[i] == 46:
            if not (_alnum(values[i - 1], classes) or values[i - 1] >= 128):
                return at, at  # an empty label
            dots += 1
            if dots == 1:
                last = i + 1
    if dots == 0 or not (_alnum(values[at + 1], classes) or values[at + 1] >= 128):
        return at, at
    upper = 0
    for i in range(last, end):
        upper += 65 <= values[i] <= 90
    if (upper > 1 and upper != end - last) or (upper == 1 and not 65 <= values[last] <= 90):
        return at, at
    if not _among(_hash(values, last, end), domains):
        return at, at
    return start, end


@numba.njit(cache=True, nogil=True)
def _latin(values, at):
    """Whether a letter of Latin with a mark begins at `at` (U+00C0 to U+024F, without the signs × and ÷);
    the caller sees that two bytes are there."""
    first, second = values[at], values[at + 1]
    if first < 0xC3 or first > 0xC9 or second & 0xC0 != 0x80:
        return False
    return first != 0xC3 or (second != 0x97 and second != 0xB7)


@numba.njit(cache=True, nogil=True)
def _alnum(byte, classes):
    return classes[byte] & _LABEL != 0 and byte != 45 and byte != 46


@numba.njit(cache=True, nogil=True)
def _ipv4(values, low, dot, high, classes, known):
    """The address whose first dot is at `dot`, or an empty span."""
    if dot + 6 > high or dot == low or not 48 <= values[dot - 1] <= 57 or not 48 <= values[dot + 1] <= 57:
        return dot, dot
    start = dot - 1
    while start > low and 48 <= values[start - 1] <= 57 and dot - start < 4:
        start -= 1
    if start > low and (classes[values[start - 1]] & _WORD or values[start - 1] >= 128):
        escape = (
            start - 1 > low and values[start - 2] == 92 and values[start - 1] in (110, 114, 116)
        )  # \\n, \\r, \\t
        if not escape:
            return dot, dot
    address, end = _dotted(values, start, high)
    if address < 0 or (
        end < high and (values[end] == 95 or values[end] == 45 or _alnum(values[end], classes))
    ):
        return dot, dot
    if end + 1 < high and values[end] == 46 and _alnum(values[end + 1], classes):
        return dot, dot
    if end - start == 7 or not _public4(address) or _among(address, known):
        return dot, dot
    return start, end


@numba.njit(cache=True, nogil=True)
def _dotted(values, start, high):
    """(address as a number or -1, where it ends) of four decimal numbers joined by dots."""
    address = np.int64(0)
    i = start
    for part in range(4):
        if part:
            if i >= high or values[i] != 46:
                return np.int64(-1), i
            i += 1
        first = i
        number = np.int64(0)
        while i < high and 48 <= values[i] <= 57 and i - first < 4:
            number = number * 10 + np.int64(values[i]) - 48
            i += 1
        if i == first or i - first > 3 or number > 255 or (values[first] == 48 and i - first > 1):
            return np.int64(-1), i
        address = address * 256 + number
    return address, i


@numba.njit(cache=True, nogil=True)
def _public4(a):
    """Whether an IPv4 address is in none of RFC 6890's special ranges, nor multicast, reserved or a 6to4
    relay."""
    b = a >> 24
    if b == 0 or b == 10 or b == 127 or b >= 224:
        return False
    if (
        a >> 22 == 100 << 2 | 1
        or a >> 16 == 169 << 8 | 254
        or a >> 20 == 172 << 4 | 1
        or a >> 16 == 192 << 8 | 168
    ):
        return False
    c = a >> 8
    if c in (192 << 16, 192 << 16 | 2, 192 << 16 | 88 << 8 | 99, 198 << 16 | 51 << 8 | 100, 203 << 16 | 113):
        return False
    return a >> 17 != 198 << 7 | 9


@numba.njit(cache=True, nogil=True)
def _ipv6(values, low, colon, high, classes, known):
    """The address whose first colon is at `colon`, or an empty span: only 2000::/3, so it begins with a
    group of 4."""
    start = colon - 4
    if start < low or colon + 3 > high or not 50 <= values[start] <= 51:
        return colon, colon
    for i in range(start, colon):
        if not classes[values[i]] & _HEX:
            return colon, colon
    if start > low:
        before = values[start - 1]
        if classes[before] & _WORD or before == 58 or before >= 128:
            return colon, colon
    front, back = np.uint64(0), np.uint64(0)  # the 128 bits
    tail_front, tail_back = np.uint64(0), np.uint64(0)  # those after `::`
    groups = tail = 0
    gap = False
    i = start
    end = start
    while groups + tail < 8:
        first = i
        number = np.uint64(0)
        while i < high and i - first < 5 and classes[values[i]] & _HEX:
            digit = values[i]
            number = number << np.uint64(4) | np.uint64(digit - 48 if digit <= 57 else (digit | 32) - 87)
            i += 1
        if i - first > 4:
            return colon, colon
        count = 1
        if i == first:
            break
        if i < high and values[i] == 46:
            address, i = _dotted(values, first, high)
            if address < 0 or groups + tail > 6:
                return colon, colon
            number, count = np.uint64(address), 2
        for shift in range(count - 1, -1, -1):
            group = number >> np.uint64(16 * shift) & np.uint64(0xFFFF)
            if gap:
                tail_front = tail_front << np.uint64(16) | tail_back >> np.uint64(48)
                tail_back = tail_back << np.uint64(16) | group
                tail += 1
            else:
                front = front << np.uint64(16) | back >> np.uint64(48)
                back = back << np.uint64(16) | group
                groups += 1
        end = i
        if count == 2 or i >= high or values[i] != 58:
            break
        if i + 1 < high and values[i + 1] == 58:
            if gap:
                return colon, colon
            gap = True
            i += 2
            end = i
        else:
            i += 1
    if end < high:
        after = values[end]
        if after == 58 or after == 95 or after == 45 or _alnum(after, classes):
            return colon, colon
        if after == 46 and end + 1 < high and _alnum(values[end + 1], classes):
            return colon, colon
    if (groups + tail != 8) if not gap else (groups + tail > 7 or groups + tail < 3):
        return colon, colon
    for _ in range(8 - groups if gap else 0):
        front = front << np.uint64(16) | back >> np.uint64(48)
        back = back << np.uint64(16)
    front, back = front | tail_front, back | tail_back
    high32 = front >> np.uint64(32)
    if high32 == np.uint64(0x20010DB8) or high32 >> np.uint64(9) == np.uint64(0x20010000 >> 9):
        return colon, colon  # documentation, protocol assignments
    if not _given_out(high32 >> np.uint64(16)):
        return colon, colon
    for k in range(len(known)):
        if front == known[k, 0] and back == known[k, 1]:
            return colon, colon
    return start, end


@numba.njit(cache=True, nogil=True)
def _given_out(group):
    """Whether IANA has given blocks below this first group to registries; of 6to4 (2002) and 6bone (3ffe)
    nothing is."""
    if group == 0x2001 or group == 0x2003:
        return True
    block = group >> np.uint64(4)
    return block in (0x240, 0x241, 0x260, 0x261, 0x262, 0x263, 0x280, 0x2A0, 0x2A1, 0x2C0)
