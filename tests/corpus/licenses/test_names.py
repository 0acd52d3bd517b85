"""Names of licences as people write them: the oracle is what each name means to its writers, and SPDX's own names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.licenses import names, spdx
from neve.corpus.licenses.spdx import PROPRIETARY, PUBLIC_DOMAIN, UNREAD


@pytest.mark.parametrize(
    ("written", "license"),
    [
        ("MIT License", "MIT"), ("The MIT License (MIT)", "MIT"), ("MIT licence", "MIT"), ("MIT/X11", "MIT"), ("Expat", "MIT"),
        ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"), ("3-clause BSD", "BSD-3-Clause"), ("BSD (3-clause)", "BSD-3-Clause"),
        ("BSD", "BSD-3-Clause"), ("BSD-like", "BSD-3-Clause"), ("Simplified BSD", "BSD-2-Clause"), ("Apache License, Version 2.0", "Apache-2.0"),
        ("ASL 2.0", "Apache-2.0"), ("Apache License Version 2.0, January 2004", "Apache-2.0"), ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
        ("BSL 1.1", "BUSL-1.1"), ("University of Illinois/NCSA Open Source License", "NCSA"), ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("GPLv2+", "GPL-2.0-or-later"), ("GPL-3", "GPL-3.0-only"), ("GPL (>= 2)", "GPL-2.0-or-later"), ("GNU GPL v3 or later", "GPL-3.0-or-later"),
        ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"), ("GNU General Public License, version 2 (GPL-2.0)", "GPL-2.0-only"),
        ("LGPL version 2.1 or (at your option) any later version", "LGPL-2.1-or-later"), ("GNU Library or Lesser General Public License (LGPL)", "LGPL-3.0-only"),
        ("Affero GPL", "AGPL-3.0-only"), ("GPL", "GPL-3.0-only"), ("Perl_5", "Artistic-1.0-Perl OR GPL-1.0-or-later"), ("public domain", PUBLIC_DOMAIN),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"), ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"), ("MIT, BSD", "MIT AND BSD-3-Clause"),
        ("MIT or GPL Version 2", "MIT OR GPL-2.0-only"), ("Dual MIT/GPL", "MIT OR GPL-3.0-only"), ("MIT + file LICENSE", "MIT"),
        ("LGPLv2.1 or later, GPLv2", "LGPL-2.1-or-later AND GPL-2.0-only"), ("CDDL + GPLv2 with classpath exception", "CDDL-1.0 AND GPL-2.0-only WITH Classpath-exception-2.0"),
        (["mit", None, "isc"], "MIT AND ISC"), ([None], None), ([], None), (None, None), ("", None), ("UNKNOWN", None), ("OSI Approved", None),
        ("UNLICENSED", PROPRIETARY), ("Commercial", PROPRIETARY), ("proprietary", PROPRIETARY), ("All rights reserved", PROPRIETARY),
        ("Acme License", UNREAD), ("other", UNREAD), ("MIT (non-commercial use only)", UNREAD), ("GPL-compatible", UNREAD), ("see LICENSE", UNREAD),
        ("mit AND (isc", UNREAD), ("library license", UNREAD), ("x" * 3000, UNREAD), (5, UNREAD),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"), ("http://www.gnu.org/licenses/lgpl-2.1.html", "LGPL-2.1-only"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 3.0 Unported License", "CC-BY-NC-SA-3.0"), ("CC BY-SA 3.0 Unported", "CC-BY-SA-3.0"),
        ("Creative Commons Attribution 4.0", "CC-BY-4.0"), ("Creative Commons BY-NC", "CC-BY-NC-4.0"), ("CC-BY 3.0 US", "CC-BY-3.0-US"), ("CC0 1.0 Universal", "CC0-1.0"),
        ("Creative Commons Attribution Share-Alike 4.0 International Public License", "CC-BY-SA-4.0"), ("Creative Commons", UNREAD), ("CC BY Acme", UNREAD),
        ("https://creativecommons.org/licenses/by-nc-nd/3.0/deed.en_US", "CC-BY-NC-ND-3.0"),
        ("https://opensource.org/licenses/MIT", "MIT"), ("http://creativecommons.org/licenses/by-nc/4.0/", "CC-BY-NC-4.0"),
    ],
)  # fmt: skip
def test_what_people_write(written: object, license: str | None) -> None:
    assert names.read(written) == license
    assert names.normalise(written) == (None if license == UNREAD else license)


def test_the_full_names_of_spdx_are_known() -> None:
    """Oracle: SPDX's list; variants whose names differ by nothing but punctuation may stand for each other."""
    known = [name for name, full in spdx.listed().items() if names.normalise(full)]
    assert len(known) >= 0.97 * len(spdx.listed())


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="MITGPLBSD -/()+.23orandLater", max_size=40))
def test_whatever_people_write_is_read_to_an_expression(value: str) -> None:
    found = names.normalise(value)
    assert found is None or spdx.expression(found) == found
