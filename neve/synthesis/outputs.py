"""What a program prints beside what its seed prints: a translation, or the same file in good style.

Both are run without arguments, and without input if the seed ends well so, else with a few numbers, a line
each. Only a seed that then ends well and prints the same under two orders of hashes says anything. Languages
write values in their own ways (`[1, 2]`, `[1 2]`, `{a=1}`; `True`, `true`), so words and numbers are
compared, not what stands between them, and in any order where they are as many; numbers as exactly as the
shorter of two is written. The trade-off: a sum printed in another order of its terms passes, a program that
says the same in other words is refused, and whoever prints nothing is not looked at.
"""

from __future__ import annotations

import re

from neve import sandbox
from neve.synthesis import toolchains

LONGEST = 1 << 16
"""Characters of an output that is compared."""
GIVEN = (b"", b"7\n4\n9\n2\n5\n3\n8\n")
"""What programs are given to read, the first that the seed can do with."""
_WORD = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[^\W\d_]+")
_NAMES = {"none": "null", "nil": "null", "undefined": "null", "nullptr": "null"}


def unlike(language: str, text: str, seed: tuple[str, str], seconds: float, place: sandbox.Sandbox) -> str:
    """Where a program prints something else than its seed, (language, text); "" where it does not, or where
    that cannot be told."""
    for given in GIVEN:
        wanted, again = (toolchains.printed(*seed, seconds, place, turn, given) for turn in (0, 1))
        if wanted is not None:
            break
    if not wanted or wanted != again or not words(wanted) or len(wanted) > LONGEST:
        return ""
    got = toolchains.printed(language, text, seconds, place, given=given)
    if got is None or alike(wanted, got):
        return ""
    again = toolchains.printed(language, text, seconds, place, 1, given)
    if again is None or not alike(got, again):
        return ""
    theirs, ours = wanted.split("\n"), got.split("\n")
    line = next((i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if not alike(a, b)), 0)
    said = f"{ours[line].strip()[:60]!r}, its seed {theirs[line].strip()[:60]!r}"
    return f"prints {said}" if len(theirs) == len(ours) else f"prints other lines: {said}"


def alike(a: str, b: str) -> bool:
    """Whether two outputs hold the same words and numbers.

    >>> alike("[1, 2] True 3.33", "[1 2] true 3.3333333"), alike("a 1", "a 2")
    (True, False)
    """
    one, two = words(a), words(b)
    if len(one) != len(two):
        return False
    return all(map(_same, one, two)) or all(map(_same, sorted(one), sorted(two)))


def words(output: str) -> list[str]:
    found = [word.lower() for word in _WORD.findall(output)]
    return [_NAMES.get(word, word) for word in found]


def _same(a: str, b: str) -> bool:
    if a == b:
        return True
    try:
        one, two = float(a), float(b)
    except ValueError:
        return False
    if one == two or "e" in a + b:
        return abs(one - two) <= 1e-6 * abs(one)
    exact = min(len(each.partition(".")[2]) for each in (a, b))
    return exact > 0 and abs(one - two) <= 0.501 * 10.0**-exact
