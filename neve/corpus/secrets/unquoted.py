"""Passwords that stand without quotes: in settings, on command lines, in lines of `.netrc` and `.pgpass`.

A value without quotes is an expression in code, so that what is assigned counts in FORMATS alone, whose
values need no quotes; options, commands and entries have forms of their own, and count anywhere. The
trade-off is precision, as everywhere: a value has to have a digit, or signs amid its letters, and what names
another thing (a path, a variable, a host, a call, a place in a vault) stays, as does what has blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from neve.corpus.secrets.passwords import CALLED, NAME, is_strong, looks_so, whole

Place = tuple[int, int]
"""(start, end)"""

FORMATS = frozenset(
    str.split(
        "YAML,MiniYAML,OASv2-yaml,OASv3-yaml,SaltStack,NEON,HOCON,INI,Java Properties,Dotenv,Git Config,NPM Config,Wget Config,"
        "Hosts File,ApacheConf,Nginx,HAProxy,Shell,Dockerfile,Makefile,Batchfile,Jinja,Kickstart,Text,Markdown,AsciiDoc,"
        "reStructuredText,Org,Textile,Wikitext,RDoc", ","
    )
)  # fmt: skip
"""Languages in which a value that is assigned needs no quotes, and prose, which shows such lines."""

_WORD = (
    rb"""["']?(?P<value>[^\s"'`$(){}<>\[\]|;&,\\=][^\s"'`(){}<>\[\]|;&,\\]{5,63})(?=["'`\s;|&,)<\]\\]|\Z)"""
)
"""One word of a command, in quotes or not."""
_BEGINS = re.compile(
    rb"[ \t]*(?:(?:[-*+#;>]|//|export|(?i:setx?)|ENV|ARG|define)[ \t]+){0,2}[\w.*\[\]\"'/-]{0,60}"
)
_LINE = re.compile(
    rb"""(?:["']?[ \t]{0,8}:(?:\*\*)?[ \t]{1,40}|[ \t]{0,40}:?=[ \t]{0,40})(?P<value>[^\s"'`$\[\](){}<>|&!*%@,:=~\\][^\s"'`]{5,63})[ \t]*(?:[ \t]\#.*)?\r?(?:\n|\Z)"""
)
"""After a name in a line that _BEGINS: what is left of it is the value."""
_WITHIN = re.compile(rb"=" + _WORD)
"""Amid a line, as in `docker run -e A_PASSWORD=…` and Ansible's inventories."""
_SAID = re.compile(rb"[ \t]{1,4}(?:(?i:is|of|=)[ \t]{1,4})?`(?P<value>[^\s\"'`]{6,64})`")
"""In prose."""
_BELOW = re.compile(
    rb"""["']?[ \t]{0,8}(?:\#[^\n]{0,40})?\r?\n[ \t]{0,40}value:[ \t]{1,8}(["']?)(?P<value>[^\s"'`$\[\](){}<>|&!*%@,:=~\\][^\s"'`]{5,63})\1[ \t]*(?:[ \t]\#[^\n]*)?\r?(?:\n|\Z)"""
)
"""A container's variable: `- name: DB_PASSWORD`, and its value below."""


def _on_lines(
    *rules: tuple[bytes, tuple[bytes, ...]],
) -> tuple[tuple[re.Pattern[bytes], tuple[bytes, ...]], ...]:
    return tuple((re.compile(rule.replace(b"WORD", _WORD)), needed) for rule, needed in rules)


_RULES = _on_lines(
    (rb"(?<![\w-])--?(?:[A-Za-z][\w.-]{0,60}?)?(?:" + CALLED + rb"|(?i:pass|storepass|keypass|srcstorepass|deststorepass))(?:=|[ \t]{1,4})WORD", (b"pass", b"pwd")),
    (rb"\bcurl\b[^\n|;]{0,200}?[ \t](?:-u|--user|--proxy-user)[ \t=]*[\"']?[^\s:\"'$]+:WORD", (b"curl",)),
    (rb"-pass(?:in|out)?[ \t]+[\"']?pass:WORD", (b"pass:",)),
    (rb"\b(?:mysql\w*|mariadb[\w-]*|mycli|mongo\w*)\b[^\n|;&]{0,160}?[ \t]-p(?!ort\b|rotocol\b|\w+=)WORD", (b"mysql", b"mariadb", b"mongo")),
    (rb"\bmongo\w*\b[^\n|;&]{0,160}?[ \t]-p[ \t]+WORD", (b"mongo",)),
    (rb"\bmysqladmin\b[^\n|;&]{0,160}?[ \t]password[ \t]+WORD", (b"mysqladmin",)),
    (rb"(?i)\bconvertto-securestring[ \t]+(?:-[a-z]+[ \t]+){0,4}[\"'](?P<value>[^\s\"'`$]{6,64})[\"']", (b"securestring",)),
    (rb"\bnet[ \t]+user[ \t]+\S+[ \t]+WORD", (b"net user",)),
    (rb"\b(?:un)?zip\b[^\n|;&]{0,160}?[ \t]-P[ \t]*WORD", (b"zip",)), (rb"\b7z[a-z]?[ \t]+\w[^\n|;&]{0,160}?[ \t]-p(?!\w+=)WORD", (b"7z",)),
    (rb"\bsshpass[ \t]+(?:-v[ \t]+)?-p[ \t]*WORD", (b"sshpass",)),
    (rb"\bredis-cli\b[^\n|;&]{0,160}?[ \t](?:-a|--pass)[ \t]+WORD", (b"redis-cli",)),
    (rb"(?:docker|podman|oc|az|registry|skopeo|buildah)[ \t]+login\b[^\n|;&]{0,160}?[ \t]-p[ \t]+WORD", (b"login",)),
    (rb"\b(?:sqlcmd|osql|bcp|ipmitool)\b[^\n|;&]{0,160}?[ \t][-/]P[ \t]*WORD", (b"sqlcmd", b"osql", b"ipmitool")),
    (rb"\bldap(?:search|add|modify|delete|passwd|whoami|compare)\b[^\n|;&]{0,160}?[ \t]-w[ \t]*WORD", (b"ldap",)),
    (rb"\b(?:smbclient|rpcclient|smbmap|net)\b[^\n|;&]{0,160}?[ \t]-U[ \t]*[\"']?[\w.\\/-]+%WORD", (b"smbclient", b"rpcclient")),
    (rb"\bhtpasswd[ \t]+(?:-[A-Za-z\d]+[ \t]+)*-[A-Za-z]*b[A-Za-z]*[ \t]+(?:-[A-Za-z\d]+[ \t]+)*(?:[^\s-]\S*[ \t]+){1,2}WORD(?=[\"']?\s*(?:[|;&>)\"'`]|\n|\Z))", (b"htpasswd",)),
    (rb"\brabbitmqctl\b[^\n|;&]{0,80}?[ \t](?:add_user|change_password)[ \t]+\S+[ \t]+WORD", (b"rabbitmqctl",)),
    (rb"\bsqlplus[ \t]+(?:-\w+[ \t]+)*[\"']?\w+/(?P<value>[^\s\"'`$@/<>{}]{6,64})(?=@|[\"'\s]|\Z)", (b"sqlplus",)),
    (rb"(?i)\bjdbc:oracle:\w+:\w+/(?P<value>[^\s\"'`$@/<>{}]{6,64})@", (b"jdbc:oracle",)),
    (rb"(?i)\buser[ \t]+\S+[ \t]+identified[ \t]+by[ \t]+(?P<value>[A-Za-z][\w$#]{5,63})(?=[\s;\"'`]|\Z)", (b"identified by",)),
    (rb"[\"'\s]\w[\w.-]*:(?P<value>[^\s\"'`$:|<>{}]{6,64})[\"']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?chpasswd\b", (b"chpasswd",)),
    (rb"(?i)\b(?:machine[ \t]+\S+|default)\s+(?:login[ \t]+\S+\s+)?(?:account[ \t]+\S+\s+)?password[ \t]+(?P<value>[^\s\"'`<>{}$]{6,64})(?=\s|\Z)", (b"password",)),
    (rb"(?i)\b(?:login|user|username)[ \t]+[\w.@\\-]+\s+password[ \t]+(?P<value>[^\s\"'`<>{}$]{6,64})[ \t]*(?=[\r\n]|\Z)", (b"password",)),
    (rb"(?m)^[ \t]*(?:(?i:requirepass|masterauth|rootpw|bindpw|bindcredentials|olcrootpw:)[ \t]+(?:--plaintext[ \t]+)?|(?:ENV|ARG)[ \t]+\w*" + CALLED + rb"[ \t]+)(?P<value>[^\s\"'`$<>{}]{6,64})[ \t]*\r?$", (b"requirepass", b"masterauth", b"pw", b"credentials", b"env ", b"arg ")),
    (rb"(?m)(?:^|[\"'` \t])(?:[\w.-]+|\*):(?:\d{2,5}|\*):(?:[\w.-]+|\*):(?:[\w.-]+|\*):(?P<value>[^\s\"'`:<>{}$][^\s\"'`<>{}]{5,63})(?=[\"'`\s]|\Z)", (b":",)),
    (rb"[?&](?i:password|passwd|pwd)=(?P<value>[^\s\"'`&<>{}()$%,;#]{6,64})(?=[&\"'`\s#]|\Z)", (b"?", b"&")),
)  # fmt: skip
"""(expression, of which one has to be there, in lower case)"""

_ANYWHERE = (_WITHIN, _SAID, _BELOW)
_ELSEWHERE = re.compile(
    rb"(?:~|\.{0,2})/.*|(?:[a-z\d_.@-]+/)+[a-z\d_.@\#-]*"  # a path
    rb"|[a-z][a-z+]{1,15}:.*|[\w.-]+:\d+(?::\d+)?"  # where a vault has it, an address, a host and its port
    rb"|[\w-]+(?:\.[\w-]+)*\.(?:txt|pem|key|crt|json|ya?ml|conf|cfg|ini|env|sh|py|php|js|html?|md|log|db|gpg|enc|local|com|org|net|io)"
    rb"|[A-Za-z_][\w.]*\(.*|[A-Z][A-Z\d]*(?:_[A-Z\d]+)+|v?\d+(?:\.\d+)+.*|[\w-]+(?:\.[\w-]+){2,}"  # a call, a variable, a version, a name
    rb"|[a-z]{2,}\d{0,2}(?:[-_](?:[a-z]+\d{0,2}|\d{1,4}))+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # a name, an e-mail address
    rb"|([@_\#%*~-])\S*\1|.*\w=\w.*|.*(?<!\$)\$[a-z_]{3,}\d?"  # what a build puts in its place, one more pair, a variable of a shell
)
"""What names another thing."""
_AMID = re.compile(rb"\d|[A-Za-z][!@#$%^&*+=?~]+[A-Za-z]")


def assigned(text: bytes, start: int, end: int, named: int) -> Iterator[Place]:
    """Passwords that the settings in `text[start:end]` assign, in a language of FORMATS; their names end
    before `named`."""
    last = min(whole(text, end) + 1, len(text))
    for name in NAME.finditer(text, start, named):
        line = text.rfind(b"\n", max(0, name.start() - 100), name.start()) + 1
        alone = _BEGINS.fullmatch(text, max(line, name.start() - 100), name.start())
        for tail in (_LINE, *_ANYWHERE) if alone else _ANYWHERE:
            match = tail.match(text, name.end(), last)
            if match and _is_password(match["value"]) and (name["called"] or is_strong(match["value"])):
                yield match.span("value")


def on_lines(text: bytes, start: int, end: int) -> Iterator[Place]:
    """Passwords of options, commands and entries in `text[start:end]`, whatever the language."""
    end = whole(text, end)
    lowered = text[start:end].lower()
    for rule, needed in _RULES:
        if any(word in lowered for word in needed):
            for match in rule.finditer(text, start, end):
                if _is_password(match["value"]):
                    yield match.span("value")


def _is_password(value: bytes) -> bool:
    return bool(
        value.isascii() and _AMID.search(value) and not _ELSEWHERE.fullmatch(value) and looks_so(value)
    )
