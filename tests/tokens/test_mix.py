"""Mixed views.

Oracle: the views that are mixed, read alone: whatever window a mix gives has to be the next one of one of them, and
how many of each there are is counted, not computed. Shares: weights times windows, to within one window.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents as tables
from neve.errors import Fault
from neve.tokens import build_view, mix
from neve.tokens.mix import SLOTS, Mix, opened, slots
from neve.tokens.view import IGNORED, View


@pytest.fixture(scope="module")
def views(tokens: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Views over one set of shards of real code: all documents with FIM, and every third one three times."""
    root = tmp_path_factory.mktemp("views")
    index = tables.read(tokens / "index.parquet", ["doc_id", "split"]).to_pylist()
    chosen = [row["doc_id"] for row in index if row["split"] == "train"][::3]
    (root / "selection").mkdir()
    table = pa.table(
        {"doc_id": chosen, "repeats": [3] * len(chosen), "tokens": [None] * len(chosen)},
        schema=tables.SELECTION,
    )
    pq.write_table(table, root / "selection" / "selection.parquet")
    folders = {}
    for data, inputs in (("corpus", {}), ("selection", {"selection": root / "selection"})):
        folders[data] = root / f"mix-x-{data}"
        folders[data].mkdir()
        view = build_view.Settings("x", data, 0.5, 1)
        build_view.build(view, {"tokens": tokens, **inputs}, folders[data])
    return folders


def mixed(views: dict[str, Path], weights: tuple[float, float]) -> Mix:
    """A mix of the two as its stage makes it, renamed after it was built, as the store does."""
    root = views["corpus"].parent
    out = root / f"view-{len(list(root.glob('view-*')))}.partial"
    out.mkdir()
    counts = mix.build(mix.Settings(dict(zip(views, slots(weights), strict=True))), views, out)
    view = opened(out.rename(out.with_suffix("")))
    assert isinstance(view, Mix) and counts["tokens"] == view.tokens
    return view


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_slots_follow_the_weights_by_largest_remainder(weights: list[float]) -> None:
    shares = np.array(slots(weights))
    exact = np.array(weights) / sum(weights) * SLOTS
    assert shares.sum() == SLOTS and (np.abs(shares - exact) < 1).all()
    up, down = exact[shares > exact] % 1, exact[shares < exact] % 1
    assert not len(up) or not len(down) or up.min() >= down.max()


@pytest.mark.parametrize("weights", [(7, 3), (1, 1), (0.999, 0.001), (2, 1), (1, 2.7)])
def test_every_window_is_the_next_of_a_view_and_every_prefix_has_the_shares(
    views: dict[str, Path], weights: tuple[float, float]
) -> None:
    view, length, count = mixed(views, weights), 64, 2 * SLOTS + 17
    inputs, targets = view.batch(9, 0, count, length)
    alone = [View(folder).batch(9, 0, count, length) for folder in views.values()]
    read, shares = [0, 0], np.array(slots(weights)) / SLOTS
    for k in range(count):
        fits = [
            np.array_equal(inputs[k], a[read[i]]) and np.array_equal(targets[k], b[read[i]])
            for i, (a, b) in enumerate(alone)
        ]
        assert sum(fits) == 1, k
        read[fits.index(True)] += 1
        assert (np.abs(np.array(read) - shares * (k + 1)) < 1).all(), k
        assert view.windows_of(k + 1) == read


@given(st.integers(0, 3 * SLOTS), st.integers(1, 40), st.integers(0, 60), st.randoms())
@settings(max_examples=15, deadline=None)
def test_any_batching_gives_the_same_windows(
    views: dict[str, Path], first: int, count: int, more: int, draw
) -> None:
    """Resuming at window k, and ranks that each take some of the windows, read what one reader would; so does a limit."""
    view, limit = mixed(views, (7, 3)), first + more
    whole = view.batch(3, first, count, 32, limit)
    order = list(range(count))
    draw.shuffle(order)
    fresh = mixed(views, (7, 3))
    for i in order:
        one = fresh.batch(3, first + i, 1, 32)
        if first + i < limit:
            assert all(np.array_equal(a[0], b[i]) for a, b in zip(one, whole, strict=True))
        else:
            assert (whole[1][i] == IGNORED).all() and (whole[0][i] == view.sentinels["<|endoftext|>"]).all()
    assert all(a.dtype == np.int64 and a.shape == (count, 32) for a in whole)


@pytest.mark.parametrize(("weights", "turns"), [((1, 1), "cscscs"), ((2, 1), "csccsc"), ((3, 1), "ccscccsc")])
def test_turns_by_hand(views: dict[str, Path], weights: tuple[float, float], turns: str) -> None:
    """Fixed once and for all: other turns would change every mixed training run."""
    view = mixed(views, weights)
    counts = [view.windows_of(k) for k in range(len(turns) + 1)]
    found = "".join("c" if b[0] > a[0] else "s" for a, b in itertools.pairwise(counts))
    assert found == turns


def test_three_parts_and_what_is_not_mixed(views: dict[str, Path], tmp_path: Path) -> None:
    assert isinstance(opened(views["corpus"]), View)
    three = views | {"synthetic": views["selection"]}
    mix.build(mix.Settings(dict(zip(three, slots([5, 3, 2]), strict=True))), three, tmp_path)
    view = Mix(tmp_path)
    assert view.windows_of(10) == [5, 3, 2] and view.windows_of(5 * SLOTS + 10) == [2505, 1503, 1002]


def test_a_mix_without_one_of_its_views_is_a_fault(views: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "mix.json").write_text('{"parts": [{"folder": "../nowhere", "slots": 1000}]}')
    with pytest.raises(Fault, match="not a readable view"):
        opened(tmp_path)
    (tmp_path / "mix.json").write_text("{}")
    with pytest.raises(Fault, match="not a readable mix"):
        opened(tmp_path)
