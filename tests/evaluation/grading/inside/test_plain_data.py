"""Plain data. Oracle: Python's own equality, for every value that is plain data."""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.evaluation.grading.inside import plain_data

atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
atoms |= st.complex_numbers(allow_nan=False) | st.integers(min_value=1 << 70).map(lambda n: -(n**9))
keys = atoms | st.tuples(atoms, atoms) | st.frozensets(atoms, max_size=3)
values = st.recursive(
    keys | st.sets(keys, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def through(value):
    return plain_data.decode(json.loads(plain_data.dumps(plain_data.encode(value))))


@given(values)
@settings(max_examples=150, deadline=None)
def test_a_value_comes_back_equal_and_of_its_type(value):
    back, encoded = through(value), plain_data.encode(value)
    assert plain_data.dumps(encoded) == json.dumps(encoded).encode()
    assert back == value
    assert type(back) is type(value)


def test_numbers_that_equality_does_not_tell():
    assert math.isnan(through(math.nan))
    assert through(-math.inf) == -math.inf
    assert str(through(-0.0)) == "-0.0"
    assert through(10**6000) == 10**6000
    assert through(True) is True


def test_subclasses_become_their_base():
    assert type(through(Counter("aab"))) is dict
    assert through(OrderedDict(a=1)) == {"a": 1}
    assert through({1: 2}.keys()) == {1}
    assert tuple(through(map(str, range(3)))) == ("0", "1", "2")
    assert through(range(3)) != [0, 1, 2]


def test_foreign_values_equal_nothing():
    class Everything:
        __hash__ = None

        def __eq__(self, other):
            return True

    class Number(int):
        def __eq__(self, other):
            return True

    assert through(Everything()) != 1
    assert through([Everything()]) != [1]
    assert through(Number(2)) != 1


@pytest.mark.parametrize(
    "data", [{}, ["evil", []], ["list"], ["bytes", "zz"], [], [["list", []]], ["dict", [1]]]
)
def test_what_encode_did_not_write_is_refused(data):
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        plain_data.decode(data)


def test_no_end(monkeypatch):
    monkeypatch.setattr(plain_data, "MAX_ITEMS", 100)
    with pytest.raises(ValueError):
        plain_data.encode(count())
    circle: list = []
    circle.append(circle)
    with pytest.raises(RecursionError):
        plain_data.encode(circle)
