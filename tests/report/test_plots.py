"""Plots are well-formed and hold what they are given."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from neve.report.plots import lines, stacked, ticks

numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(numbers, st.floats(1e-6, 1e9))
def test_ticks_are_round_and_inside(low: float, span: float) -> None:
    found = ticks(low, low + span)
    assert len(found) <= 7
    assert all(low - span * 1e-6 <= t <= low + span * (1 + 1e-6) for t in found) or span < abs(low) * 1e-9


def test_lines_draw_every_point_and_escape_labels() -> None:
    drawn = lines([("<b>&", [0, 1, 2], [3.0, 2.0, 1.0])], "x", "y")
    svg = ElementTree.fromstring(drawn[: drawn.index("</svg>") + 6])
    (polyline,) = svg.iter("polyline")
    assert len(polyline.attrib["points"].split()) == 3 and "<b>" not in drawn


def test_stacked_bars_have_one_for_each_value_above_zero() -> None:
    drawn = stacked([0, 1, 2, 3], [("a", [1, 0, 2]), ("b", [0, 5, 1])], "x", "y")
    assert drawn.count("<rect") == 4
