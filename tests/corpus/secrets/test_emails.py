"""Oracle: lines of code and prose as people write them, each with the addresses that a reader would take for somebody's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.secrets import addresses
from neve.corpus.text import buffers


def found(line: str) -> list[str]:
    values, offsets, _ = buffers(pa.array([line], pa.large_string()))
    starts, ends, kinds = addresses.find(values, offsets, np.arange(1))
    assert all(kind == addresses.EMAIL for kind in kinds)
    return [values[a:b].tobytes().decode() for a, b in zip(starts, ends, strict=True)]


STAY = r"""
"keepalive@openssh.com", "curve25519-sha256@libssh.org"; hostkeys-prove-00@openssh.com zlib@openssh.com
ciphers = ["rijndael-cbc@lysator.liu.se", "sntrup4591761x25519-sha512@tinyssh.org", "sha512-cbc@ssh.net"]
winadj@putty.projects.tartarus.org   keepalive@lag.net   salt@notations.openpgpjs.org
val name = this@Outer.name; return@forEach.id; super@Base.info; continue@outer.is
x = a@b.id   W@x.it + b   weights@layers.my.data   object@project.name   p = table@columns.name[3]
y = x@self.store   loss = self.proj@hidden.to
npm i lodash@next.dev @babel/core@canary.email   go install golang.org/x/tools@main.dev
icon@2x.zip   splash@3x.mov   multi-user@graphical.target
<a href="https://host.social/@kim@host.social">  acct:kim@host.social  "@kim@posts.de"
git@github.com:owner/name.git   noreply@github.com   No-Reply@firm.de   HTTP@proxy.firm.de
ssh://kim@firm.de/x   https://kim@firm.de   ssh -i key.pem kim@firm.de uptime   scp -P 22 a.txt kim@firm.de:/tmp   kim@firm.de:src/x
HTTP/web.acme.com@ACME.COM  krbtgt/ACME.COM@ACME.COM  nfs/files.firm.de@FIRM.DE
Message-ID: <4f2c1e77-11@mail.firm.de>   https://lore.kernel.org/x/20240508142725.91273-1-kim@firm.de/   <CAF7d1c2e3f4a5b6c7d8e9@mail.firm.com>
Node('a@b.com'), Worker("w1@q.co.uk")   // HTTP has user:password@domain.com
<pre id="description-@commit.id">   <li id="row-@item.com">   https://lists.firm.org/E1Z0E7U-0004Bc-Jv@mail.firm.org   <338B6EE2.BB26C74C@firm.com>
*!*bot@host.org   nick!user@host.domain.net   Dial(IAX2/guest@pbx.firm.com/s)   "kim@firm.com"@example.com
val x = this@Outer.Dev   a@Outer.Com   SELECT * FROM staff@remote.world   import a from "src@shared.app/x"
"%s@firm.de"   f"{user}kim@firm.de"   "${name}-x@firm.de"   "$kim@firm.de"
"""


@pytest.mark.parametrize("line", STAY.strip().split("\n"))
def test_what_is_no_address_stays(line: str) -> None:
    assert found(line) == []


FOUND = [
    ('val all = listOf("ada.roe@posts.social", "jane.doe@mail.codes")', ["ada.roe@posts.social", "jane.doe@mail.codes"]),
    ("// Kim Lee <kim@lee.name>", ["kim@lee.name"]),
    ("# written by kim@lee.is", ["kim@lee.is"]),
    ("mailto:kim@lee.ninja", ["kim@lee.ninja"]),
    ("Author: kim (kim@lee.info)", ["kim@lee.info"]),
    ('to = "kim@firm.com, lee@firm.com"', ["kim@firm.com", "lee@firm.com"]),
    ("<847320916@qq.com> <12345678+kim99@users.noreply.github.com>", ["847320916@qq.com", "12345678+kim99@users.noreply.github.com"]),
    ("Contact: security@openssh.com", ["security@openssh.com"]),
    ("the ssh maintainers at kim@firm.org", ["kim@firm.org"]),
    ("https://host.com/list?of=kim@firm.de&x", ["kim@firm.de"]),
    ("Kim <git@kimlee.com>", ["git@kimlee.com"]),
    ("# José Peña <josé.peña@correo.es>, jörg@müller.de", ["josé.peña@correo.es", "jörg@müller.de"]),
    ("2×kim@firm.de 联系kim@firm.de почта:kim@firm.de", ["kim@firm.de"] * 3),
    ("# Kim Lee <kim@lee.Dev>, KIM@FIRM.DE", ["kim@lee.Dev", "KIM@FIRM.DE"]),
    ("-- mail kim@remote.world", ["kim@remote.world"]),
    ("aes-lover.kim@firm.de", ["aes-lover.kim@firm.de"]),
    ("thomas-mueller-ab@firm.com, 3f2a.b1@firm.com!", ["thomas-mueller-ab@firm.com", "3f2a.b1@firm.com"]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), FOUND)
def test_what_is_somebodys_is_found(line: str, expected: list[str]) -> None:
    assert found(line) == expected
