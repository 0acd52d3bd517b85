"""Oracle: lines of settings, command lines and entries as people write them, with the password that someone could use, or
without one; what is right was written down before the rules were run."""

from __future__ import annotations

import pyarrow as pa
import pytest

from neve.corpus.secrets import redaction, unquoted

FOUND = [
    ("YAML", "- name: MYSQL_ROOT_PASSWORD\n  value: S3cretX9\n- name: B\n", "S3cretX9"), ("YAML", "- name: \"DB_PASSWORD\"\n  value: 'S3cretX9'\n", "S3cretX9"),
    ("JSON", "{\"name\": \"DB_PASSWORD\",\n  \"value\": \"S3cretX9\"}\n", "S3cretX9"), ("HCL", "name  = \"DB_PASSWORD\"\n    value = \"S3cretX9\"\n", "S3cretX9"),
    ("XML", "<name>hive.ConnectionPassword</name>\n  <value>S3cretX9</value>\n", "S3cretX9"), ("Shell", "java -Djavax.net.ssl.keyStorePassword=S3cretX9 -jar a.jar\n", "S3cretX9"),
    ("Shell", "tool --mysqlPassword S3cretX9\n", "S3cretX9"), ("Shell", "mysqladmin -u root password S3cretX9\n", "S3cretX9"), ("PowerShell", "$p = ConvertTo-SecureString \"S3cret!X9\" -AsPlainText -Force\n", "S3cret!X9"),
    ("Batchfile", "net user bob S3cretX9 /add\n", "S3cretX9"), ("Shell", "unzip -P S3cretX9 a.zip\n", "S3cretX9"), ("Shell", "7z x -pS3cretX9 a.7z\n", "S3cretX9"),
    ("Shell", "kubectl create secret generic a --from-literal=password=S3cretX9\n", "S3cretX9"), ("Shell", "mysql -pS3cret\n", "S3cret"), ("Shell", "tool --password S3cret\n", "S3cret"),
    ("Shell", "curl -u user:S3cret! https://a.de\n", "S3cret!"), ("AsciiDoc", "a user `guest` with password `guestPwd1!`.\n", "guestPwd1!"), ("Markdown", "tiene una contraseña `p@ssW0rd9`, ejecute\n", "p@ssW0rd9"),
    ("Java Properties", "spring.datasource.password=${MYSQL_PASSWORD:db-57xsl}\n", "db-57xsl"), ("YAML", "password: ${DB_PASSWORD:-S3cretX9}\n", "S3cretX9"), ("Java", "@Value(\"${app.db.password:S3cretX9}\")\n", "S3cretX9"),
    ("SQL", "create user r with replication encrypted password 'zufsob-kuvtum-bImxa6';\n", "zufsob-kuvtum-bImxa6"), ("Markdown", "wp install --adminpass=S3cretX9 --title=x\n", "S3cretX9"),
    ("PHP", "$dbpass = 'S3cretX9';\n", "S3cretX9"), ("Shell", "mysql -u app -pp@ssW0rd -D shop\n", "p@ssW0rd"), ("YAML", "PGPASSWORD: zufsob-kuvtum-bImxa6\n", "zufsob-kuvtum-bImxa6"),
    ("Go", "Env: []string{\"POSTGRES_PASSWORD=S3cretX9\"},\n", "S3cretX9"), ("JSON", "{\"Env\": [\"MYSQL_PASSWORD=S3cretX9\", \"A=1\"]}\n", "S3cretX9"),
    ("Go", "dsn := \"host=db user=app password=S3cretX9 dbname=shop\"\n", "S3cretX9"), ("Python", "connect('dbname=shop user=app password=S3cretX9')\n", "S3cretX9"), ("YAML", "password: hunter2!x\n", "hunter2!x"),
    ("YAML", "  MYSQL_ROOT_PASSWORD: Xk92!mQa77\n", "Xk92!mQa77"), ("YAML", "      - POSTGRES_PASSWORD=Xk92!mQa77\n", "Xk92!mQa77"), ("YAML", "      - \"POSTGRES_PASSWORD=Xk92!mQa77\"\n", "Xk92!mQa77"),
    ("YAML", "db_passwd: s3cr1tPa55  # change\n", "s3cr1tPa55"), ("YAML", "spring.datasource.password: Xk92mQa77\r\n", "Xk92mQa77"), ("YAML", "    root_pass: Xk92mQa77\n", "Xk92mQa77"), ("YAML", "pass: Xk92!mQa77\n", "Xk92!mQa77"),
    ("YAML", "user: {name: bob}\nsenha: Brz#2019x\n", "Brz#2019x"), ("YAML", "contraseña: Tr4baj0#99z\n", "Tr4baj0#99z"), ("YAML", "kennwort: H4nd!werk99\n", "H4nd!werk99"), ("YAML", "passwort: H4ndwerk99\n", "H4ndwerk99"),
    ("YAML", "mot_de_passe: S0leil!4567\n", "S0leil!4567"), ("YAML", "mdp: S0leil!4567\n", "S0leil!4567"), ("YAML", "wachtwoord: Fi3ts!pad77\n", "Fi3ts!pad77"), ("YAML", "clave: S3gura!2020\n", "S3gura!2020"),
    ("YAML", "contrasena: Tr4baj0#99z\n", "Tr4baj0#99z"), ("YAML", "mysql_user: name=app password=Xk92!mQa77 state=present\n", "Xk92!mQa77"), ("YAML", "  mysql_db_password:    k8HJd+92/aQ==\n", "k8HJd+92/aQ=="),
    ("YAML", "- password: q7f9d2k1x0\n", "q7f9d2k1x0"), ("YAML", "password: Xk92:mQ(a)7,7\n", "Xk92:mQ(a)7,7"), ("Dotenv", "DB_PASSWORD=Xk92!mQa77\n", "Xk92!mQa77"), ("Dotenv", "DB_PASSWORD=Xk92!mQa77", "Xk92!mQa77"),
    ("Dotenv", "MAIL_PASSWORD=k8HJd92aQ\r\n", "k8HJd92aQ"), ("Dotenv", "export REDIS_PASSWORD=a;b#C9!x\n", "a;b#C9!x"), ("Java Properties", "db.password = Xk92!mQa77\n", "Xk92!mQa77"),
    ("Java Properties", "spring.mail.password=Xk92mQa77\n", "Xk92mQa77"), ("INI", "[client]\npassword=Xk92!mQa77\n", "Xk92!mQa77"), ("INI", "; x\nsmtp_pass = Xk92!mQa77\n", "Xk92!mQa77"),
    ("INI", "web1 ansible_ssh_pass=Xk92!mQa77 ansible_user=root\n", "Xk92!mQa77"), ("INI", "clave = S3gura!2020\n", "S3gura!2020"), ("INI", "admin_pw = Xk92!mQa77\n", "Xk92!mQa77"),
    ("Shell", "export PGPASSWORD=Xk92mQa77\n", "Xk92mQa77"), ("Shell", "PGPASSWORD=Xk92mQa77 psql -h db -U app\n", "Xk92mQa77"), ("Shell", "docker run -e MYSQL_ROOT_PASSWORD=Xk92mQa77 -d mysql\n", "Xk92mQa77"),
    ("Shell", "password=Xk92mQa77\n", "Xk92mQa77"), ("Dockerfile", "ENV POSTGRES_PASSWORD=Xk92mQa77\n", "Xk92mQa77"), ("Dockerfile", "ENV POSTGRES_PASSWORD Xk92mQa77\n", "Xk92mQa77"),
    ("Makefile", "DB_PASSWORD := Xk92mQa77\n", "Xk92mQa77"), ("Batchfile", "set DB_PASSWORD=Xk92mQa77\r\n", "Xk92mQa77"), ("Markdown", "Password: Adm1n!2019\n", "Adm1n!2019"),
    ("Markdown", "- **Password:** Adm1n!2019\n", "Adm1n!2019"), ("Shell", "mysql -u root -pS3cretX9 shop < a.sql\n", "S3cretX9"), ("Python", "os.system(\"mysqldump -uroot -pS3cretX9 db > x\")\n", "S3cretX9"),
    ("Markdown", "    mysql -h db -u app --password=S3cretX9 shop\n", "S3cretX9"), ("Shell", "tool --user bob --password S3cretX9 --db x\n", "S3cretX9"), ("Shell", "tool --db-password='S3cretX9'\n", "S3cretX9"),
    ("YAML", "command: run --password S3cretX9\n", "S3cretX9"), ("Python", "# run: tool --admin-password S3cretX9\n", "S3cretX9"), ("Shell", "curl -u admin:S3cretX9 https://api.firm.de/v1\n", "S3cretX9"),
    ("Shell", "curl --user 'admin:S3cret!X9' https://api.firm.de/v1\n", "S3cret!X9"), ("Shell", "sshpass -p S3cretX9 ssh root@db\n", "S3cretX9"), ("Shell", "sshpass -p 'S3cret!X9' scp a b:\n", "S3cret!X9"),
    ("Shell", "sshpass -pS3cretX9 ssh db\n", "S3cretX9"), (None, "machine ftp.firm.de\n  login bob\n  password S3cretX9\n", "S3cretX9"), (None, "machine ftp.firm.de login bob password S3cretX9\n", "S3cretX9"),
    ("Text", "default login bob password S3cretX9", "S3cretX9"), ("Text", "db.firm.de:5432:shop:app:S3cretX9\n", "S3cretX9"), (None, "*:*:*:postgres:S3cret!X9\n", "S3cret!X9"),
    ("Shell", "echo \"localhost:5432:shop:app:S3cretX9\" > ~/.pgpass\n", "S3cretX9"), ("Shell", "redis-cli -h r -a S3cretX9 ping\n", "S3cretX9"), ("Shell", "docker login -u bob -p S3cretX9 reg.firm.de\n", "S3cretX9"),
    ("Shell", "mongo shop -u app -p S3cretX9\n", "S3cretX9"), ("Shell", "sqlcmd -S db -U sa -P S3cret!X9 -Q 'x'\n", "S3cret!X9"), ("Shell", "ldapsearch -x -D cn=a -w S3cretX9 -b dc=x\n", "S3cretX9"),
    ("Shell", "smbclient //h/s -U bob%S3cretX9\n", "S3cretX9"), ("Shell", "htpasswd -bc /etc/ht bob S3cretX9\n", "S3cretX9"), ("Shell", "htpasswd -nb bob S3cretX9\n", "S3cretX9"),
    ("Shell", "echo 'root:S3cret!X9' | chpasswd\n", "S3cret!X9"), ("Dockerfile", "RUN echo \"root:S3cretX9\" | chpasswd\n", "S3cretX9"), ("Shell", "rabbitmqctl add_user app S3cretX9\n", "S3cretX9"),
    ("Shell", "sqlplus app/S3cretX9@db1\n", "S3cretX9"), ("Java", "url = \"jdbc:oracle:thin:app/S3cretX9@//db:1521/x\";\n", "S3cretX9"), ("SQL", "CREATE USER app IDENTIFIED BY S3cretX9;\n", "S3cretX9"),
    ("Shell", "openssl rsa -in k -passin pass:S3cretX9\n", "S3cretX9"), ("Shell", "keytool -genkey -storepass S3cretX9 -alias a\n", "S3cretX9"), (None, "requirepass S3cretX9\n", "S3cretX9"),
    ("Java", "u = \"jdbc:mysql://db/shop?user=app&password=S3cretX9&ssl=1\";\n", "S3cretX9"), ("JavaScript", "auth: { user: 'bob', pass: 'Xk92!mQa77' }\n", "Xk92!mQa77"), ("Python", "clave = \"S3gura!2020\"\n", "S3gura!2020"),
    ("Java", "String claveUsuario; miClave = \"S3gura!2020\";\n", "S3gura!2020"), ("Python", "admin_pw = \"Xk92!mQa77\"\n", "Xk92!mQa77"), ("C#", "var passord = \"Fj0rd!2020\";\n", "Fj0rd!2020"),
    ("Shell", "wget --user=bob --http-passwd=S3cretX9 http://h.de/x\n", "S3cretX9"), ("Shell", "helm install x --set auth.rootPassword=S3cretX9,a=b\n", "S3cretX9"), ("YAML", "environment: [MYSQL_PASSWORD=S3cretX9]\n", "S3cretX9"),
    ("Kickstart", "rootpw --plaintext S3cretX9\n", "S3cretX9"), (None, "username admin password S3cretX9\n", "S3cretX9"), ("Text", "https://svc.firm.de/login?user=bob&pwd=S3cretX9\n", "S3cretX9"),
]  # fmt: skip
"""(language, text, the password in it)."""
STAY = [
    ("YAML", "- name: DB_PASSWORD\n  valueFrom: secret1x"), ("YAML", "- name: DB_PASSWORD\n  value: $(DB_PW1)"), ("YAML", "- name: DB_PASSWORD\n  value: password1"),
    ("JSON", "{\"name\": \"DB_PASSWORD\", \"valueFrom\": \"arn:aws:x1\"}"), ("Shell", "unzip -p archive1.zip"), ("Shell", "7z x archive1.7z -oout1dir"), ("XML", "<name>a.Password</name><value>${pw1}</value>"),
    ("Batchfile", "net user bob /delete1"), ("PHP", "'mail:smtp:password' => 'nullable|string|max:191',"), ("Dotenv", "DB_ROOT_PASS=ChangeMeToo!"), ("Dotenv", "DB_ROOT_PASS=Change-Me-First9"),
    ("Java", "String UNSET_PASSWORD=\"#$!-UNSET-PASSWORD1\";"), ("Dotenv", "OAUTH_PASSPHRASE=!ChangeThisPassphrase1!"), ("Go", "pwd = \"neo4j/x1\" + adminPassword"), ("PHP", "'password' => 's0mEcRypt1c' . uniqid()"),
    ("Shell", "sh -s -- --password=Ch@ngeMe1"), ("PHP", "Route::get('alterar-senha', 'PasswordController@change');"), ("Markdown", "the password `field_name1` and password `min:8` of `user2`"),
    ("Markdown", "set password `$DB_PASS1` or password `getPassword1()`"), ("Markdown", "sed -i 's/DB_PASSWORD=123/DB_PASSWORD=S3cretX9/g' x.env"), ("Java", "load(x, \"password\", \"PKCS12\");"),
    ("Python", "render_pass = 'Depth!2x'"), ("YAML", "password: ${DB_PASSWORD:?err1or}"), ("YAML", "password: ${DB_PASSWORD:-password1}"), ("JavaScript", "x({password:b1secret})"), ("YAML", "password: second-worker-number2"),
    ("Python", "f\"password={pw1}\""), ("Python", "d = 'user=%s password=%s1'"), ("Go", "dsn := \"host=db password=password dbname=shop1\""), ("JavaScript", "a.password=b2secret;c=\"x\""),
    ("HTML", "<input type=password name=pw1 value=\"x1\">"), ("YAML", "password: ${DB_PASSWORD}"), ("YAML", "password: $DB_PASS9"), ("YAML", "password: <password1>"), ("YAML", "password: changeme123"), ("YAML", "password: xxxxx1"),
    ("YAML", "password: null"), ("YAML", "password: true"), ("YAML", "password: {{ vault_db_password1 }}"), ("YAML", "password: \"{{ db_pass1 }}\""), ("YAML", "password: %s"), ("YAML", "password: !vault |"),
    ("YAML", "password: *anchor1"), ("YAML", "password: &anchor1"), ("YAML", "password: !secret db_pw1"), ("YAML", "password: /run/secrets/db1"), ("YAML", "password: vault:secret/data/app#pw1"), ("YAML", "password: env:DB_PASS1"),
    ("YAML", "password: string"), ("YAML", "password: varchar(255)"), ("YAML", "password: lookup('env','X1')"), ("YAML", "password: DB2_ADMIN_PW"), ("YAML", "password: Passwort?"), ("YAML", "password: Contraseña:"),
    ("YAML", "password: required|min:8"), ("YAML", "  password: required"), ("YAML", "password: at least 8 characters"), ("YAML", "password_hash: k8HJd92aQx"), ("YAML", "passwordSecretRef: db-secret-1"),
    ("YAML", "password: my-db-secret1"), ("YAML", "password: sha256"), ("YAML", "password: 12345678"), ("YAML", "password: ENC(k8HJd92aQx)"), ("YAML", "password: 5d41402abc4b2a76b9719d911017c592"), ("YAML", "pass: 10/12"),
    ("YAML", "pass: test1.yml"), ("YAML", "clave: PROD001"), ("YAML", "enclave: S3gura!2020"), ("YAML", "passwords: [a1b2c3d4]"), ("YAML", "password: postgres:5432"), ("YAML", "password: db.firm.local:5432"),
    ("YAML", "password: auth.password1.label"), ("YAML", "password: @db_password1@"), ("YAML", "password: __DB_PASSWORD1__"), ("YAML", "password: REPLACE_ME_1"), ("YAML", "password: |"), ("YAML", "password: >-"),
    ("Python", "password = getenv1"), ("Python", "connect(password=pw1secret, x=1)"), ("Python", "password: str1type = None"), ("JavaScript", "{ password: hash2value }"), ("JavaScript", "password: user1Hash,"),
    ("Go", "password := hash2x(value)"), ("Rust", "let password = pass2word;"), ("TypeScript", "password: Hash256;"), ("Ruby", "password: params1"), ("C", "pass = table2x;"), ("JavaScript", "pass: 'Test_1'"),
    ("Python", "mdp=S0leil4567"), ("Shell", "PASSWORD=$(openssl rand 12)"), ("Shell", "PASSWORD=$1"), ("Shell", "PASSWORD=${2:-x1y2z3}"), ("Shell", "PASSWORD=\"$PASS1\""), ("Shell", "mysql -u root -p$PASS1 db"),
    ("Shell", "mysql -uroot -ppassword"), ("Shell", "mysql -uroot -psecret"), ("Shell", "mysql -u root -p shop2020"), ("Shell", "docker run --name mysql -p 3306:3306 mysql8x"), ("Shell", "docker run mysql -p3307:3306"),
    ("Shell", "tool --password PASSWORD1"), ("Shell", "tool --password <pw1234>"), ("Shell", "tool --password $PW1234"), ("Shell", "tool --password-file /run/x1y2"), ("Shell", "tool --password=${X1Y2Z3}"),
    ("Shell", "curl -u user:password https://x.de"), ("Shell", "curl -u $USER:$PASS1 https://x.de"), ("Shell", "sshpass -p $PASS123 ssh x"), ("Shell", "sshpass -p password ssh x"), ("Shell", "sshpass -f file123 ssh x"),
    ("Text", "machine h login u password yourpassword"), ("Text", "localhost:5432:db:user:password"), ("YAML", "      - \"127.0.0.1:5432:5432\""), ("YAML", "- 5432:5432"), ("Python", "parser.add_argument('--password', help='pw1')"),
    ("Python", "print(\"usage: --password PASSWORD  the password1\")"), ("Text", "The user can set a password afterwards1"), ("Text", "the login and password dialog"), ("Markdown", "Password: required"),
    ("C", "if (pwd == hash1) x = -pwd_len2;"), ("SQL", "identified by id1x"), ("Python", "\"?password=%s&x\""), ("Text", "?password=YOUR_PASSWORD1"), ("Java Properties", "password.label=Password1st"),
    ("Java Properties", "login.password=Passwort"), ("Java Properties", "password=Mot de passe 1"), ("Java Properties", "db.password=@db.password1@"), ("INI", "password_file=/etc/pw1.txt"), ("INI", "; password = see notes1 below"),
    ("Dockerfile", "ENV PASSWORD_FILE /run/secrets/x1"), ("Makefile", "DB_PASSWORD ?= $(shell x1)"), ("Makefile", "DB_PASSWORD := $(X1Y2)"), ("Batchfile", "set PASSWORD=%PASS1%"),
]  # fmt: skip


def redacted(rows: list[tuple[str | None, str]]) -> list[str]:
    languages = pa.array([language or "Text" for language, _ in rows])
    texts, _ = redaction.redact(pa.array([text for _, text in rows], pa.large_string()), languages)
    assert redaction.redact(texts, languages)[0].equals(texts)
    return texts.to_pylist()


def test_passwords_without_quotes_go_and_the_rest_stays() -> None:
    after = redacted([(language, text) for language, text, _ in FOUND])
    for (_, text, value), found in zip(FOUND, after, strict=True):
        assert found in (
            text.replace(value, "<PASSWORD>"),
            text.replace(value, "PASSWORD"),
            text.replace(f"admin:{value}", "<KEY>"),
        )


def test_what_is_no_password_stays() -> None:
    rows: list[tuple[str | None, str]] = [(language, f"{text}\n") for language, text in STAY]
    assert redacted(rows) == [text for _, text in rows]


@pytest.mark.parametrize("language", [None, "Python", "JSON", "Go"])
def test_in_code_what_has_no_quotes_is_an_expression(language: str | None) -> None:
    text = pa.array(["password = hunter2x\npassword: hunter2y\n"], pa.large_string())
    assert redaction.redact(text, language and pa.array([language]))[0].equals(text)
    assert language not in unquoted.FORMATS


def test_a_value_that_a_candidates_end_cuts_is_no_value() -> None:
    """A digest after a password, at every distance: no part of it goes."""
    for blanks in range(120):
        text = f"A_PASSWORD=Xk92!mQa77\n{'#' * blanks}\nSHA_PASSWORD={'b1cb6e31' * 8}\n"
        assert redacted([("Dotenv", text)]) == [text.replace("Xk92!mQa77", "<PASSWORD>")]
