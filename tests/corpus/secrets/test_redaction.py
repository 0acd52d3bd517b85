"""Oracles: secrets planted in code, which must go while everything around them stays byte for byte; near misses, which must
stay; laws (idempotence, independence of batching, text outside the findings untouched) on planted and real files.

Secrets are put together when the test runs, from a seed, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import random
import re
import string
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.secrets import redaction

LETTERS, LOWER, HEX = (
    string.ascii_letters + string.digits,
    string.ascii_lowercase + string.digits,
    "0123456789abcdef",
)


def drawn(name: str, alphabet: str, length: int) -> str:
    """Random characters: the same for the same name."""
    return "".join(random.Random(name).choices(alphabet, k=length))


def upper(name: str, length: int) -> str:
    return drawn(name, "ABCDEFGHJKLMNPQRSTUVWXYZ234567", length)


def jwt() -> str:
    parts = [b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"4821973650","iat":1716239022}']
    return ".".join(
        [*(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts), drawn("jwt", LETTERS, 43)]
    )


TOKENS = {
    "github": ("GITHUB_TOKEN", "ghp" + "_" + drawn("github", LETTERS, 36)),
    "github fine-grained": ("token", "github" + "_pat_" + drawn("pat1", LETTERS, 82)),
    "gitlab": ("gitlab", "glpat" + "-" + drawn("gitlab", LETTERS, 20)),
    "slack": ("slack_token", "xoxb" + "-2147483647912-2147483648025-" + drawn("slack", LETTERS, 24)),
    "stripe": ("stripe", "sk_" + "live_" + drawn("stripe", LETTERS, 24)),
    "google": ("maps", "AIza" + "Sy" + drawn("google", LETTERS, 33)),
    "jwt": ("session", jwt()),
    "npm": ("registry", "npm" + "_" + drawn("npm", LETTERS, 36)),
    "pypi": ("upload", "pypi" + "-AgEIcHlwaS5vcmc" + drawn("pypi", LETTERS, 60)),
    "openai": ("OPENAI", "sk" + "-" + drawn("o1", LETTERS, 20) + "T3Blbk" + "FJ" + drawn("o2", LETTERS, 20)),
    "anthropic": ("claude", "sk-" + "ant-api03-" + drawn("anthropic", LETTERS, 93) + "AA"),
    "sendgrid": ("mail", "SG" + "." + drawn("s1", LETTERS, 22) + "." + drawn("s2", LETTERS, 43)),
    "twilio": ("twilio_key", "SK" + drawn("twilio", HEX, 32)),
    "digitalocean": ("droplet", "dop" + "_v1_" + drawn("do", HEX, 64)),
    "generic api key": ("api_key", drawn("generic", LOWER, 32)),
    "generic secret": ("client_secret", drawn("generic secret", LETTERS, 40)),
}
"""What a token is: (name of the variable that it is given to, the token)."""

SYNTAX = {
    "python": 'def connect():\n    {name} = "{value}"\n    return {name}\n',
    "javascript": "const {name} = '{value}';\n",
    "typescript": 'export const {name}: string = "{value}"\n',
    "go": '\t{name} := "{value}"\n',
    "java": 'private static final String {name} = "{value}"; // do not ship\n',
    "rust": 'const {name}: &str = "{value}";\n',
    "c": 'static const char *{name} = "{value}";\r\nint n;\r\n',
    "php": "<?php $settings = ['{name}' => '{value}'];\n",
    "ruby": '{name} = "{value}"\n',
    "json": '{{"id": 3, "{name}": "{value}"}}\n',
    "shell": "export {name}={value}\necho ok\n",
    "kotlin": 'val {name} = "{value}"',
}


def one(text: str) -> tuple[str, dict[str, int]]:
    texts, counts = redaction.redact(pa.array([text], pa.large_string()))
    return texts[0].as_py(), {item["kind"]: item["count"] for item in counts[0].as_py()}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("language", SYNTAX)
def test_a_token_goes_and_the_code_around_it_stays(kind: str, language: str) -> None:
    name, value = TOKENS[kind]
    text, counts = one(SYNTAX[language].format(name=name, value=value))
    assert text == SYNTAX[language].format(name=name, value="<KEY>")
    assert counts == {"key": 1}


def test_the_two_parts_of_an_aws_key_go_even_lines_apart() -> None:
    identity = "AK" + "IA" + upper("aws", 16)
    secret = drawn("aws", LETTERS + "+/", 40)
    code = 'id = "{}"\nregion = "eu-west-1"\n\nretries = 3\nsecret_access_key = "{}"\n'
    filler = "x = compute(y)\n" * 500
    text, counts = one(filler + code.format(identity, secret) + filler)
    assert (text, counts) == (filler + code.format("<KEY>", "<KEY>") + filler, {"key": 2})


def test_an_azure_connection_string_loses_its_key() -> None:
    key = base64.b64encode(random.Random("azure").randbytes(64)).decode()
    line = 'conn = "DefaultEndpointsProtocol=https;AccountName=myshop;AccountKey={};EndpointSuffix=core.windows.net"\n'
    assert one(line.format(key)) == (line.format("<KEY>"), {"key": 1})


def test_a_slack_webhook_goes() -> None:
    url = (
        "https://hooks."
        + "slack.com/services/T"
        + upper("t", 8)
        + "/B"
        + upper("b", 8)
        + "/"
        + drawn("hook", LETTERS, 24)
    )
    text, counts = one(f"curl -X POST {url}\n")
    assert (
        counts == {"key": 1} and url not in text and text.startswith("curl -X POST ") and text.endswith("\n")
    )


def pem(label: str = "RSA PRIVATE KEY") -> list[str]:
    body = base64.b64encode(random.Random(label).randbytes(600)).decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    return ["-----" + f"BEGIN {label}-----", *lines, "-----" + f"END {label}-----"]


@pytest.mark.parametrize(
    "label", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_a_private_key_goes_whole(label: str) -> None:
    key = "\n".join(pem(label))
    assert one(f'KEY = """\n{key}\n"""\nprint(KEY)\n') == ('KEY = """\n<KEY>\n"""\nprint(KEY)\n', {"key": 1})
    assert one(f"{key}\n") == ("<KEY>\n", {"key": 1})
    assert one("k = '" + key.replace("\n", "\\n") + "'\n") == ("k = '<KEY>'\n", {"key": 1})


def test_a_private_key_of_string_literals_keeps_quotes_and_lines() -> None:
    lines = pem()
    text, counts = one("key = (\n" + "".join(f'    "{line}\\n"\n' for line in lines) + ")\n")
    compile(text, "", "exec")
    assert text.count('"') == 2 * len(lines) and text.count("\n") == len(lines) + 2
    assert counts == {"key": len(lines) - 2} and not any(line in text for line in lines[1:-1])


PASSWORDS = [
    ('password = "{}"\n', "hunter2-Xy9"),
    ("db_passwd: '{}',\n", "Tr0ub4dor&3"),
    ('const Password string = "{}"\n', "correct4Horse!"),
    ('  "password": "{}"\n', "s3cr1tPa55"),
    ("$config['password'] = '{}';\n", "Qx7!kd92"),
    ('user.setPassword("{}");\n', "zaq1@WSX"),
    ('password := "{}"\n', "kX93;mmQ"),
    ("'PASSWORD' => '{}',\n", "9fj2kd0s"),
    ('let password: &str = "{}";\n', "9fj2kd0s"),
    ('<add key="x" password="{}"/>\n', "A8s7d6f5g4"),
    ("export DB_PASSWORD={}\nrun\n", "a8s7d6f5g4"),
    ('url = "postgres://admin:{}@db.internal.net:5432/shop"\n', "pL4n3t-x"),
    ("mongodb+srv://root:{}@cluster0.mongodb.net/test\n", "pL4n3txx"),
    ("git clone https://bob:{}@git.firm.de/x.git\n", "horsebatterystaple"),
    ("redis://:{}@10.0.0.3:6379/0\n", "b4ckendsecret9"),
]


@pytest.mark.parametrize(("template", "value"), PASSWORDS)
def test_a_password_goes_and_the_code_around_it_stays(template: str, value: str) -> None:
    assert one(template.format(value)) == (template.format("<PASSWORD>"), {"password": 1})


NEAR_MISSES = f"""
password = admin_password
password=password, passwd = self.DB_PASS
password = "secret"; password = "password1"; password = ""
password = "{{password}}"  password = "${{DB_PASSWORD}}" password = "<your password>" password = "%s" password = os.environ["PW2"]
password_field = "user_password_2"  label = "Password: at least 8 characters"
url = "postgres://user:password@localhost/db"; "amqp://guest:guest@localhost"; "http://${{USER}}:${{PASS1234}}@host/"
"https://host:8080/a@b"  "http://foo/bar:x1y2z3@baz"
commit = "{drawn("sha1", HEX, 40)}"
sha256 = "{drawn("sha256", HEX, 64)}"  # md5 {drawn("md5", HEX, 32)}
"integrity": "sha512-{drawn("integrity", LETTERS + "+/", 86)}=="
"api-2.2.0.min.js": "{drawn("sri", LETTERS + "+/", 64)}"
ssh_host_key_rsa_public = "AAAAB3NzaC1yc2E{drawn("ssh", LETTERS, 120)}"; "Sec-WebSocket-Key: {drawn("ws", LETTERS, 22)}=="
("x", "passwd", "file:///etc/passwd9", "latin1")
uuid = "{drawn("u", HEX, 8)}-{drawn("v", HEX, 4)}-4{drawn("w", HEX, 3)}-a{drawn("x", HEX, 3)}-{drawn("y", HEX, 12)}"
img = "data:image/png;base64,{drawn("png", LETTERS + "+/", 900)}=="
xkey = token_type_ids; key = "some_dictionary_key_1"; primary_key = "customer_id_2024"; api_version = "2024-01-15-preview"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
monkey = "banana"; auth = request.headers["x-auth-token"]; access = 0o777; token = tokens[i + 1]
public = "-----BEGIN PUBLIC KEY-----"  begin = "-----BEGIN PRIVATE KEY-----" end = "-----END PRIVATE KEY-----"
ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
curl -u "$USER:$TOKEN" https://example.com
"""


@pytest.mark.parametrize("line", NEAR_MISSES.strip().split("\n"))
def test_what_only_looks_like_a_secret_stays(line: str) -> None:
    assert one(line + "\n") == (line + "\n", {})


# --- laws --------------------------------------------------------------------------------------------------------


def planted() -> list[str]:
    """Texts with secrets of every kind, alone and side by side, and without."""
    lines = [SYNTAX[language].format(name=n, value=v) for language in SYNTAX for n, v in TOKENS.values()]
    lines += [template.format(value) for template, value in PASSWORDS]
    lines += [
        "\n".join(pem()),
        "mail kim@firm.de or 80.1.2.33\n",
        "x = 1\n",
        "",
        "é ünï 漢字 = '…'\n",
        *NEAR_MISSES.split("\n"),
    ]
    everything = lines[:]
    random.Random(0).shuffle(everything)
    return [*lines, "".join(everything), " ".join(everything)]


def real() -> list[str]:
    root = Path(redaction.__file__).parents[2]
    return [path.read_text(encoding="utf-8") for path in sorted((root / "neve").rglob("*.py"))[:60]]


@pytest.fixture(scope="module")
def redacted() -> tuple[list[str], pa.Array, pa.Array]:
    texts = planted() + real()
    return texts, *redaction.redact(pa.array(texts, pa.large_string()))


def test_redaction_is_idempotent(redacted: tuple[list[str], pa.Array, pa.Array]) -> None:
    again, counts = redaction.redact(redacted[1])
    assert again.equals(redacted[1])
    assert all(not row for row in counts.to_pylist())


def test_rows_do_not_depend_on_the_batch(redacted: tuple[list[str], pa.Array, pa.Array]) -> None:
    texts, whole, counts = redacted
    column = pa.array([None, "z", *texts, None], pa.large_string())[2:-1]  # offsets that do not begin at 0
    for size in (1, 7):
        parts = [redaction.redact(column.slice(i, size)) for i in range(0, len(column), size)]
        assert pa.concat_arrays([part[0] for part in parts]).equals(whole)
        assert pa.concat_arrays([part[1] for part in parts]).equals(counts)
    binary = redaction.redact(pa.array([text.encode() for text in texts], pa.binary()))
    assert binary[0].equals(whole) and binary[1].equals(counts)


def test_outside_of_the_findings_nothing_changes(redacted: tuple[list[str], pa.Array, pa.Array]) -> None:
    """The pieces between sentinels stand in the text, in order; as many sentinels as counted; quotes and lines kept."""
    texts, whole, counts = redacted
    sentinels = {kind.name: kind.sentinel for kind in redaction.KINDS}
    cut = re.compile("|".join(sentinels.values()))
    for before, after, row in zip(texts, whole.to_pylist(), counts.to_pylist(), strict=True):
        assert row == sorted(row, key=lambda item: item["kind"])
        for name, sentinel in sentinels.items():
            found = sum(item["count"] for item in row if item["kind"] == name)
            assert after.count(sentinel) == before.count(sentinel) + found
        pattern = ".+?".join(re.escape(piece) for piece in cut.split(after))
        assert row or after == before
        if len(before) < 10_000:
            assert re.fullmatch(pattern, before, re.DOTALL)
        assert after.count("'") == before.count("'") and after.count('"') == before.count('"')


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_mixture_is_idempotent_and_loses_no_line_or_quote(data: st.DataObject) -> None:
    bricks = [
        "password",
        "=",
        ": ",
        '"',
        "'",
        "\n",
        " ",
        "://",
        "@",
        "user:",
        "<KEY>",
        "<PASSWORD>",
        "<EMAIL>",
        "token",
        "curl -u ",
    ]
    bricks += [
        "é",
        "host.com",
        "8.9.10.",
        "77",
        "\0",
        "key",
        "\r\n",
        TOKENS["github"][1],
        TOKENS["generic api key"][1],
        "Tr0ub4dor&3",
    ]
    text = "".join(data.draw(st.lists(st.sampled_from(bricks), max_size=30)))
    after, _ = one(text)
    assert one(after) == (after, {})
    for char in "\n\r'\"":
        assert after.count(char) == text.count(char)


def test_nulls_and_nothing() -> None:
    texts, counts = redaction.redact(pa.array([None, "", "a"], pa.string()))
    assert (
        texts.type == pa.large_string()
        and texts.to_pylist() == [None, "", "a"]
        and counts.to_pylist() == [[], [], []]
    )
    texts, counts = redaction.redact(pa.array([], pa.large_binary()))
    assert len(texts) == len(counts) == 0 and counts.type == redaction.COUNTS


def test_a_failing_library_gives_away_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import betterleaks

    value = TOKENS["github"][1]

    def fail(text: str) -> list[object]:
        raise betterleaks.BetterleaksError(f"cannot read {text}")

    monkeypatch.setattr(betterleaks, "scan_string", fail)
    with pytest.raises(RuntimeError) as caught:
        one(f'x = "{value}"\n')
    error: BaseException | None = caught.value
    assert value not in str(error) and error.__suppress_context__ and error.__cause__ is None


def test_nothing_is_printed_or_logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    redaction.redact(pa.array(planted(), pa.large_string()))
    written = capfd.readouterr()
    assert not written.out and not written.err and not caplog.text


CODE = [
    ("TypeScript", 'export const Foot = () => <p className="foot">Ask kim@firm.de or lee@firm.de</p>;\n', "<p className=\"foot\">Ask EMAIL or EMAIL</p>"),
    ("Shell", "mail -s done kim@firm.de\n", "mail -s done EMAIL\n"),
    ("JavaScript", "const to = 'kim@firm.de';\n", "const to = '<EMAIL>';\n"),
    ("TypeScript", 'send("kim@firm.de", `${x}`);\n', 'send("<EMAIL>", `${x}`);\n'),
    ("Brainfuck", "kim@firm.de +-\n", "<EMAIL> +-\n"),
]  # fmt: skip


def test_a_file_that_parsed_still_parses() -> None:
    """Where a sentinel would be syntax its name stands; the parsers are the judge, and rows do not depend on each other."""
    from neve.corpus.syntax import parsing

    texts = pa.array([text for _, text, _ in CODE], pa.large_string())
    languages = pa.array([language for language, _, _ in CODE])
    redacted, counts = redaction.redact(texts, languages)
    for after, (_, _, expected) in zip(redacted.to_pylist(), CODE, strict=True):
        assert expected in after
    assert [sum(item["count"] for item in row) for row in counts.to_pylist()] == [2, 1, 1, 1, 1]
    for column in (texts, redacted):
        assert parsing.parse_errors(column, languages)[:4].tolist() == [0, 0, 0, 0]
    assert redaction.redact(redacted, languages)[0].equals(redacted)
    one_by_one = [redaction.redact(texts.slice(i, 1), languages.slice(i, 1))[0] for i in range(len(texts))]
    assert pa.concat_arrays(one_by_one).equals(redacted)


def test_real_files_parse_as_they_did() -> None:
    """Neve's own sources and tests, with an address planted in a comment and in a literal of each: errors stay equal."""
    from neve.corpus.syntax import parsing

    texts = [text + '\n# by kim@firm.de\nADDRESS = "kim@firm.de", "80.1.22.33"\n' for text in real()]
    column, languages = pa.array(texts, pa.large_string()), pa.array(["Python"] * len(texts))
    redacted, counts = redaction.redact(column, languages)
    assert all(counts.to_pylist())
    np.testing.assert_array_equal(
        parsing.parse_errors(redacted, languages), parsing.parse_errors(column, languages)
    )
