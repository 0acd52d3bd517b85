"""Oracle: keys drawn by the rules that their makers publish, and what people write in a key's place."""

from __future__ import annotations

import base64
import random
import string

import pytest

from neve.corpus.secrets import forms

DRAW = random.Random("forms")
ALL = string.ascii_letters + string.digits


def drawn(count: int, characters: str = ALL) -> str:
    return "".join(DRAW.choices(characters, k=count))


DJANGO = drawn(50, "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)")  # get_random_secret_key
LARAVEL = "base64:" + base64.b64encode(DRAW.randbytes(32)).decode()
TAILSCALE = f"tskey-auth-k{drawn(10)}CNTRL-{drawn(32)}"
FIREBASE = f"AAAA{drawn(7)}:APA91b{drawn(134, ALL + '_-')}"
ENTRA = f"{drawn(3)}8Q~{drawn(34, ALL + '_.~-')}"
SALT = drawn(64, ALL + "!@#$%^&*()-_ []~`+=,.;:/?|")
FLASK = drawn(32, "0123456789abcdef")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (f"SECRET_KEY = '{DJANGO}'", DJANGO), (f'SECRET_KEY = "django-insecure-{DJANGO}"', f"django-insecure-{DJANGO}"), (f"SECRET_KEY={DJANGO}", DJANGO),
        (f"SECRET_KEY = os.environ.get('SECRET_KEY', '{DJANGO}')", DJANGO), (f"SECRET_KEY = env('SECRET_KEY', default='{DJANGO}')", DJANGO), (f"export DJANGO_SECRET_KEY={DJANGO}", DJANGO),
        (f"app.config['SECRET_KEY'] = '{FLASK}'", FLASK), (f"app.secret_key = b'{FLASK}'", FLASK), (f'SECRET_KEY: str = "{FLASK}"', FLASK),
        (f"APP_KEY={LARAVEL}", LARAVEL), (f"'key' => env('APP_KEY', '{LARAVEL}'),", LARAVEL), (f'<env name="APP_KEY" value="{LARAVEL}"/>', LARAVEL),
        (f"tailscale up --authkey {TAILSCALE} --ssh", TAILSCALE), (f'authkey: "{TAILSCALE}"', TAILSCALE), (f"key={FIREBASE}\r", FIREBASE), (f'const KEY = "{FIREBASE}";', FIREBASE),
        (f"AZURE_CLIENT_SECRET={ENTRA}", ENTRA), (f'$secret = "{ENTRA}"', ENTRA), (f"define('AUTH_KEY',         '{SALT}');", SALT), (f"define( 'LOGGED_IN_SALT', '{SALT}' );", SALT),
    ],
)  # fmt: skip
def test_a_key_is_found(line: str, key: str) -> None:
    text = f"# {'x' * 30}\n{line}\n".encode()
    assert [text[a:b].decode() for a, b in forms.find(text, 0, len(text))] == [key]


STAY = r"""
SECRET_KEY = "change-me-in-production-2020-x1"
SECRET_KEY = 'django-insecure-your-secret-key-goes-here-123'
SECRET_KEY = "test-secret-key-for-unit-tests-only-0001"
SECRET_KEY=${DJANGO_SECRET_KEY:-a1B2c3D4e5F6g7H8i9J0}
SECRET_KEY = os.environ["DJANGO_SECRET_KEY_FOR_STAGE_2"]
SECRET_KEY = "0123456789abcdef0123456789abcdef"
SECRET_KEY = secrets.token_urlsafe(32)
APP_KEY=base64:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=
APP_KEY=
define('AUTH_KEY', 'put your unique phrase here');
tskey-auth-XXXX tskey-auth-k123 const prefix = "tskey-";
"AAAA:APA91b" + token; a ? 8Q~x : y
secret_key_base = ENV["SECRET_KEY_BASE"]
"""


@pytest.mark.parametrize("line", STAY.strip().split("\n"))
def test_what_people_write_in_its_place_stays(line: str) -> None:
    text = f"{line}\n".encode()
    assert list(forms.find(text, 0, len(text))) == []
