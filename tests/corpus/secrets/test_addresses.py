"""Oracle: the form of an address as addresses.py states it, written again with `re` and `ipaddress`, on real files and random
texts; and a list of what must be found and what must stay. What surroundings decide: test_emails.py, test_ip_addresses.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.secrets import addresses, emails, ip_addresses
from neve.corpus.text import buffers

Found = list[tuple[int, int, int]]


def find(texts: list[bytes], finder: Callable[..., Any] = addresses.find) -> list[Found]:
    values, offsets, _ = buffers(pa.array(texts, pa.large_binary()))
    starts, ends, kinds = finder(values, offsets, np.arange(len(texts)))
    rows = np.searchsorted(offsets, starts, side="right") - 1
    out: list[Found] = [[] for _ in texts]
    for row, start, end, kind in zip(rows, starts - offsets[rows], ends - offsets[rows], kinds, strict=True):
        out[row].append((int(start), int(end), int(kind)))
    return out


def form(text: bytes) -> Found:
    """What has the form of an address, by the kernel."""
    return find([text], addresses._candidates)[0]


# --- the oracle --------------------------------------------------------------------------------------------------

LATIN = rb"(?:\xc3[\x80-\x96\x98-\xb6\xb8-\xbf]|[\xc4-\xc9][\x80-\xbf])"
"""A letter of Latin with a mark."""
EMAIL = re.compile(rb"(?:[A-Za-z0-9._%%+-]|%b)+@(?:[A-Za-z0-9.-]|%b)+" % (LATIN, LATIN))
FOUR = re.compile(
    rb"(?:(?<=\\[nrt])|(?<![A-Za-z0-9._\x80-\xff-]))\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9_-])(?!\.[A-Za-z0-9])"
)
SIX = re.compile(rb"(?<![A-Za-z0-9._:\x80-\xff-])[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:.]*")
SPECIAL = [
    *map(ip_network, ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.88.99.0/24"]),
    *map(ip_network, ["192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"]),
    *map(ip_network, ["2001::/23", "2001:db8::/32"]),
]  # fmt: skip
GIVEN_OUT = [
    ip_network(net) for net in ("2001::/16", "2003::/16", "2400::/12", "2410::/12", "2600::/12", "2610::/12", "2620::/12",
                                "2630::/12", "2800::/12", "2a00::/12", "2a10::/12", "2c00::/12")
]  # fmt: skip
"""Where IANA has given IPv6 addresses to registries, by whole blocks."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    given_out = address.version == 4 or any(address in net for net in GIVEN_OUT)
    return given_out and not any(address.version == net.version and address in net for net in SPECIAL)


KNOWN = {ip_address(a) for a in (*ip_addresses.RESOLVERS, *ip_addresses.ROOT_SERVERS, *ip_addresses.PLATFORM)}


def e_mails(text: bytes) -> Found:
    found = []
    at = -1
    low = 0
    while (at := text.find(b"@", at + 1)) >= 0:
        local = re.search(rb"(?:[A-Za-z0-9._%%+-]|%b)*\Z" % LATIN, text[max(low, at - 80) : at])[0].lstrip(
            b"._%+-"
        )  # type: ignore[index]
        domain = re.match(rb"(?:[A-Za-z0-9.-]|%b)*" % LATIN, text[at + 1 : at + 255])[0]  # type: ignore[index]
        if text[at + 1 + len(domain) : at + 2 + len(domain)] in (b"_", b"@", b"(", b"%"):
            continue
        domain = domain.rstrip(b".-")
        labels = domain.split(b".")
        top = labels[-1].decode()
        start, end = at - len(local), at + 1 + len(domain)
        if not 0 < len(local) <= 64 or local.endswith(b".") or b".." in local or len(labels) < 2:
            continue
        if not all(labels) or any(label.endswith(b"-") for label in labels[:-1]) or domain.startswith(b"-"):
            continue
        if top.lower() not in emails.top_level_domains() or top not in (
            top.lower(),
            top.upper(),
            top.capitalize(),
        ):
            continue
        found.append((start, end, addresses.EMAIL))
        low = end
    return found


def fours(text: bytes) -> Found:
    found = []
    for match in FOUR.finditer(text):
        try:
            address = IPv4Address(match[0].decode())
        except ValueError:
            continue
        if is_public(address) and address not in KNOWN and len(match[0]) > 7:
            found.append((*match.span(), addresses.IP))
    return found


def sixes(text: bytes) -> Found:
    found = []
    for match in SIX.finditer(text):
        token = match[0].rstrip(b".")
        end = match.start() + len(token)
        after = text[end : end + 2]
        if re.match(rb"[A-Za-z0-9_-]|\.[A-Za-z0-9]", after):
            continue
        try:
            address = IPv6Address(token.decode())
        except ValueError:
            continue
        groups = sum(map(bool, token.split(b":"))) + (b"." in token)
        if is_public(address) and address not in KNOWN and groups >= 3:
            found.append((match.start(), end, addresses.IP))
    return found


def oracle(text: bytes) -> Found:
    return sorted(e_mails(text) + fours(text) + sixes(text))


# --- tests -------------------------------------------------------------------------------------------------------

STAY = """
someone@example.com   a@b.example.org   root@localhost   x@self.weight   A @ B.T   a@b.T   icon@2x.png   me@host.Com   @app.route
x@y.me(   kim@firm.de_x   .@x.de   kim@-x.de   kim@x..de   kim@de   pkg@1.2.3
127.0.0.1 0.0.0.0 10.1.2.3 192.168.1.20 172.31.255.1 169.254.169.254 100.64.1.1 192.0.2.7 198.51.100.33 203.0.113.9 224.0.0.251
255.255.255.0 8.8.8.8 1.1.1.1 9.9.9.9 208.67.222.222 192.88.99.1 168.63.129.16 198.41.0.4
1.2.3.4 v10.20.30.40 12.20.30.40.1 1.3.6.1.4.1.311 12.20.30.40-rc1 12.20.30.40.tar.gz 12.20.30.256 012.20.30.40 x12.20.30.40
12.20.30.40a -12.20.30.40 12.20.30
2001:db8::1 ::1 fe80::1 fd00::1 2001:4860:4860::8888 std::abs 12:34:56 2000::2 a[2000::3] 2606:4700:zz::1 2a00::1::2:3 2a00:1:2:3:4:5:6
00:1b:44:11:3a:b7 2023:10:11 2002:1:2::3 3ffe:1:2::3 2001:503:ba3e::2:30
"""

FOUND = [
    (b"Kim Lee <kim.lee+x@cs.firm.co.uk>", b"kim.lee+x@cs.firm.co.uk"),
    (b"mailto:kim_1@x-y.de.", b"kim_1@x-y.de"),
    (b"(KIM@FIRM.COM)", b"KIM@FIRM.COM"),
    ("邮箱kim@firm.cn。".encode(), b"kim@firm.cn"),
    (b"//kim@firm.de", b"kim@firm.de"),
    (b"12345+kim@users.noreply.github.com", b"12345+kim@users.noreply.github.com"),
    (b'host = "80.1.22.33"', b"80.1.22.33"),
    (b"http://80.1.22.33:8080/x", b"80.1.22.33"),
    (b"at 80.1.22.33.", b"80.1.22.33"),
    (b"80.1.22.0/24", b"80.1.22.0"),
    (b"[2a00:1450:4001:82b::200e]:443", b"2a00:1450:4001:82b::200e"),
    (b"2606:2800:220:1:248:1893:25c8:1946", b"2606:2800:220:1:248:1893:25c8:1946"),
    (b"2a00:1450:4001::/48", b"2a00:1450:4001::"),
    (b"2a00:1:2:3:4:5:80.1.22.33", b"2a00:1:2:3:4:5:80.1.22.33"),
    (b'"kim@firm.de\\nlee"', b"kim@firm.de"),
    (b'"to\\nkim@firm.de"', b"kim@firm.de"),
    (b'"C:\\\\nkim@firm.de"', b"nkim@firm.de"),
    (b'"a\\t80.1.22.33"', b"80.1.22.33"),
]


@pytest.mark.parametrize(("text", "address"), FOUND)
def test_addresses_are_found(text: bytes, address: bytes) -> None:
    (found,) = find([text])
    assert [text[start:end] for start, end, _ in found] == [address]
    assert (
        form(text) == oracle(text) or b":80.1.22.33" in address
    )  # there the oracle for IPv4 has its own opinion


@pytest.mark.parametrize("text", STAY.strip().split("\n"))
def test_what_names_nobody_stays(text: str) -> None:
    assert find([text.encode()]) == [[]]


def test_all_ranges_agree_with_ipaddress() -> None:
    """First and last address of every special range and their neighbours; the resolvers."""
    cases = {int(net[i]) + d for net in SPECIAL if net.version == 4 for i in (0, -1) for d in (-1, 0, 1)}
    fours_ = [IPv4Address(n) for n in cases if 0 <= n < 2**32]
    sixes_ = [
        IPv6Address(int(net[i]) + d)
        for net in SPECIAL
        if net.version == 6
        for i in (0, -1)
        for d in (-1, 0, 1)
    ]
    all_ = [*fours_, *sixes_, *KNOWN]
    found = find([a.exploded.encode() for a in all_], addresses._candidates)
    for address, spans in zip(all_, found, strict=True):
        single = address.version == 4 and len(str(address)) == 7
        first = address.exploded[0] in "23" or address.version == 4
        assert bool(spans) == (is_public(address) and address not in KNOWN and not single and first), address


def test_real_files_agree_with_the_oracle() -> None:
    root = Path(addresses.__file__).parents[3]
    paths = [
        p for folder in ("neve", "tests", "docs") for p in sorted((root / folder).rglob("*")) if p.is_file()
    ]
    site = Path(pa.__file__).parent.parent
    paths += [
        p for name in ("pyarrow", "numpy", "pip", "httpx") for p in sorted((site / name).rglob("*.py"))[:40]
    ]
    paths = [p for p in paths if p.stat().st_size < 100_000 and p != Path(__file__)]
    texts = [p.read_bytes() for p in paths]
    found = find(texts, addresses._candidates)
    assert sum(map(len, found)) > 5
    for path, text, spans in zip(paths, texts, found, strict=True):
        assert spans == oracle(text), path


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"@@@.:-_ \n/\"'<>(%=~",
                "://",
                "kim",
                "x1",
                "de",
                "COM",
                "example",
                "git",
                "é",
                "ü",
                "Com",
                "Dev",
                "×",
                "人",
                "::",
            ]
        ),
        max_size=16,
    )
)
def test_random_emails_agree_with_the_oracle(parts: list[str]) -> None:
    text = "".join(parts).encode()
    assert [span for span in form(text) if span[2] == addresses.EMAIL] == e_mails(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["12", "255", "256", "0", "07", *"....  -_a\n=~v", "80.1.2.33", "version "]),
        max_size=14,
    )
)
def test_random_ipv4_agree_with_the_oracle(parts: list[str]) -> None:
    text = "".join(parts).encode()
    assert form(text) == fours(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["2a00", "2001", "db8", "f", "12345", *":::::: .-_z", "::", "80.1.2.33", "8888"]),
        max_size=18,
    )
)
def test_random_ipv6_agree_with_the_oracle(parts: list[str]) -> None:
    text = "".join(parts).encode()
    ours = [span for span in find([text])[0] if b":" in text[span[0] : span[1]]]
    assert ours == sixes(text)


def test_only_the_rows_asked_for() -> None:
    values, offsets, _ = buffers(
        pa.array([b"kim@firm.de", b"lee@firm.de", b"kay@firm.de"], pa.large_binary())
    )
    starts, ends, _ = addresses.find(values, offsets, np.array([0, 2]))
    assert [values[a:b].tobytes() for a, b in zip(starts, ends, strict=True)] == [
        b"kim@firm.de",
        b"kay@firm.de",
    ]
