"""Oracle: assignments and URLs as code has them, with the password that someone could use, or without one."""

from __future__ import annotations

import pytest

from neve.corpus.secrets import passwords

STAY = r"""
keyFingerprintWithPassphrase = "AD782ECDAC770FC6EB9A62E44F90873FB97FB26B"
passphrase: "9e:10:7d:9d:37:2b:b6:82:6b:d8:1d:35:42:a4:19:d6"
Password string `json:"password" binding:"MaxSize(255)"`
Password string `json:"password" validate:"required,min=6,max=255"`
password = "oauth2"; passwd = 'x-oauth-basic'; password: "my-api-key"
PASSWORD = 'YourStrongPassword!'; PASSWORD="SomeStrongPassword!123"; userPwd: "user:p4ss"
"custom-passphrase": "4.firm.com:9009"
password = "xxxx-xxxx1"; password = "000000"; password = "********1"
confirmPassword: "confirm_password_1"; password = "getPassword1()"
"p12_password": "test-p12-password"; ALTER ROLE alice PASSWORD 'alice_worker_1_pw'
ALTER ROLE alice PASSWORD :'k8Hs2kq1'
getPassword("localhost13", "5432"); pod.getPassword('jwtHmacSha512Key'); Vault.find_password("R2Access9")
choosePassword: "http://shop.de/choose1"; "reset_password": "20/m/ip,5/m/key"; 'change_password': '5/h/user'
MYSQL_ROOT_PASSWORD="test-$RANDOM-x1"; mysqlPassword="db-$STAGE_NAME-1"
h("label",null,"Password:"),f?k().h("code",null,"x1"):0; e("td","passphrase:");q=a?b9("x"):c
'password' => 'crwdns1755:0crwdne1755:0'; 'new_password' => 'crwdns9:0crwdne9:0'
'field_password' => '#admin_user_plainPassword1'; password: "#/components/schemas/loginWithPassword2"
hashed_password('*2027D9391E714343187E07ACB41AE8925F30737E'); hashed_password('md5eacdbf8d9847a76978bd515fae200a2a')
testPassword("scram-sha-256", user); password = "SCRAM-SHA-256$4096"; "password": "md5$salt$1e9bf2bf5606aa"
"""


@pytest.mark.parametrize("line", STAY.strip().split("\n"))
def test_what_is_no_password_stays(line: str) -> None:
    text = line.encode()
    assert passwords.assigned(text, 0, len(text)) == []


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('password = "hunter2-Xy9"', "hunter2-Xy9"),
        ('"wifi_passphrase": "Tr0ub4dor&3"', "Tr0ub4dor&3"),
        ('Password string = "s3cr1tPa55"', "s3cr1tPa55"),
        ("DB_PASSWORD=Qx7!kd92", "Qx7!kd92"),
        ("user.setPassword('r@nd0m')", "r@nd0m"),
        ('if (checkPassword("Ab3$$dollar"))', "Ab3$$dollar"),
    ],
)
def test_a_password_is_found(line: str, value: str) -> None:
    text = line.encode()
    assert [text[a:b].decode() for a, b in passwords.assigned(text, 0, len(text))] == [value]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://bob:pL4n3t-x@host.de/", True), ("redis://:b4ckendsecret9@10.0.0.3/0", True),
        ("https://bob:horsebatterystaple@host.de/", True), ("https://USER:MY_GITHUB_TOKEN@host.de/", False),
        ("https://remoteUser:remotePassword@host.de", False), ("http://a%20b:c%20d@host/", False),
        ("http://bob:pL4n3t-x@example.com/", False), ("imap://bob:pL4n3t;opt@host/", False), ("https://bob:p%40N3t-x@www.shop.example/", False),
        ("https://bob:pL4n3t-x@example.com.de/", True), ("https://bob:pL4n3t-x@server.acme.de/", True),
        ("mongodb://user:?collection=a@localhost", False), ("https://docs:#anchor9-x@host.de", False), ("http://joe:blow@host.de", False), ("http://user:[secure]@host.de", False), ("http://bob:bob@host.de", False),
    ],
)  # fmt: skip
def test_passwords_in_urls(url: str, found: bool) -> None:
    assert (passwords.in_url(url.encode(), 0, len(url)) is not None) == found
