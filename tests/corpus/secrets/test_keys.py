"""Oracle: what a reader takes for a key, in and beside code that only looks so. Keys are drawn when the test runs."""

from __future__ import annotations

import base64
import random
import re

import pytest

from neve.corpus.secrets import keys

NOTHING = re.compile(rb"\0never")
SECRET = "".join(random.Random("key").choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32))


def found(text: str) -> list[str]:
    data = text.encode()
    return [data[a:b].decode() for a, b in keys.in_windows(data, [(0, len(data))], NOTHING)]


@pytest.mark.parametrize(
    "line", [f'api_key = "{SECRET}"\n', f"export API_KEY={SECRET}\n", f"client.auth(token='{SECRET}')\n"]
)
def test_a_key_is_found(line: str) -> None:
    assert found(line) == [SECRET]


STAY = [
    'command = command + " --digest --user " + quote(user) + ":" + quote(password)\n',
    'curl = curl + " --digest --user " + Shell.quote(user) + ":" + Shell.quote(password);\nreturn curl;\n',
    'return "--header " + "\'" + name + ": " + value + "\'"\n',
    'curl("-u", user + ":" + password)\ncall("Authorization", "Bearer " + token)\n',
    "if (key->mldsa_ed25519_pk == NULL)\n    token = tokens.next_token_16bit(key)\n",
    'headers.set(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")\nrfcWebSocketKey = "dGhlIHNhbXBsZSBub25jZQ=="\n',
    "api_url: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'\n",
    f'set("shared_key_salt", "{SECRET}")\n"&oauth_signature={SECRET}"\nx_amz_signature: "{SECRET}"\n',
    "curl -u admin:admin http://localhost/\n",
    "UPDATE a SET b = 5 WHERE nullkey_c1_t1.b = nullkey_c2_t1.b;\nSELECT nullkey_c1_t1.a, nullkey_c1_t1.b FROM nullkey_c1_t1;\n",
    'let requestKey = "OfS0wDaT5NoxF2gqm7Zj2YtetzM="\nlet responseKey = "yKEqitDFPE81FyIhKTm+ojBqigk="\n',
    "ret->key.type = EVP_PKEY_EC;\nret->key.curves = NID_secp384r1;\n",
    "0xc5, /* Authentication challenge: 547b7a6f36a154db03a2575c6f2a4ec5 */\n",
    "Tokens: `0x6ff82FC45aff81D4081DA7B257fb8ee5F71A2CeC`\n",
    "key='A4A9406876FCBD3C456770C88C718D3B5072E1F5'; \\\nGPG_KEYS=a0d6eea1dcae49a635a3b2f0779b22dfb3e717b7\n",
    "SELECT value FROM versions WHERE key=49128560-bb80-11ea-bad6-e3b96c9cd431;\nString key = \"4ccb692e-3efb-40e9-8876-4ecfd51ffd4d\";\n",
    "INSERT INTO nodes VALUES(5,'mkey:a0ab77456320823945ae0331823e3c0d516fae9585bd42698dfa1ac3d7679e05','nodekey:7c84167ab68f494942de14deb83587fd841843de2bac105b6c670048c1605503');\n",
    "golang.org/x/oauth2 v0.36.0 h1:peZ/1z27fi9hUOFCAZaHyrpWG5lwe0RJEEEeH0ThlIs=\n&appsecret_proof=0c0d98f7e3d9d45e72e8877bc1b104327efb9c07b18f2ffeced76d81307f1fff\n",
    "UPDATE recovery_tokens SET identity_id = 'a251ebc2-880c-4f76-a8f3-38e6940eab0e';\nAUTH_CLIENT_ID=77chexmowru601abq2\n",
    f'"deploy_key": "AAAAB3NzaC1yc2EAAAABIwAAAQEAubiN81eDcafr{SECRET}"\n',
    f'"key": "Q-9c46ab77-5c46-4e72-8a50-40be0a9275ea-0"\ntest_spreadsheet_key = "{SECRET}"\nString apiTemplateId = "{SECRET}";\nPRODUCT_KEY = "{SECRET}"\n',
    'curl -H "Authorization: Bearer masterkey" http://h/\napi-key: sk-47aa124781be4bfb95244cc62f6xxxx\n',
    f'String key = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC{SECRET}";\nencKey = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALa3{SECRET}"; website_key = "{SECRET}"\nstring key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A{SECRET}";\n',
    "#encryption.aes.private.key.algorithm=PBKDF2WithHmacSHA512\n\"fido2_webauthn\": \"FIDO2/AutWeb\",\n",
]  # fmt: skip


@pytest.mark.parametrize("text", STAY)
def test_what_is_no_key_stays(text: str) -> None:
    assert found(text) == []


def test_what_is_public_by_its_form_stays() -> None:
    """Stripe's publishable keys, which stand in pages; its secret ones do not."""
    letters = "".join(random.Random("stripe").choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMN23456789", k=24))
    assert found(f'key = "{"pk_" + "live_"}{letters}"\n') == []
    assert found(f'key = "{"sk_" + "live_"}{letters}"\n') == ["sk_" + "live_" + letters]


def test_a_private_key_is_only_what_holds_nothing_else() -> None:
    """The marks of a key with code between them, as a reader of such files has them, are none."""
    body = base64.b64encode(random.Random("pem").randbytes(120)).decode()
    begin, end = "-----" + "BEGIN PRIVATE KEY-----", "-----" + "END PRIVATE KEY-----"
    code = f'if text.startswith("{begin}") {{ generalNameSubjectAlternativeIdentifier(certificate) }} else "{end}"'
    assert list(keys.private_key(code.encode(), 0)) == []
    comment = f" * {begin}\n * {body[:64]}\n * {body[64:]}\n * {end}\n"
    (place,) = keys.private_key(comment.encode(), comment.index(begin))
    assert comment[slice(*place)].startswith(begin) and comment[slice(*place)].endswith(end)
    literals = f'"{begin}\\n" "Proc-Type: 4,ENCRYPTED\\n" "{body[:64]}\\n" "{body[64:]}\\n" "{end}"'
    assert [literals[a:b] for a, b in keys.private_key(literals.encode(), 1)] == [body[:64], body[64:]]
    for mask in ("X" * 64, "0" * 70):
        assert list(keys.private_key(literals.replace(body[:64], mask).encode(), 1)) == []
