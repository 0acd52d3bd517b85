"""neve.quality.seeds. Oracles: ranks and shares, recomputed here from the tables that came out."""

import numpy as np
import pyarrow as pa

from neve import documents
from neve.quality import seeds as quality_seeds

from .selecting import run


def test_seeds_are_drawn_out_of_the_selection_half_python_and_interleaved(corpus, tmp_path):
    inputs, _, ranked = corpus
    made, _ = run(inputs, tmp_path / "out")
    seeds = made["seeds"].to_pylist()
    assert [s["language"] for s in seeds].count("Python") == 6 == len(seeds) - 6
    for language in ("Python", "C"):
        of_language = [s for s in seeds if s["language"] == language]
        assert all(s["rank"] == ranked[s["doc_id"]]["rank"] for s in of_language)
        by_rank = [s["quantile"] for s in sorted(of_language, key=lambda s: (s["rank"], s["turn"]))]
        assert by_rank == sorted(by_rank) and 0 < by_rank[0] < by_rank[-1] < 1
    assert {s["doc_id"] for s in seeds} <= set(made["quality"]["doc_id"].to_pylist())
    first = [s["language"] for s in seeds[:6]]
    assert 2 <= first.count("Python") <= 4


def test_more_seeds_than_documents_take_turns(corpus, tmp_path):
    made, report = run(corpus[0], tmp_path / "out", seeds=400)
    seeds = made["seeds"].to_pylist()
    assert len(seeds) == 400 == sum(report["seeds"].values())
    assert len({(s["doc_id"], s["turn"]) for s in seeds}) == 400 and max(s["turn"] for s in seeds) > 0
    for language in ("Python", "C"):
        turns = [s["turn"] for s in seeds if s["language"] == language]
        assert turns == sorted(turns)


def test_a_draw_prefers_good_documents_and_spreads_over_repositories():
    """Oracles: without sharpness and with one document a repository the draw is even; with both, the law of
    the first draw is the weights'."""
    ids = pa.array([documents.doc_id(str(i).encode()) for i in range(400)])
    alone = pa.array([str(i) for i in range(400)])
    places = (np.arange(400) + 0.5) / 400
    firsts = [quality_seeds.draw(ids, alone, places, 1.0, seed)[:100].mean() for seed in range(20)]
    evenly = [quality_seeds.draw(ids, alone, places, 0.0, seed)[:100].mean() for seed in range(20)]
    assert np.mean(firsts) < 160 and 190 < np.mean(evenly) < 210
    order = quality_seeds.draw(ids, alone, places, 1.0, 1)
    assert sorted(order.tolist()) == list(range(400))  # without replacement
    crowd = pa.array(["one"] * 300 + [str(i) for i in range(100)])
    shares = [(quality_seeds.draw(ids, crowd, places * 0, 0.0, seed)[:50] < 300).mean() for seed in range(20)]
    assert np.mean(shares) < 0.3  # a draw without spreading would give 0.75
