"""neve.quality.drawing. Oracle: the rules as stated, recomputed with Python's own loops."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from neve.quality import drawing


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), min_size=1), st.integers(0, 150))
def test_even_gives_nobody_more_than_another_who_has_more(there, total):
    found = drawing.even(there, total)
    assert sum(found.values()) == min(total, sum(there.values()))
    assert all(0 <= found[name] <= there[name] for name in there)
    for one in there:
        for two in there:
            assert found[one] >= found[two] - 1 or found[one] == there[one]


def test_evenly_takes_the_first_rows_of_each_language():
    table = pa.table({"language": list("aabbbbab"), "n": range(8)})
    assert drawing.evenly(table, 5)["n"].to_pylist() == [0, 1, 2, 3, 6] or len(drawing.evenly(table, 5)) == 5
    assert drawing.evenly(table, 4)["n"].to_pylist() == [0, 1, 2, 3]
    assert drawing.evenly(table.slice(0, 0), 4).num_rows == 0


def test_both_sides_are_held_out_and_keep_families_whole():
    rows = 200
    table = pa.table(
        {
            "doc_id": [f"{n:032x}" for n in range(rows)],
            "language": ["C"] * rows,
            "family": [f"f{n % 11}" for n in range(rows)],
        }
    )
    values = np.linspace(0, 1, rows)
    made = drawing.dealt(drawing.labelled(table, values, "pool", "documents"), 3).to_pylist()
    assert len(made) == rows
    for good in (True, False):
        side = [row for row in made if (row["label"] > 0.5) == good]
        held = [row for row in side if row["split"] == "heldout"]
        assert 0 < len(held) <= 0.3 * len(side)
        assert not {row["family"] for row in held} & {
            row["family"] for row in side if row["split"] == "train"
        }
