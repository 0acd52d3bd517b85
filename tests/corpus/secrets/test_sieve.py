"""Oracles: the rules inside the installed betterleaks (its keywords against ours), and betterleaks itself on whole texts:
what it finds there it must find in the windows.
"""

from __future__ import annotations

import random
import string
import tomllib
from pathlib import Path
from typing import Any

import betterleaks
import numpy as np
import pyarrow as pa

from neve.corpus.secrets import keys, sieve
from neve.corpus.text import buffers


def rules() -> list[dict[str, Any]]:
    """The rules of betterleaks' default configuration, which its library carries as text."""
    (library,) = [p for p in Path(betterleaks.__file__).parent.glob("libbetterleaks.*") if p.suffix != ".h"]
    text = library.read_bytes()
    text = text[text.index(b'title = "betterleaks config"') :]
    end = text.rindex(b"[[rules]]")
    while True:  # the last rule ends where TOML does
        end = text.index(b"\n", end) + 1
        try:
            parsed = tomllib.loads(text[:end].decode())
        except tomllib.TOMLDecodeError:
            continue
        if "regex" in parsed["rules"][-1] and text[end : end + 1] not in (
            b"[",
            b"f",
            b"k",
            b"c",
            b"s",
            b"v",
            b"'",
        ):
            return parsed["rules"]


def test_keywords_are_those_of_the_library() -> None:
    """Each rule that is asked has a keyword of ours in each of its own, or its expression demands one of ours."""
    everything = rules()
    asked = [r for r in everything if "path" not in r and r["id"] not in keys.UNUSED]
    components = {part["id"] for rule in asked for part in rule.get("components", ())}
    asked = [r for r in asked if not r.get("skipReport") or r["id"] in components]
    assert (len(everything), len(asked)) == (465, 454)
    missing = set()
    for rule in asked:
        for word in rule["keywords"]:
            if not any(ours in word.lower() for ours in sieve.KEYWORDS):
                missing.add((rule["id"], word))
    instead = {("lob-api-key", "test_"), ("lob-api-key", "live_"), ("gocardless-api-token", "live_")}
    instead |= {("lob-pub-api-key", "test_pub_"), ("lob-pub-api-key", "live_pub_")}
    assert missing == instead
    demanded = {
        "lob-api-key": "(?:lob)",
        "lob-pub-api-key": "(?:lob)",
        "gocardless-api-token": "(?:gocardless)",
    }
    assert all(demanded.get(rule["id"], "") in rule["regex"] for rule in asked)
    theirs = {word.lower() for rule in asked for word in rule["keywords"]} | {"lob"}
    assert all(any(ours in word for word in theirs) for ours in sieve.KEYWORDS)
    assert not [a for a in sieve.KEYWORDS for b in sieve.KEYWORDS if a != b and a in b]


def windows(text: str) -> list[str]:
    values, offsets, _ = buffers(pa.array([text], pa.large_string()))
    found = sieve.find(values, offsets, np.arange(1))
    return [values[a:b].tobytes().decode() for _, a, b, flag in found.tolist() if flag == sieve.WINDOW]


def test_what_is_found_in_a_text_is_found_in_its_windows() -> None:
    """Random tokens of many alphabets and lengths after every keyword, in two syntaxes, within much other code."""
    draw = random.Random(11)
    alphabets = [
        string.hexdigits[:16],
        string.ascii_lowercase + string.digits,
        string.ascii_letters + string.digits,
    ]
    lines = []
    for keyword in sieve.KEYWORDS:
        for template in ("{}{}", '{} = "{}"\n', "'{}': '{}',\n"):
            for length in (20, 32, 36, 40, 64):
                token = "".join(draw.choices(draw.choice(alphabets), k=length))
                lines.append(template.format(keyword, token) + "\n" + "value = compute(left, right)\n" * 3)
    text = "".join(lines)
    whole = {f.secret for f in betterleaks.scan_string(text) if f.rule_id not in keys.UNUSED}
    sieved = "\n".join(windows(text))
    lost = {value for value in whole if value not in sieved}
    assert len(whole) > 200
    assert len(lost) <= 0.005 * len(whole), lost


def test_ordinary_code_has_no_windows() -> None:
    text = Path(sieve.__file__).read_text().split('"""\n\n\ndef find')[1] * 3
    assert sum(map(len, windows(text))) < 0.05 * len(text)


def test_windows_are_whole_lines_in_order_and_cut_no_character() -> None:
    token = "k9" * 3 + "xQ7pLm2vR8tB4nZ6"
    text = "".join(
        f'é{"ü" * (i * 37 % 700)} api_key = "{token}{i}" {"漢" * (i * 53 % 400)}\nx = 1\n' for i in range(60)
    )
    got = windows(text)
    at = 0
    for window in got:  # decodes, and stands in the text after the one before
        at = text.index(window, at) + len(window)
    assert all(any(f"{token}{i}" in window for window in got) for i in range(60))


def test_urls_passwords_and_blocks_are_pointed_at() -> None:
    text = 'a://u:p@h  b://h/x@y\npwd = "x"\npasswd\n-----BEGIN X\n'
    values, offsets, _ = buffers(pa.array([text], pa.large_string()))
    found = sieve.find(values, offsets, np.arange(1))
    flags = [(flag, text.encode()[a:b]) for _, a, b, flag in found.tolist()]
    assert [flag for flag, _ in flags] == [sieve.URL, sieve.PASSWORD, sieve.BLOCK]
    assert b"a://u:p@h" in flags[0][1] and b'pwd = "x"' in flags[1][1] and flags[2][1] == b"-----BEGIN"[:9]


def test_no_word_of_one_kind_ends_in_one_of_another() -> None:
    """An automaton's state says one kind alone."""
    assert not [(a, b) for a, x in sieve.WORDS for b, y in sieve.WORDS if x != y and a.endswith(b)]


def test_lines_with_commands_options_and_entries_are_pointed_at() -> None:
    """Each alone in a text, and near misses without an option or a last word."""
    yes = ["mysql -u a -pX", "tool --password abcdef1 -x", "machine h\n login u\n password abcdef1\n", "echo a:b | chpasswd", "htpasswd -nb a b", "a:5432:b:c:d", "rabbitmqctl add_user a b", "sshpass -p a ssh"]  # fmt: skip
    no = [
        "mysql is a server",
        "a password is needed for it.",
        "mysql\n -p",
        "passwords",
        "--passwords-of a",
        "sshpass",
    ]
    for texts, expected in ((yes, True), (no, False)):
        values, offsets, _ = buffers(pa.array(texts, pa.large_string()))
        found = sieve.find(values, offsets, np.arange(len(texts)))
        pointed = set(found[found[:, 3] == sieve.LINE, 0].tolist())
        assert [i in pointed for i in range(len(texts))] == [expected] * len(texts)


def test_a_token_of_hugging_face_is_letters_alone() -> None:
    """Its form is public (huggingface.co): `hf_` and 34 letters."""
    letters = "".join(random.Random(4).choices(string.ascii_letters, k=34))
    texts = [f"login(token='hf_{letters}')\n", f"name = 'gf_{letters}'\n", f"hf_{letters}z = 1\n"]
    values, offsets, _ = buffers(pa.array(texts, pa.large_string()))
    found = sieve.find(values, offsets, np.arange(len(texts)))
    assert found[:, [0, 3]].tolist() == [[0, sieve.WINDOW]]
    (place,) = keys.in_windows(texts[0].encode(), [(0, len(texts[0]))], keys.re.compile(b"<KEY>"))
    assert texts[0][slice(*place)] == f"hf_{letters}"
