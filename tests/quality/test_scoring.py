"""neve.quality.scoring. Oracles: an undisturbed run for a killed one; ranks and means recomputed from the rows."""

import json
import shutil

import numpy as np
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.errors import Fault
from neve.quality import scoring
from neve.quality.encoder import Encoder
from neve.quality.head import Heads
from neve.quality.labels import FOLDS, folds

from .conftest import lay


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    before, scoring.BLOCK = scoring.BLOCK, 16
    yield
    scoring.BLOCK = before


@pytest.fixture(scope="module")
def scored(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("scores")
    scoring.build(None, inputs, out)
    return documents.read(out / "scores")


def test_every_document_has_its_mean_and_its_rank(scored, pool):
    assert scored.schema.equals(documents.SCORES)
    assert scored["doc_id"].to_pylist() == sorted(pool["doc_id"].to_pylist())
    rows = scored.to_pylist()
    assert all(
        1 <= len(r["section_scores"]) <= 3 and abs(np.mean(r["section_scores"]) - r["score"]) < 1e-12
        for r in rows
    )
    language = dict(zip(pool["doc_id"].to_pylist(), pool["language"].to_pylist(), strict=True))
    for name in set(language.values()):
        own = sorted(
            (r for r in rows if language[r["doc_id"]] == name), key=lambda r: (-r["score"], r["doc_id"])
        )
        assert [r["rank"] for r in own] == list(range(1, len(own) + 1))


def test_ties_are_ranked_by_doc_id(inputs, pool):
    ids = np.array(pool["doc_id"].to_pylist(), dtype="S32")
    table = scoring.ranked(
        ids, np.arange(len(ids)), np.full(len(ids), 0.5), "a", inputs["documents"] / "documents"
    )
    python = pc.is_in(
        table["doc_id"], pool.filter(pc.equal(pool["language"], "Python"))["doc_id"].combine_chunks()
    )
    assert table.filter(python)["rank"].to_pylist() == list(range(1, pc.sum(python).as_py() + 1))


def test_files_in_another_order_and_number_give_equal_scores(inputs, pool, scored, tmp_path):
    order = np.random.default_rng(2).permutation(pool.num_rows)
    turned = {**inputs, "documents": lay(tmp_path / "curate", pool.take(order), files=3)}
    (tmp_path / "out").mkdir()
    scoring.build(None, turned, tmp_path / "out")
    assert documents.read(tmp_path / "out" / "scores").equals(scored)


def test_a_killed_run_goes_on_and_ends_the_same(inputs, scored, tmp_path, monkeypatch):
    blocks = []

    def dies(*arguments):
        blocks.append(arguments)
        if len(blocks) == 4:
            raise KeyboardInterrupt
        return embed(*arguments)

    embed = Encoder.embed
    monkeypatch.setattr(Encoder, "embed", dies)
    with pytest.raises(KeyboardInterrupt):
        scoring.build(None, inputs, tmp_path)
    monkeypatch.setattr(Encoder, "embed", embed)
    left = sorted(p.name for p in (tmp_path / "blocks").glob("*.npy"))
    assert len(left) == 3
    (tmp_path / "blocks" / left[1]).unlink()
    monkeypatch.setattr(Encoder, "gather", None)  # sections are not cut again
    counts = scoring.build(None, inputs, tmp_path)
    assert counts["documents"] == scored.num_rows
    assert documents.read(tmp_path / "scores").equals(scored)
    assert not (tmp_path / "blocks").exists()


def test_a_training_label_is_scored_by_the_head_that_did_not_see_it(inputs, scored, pool):
    labels = documents.read(inputs["annotator"] / "labels")
    heads = Heads.load(inputs["annotator"] / "head.safetensors")
    about = json.loads((inputs["annotator"] / "annotator.json").read_text())
    encoder = Encoder("minilm", about["section_tokens"])
    content = dict(zip(pool["doc_id"].to_pylist(), pool["content"].to_pylist(), strict=True))
    of = dict(
        zip(
            labels["doc_id"].to_pylist(),
            zip(labels["split"].to_pylist(), folds(labels["doc_id"], 1), strict=True),
            strict=True,
        )
    )
    kinds = set()
    for row in scored.to_pylist():
        split, fold = of.get(row["doc_id"], ("none", FOLDS))
        which = int(fold) if split == "train" else FOLDS
        if (split, which) in kinds:
            continue
        kinds.add((split, which))
        sections = encoder.sections([content[row["doc_id"]]])
        embeddings = np.concatenate(list(encoder.embed(sections, np.arange(len(sections)))))
        expected = heads.probabilities(embeddings, np.full(len(sections), which))
        assert row["section_scores"] == pytest.approx(
            expected, abs=1e-4 if encoder.precision == "fp32" else 0.05
        )
    assert {split for split, _ in kinds} == {"train", "heldout", "none"} and len(kinds) >= 5


def test_other_weights_than_the_annotator_s_are_a_fault(inputs, tmp_path):
    annotator = tmp_path / "annotator"
    shutil.copytree(inputs["annotator"], annotator)
    about = json.loads((annotator / "annotator.json").read_text()) | {"weights_sha256": "0" * 64}
    (annotator / "annotator.json").write_text(json.dumps(about))
    (tmp_path / "out").mkdir()
    with pytest.raises(Fault, match="not those that the annotator was trained on"):
        scoring.build(None, {**inputs, "annotator": annotator}, tmp_path / "out")
