"""Files of tests with the imports that they need. Oracle: answers as a small model gives them, and what a person
would make of them."""

from __future__ import annotations

import pytest

from neve.synthesis.tested import importing

TEXT = '"""Sums."""\n\nLIMIT = 9\n\n\ndef double(x: int) -> int:\n    """Twice."""\n    return 2 * x\n\n\ndef half(x):\n    return x // 2\n'
TESTS = "def test_double():\n    assert double(2) == 4\n\n\ndef test_half():\n    assert half(LIMIT) == 4\n"
NAMED = "from sums import LIMIT, double, half"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"{NAMED}\n\n\n"),
        ("import math\n\n\n", f"import math\n{NAMED}\n\n\n"),
        ('"""Tests."""\n\nimport math\n\n', f'"""Tests."""\nimport math\n{NAMED}\n\n\n'),
        ("def double(x):\n    return 2 * x\n\n\n", f"{NAMED}\n\n\n"),
        ("@staticmethod\ndef f():\n    pass\n\n\n", f"{NAMED}\n\n\n@staticmethod\ndef f():\n    pass\n\n\n"),
        ("from your_module import double\n\n", f"{NAMED}\n\n\n"),
        ("from .sums import double, half\n", f"{NAMED}\n\n\n"),
        ("LIMIT = 9\n\n\n", f"{NAMED}\n\n\n"),
        ("# Sums\ndef double(x):\n    return 2 * x\n\n\n# Tests\n", f"{NAMED}\n\n\n# Sums\n\n\n# Tests\n"),
        ("from sums import double\n\n\n", "from sums import double\nfrom sums import LIMIT, half\n\n\n"),
    ],
)
def test_what_is_tested_is_imported(before: str, after: str) -> None:
    found = importing(before + TESTS, "sums", TEXT)
    assert found == after + TESTS
    compile(found, "tests.py", "exec")
    assert importing(found, "sums", TEXT) == found


@pytest.mark.parametrize(
    "code",
    [
        f"{NAMED}\n\n\n{TESTS}",
        f"def double(x):\n    return x + x\n\n\n{TESTS}",  # another double
        f"from math import *\n{TESTS}def half(x):\n    return x / 2\n",
        "def test_it():\n    assert 1 + 1 == 2\n",
        "def test_it(:\n",
        "import sums\n\n\ndef test_it():\n    assert sums.double(1) == 2\n",
        "def test_it():\n    double = max\n    assert double(1, 2) == 2\n",
    ],
)
def test_what_needs_nothing_or_tests_something_else_is_left(code: str) -> None:
    assert importing(code, "sums", TEXT) == code
