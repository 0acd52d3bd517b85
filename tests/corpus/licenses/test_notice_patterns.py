"""Tables of patterns: each has what it must find, and what looks like it and is none."""

from __future__ import annotations

import pytest

from neve.corpus.licenses import notice_patterns as patterns


@pytest.mark.parametrize(
    ("name", "found", "missed"),
    [
        ("FILE", "see LICENSE-MIT.txt for", "see the license text"), ("LOOSE_FILE", "found in the license file", "found in the file"),
        ("GNU", "the GNU Lesser General Public License", "a general license for the public"), ("LATER", "or (at your option) any later", "later on"),
        ("DENIED", "this is not under the ", "this is under the "), ("FORBIDS", "unauthorized copying of this", "copying of this"),
        ("FORBIDS_ALONE", "for internal use", "internal state"), ("RESERVED", "All Rights Reserved", "all rights granted"),
        ("DEDICATED", "released into the public domain", "the public domain name"), ("CHOICE", "at your option", "an optional argument"),
        ("PART", "portions of this file", "the whole file"), ("TEXT_BEGINS", "Permission is hereby granted", "permission denied"),
        ("OWNED", "this source is", "the caller's state"), ("TELLTALE", "provided 'as-is'", "provided that"),
        ("CUT_SHORT", "you may not use this file except in compliance with the License. You may", "Copyright. You may not use this file except in compliance with the License."),
        ("CUT_SHORT", "You may not use this file except in compliance with the License; either express or implied.", "you may not use this file except in compliance with the License. See the License for the specific language"),
    ],
)  # fmt: skip
def test_patterns(name: str, found: str, missed: str) -> None:
    pattern = getattr(patterns, name)
    assert pattern.search(found)
    assert not pattern.search(missed)
