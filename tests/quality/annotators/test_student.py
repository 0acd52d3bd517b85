"""neve.quality.annotators.student. Oracles: torch's own forward pass; a teacher whose rule words tell."""

import json

import numpy as np
import pytest

from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import student
from neve.quality.settings import Fit
from neve.recipe.annotators import Student

TABLE = Student(kind="student", teacher="words", section_bytes=400, bits=12, dimensions=16, epochs=100)


@pytest.fixture(scope="module")
def fitted(inputs, word_list, tmp_path_factory):
    out = tmp_path_factory.mktemp("student")
    return out, student.fit(Fit(TABLE, 1), {**inputs, "annotator-words": word_list}, out)


def test_it_ranks_as_its_teacher_does(fitted, inputs, word_list, tmp_path):
    out, counts = fitted
    about = json.loads((out / "annotator.json").read_text())
    assert about["teacher_agreement"]["rank correlation"] == counts["rank correlation"]
    scores = []
    for i, folder in enumerate((out, word_list)):
        (tmp_path / str(i)).mkdir()
        found = Documents((inputs["documents"] / "documents",))
        scores.append(annotators.load(folder).score(found, tmp_path / str(i)).sorted().means())
    assert np.corrcoef(np.argsort(np.argsort(scores[0])), np.argsort(np.argsort(scores[1])))[0, 1] > 0.8


def test_another_fit_is_equal_to_the_last_bit(fitted, inputs, word_list, tmp_path):
    student.fit(Fit(TABLE, 1), {**inputs, "annotator-words": word_list}, tmp_path)
    one, other = ((folder / "student.safetensors").read_bytes() for folder in (fitted[0], tmp_path))
    assert one == other


def test_a_section_is_judged_as_torch_would(fitted):
    import torch
    from torch.nn import functional as F

    network = annotators.load(fitted[0])
    weights = {name: torch.from_numpy(part) for name, part in network._weights.items()}
    rng = np.random.default_rng(0)
    lengths = np.array([5, 0, 80])
    places, starts = rng.integers(0, 1 << 12, 85).astype(np.int32), np.append(0, np.cumsum(lengths))
    pooled = F.embedding_bag(
        torch.from_numpy(places.astype(np.int64)),
        weights["embedding"],
        torch.from_numpy(starts[:-1]),
        mode="mean",
    )
    hidden = F.gelu(pooled @ weights["hidden"].T + weights["hidden_bias"])
    expected = torch.sigmoid(hidden @ weights["out"] + weights["out_bias"]).numpy()
    np.testing.assert_allclose(network.judge(places, starts), expected, atol=1e-6)


def test_a_killed_attempt_does_not_ask_the_teacher_again(fitted, inputs, word_list, tmp_path, monkeypatch):
    def killed(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(student, "_learn", killed)
        student.fit(Fit(TABLE, 1), {**inputs, "annotator-words": word_list}, tmp_path)
    monkeypatch.setattr(type(annotators.load(word_list)), "_batch", killed)
    student.fit(Fit(TABLE, 1), {**inputs, "annotator-words": word_list}, tmp_path)
    names = ("student.safetensors", "annotator.json")
    assert [(tmp_path / name).read_bytes() for name in names] == [
        (fitted[0] / name).read_bytes() for name in names
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in fitted[0].iterdir()
    )
