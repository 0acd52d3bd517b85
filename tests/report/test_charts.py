"""Charts as data. Oracle: the rows written by hand."""

from neve.report import charts


def test_lines_leave_out_what_was_not_measured() -> None:
    chart = charts.lines("c", "t", {"a": ([1, 2, 3], [0.5, None, 0.25]), "b": ([], [])}, "x", "y")
    assert chart.rows == [{"series": "a", "x": 1, "y": 0.5}, {"series": "a", "x": 3, "y": 0.25}]


def test_histogram_rows_are_the_filled_bins() -> None:
    chart = charts.histogram("c", "t", [0.0, 0.5, 1.0], {"C": [0, 2], "Go": [1, 0]}, "score", "documents")
    assert chart.rows == [
        {"part": "C", "low": 0.5, "high": 1.0, "count": 2},
        {"part": "Go", "low": 0.0, "high": 0.5, "count": 1},
    ]


def test_a_histogram_of_many_parts_stacks_the_largest_and_one_for_the_others() -> None:
    parts = {f"part {n:02}": [n, 1] for n in range(20)}
    chart = charts.histogram("c", "t", [0.0, 0.5, 1.0], parts, "score", "documents")
    assert [row["part"] for row in chart.rows if row["low"] == 0.0] == [
        "part 19", "part 18", "part 17", "part 16", "part 15", "15 others",
    ]  # fmt: skip
    assert sum(row["count"] for row in chart.rows) == sum(range(20)) + 20
    few = {f"part {n}": [1, 1] for n in range(6)}
    assert len(charts.histogram("c", "t", [0.0, 0.5, 1.0], few, "score", "documents").rows) == 12


def test_bars_name_their_parts_where_there_are_any() -> None:
    plain = charts.bars("c", "t", [{"label": "a", "value": 1}], "files")
    parted = charts.bars("c", "t", [{"label": "a", "value": 1, "part": "left"}], "files", links=True)
    assert set(plain.columns) == {"label", "value"} and set(parted.columns) == {"label", "value", "part"}
    assert parted.data()["options"] == {"x": "files", "links": True}
