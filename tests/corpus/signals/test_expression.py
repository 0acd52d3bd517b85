"""Rules of one's own. Oracles: Python's own `eval` on rows where all is measured; verdicts worked out by hand elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.corpus.signals import expression, rules
from neve.corpus.signals.table import NAMES
from neve.errors import Fault

LANGUAGES = np.array(["Python", "C", None, "Go"], dtype=object)


def table(**columns: list[float]) -> pa.Table:
    return pa.table({name: columns.get(name, [math.nan] * len(LANGUAGES)) for name in NAMES})


SIGNALS = table(
    lines=[5, 50, 5, 12],
    digit_share=[0.5, 0.1, 0.9, 0.0],
    test_file=[1, 0, 0, 1],
    goto_line_share=[math.nan, 0.3, math.nan, math.nan],
)


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("lines < 10", [1, 0, 1, 0]),
        ("test_file", [1, 0, 0, 1]),
        ("not test_file and lines < 10", [0, 0, 1, 0]),
        ("5 <= lines <= 12", [1, 0, 1, 1]),
        ("lines * digit_share > 2", [1, 1, 1, 0]),
        ("-lines + 10 > 0", [1, 0, 1, 0]),
        ("language == 'Python'", [1, 0, 0, 0]),
        ("language != 'Python'", [0, 1, 0, 1]),
        ("language in ['Go', 'C'] and lines > 20", [0, 1, 0, 0]),
        ("language not in ('Go', 'C')", [1, 0, 0, 0]),
        ("goto_line_share > 0.1", [0, 1, 0, 0]),
        ("not goto_line_share > 0.1", [0, 0, 0, 0]),
        ("goto_line_share > 0.1 or lines == 12", [0, 1, 0, 1]),
        ("goto_line_share > 0.1 and lines > 1", [0, 1, 0, 0]),
        ("lines / digit_share > 1", [1, 1, 1, 1]),
        ("digit_share / digit_share == 1", [1, 1, 1, 0]),
    ],
)
def test_what_an_expression_stops(text: str, stopped: list[int]) -> None:
    assert expression.stops(text, SIGNALS, LANGUAGES).astype(int).tolist() == stopped


numbers = st.sampled_from(["lines", "digit_share", "test_file", "3", "0.25", "10"])
arithmetic = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=4,
)
comparisons = st.tuples(arithmetic, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), arithmetic).map(
    " ".join
)
truths = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=4,
)


@given(truths)
def test_where_all_is_measured_it_is_pythons_own_answer(text: str) -> None:
    found = expression.stops(text, SIGNALS, LANGUAGES)
    rows = SIGNALS.select(["lines", "digit_share", "test_file"]).to_pylist()
    assert found.tolist() == [bool(eval(text, {}, row)) for row in rows]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lines <", "invalid syntax"), ("line < 3", "no signal 'line'; did you mean 'lines'?"), ("open('x')", "not admitted"),
        ("lines.__class__", "not admitted"), ("lines < 'a'", "'a' is no number"), ("lambda: 1", "not admitted"), ("lines if lines else 1", "not admitted"),
        ("language", "no signal 'language'"), ("language < 'C'", "no signal 'language'"), ("language in [lines]", "names in quotes"), ("lines ** 9 > 1", "not admitted"),
        ("lines in [1]", "only language stands before in"), ("True", "no number"), ("(" * 300 + "1" + ")" * 300, ""), ("1 < " * 300 + "2", "are admitted"), ("\0", ""),
        ("[lines for lines in (1,)]", "not admitted"), ("(lines := 3)", "not admitted"), ("f'{lines}'", "not admitted"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_said(text: str, said: str) -> None:
    with pytest.raises(Fault) as fault:
        expression.parse(text)
    assert said in str(fault.value) and "\n" not in str(fault.value)


def test_it_is_asked_after_the_rules_and_named_in_the_verdict() -> None:
    signals = table(lines=[2, 50, 20, 12], bytes=[9, 900, 900, 900], words=[90] * 4)
    off = {rule.name: False for rule in rules.RULES if rule.name not in ("size", "short")}
    names, values, limits = rules.apply(
        signals, pa.array(LANGUAGES, pa.string()), {**off, "long": "lines > 15", "any_c": "language == 'C'"}
    )
    assert names.to_pylist() == ["size", "long", "long", None]
    assert values[0] == 9 and np.isnan(values[1:]).all() and np.isnan(limits[1:]).all()
    assert rules.table({"long": "lines > 15"})[-1]["stops"] == "lines > 15"
    for wrong, said in (
        ({"max_line": "lines > 3"}, "another name"),
        ({"A b": "lines > 3"}, "small letters"),
        ({"x": "linez > 3"}, "corpus.filters.x = 'linez > 3': no signal"),
    ):
        with pytest.raises(Fault, match=said):
            rules.table(wrong)
