"""neve.quality.annotators.blend. Oracle: the members' ranks, averaged document by document."""

import numpy as np
import pytest

from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import blend
from neve.quality.settings import Fit
from neve.recipe.annotators import Blend


def test_a_score_is_the_weighted_mean_of_where_the_members_rank(
    inputs, word_list, encoder_head, pool, tmp_path
):
    places = {**inputs, "annotator-words": word_list, "annotator-encoder": encoder_head}
    out, work = tmp_path / "blend", tmp_path / "work"
    out.mkdir()
    work.mkdir()
    table = Blend(kind="blend", of=["words", "encoder"], weights=[1, 3])
    assert blend.fit(Fit(table, 1), places, out)["roc_auc"] > 0.6
    found = Documents((inputs["documents"] / "documents",))
    scores = annotators.load(out).score(found, work)
    value = dict(zip(scores.doc_ids.astype("U32").tolist(), scores.means(), strict=True))
    of = []
    for i, folder in enumerate((word_list, encoder_head)):
        alone = annotators.load(folder).score(found, work / str(i))
        of.append(dict(zip(alone.doc_ids.astype("U32").tolist(), alone.means(), strict=True)))
    for language in ("Python", "Shell"):
        own = [r["doc_id"] for r in pool.to_pylist() if r["language"] == language]
        for doc_id in own:
            place = [1 - (sum((-m[o], o) < (-m[doc_id], doc_id) for o in own) + 0.5) / len(own) for m in of]
            assert value[doc_id] == pytest.approx(np.average(place, weights=[1, 3]))
