"""Whether four numbers joined by dots are an IP address, judged by the numbers and by their surroundings.

Versions, object identifiers, sections and the coordinates of drawings have the same form. They differ in
size and in company: versions are small numbers (`9.2.14.0`), coordinates stand among other decimals
(`1.41.59.51 0 1.02`), while an address is introduced as one, has a port or a prefix, or is in a list of
addresses. So small numbers are an address only with such evidence; large ones unless something introduces
them as a version. The trade-off: a small address that nothing introduces stays. So do addresses that name no
machine: `x.0.0.0`, and numbers in equal steps (`11.22.33.44`, `66.66.66.66`), which are made up. IPv6
addresses are unlike anything else and need no evidence.

Special ranges and public name servers are sorted out before, by addresses.py.
"""

from __future__ import annotations

import re

RESOLVERS = str.split(
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 9.9.9.9 9.9.9.10 9.9.9.11 149.112.112.112 149.112.112.9 "
    "149.112.112.10 149.112.112.11 208.67.222.222 208.67.220.220 208.67.222.220 208.67.220.222 208.67.222.123 208.67.220.123 4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4 "
    "64.6.64.6 64.6.65.6 8.26.56.26 8.20.247.20 76.76.19.19 76.223.122.150 76.76.2.0 76.76.10.0 94.140.14.14 94.140.15.15 "
    "77.88.8.8 77.88.8.1 114.114.114.114 114.114.115.115 223.5.5.5 223.6.6.6 119.29.29.29 180.76.76.76 185.228.168.9 185.228.169.9 "
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2606:4700:4700::1112 "
    "2606:4700:4700::1002 2606:4700:4700::1113 2606:4700:4700::1003 2620:fe::fe 2620:fe::9 2620:fe::10 2620:fe::fe:10 2620:fe::11 "
    "84.200.69.80 84.200.70.40 80.67.169.12 80.67.169.40 45.90.28.167 45.90.30.167 195.46.39.39 195.46.39.40 "
    "2001:1608:10:25::1c04:b12f 2001:1608:10:25::9249:d69b 2001:910:800::12 2001:910:800::40 2a02:6b8::feed:0ff 2a02:6b8:0:1::feed:0ff "
    "2620:fe::fe:11 2620:119:35::35 2620:119:53::53 2a10:50c0::ad1:ff 2a10:50c0::ad2:ff"
)  # fmt: skip
"""Popular public name servers."""

ROOT_SERVERS = str.split(
    "198.41.0.4 170.247.170.2 199.9.14.201 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53 "
    "192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33 2001:503:ba3e::2:30 2801:1b8:10::b 2001:500:200::b "
    "2001:500:2::c 2001:500:2d::d 2001:500:a8::e 2001:500:2f::f 2001:500:12::d0d 2001:500:1::53 2001:7fe::53 2001:503:c27::2:30 "
    "2001:7fd::1 2001:500:9f::42 2001:dc3::35"
)  # fmt: skip
"""The root name servers, which resolvers carry as constants (IANA)."""

PLATFORM = ("168.63.129.16",)
"""Addresses of cloud platforms that are the same for everyone."""

_WORDS = str.split(
    "ip ips ipv4 ipaddr ipaddress inet inet4 addr addrs address addresses hostname nameserver nameservers dns gateway router "
    "routers subnet subnets cidr netmask netblock neighbor neighbors neighbour peer peers ping telnet traceroute listen bgp "
    "ospf vpn nslookup dig whois received forwarded blacklist whitelist blocklist allowlist banned banip ifconfig iface"
)  # fmt: skip
"""Words that introduce an address; each as a word, or a part of a name in snake case or camel case."""

_CAMEL = "|".join(word.capitalize() for word in _WORDS) + "|IP"
_INTRODUCED = re.compile(
    rf"(?:(?<![A-Za-z])(?i:{'|'.join(_WORDS)})|{_CAMEL})(?![a-z])"
    r"|(?:(?:(?i:host|server|client|node|source|src|dest|destination|dst|local|remote|master|proxy|endpoint|bind|target)"
    r"|(?<![a-z])(?i:url|uri|from|to))\w{0,12}[\"']?\]?\s{0,3}(?:=>|:=|[:=(,])\s{0,3}[\[(]?[\"'`]?\Z)"
    r"|://(?:[^\s/@]*@)?\Z|(?:::|:[0-9A-Fa-f]{1,4}:)\Z|(?:(?:\bIN|\d)\s+A\s|(?:\s|\A)A(?:\t|  ))\s*\Z|\w@\Z|<[\w.:-]*(?:host|server)[\w.:-]*>\Z|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\s*-?>\s*\Z".encode()
)
_PORT_OR_PREFIX = re.compile(rb":\d{2,5}(?![\w.])|/(?:[12]?\d|3[0-2])(?![\w.])")
_VERSION = re.compile(
    rb"(?i)version|release|build|generator|temurin|revision|upgrade|\bupdate|\b(?:rev|ver|jdk|jre|oid|sec|(?:sub)*section|chapter"
    rb"|paragraph|clause|annex|appendix|rfc|table|figure|fig|equation|cuda|driver|firmware|sdk|abi)\b"
)
_REQUIRED = re.compile(rb"(?:[~^<]|[=!~<>]=|(?<![\w\"'/-])>)\Z")
_COMPARED = re.compile(rb"(?:[~^<]|[=!~<>]=|(?<![\w\"'/-])>)[ ]*\Z")
_BEFORE_DECIMAL = re.compile(rb"(?:\A|[^\d.])(?:\d*\.\d+|\.\d+(?:\.\d+)+)(?:[ ,-]-?\d{1,4}){0,3}[ ,]\Z")
_AFTER_DECIMAL = re.compile(rb"(?:[ ,-]-?\d{1,4}){0,3}[ ,-]-?(?:\.\d|\d+\.\d+(?!\.\d+\.\d+(?![.\d]))(?!\d))")
_LIST = re.compile(rb"[\s\"'`,;\[\](){}|:/\d-]{1,48}")
"""What stands between the addresses of a list."""


def is_address(before: bytes, address: bytes, after: bytes, between: bytes | None) -> bool:
    """Whether `address`, four numbers up to 255 outside the special ranges, is an IP address.

    `before` and `after` are what surrounds it; `between` is what lies between it and the address found
    before, if that is near.
    """
    a, b, c, d = map(int, address.split(b"."))
    if b == c == d == 0 or a - b == b - c == c - d:
        return False
    if after.startswith((b"+", b"~")) or before.endswith(b"$"):  # `$1` and an address
        return False
    line = before[before.rfind(b"\n") + 1 :]
    introduced = max((match.start() for match in _INTRODUCED.finditer(line)), default=-1)
    near = max(0, len(line) - 24)
    version = max((match.start() for match in _VERSION.finditer(line, near)), default=-1)
    if _REQUIRED.search(line) or version > introduced:
        return False
    if introduced >= 0 or _PORT_OR_PREFIX.match(after) or (between is not None and _LIST.fullmatch(between)):
        return True
    if (
        _COMPARED.search(line)
        or _BEFORE_DECIMAL.search(line)
        or _AFTER_DECIMAL.match(after)
        or line.endswith(b"/")
    ):
        return False
    small = a < 32 and b < 100 and c < 100 and (d < 100 or (b < 32 and c < 10))
    return a > 2 and not small
