"""neve.quality.annotators.cascade. Oracles: its two annotators alone; recall counted with every document judged."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.hashing import draw_keys
from neve.quality import annotators
from neve.quality.annotator import Documents, ranks, standing
from neve.quality.annotators import cascade
from neve.quality.settings import Fit
from neve.recipe.annotators import Cascade


def test_the_best_of_the_first_are_ranked_by_the_second_and_the_rest_comes_after(
    inputs, word_list, encoder_head, tmp_path
):
    places = {**inputs, "annotator-words": word_list, "annotator-encoder": encoder_head}
    out, work = tmp_path / "cascade", tmp_path / "work"
    out.mkdir()
    work.mkdir()
    table = Cascade(kind="cascade", first="words", then="encoder", keep=0.4, sample=10)
    cascade.fit(Fit(table, 1), places, out)
    found = Documents((inputs["documents"] / "documents",))
    scores = annotators.load(out).score(found, work)
    first, then = (
        annotators.load(folder).score(found, work / name).sorted()
        for folder, name in ((word_list, "first"), (encoder_head, "alone"))
        if (work / name).mkdir(exist_ok=True) is None
    )
    assert np.array_equal(scores.doc_ids, first.doc_ids) and np.array_equal(scores.doc_ids, then.doc_ids)
    languages = found.languages(scores.doc_ids)
    place = standing(ranks(first, languages), languages)
    sampled = np.isin(scores.doc_ids, _sample(scores.doc_ids, 10))
    kept = (place > 0.6) | sampled
    assert scores.about["ranked"] == kept.sum() > (place > 0.6).sum()
    assert scores.means()[kept] == pytest.approx(then.means()[kept], abs=0.02)
    assert scores.counts[kept].tolist() == then.counts[kept].tolist()
    assert scores.means()[~kept].max() < scores.means()[kept].min()
    assert np.array_equal(np.argsort(scores.means()[~kept]), np.argsort(place[~kept], kind="stable"))


@pytest.mark.parametrize(
    ("noise", "recall", "sample"), [(0.3, 0.95, 700), (1.0, 0.8, 300), (3.0, 0.95, 1000)]
)
def test_what_goes_on_holds_the_recall_that_is_asked_for(noise, recall, sample):
    """A hundred samples of 20,000 documents in two languages: at least `recall` of the best tenth goes on in 95 of a
    hundred (in 91 or fewer by chance once in fifteen), and no more than a sixth of the loss takes."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=20_000)
    rough = values + noise * rng.normal(size=20_000)
    languages = np.array(["C", "Go"])[(np.arange(20_000) % 5 == 0).astype(int)]
    place, best = np.empty(20_000), np.zeros(20_000, bool)
    for language in ("C", "Go"):
        mine = np.flatnonzero(languages == language)
        place[mine[np.argsort(rough[mine])]] = (np.arange(len(mine)) + 0.5) / len(mine)
        best[mine[np.argsort(-values[mine])[: len(mine) // 10]]] = True
    enough = 1 - np.quantile(place[best], (1 - recall) / 6)
    held, went = [], []
    for _ in range(100):
        drawn = rng.permutation(20_000)[:sample]
        low = []
        for language in ("C", "Go"):
            mine = drawn[languages[drawn] == language]
            low += place[mine[np.argsort(-values[mine])[: round(len(mine) / 10)]]].tolist()
        floor = cascade.lowest(np.sort(low), 2000, recall)
        held.append((place[best] >= floor).mean())
        went.append((place >= floor).mean())
    assert np.mean(np.array(held) >= recall) >= 0.91
    assert np.mean(went) <= enough + 0.02


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_the_most_that_are_missed_is_the_most_that_is_likely(total, sampled, data):
    """Counted: of all samples of `sampled` of `total`, those with at most `below` among the first `below + missed`."""
    sampled = min(sampled, total)
    below = data.draw(st.integers(0, sampled))
    missed = cascade.most_missed(below, sampled, total)

    def chance(more):
        lowest = below + more
        some = (math.comb(lowest, k) * math.comb(total - lowest, sampled - k) for k in range(below + 1))
        return sum(some) / math.comb(total, sampled)

    assert missed == 0 or chance(missed) > 0.05
    assert missed == total - sampled or chance(missed + 1) <= 0.05


def test_a_small_sample_drops_nothing():
    assert cascade.lowest(np.linspace(0.5, 1, 58), 10**6, 0.95) == 0.0
    assert cascade.lowest(np.linspace(0.5, 1, 59), 10**6, 0.95) == 0.5
    assert cascade.lowest(np.linspace(0.5, 1, 58), 200, 0.95) == 0.5, "most of what it could miss is in it"
    assert cascade.lowest(np.empty(0), 10, 0.95) == 0.0


def test_a_cascade_finds_its_share_and_judges_no_document_twice(inputs, word_list, encoder_head, tmp_path):
    places = {**inputs, "annotator-words": word_list, "annotator-encoder": encoder_head}
    (out := tmp_path / "cascade").mkdir()
    (work := tmp_path / "work").mkdir()
    table = Cascade(kind="cascade", first="words", then="encoder", recall=0.5, sample=60)
    cascade.fit(Fit(table, 1), places, out)
    found = Documents((inputs["documents"] / "documents",))
    scores = annotators.load(out).score(found, work)
    told = scores.about
    assert 60 <= told["ranked"] < len(scores.doc_ids)
    assert told["recall at 0.1, at least"] >= 0.5
    assert len(scores.sections) == scores.counts.sum() and len(np.unique(scores.doc_ids)) == len(
        scores.doc_ids
    )
    below = np.sort(scores.means())[: len(scores.doc_ids) - told["ranked"]]
    sampled = np.isin(scores.doc_ids, _sample(scores.doc_ids, 60))
    assert scores.means()[sampled].min() > below.max(), "what was judged is ranked by that"


def test_a_sample_too_small_for_its_recall_is_refused():
    with pytest.raises(
        ValueError, match=r"sample = 400 is too small to be sure of a recall of 0\.95: give it 585"
    ):
        Cascade(kind="cascade", first="a", then="b", sample=400)
    assert Cascade(kind="cascade", first="a", then="b", keep=0.5, sample=0).keep == 0.5


def test_recall_from_a_sample_is_right_in_the_mean():
    """Twenty samples of 300 of 6,000 documents, a third of which go on and are better."""
    rng = np.random.default_rng(1)
    above = np.arange(6000) < 2000
    values = rng.normal(size=6000) + above
    languages = np.array(["C", "Go"])[np.arange(6000) % 2]
    told, truths = [], []
    for _ in range(20):
        kept = above | (rng.permutation(6000) < 300)
        best = [np.argsort(-np.where(languages == one, values, -np.inf))[:300] for one in ("C", "Go")]
        truths.append(kept[np.concatenate(best)].mean())
        given = cascade.recall(languages, above, np.where(kept, values, np.nan))
        told.append(given["recall at 0.1"])
        # As many are best in one language as in the other.
        assert told[-1] == pytest.approx((given["recall at 0.1, C"] + given["recall at 0.1, Go"]) / 2)
    assert 0.6 < np.mean(truths) < 0.95
    assert np.mean(told) == pytest.approx(np.mean(truths), abs=0.02)
    assert cascade.recall(languages, above, np.where(above, values, np.nan)) == {}, (
        "nothing dropped was judged"
    )
    assert cascade.recall(languages, above, values)["recall at 0.1"] == 1, "all are judged"


def _sample(doc_ids, size):
    keys = draw_keys(pa.array(doc_ids.astype("U32")), 0, "cascade")
    return doc_ids[np.argsort(keys, kind="stable")[:size]]
