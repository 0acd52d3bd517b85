"""Rules of comparison. Oracle: NumPy's allclose for tolerances; for tasks with several right answers, some of each by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.evaluation.grading import comparisons

numbers = st.floats(allow_nan=False) | st.integers(-(2**60), 2**60)


@given(numbers, numbers, st.sampled_from([1e-6, 1e-4]))
def test_close_is_allclose(a, b, atol):
    expected = bool(np.allclose(float(a), float(b), rtol=comparisons.RTOL, atol=atol))
    assert comparisons.close(float(a), float(b), atol) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.floats(0, 1e-5))
def test_close_lists_are_allclose(values, shift):
    shifted = [value + shift for value in values]
    assert comparisons.close(shifted, values, 1e-6) == bool(
        np.allclose(shifted, values, rtol=comparisons.RTOL, atol=1e-6)
    )


@pytest.mark.parametrize(
    ("rule", "args", "answer", "expected", "atol", "verdict"),
    [
        ("equal", [], 1, 1.0, 0.0, True),
        ("equal", [], True, 1, 0.0, True),
        ("equal", [], [1, 2], (1, 2), 0.0, False),
        ("equal", [], 0.30000000000000004, 0.3, 1e-6, True),
        ("equal", [], 0.30000000000000004, 0.3, 0.0, False),
        ("equal", [], [0.3, 1.0], (0.3, 1.0), 1e-6, False),
        ("equal", [], "0.3", 0.3, 1e-6, False),
        ("equal", [], None, 0.0, 1e-6, False),
        ("equal", [], math.inf, 1e308, 1e-6, False),
        ("same_set", [], [3, 4, 4], (4, 3), 0.0, True),
        ("same_set", [], None, (4, 3), 0.0, False),
        ("matched", [], "Found a match!", True, 0.0, True),
        ("matched", [], None, False, 0.0, True),
        ("matched", [], False, True, 0.0, False),
        ("yes_or_no", [], None, True, 0.0, False),
        ("root", [[-6, 1, 1]], 2.0, -3.0, 1e-4, True),
        ("root", [[-6, 1, 1]], 2.1, -3.0, 1e-4, False),
        ("root", [[-6, 1, 1]], "2", -3.0, 1e-4, False),
        ("root_in_interval", [[-6, 1, 1], [0, 5]], -3.0, 2.0, 0.0, False),
        ("root_in_interval", [[1], [0, 5]], None, None, 0.0, True),
        ("sparse_root", [[-1, 0, 1]], 1.0, -1.0, 0.0, True),
        ("pyramid", [3, 4], 35, 33, 1e-4, True),
        ("digit_distance", [12345, 9], 1 + 2 + 3 + 4 + 4, 8, 0.0, True),
        ("digit_distance", [12345, 9], 7, 8, 0.0, False),
        ("divisors", [1], 0, 1, 0.0, True),
        ("divisors", [8], 0, 7, 0.0, False),
        ("typed", [], 1, 1.0, 0.0, False),
        ("typed", [], {"a": [1.0 + 1e-9]}, {"a": [1.0]}, 0.0, True),
        ("typed", [], math.nan, math.nan, 0.0, True),
        ("typed", [], [1, "a"], [1, "b"], 0.0, False),
        ("palindrome", ["Ab"], "Aba", "AbA", 0.0, True),
        ("palindrome", ["Ab"], "bab", "AbA", 0.0, False),
        ("moves", [[[0, 1], [0, 0]], (0, 0), (1, 1)], ["down", "right"], ["down", "right"], 0.0, True),
        ("moves", [[[0, 1], [0, 0]], (0, 0), (1, 1)], ["right", "down"], ["down", "right"], 0.0, False),
        ("moves", [[[0]], (0, 0), (0, 0)], ["up", "down"], ["x"], 0.0, False),
        ("steps", [[[1, 0], [1, 1]], (0, 0), (1, 1)], [(0, 0), (1, 0), (1, 1)], [1], 0.0, True),
        ("steps", [[[1, 0], [1, 1]], (0, 0), (1, 1)], [(0, 0), (1, 1)], [1], 0.0, False),
        ("product_pair", [[2, 3, 5], 15], (1, 2), (1, 2), 0.0, True),
        ("product_pair", [[2, 3, 5], 15], (-2, -1), (1, 2), 0.0, False),
        ("product_pair", [[2], 15], "No magic today", "No magic today", 0.0, True),
    ],
)
def test_rules(rule, args, answer, expected, atol, verdict):
    assert comparisons.right(rule, args, answer, expected, atol) is verdict
