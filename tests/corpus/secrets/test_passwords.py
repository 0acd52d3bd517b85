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
define('DB_PASSWORD', getenv('DB_PASS1')); define('DB_PASSWORD', 'password_here'); map.put("password", "new_password_1")
IDENTIFIED BY 'password1'; IDENTIFIED BY PASSWORD '*2027D9391E714343187E07ACB41AE8925F30737E'; identified by '${DB_PASS1}'; <password>${env.DB_PASS1}</password>; <password><PASSWORD></password>
add_pass("conv2d_fold"); render_pass = "Depth!2x"; translate("password", "required|min:8"); ("password", "text1 and more"); label("password", 'user.password1'); ;pwd=$1;password={0}; mdpaul = "A1b2c3d4!"; <EMAIL><PASSWORD></a>
testPassword("scram-sha-256", user); password = "SCRAM-SHA-256$4096"; "password": "md5$salt$1e9bf2bf5606aa"
"""


@pytest.mark.parametrize("line", STAY.strip().split("\n"))
def test_what_is_no_password_stays(line: str) -> None:
    text = line.encode()
    assert passwords.assigned(text, 0, len(text), len(text)) == []


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('password = "hunter2-Xy9"', "hunter2-Xy9"),
        ('"wifi_passphrase": "Tr0ub4dor&3"', "Tr0ub4dor&3"),
        ('Password string = "s3cr1tPa55"', "s3cr1tPa55"),
        ("DB_PASSWORD=Qx7!kd92", "Qx7!kd92"),
        ("user.setPassword('r@nd0m')", "r@nd0m"),
        ('if (checkPassword("Ab3$$dollar"))', "Ab3$$dollar"),
        ("$senha = 'Brz#2019x';", "Brz#2019x"), ("'contraseña' => 'Tr4baj0#99z'", "Tr4baj0#99z"), ("mot_de_passe: 'S0leil!4567'", "S0leil!4567"), ("$mdp = 'S0leil!4567';", "S0leil!4567"),
        ('kennwort = "H4nd!werk99"', "H4nd!werk99"), ("passwort = 'H4nd!werk99'", "H4nd!werk99"), ("wachtwoord := 'Fi3ts!pad77'", "Fi3ts!pad77"), ("smtp_pass = 'Xk92!mQa77'", "Xk92!mQa77"), ("DB_PASS=Xk92!mQa77", "Xk92!mQa77"),
        ("CREATE USER 'app'@'db1' IDENTIFIED BY 'Xk92!mQa77';", "Xk92!mQa77"), ("identified with caching_sha2_password by 'Xk92!mQa77'", "Xk92!mQa77"), ("CREATE ROLE app LOGIN PASSWORD 'Xk92!mQa77';", "Xk92!mQa77"),
        ("CREATE LOGIN app WITH PASSWORD = N'Xk92!mQa77';", "Xk92!mQa77"), ("define('DB_PASSWORD', 'Xk92!mQa77');", "Xk92!mQa77"), ('props.setProperty("db.password", "Xk92!mQa77");', "Xk92!mQa77"),
        ('<add key="DbPassword" value="Xk92!mQa77"/>', "Xk92!mQa77"), ("<spring.password>Xk92!mQa77</spring.password>", "Xk92!mQa77"), ('"Server=db1;Uid=sa;Pwd=Xk92!mQa77;"', "Xk92!mQa77"), ("Database=a;User Id=sa;Password=Xk92!mQa77'", "Xk92!mQa77"),
    ],
)  # fmt: skip
def test_a_password_is_found(line: str, value: str) -> None:
    text = line.encode()
    assert [text[a:b].decode() for a, b in passwords.assigned(text, 0, len(text), len(text))] == [value]


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
