"""neve.quality.annotators.forest. Oracle: scikit-learn's own predictions."""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import forest
from neve.quality.annotators.forest import Forests
from neve.quality.settings import Fit
from neve.recipe.annotators import Forest


def test_arrays_give_what_scikit_learn_gives(tmp_path):
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(300, 8)).astype(np.float32), rng.random(300)
    grown = [
        RandomForestRegressor(7, min_samples_leaf=leaf, random_state=1).fit(rows, target) for leaf in (1, 300)
    ]
    Forests.of(grown).save(tmp_path / "f.safetensors")
    forests = Forests.load(tmp_path / "f.safetensors")
    fresh = rng.normal(size=(50, 8)).astype(np.float32)
    fresh[:20] = rows[:20]  # on a threshold, or beside it
    for model in (0, 1):
        np.testing.assert_allclose(forests.judge(fresh, np.full(50, model)), grown[model].predict(fresh))


def test_it_learns_and_scores_every_document(inputs, tmp_path, pool):
    table = Forest(kind="forest", labels=["code"], encoder="minilm", section_tokens=32, trees=20)
    counts = forest.fit(Fit(table, 1), inputs, tmp_path)
    assert counts["roc_auc"] > 0.6
    (tmp_path / "work").mkdir()
    scores = annotators.load(tmp_path).score(
        Documents((inputs["documents"] / "documents",)), tmp_path / "work"
    )
    assert sorted(scores.doc_ids.astype("U32")) == sorted(pool["doc_id"].to_pylist())
    assert ((scores.sections >= 0) & (scores.sections <= 1)).all()
