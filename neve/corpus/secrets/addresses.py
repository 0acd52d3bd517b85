"""E-mail and IP addresses in source text: one numba pass over the bytes of an Arrow column.

The kernel stops only at `@`, `.` and `:`, looks both ways, and decides at once; no regular expression, no Python
object a document. What is looked for follows StarCoder (arXiv 2305.06161, section 4 and the BigCode PII library), and
so do the exceptions: an address that names no person and no machine stays.

An e-mail address is `local@domain`: letters, digits and `._%+-` before the sign (at most 64, a letter or digit first,
no dot last and no two in a row), after it labels of letters, digits and `-`, the last a top-level domain of DOMAINS in one case,
so that `a @ b.T`, `icon@2x.png` or `x@self.weight` is none. Stay: `git@…` and its like, `noreply@…`, the user part of a URL
(`ssh://me@host`), and the names of RFC 2606 (`example.com`, `.test`: not in DOMAINS).

An IPv4 address is four decimal numbers up to 255 without leading zeros, an IPv6 address what RFC 4291 writes with three groups or more.
Neither touches a letter, digit, `_`, `-` or `.`. Only addresses of the public internet are found: not private, loopback, link-local,
shared, documentation, benchmarking, multicast and reserved ranges (RFC 6890), and not the public resolvers of RESOLVERS, which
stand in code as constants. Version numbers stay: four single digits, as in BigCode, and after `==` and its like, `~`, `^`, `<`, `>`, `v` or
within 24 bytes after "version" or "release".
"""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv6Address

import numba
import numpy as np

EMAIL, IP = 0, 1
"""Kinds of a span."""

DOMAINS = tuple(
    str.split(
    "com org net edu gov mil int info biz name pro mobi asia jobs coop aero museum tel travel xyz app dev tech cloud online "
    "site blog email live news club shop store work world digital systems solutions software company agency studio media "
    "network technology science academy institute university foundation international global group berlin london nyc paris "
    "wien hamburg eus gal "
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf "
    "cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg "
    "gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn "
    "kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na "
    "nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh "
    "si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve "
    "vg vi vn vu wf ws ye yt za zm zw"
    )
)  # fmt: skip
"""Top-level domains: the generic ones that people have mail in, and all countries'."""

RESERVED = ("example.com", "example.org", "example.net")
"""Domains of RFC 2606; those below them count too."""

ROLES = ("git", "hg", "svn", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply")
"""Local parts, in any case, that name no person."""

RESOLVERS = str.split(
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 4.2.2.1 4.2.2.2 64.6.64.6 64.6.65.6 "
    "8.26.56.26 8.20.247.20 76.76.19.19 76.223.122.150 94.140.14.14 94.140.15.15 77.88.8.8 77.88.8.1 114.114.114.114 "
    "114.114.115.115 2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe 2620:fe::9 "
    "2620:119:35::35 2620:119:53::53"
)  # fmt: skip
"""Popular public name servers."""

_LOCAL, _LABEL, _WORD, _HEX, _STOP = 1, 2, 4, 8, 16


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(classes of the 256 bytes, hashes of DOMAINS, RESERVED, ROLES, v4 resolvers, v6 resolvers as two words each)."""
    classes = np.zeros(256, np.uint8)
    for byte in range(128):
        char = chr(byte)
        classes[byte] |= _LOCAL if char.isalnum() or char in "._%+-" else 0
        classes[byte] |= _LABEL if char.isalnum() or char in ".-" else 0
        classes[byte] |= _WORD if char.isalnum() or char in "._-" else 0
        classes[byte] |= _HEX if char in "0123456789abcdefABCDEF" else 0
        classes[byte] |= _STOP if char in "@.:" else 0
    domains, reserved, roles = (
        np.sort([_hash_text(w) for w in words]) for words in (DOMAINS, RESERVED, ROLES)
    )
    four = np.sort(np.array([int(IPv4Address(a)) for a in RESOLVERS if "." in a], np.int64))
    six = np.array(
        [[int(IPv6Address(a)) >> 64, int(IPv6Address(a)) % 2**64] for a in RESOLVERS if ":" in a], np.uint64
    )
    return classes, domains, reserved, roles, four, six


def find(
    values: np.ndarray, offsets: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spans of addresses in the texts `values[offsets[i]:offsets[i + 1]]`, i of `rows`: (starts, ends, kinds), in their order.

    Starts and ends are places in `values` (int64), kinds EMAIL or IP. Spans do not overlap.
    """
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


_VERSION, _RELEASE = _hash_text("version"), _hash_text("release")


@numba.njit(cache=True, nogil=True)
def _find(
    values, offsets, rows, classes, domains, reserved, roles, resolvers4, resolvers6, starts, ends, kinds
):
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
                start, end = _email(values, low, i, high, classes, domains, reserved, roles)
            elif byte == 46:
                kind = IP
                start, end = _ipv4(values, low, i, high, classes, resolvers4)
            else:
                kind = IP
                start, end = _ipv6(values, low, i, high, classes, resolvers6)
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
def _email(values, low, at, high, classes, domains, reserved, roles):
    """The address around the `@` at `at`, or an empty span."""
    start = at
    while start > low and classes[values[start - 1]] & _LOCAL and at - start <= 64:
        start -= 1
    while start < at and not _alnum(values[start], classes):
        start += 1
    if start == at or at - start > 64 or values[at - 1] == 46:
        return at, at
    for i in range(start + 1, at):
        if values[i] == 46 and values[i - 1] == 46:
            return at, at
    end = at + 1
    while end < high and classes[values[end]] & _LABEL and end - at <= 254:
        end += 1
    if end < high and (values[end] == 95 or values[end] == 64 or values[end] == 40 or values[end] == 37):
        return at, at  # goes on with `_`, `@`, `(` or `%`
    while end > at + 1 and not _alnum(values[end - 1], classes):
        end -= 1
    last = end  # of the labels
    second = end
    dots = 0
    for i in range(end - 1, at, -1):
        if values[i] == 46:
            if not _alnum(values[i - 1], classes):
                return at, at  # an empty label
            dots += 1
            if dots == 1:
                last = i + 1
            elif dots == 2:
                second = i + 1
    if dots == 0 or not _alnum(values[at + 1], classes):
        return at, at
    if dots == 1:
        second = at + 1
    upper = 0
    for i in range(last, end):
        upper += 65 <= values[i] <= 90
    if (upper != 0 and upper != end - last) or not _among(_hash(values, last, end), domains):
        return at, at
    if _among(_hash(values, second, end), reserved) or _among(_hash(values, start, at), roles):
        return at, at
    i = start  # the user part of a URL?
    while i > low and start - i < 256:
        byte = values[i - 1]
        if byte == 47:
            if i - 2 > low and values[i - 2] == 47 and values[i - 3] == 58:
                return at, at
            break
        if byte <= 32 or byte == 34 or byte == 39 or byte == 60 or byte == 96:
            break
        i -= 1
    return start, end


@numba.njit(cache=True, nogil=True)
def _alnum(byte, classes):
    return classes[byte] & _LABEL != 0 and byte != 45 and byte != 46


@numba.njit(cache=True, nogil=True)
def _ipv4(values, low, dot, high, classes, resolvers):
    """The address whose first dot is at `dot`, or an empty span."""
    if dot + 6 > high or dot == low or not 48 <= values[dot - 1] <= 57 or not 48 <= values[dot + 1] <= 57:
        return dot, dot
    start = dot - 1
    while start > low and 48 <= values[start - 1] <= 57 and dot - start < 4:
        start -= 1
    if start > low and (classes[values[start - 1]] & _WORD or values[start - 1] >= 128):
        return dot, dot
    address, end = _dotted(values, start, high)
    if address < 0 or (
        end < high and (values[end] == 95 or values[end] == 45 or _alnum(values[end], classes))
    ):
        return dot, dot
    if end + 1 < high and values[end] == 46 and _alnum(values[end + 1], classes):
        return dot, dot
    if end - start == 7 or not _public4(address) or _among(address, resolvers):
        return dot, dot
    if _version(values, low, start):
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
    """Whether an IPv4 address is none of RFC 6890's special ranges, nor multicast or reserved."""
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
    if c == 192 << 16 or c == 192 << 16 | 2 or c == 198 << 16 | 51 << 8 | 100 or c == 203 << 16 | 113:
        return False
    return a >> 17 != 198 << 7 | 9


@numba.njit(cache=True, nogil=True)
def _version(values, low, start):
    """Whether a dotted number that begins at `start` is introduced as a version."""
    i = start - 1
    while i >= low and (values[i] == 32 or values[i] == 34 or values[i] == 39):
        i -= 1
    if i >= low and (values[i] == 126 or values[i] == 94 or values[i] == 60 or values[i] == 62):
        return True
    if i > low and values[i] == 61:
        before = values[i - 1]
        if 60 <= before <= 62 or before == 33 or before == 126:
            return True
    for i in range(max(low, start - 24), start - 6):
        if values[i] | 32 == 118 and _hash(values, i, i + 7) == _VERSION:
            return True
        if values[i] | 32 == 114 and _hash(values, i, i + 7) == _RELEASE:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _ipv6(values, low, colon, high, classes, resolvers):
    """The address whose first colon is at `colon`, or an empty span: only 2000::/3, so it begins with a group of 4."""
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
    if high32 >> np.uint64(16) == np.uint64(0x2002) or high32 >> np.uint64(12) == np.uint64(0x3FFF0):
        return colon, colon  # 6to4, documentation
    for k in range(len(resolvers)):
        if front == resolvers[k, 0] and back == resolvers[k, 1]:
            return colon, colon
    return start, end
