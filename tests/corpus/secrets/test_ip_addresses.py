"""Oracle: lines of code, configuration and prose as people write them, each with what a reader would take for an IP address."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.secrets import addresses
from neve.corpus.text import buffers


def found(text: str) -> list[str]:
    values, offsets, _ = buffers(pa.array([text], pa.large_string()))
    starts, ends, kinds = addresses.find(values, offsets, np.arange(1))
    assert all(kind == addresses.IP for kind in kinds)
    return [values[a:b].tobytes().decode() for a, b in zip(starts, ends, strict=True)]


STAY = """
EXTENSIONS = {"2.5.29.14": "subjectKeyIdentifier", "2.5.29.37": "extKeyUsage"}; ORGANIZATION = "2.5.4.10"
ED25519 = "1.3.101.112"  # also { 1.3.101.113 }
d="M12 0c1.02.01 2.05.14 3.01.4 2.29-1.55 3.3-1.23 3.3-1.23.66 1.66.24 2.88.12 3.18.77.84 1.24 1.91 1.24 3.22"
c.39.39.9.59 41.41.59.51 0 1.02-.2 1.41-.59   0.5, 80.12.33.41 1.5
// 7.3.2.11 RBSP trailing bits; see section 12.2.5.40 and [MS-DCOM] 2.2.18.4, IEEE802.1D-2004 12.10.2.1
For example 1.4.14.4.1 -> 1.4.14.5   {"/r/*", "https://$110.0.0.1:8080"}
\\subsection{4.12.31.200} see Table 12.31.4.200   CUDA 12.4.131.99, firmware 91.144.73.8
rvm (1.11.3.3)   jackson-databind 2.9.10.1   ## MailKit 1.2.11.1 (2015-09-08)   BUILD --build-arg RUBY=jruby:9.2.14.0
"version": "12.0.130.40"   Release 92.20.130.40   server_version < "12.1.0.2"   version_compare($server_version, '91.20.130.40')
==10.120.130.40 >=92.120.130.40 ~92.120.130.40 ipaddress==91.0.123.40
requires foo > 92.20.130.40   jvm: temurin:91.11.0.17   [GeneratedCode("SettingsGenerator", "37.0.3.0")]
push "dhcp-option DNS 84.200.69.80"   push "dhcp-option DNS 2001:910:800::12"   nameserver 2a02:6b8::feed:ff
https://github.com/x/y/blob/92.30.121.10/doc   Chrome/114.0.0.0 Safari/53.1.20.230   openjdk 91.0.120.1+1-Ubuntu
128.0.0.0/1   172.0.0.0   "11.22.33.44"   66.66.66.66   123.123.123.123   12.34.56.78
"""


@pytest.mark.parametrize("line", STAY.strip().split("\n"))
def test_what_is_no_address_stays(line: str) -> None:
    assert found(line) == []


FOUND = [
    ("nameserver 11.28.10.1", ["11.28.10.1"]),
    ("remoteAddr = '9.17.4.2'", ["9.17.4.2"]),
    ("<peer-address>12.16.9.31</peer-address>", ["12.16.9.31"]),
    ("ping 8.12.42.23", ["8.12.42.23"]),
    ("http://5.9.3.20/x", ["5.9.3.20"]),
    ("listen 9.10.11.30:8080", ["9.10.11.30"]),
    ("allow 12.16.9.0/24;", ["12.16.9.0"]),
    ("server = '8.12.42.23'", ["8.12.42.23"]),
    ("host IN A 5.9.3.20", ["5.9.3.20"]),
    ("::ffff:12.16.9.31", ["12.16.9.31"]),
    ('[\n  "185.43.135.1",\n  "9.17.4.2",\n  "2a02:1205:34d5:5070::1"\n]', ["185.43.135.1", "9.17.4.2", "2a02:1205:34d5:5070::1"]),
    ("192.168.1.13:57474 -> 23.205.82.58", ["23.205.82.58"]),
    ('if got := peer(x); got != "5.78.128.79" {', ["5.78.128.79"]),
    ('"185.43.135.1"', ["185.43.135.1"]),
    ("84.3.187.208 - - [10/Oct/2000:13:55:36]", ["84.3.187.208"]),
    ("root@71.22.143.50", ["71.22.143.50"]),
    ("version of the address 80.1.22.33", ["80.1.22.33"]),
    ("sortlist 130.155.160.0/255.255.240.0 130.155.0.0", ["130.155.160.0", "130.155.0.0"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_what_is_an_address_is_found(text: str, expected: list[str]) -> None:
    assert found(text) == expected
