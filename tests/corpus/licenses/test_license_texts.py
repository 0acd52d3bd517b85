"""Licence files: texts of installed packages, alone and with what people put around them."""

from __future__ import annotations

import importlib.metadata

import pytest

from neve.corpus.licenses import license_files, license_texts
from neve.corpus.licenses.spdx import PROPRIETARY, UNREAD


def text_of(package: str, name: str) -> bytes:
    """A licence file as an installed package carries it."""
    files = importlib.metadata.distribution(package).files or []
    return next(f for f in files if f.name == name and ".dist-info" in str(f)).locate().read_bytes()


MIT = text_of("pytest", "LICENSE")
BSD = text_of("click", "LICENSE.txt")
APACHE = text_of("packaging", "LICENSE.APACHE")


@pytest.mark.parametrize(
    ("package", "name", "spdx"),
    [
        ("pytest", "LICENSE", "MIT"), ("click", "LICENSE.txt", "BSD-3-Clause"), ("pygments", "LICENSE", "BSD-2-Clause"),
        ("packaging", "LICENSE.APACHE", "Apache-2.0"), ("packaging", "LICENSE", None), ("hypothesis", "LICENSE.txt", "MPL-2.0"),
        ("transformers", "LICENSE", "Apache-2.0"),
    ],
)  # fmt: skip
def test_real_texts_are_identified(package: str, name: str, spdx: str | None) -> None:
    assert license_texts.identify(text_of(package, name)) == spdx


def test_installed_packages_agree_with_what_they_declare() -> None:
    """Oracle: the License-Expression of packages that state one licence and carry one text.

    Few may differ: packages whose one text is another's.
    """
    pairs = {}
    for package in importlib.metadata.distributions():
        expression = package.metadata.get("License-Expression")
        texts = [f for f in package.files or [] if "dist-info/licenses" in str(f.parent) and is_text(str(f))]
        if expression and " " not in expression and len(texts) == 1:
            pairs[package.metadata["Name"]] = (expression, texts[0].locate().read_bytes())
    assert len(pairs) >= 20
    found = {name: license_texts.identify(text) for name, (_, text) in pairs.items()}
    agree = sum(found[name] == expression for name, (expression, _) in pairs.items())
    assert agree >= 0.9 * len(pairs), {n: (found[n], e) for n, (e, _) in pairs.items() if found[n] != e}


def is_text(path: str) -> bool:
    role = license_files.role(path)
    return role is not None and role.kind == "text"


@pytest.mark.parametrize(
    ("text", "license"),
    [
        (MIT + b"\n\nThanks to everybody who helped. The list of them is in AUTHORS.\n" * 20, "MIT"), (MIT + b"\n" * 3 + BSD, "MIT AND BSD-3-Clause"),
        (b"This work is under either of the two licences below, at your option.\n\n" + MIT + b"\n\n" + APACHE, "MIT OR Apache-2.0"),
        (MIT + b"\n\nThe above does not apply to commercial use, for which you need our permission.\n", UNREAD), (MIT + b"\n\nGood in commercial use, too.\n", "MIT"),
        (b'"Commons Clause" License Condition v1.0\n\nThe grant of rights under the License will not include the right to Sell the Software.\n\n' + APACHE, UNREAD),
        (MIT + b"\n\nThe Software may not be used by companies with more than ten employees.\n", UNREAD), (MIT + b"\nThis software is for non-commercial use.\n", UNREAD),
        (b"MIT", "MIT"), (b"This project is licensed under the MIT License.\n", "MIT"), (b"Copyright (c) 2024 Acme. All rights reserved.\n", UNREAD), (b"Copyright (c) 2024 Acme\n", None), (b"YEAR: 2024\nCOPYRIGHT HOLDER: Acme, PBC\n", None), (b"", None), (b"\n\n", None),
        (MIT + b"\n\nThis source code is provided for reference only.\n", UNREAD), (MIT + b"\n\nPublished solely for review. Copyright Acme.\n", UNREAD), (MIT + b"\nThe numbers in the table are a reference for users only.\n", "MIT"), (MIT + b"\nThe source is available at https://acme.example for review.\n", "MIT"),
        (b"This repository is made available for reference purposes only.\n", PROPRIETARY), (b"Evaluation only. Copyright Acme.\n", PROPRIETARY), (b"This code is source-available. It may not be used in production.\n", PROPRIETARY),
        (b"The Acme License\n\nYou are granted a right to use the software if you hold a valid subscription.\n", UNREAD), (b"Proprietary and confidential software of Acme.\n", PROPRIETARY),
        (b"Acme Enterprise Licence\n\nThe software may only be used with a subscription. " + b"You agree to our terms. " * 20 + b"THE AUTHORS OR COPYRIGHT HOLDERS ARE NOT LIABLE UNDER LICENSE.\n", UNREAD),
        (APACHE + b"\n\nSUBCOMPONENTS:\n\nThe parser may be used subject to the following restrictions: it must not be misrepresented.\n", "Apache-2.0"),
        (b"The library is licenced under Apache 2.0: http://www.apache.org/licenses/LICENSE-2.0\n\nThe logo must not be used for other products.\n", "Apache-2.0"),
        (b"START NOTE\nThe core is under the MIT license.\nEND NOTE\n\nThe Enterprise License\n\nThis software may only be used if you have agreed to our terms.\n", UNREAD),
        (b"Acme MIT License\n\nPermission is hereby granted for use on Acme chips only, free of charge, to any person.\n", UNREAD), (b"x" * (300 << 10), UNREAD),
        (b"Functional Acme License\n\nWe grant you the right to use, copy and modify the software for any Permitted Purpose, which is any but a Competing Use.\n\nGrant of Future License: after two years you may use it under this licence:\n\n" + MIT, UNREAD),
        (b"\xff\xfe\x00", None),
    ],
)  # fmt: skip
def test_what_stands_around_a_text(text: bytes, license: str | None) -> None:
    assert license_texts.read(text).license == license


def test_paths_that_a_licence_file_names() -> None:
    text = license_texts.read(
        b'Parts of this are licensed as follows:\n\n- All content under "ee/" and "web/ee/" is under the licence in "ee/LICENSE".\n'
        b"- These are under the Acme Licence:\n  - packages/api/enterprise\n- Everything else is under the MIT licence below.\n\n"
        + MIT
    )
    assert text.license == "MIT"
    assert dict(text.rules) == dict.fromkeys(
        ("*/ee", "*/enterprise", "ee", "web/ee", "packages/api/enterprise"), UNREAD
    )
    various = license_texts.read(
        b'Source code here is variously licensed under the Apache License 2.0 or the Acme License.\n\n* Outside of the "acme" folder, code is under the\n'
        b'  Apache License Version 2.0, unless otherwise noted.\n\n* Within the "acme" folder, code is under the Acme License.\n'
    )
    assert (various.license, dict(various.rules)) == ("Apache-2.0", {"acme": UNREAD, "*/acme": UNREAD})
    tree = license_texts.read(
        MIT
        + b"\n/ (MIT)\n    /lib\n        /zip (Zlib)\n        /lgpl*.c (LGPL-2.1, linked)\n    /tools (ours)\n"
    )
    assert tree.license == "MIT"
    assert dict(tree.rules) == {"lib/zip": "Zlib", "lib/lgpl*.c": "LGPL-2.1-only", "tools": UNREAD}
    assert (
        license_texts.read(b"Under *either* of the licenses found in LICENSE.APACHE or LICENSE.BSD.\n").refers
        == "LICENSE.APACHE"
    )


def test_regions_of_a_gnu_text() -> None:
    assert license_texts._stated(["GPL-3.0-only", "GPL-3.0-or-later"]) == ["GPL-3.0-only"]
    assert license_texts._stated(["GPL-3.0-or-later", "GPL-3.0-only", "MIT"]) == ["GPL-3.0-or-later", "MIT"]
    assert license_texts._stated(["LGPL-2.1-only", "GPL-2.0-or-later"]) == [
        "LGPL-2.1-only",
        "GPL-2.0-or-later",
    ]
