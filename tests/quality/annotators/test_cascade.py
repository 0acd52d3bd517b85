"""neve.quality.annotators.cascade. Oracles: its two annotators alone; recall counted with every document judged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    kept = place > 0.6
    assert scores.about["ranked"] == kept.sum()
    assert scores.means()[kept] == pytest.approx(then.means()[kept], abs=0.02)
    assert scores.counts[kept].tolist() == then.counts[kept].tolist()
    assert scores.means()[~kept].max() < scores.means()[kept].min()
    assert np.array_equal(np.argsort(scores.means()[~kept]), np.argsort(place[~kept], kind="stable"))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(20, 200), st.sampled_from([0.2, 0.5, 0.8]))
def test_recall_with_every_document_judged_is_counted(seed, size, keep):
    rng = np.random.default_rng(seed)
    values, kept = rng.permutation(size).astype(float), rng.random(size) < keep
    told = cascade.recall(np.array(["C"] * size), kept, values)
    for share in cascade.SELECTED:
        best = np.argsort(-values)[: int(share * size)]
        if len(best) and share * size == len(best):
            assert told[f"recall at {share:g}"] == pytest.approx(kept[best].mean())


@pytest.mark.parametrize(
    ("noise", "recall", "sample"), [(0.3, 0.95, 400), (1.0, 0.8, 300), (3.0, 0.95, 1000)]
)
def test_what_goes_on_holds_the_recall_that_is_asked_for(noise, recall, sample):
    """Forty samples of 20,000 documents in two languages: of the best tenth at least `recall` goes on, in the mean, and
    hardly more than needed."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=20_000)
    rough = values + noise * rng.normal(size=20_000)
    languages = np.array(["C", "Go"])[(np.arange(20_000) % 5 == 0).astype(int)]
    place, best = np.empty(20_000), np.zeros(20_000, bool)
    for language in ("C", "Go"):
        mine = np.flatnonzero(languages == language)
        place[mine[np.argsort(rough[mine])]] = (np.arange(len(mine)) + 0.5) / len(mine)
        best[mine[np.argsort(-values[mine])[: len(mine) // 10]]] = True
    needed = np.quantile(place[best], 1 - recall)
    held, went = [], []
    for _ in range(40):
        drawn = rng.permutation(20_000)[:sample]
        floor = cascade.lowest(place[drawn], languages[drawn], values[drawn], recall)
        held.append((place[best] >= floor).mean())
        went.append((place >= floor).mean())
    assert recall - 0.005 <= np.mean(held) <= recall + 0.05
    assert np.mean(went) <= 1.25 * (1 - needed) + 0.02
    assert cascade.lowest(place[:0], languages[:0], values[:0], recall) == 0.0


def test_a_cascade_finds_its_share_and_judges_no_document_twice(inputs, word_list, encoder_head, tmp_path):
    places = {**inputs, "annotator-words": word_list, "annotator-encoder": encoder_head}
    (out := tmp_path / "cascade").mkdir()
    (work := tmp_path / "work").mkdir()
    table = Cascade(kind="cascade", first="words", then="encoder", recall=0.8, sample=60)
    cascade.fit(Fit(table, 1), places, out)
    found = Documents((inputs["documents"] / "documents",))
    scores = annotators.load(out).score(found, work)
    told = scores.about
    assert 0 < told["ranked"] < len(scores.doc_ids)
    assert max(told["ranked"], 60) <= told["judged"] <= told["ranked"] + 60
    assert len(scores.sections) == scores.counts.sum() and len(np.unique(scores.doc_ids)) == len(
        scores.doc_ids
    )
    judged = (scores.counts > 1) | (scores.means() > scores.means().min() + 1)
    assert judged.sum() >= told["ranked"] // 2


def test_a_sample_too_small_for_its_recall_is_refused():
    with pytest.raises(ValueError, match=r"sample = 100 is too small to tell a recall of 0\.95: give it 200"):
        Cascade(kind="cascade", first="a", then="b", sample=100)
    assert Cascade(kind="cascade", first="a", then="b", keep=0.5, sample=0).keep == 0.5


def test_recall_from_a_sample_is_right_in_the_mean():
    """Twenty samples of 200 of 4,000 documents dropped, half as good as those kept."""
    rng = np.random.default_rng(1)
    kept = np.arange(6000) < 2000
    values = rng.normal(size=6000) + kept
    languages = np.array(["C", "Go"])[np.arange(6000) % 2]
    truth = cascade.recall(languages, kept, values)["recall at 0.1"]
    assert 0.6 < truth < 0.95
    told = []
    for _ in range(20):
        sampled = np.where(kept | (rng.permutation(6000) < 300), values, np.nan)
        told.append(cascade.recall(languages, kept, sampled)["recall at 0.1"])
    assert np.mean(told) == pytest.approx(truth, abs=0.02)
    assert cascade.recall(languages, kept, np.where(kept, values, np.nan)) == {}, "nothing dropped was judged"
