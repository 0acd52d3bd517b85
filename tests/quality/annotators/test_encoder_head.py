"""neve.quality.annotators.encoder_head. Oracles: an undisturbed run for a killed one; the encoder and the head by hand."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.corpus.licenses import openings
from neve.errors import Fault
from neve.quality import annotators
from neve.quality.annotator import FOLDS, Documents
from neve.quality.annotators import embedded, encoder_head
from neve.quality.annotators import encoder as kind
from neve.quality.annotators.encoder import Encoder
from neve.quality.annotators.head import Heads
from neve.quality.settings import Fit
from neve.recipe.annotators import Encoder as Table


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    before = kind.BLOCK, kind.BLOCK_INT8
    kind.BLOCK = kind.BLOCK_INT8 = 16
    yield
    kind.BLOCK, kind.BLOCK_INT8 = before


@pytest.fixture(scope="module")
def found(inputs):
    return Documents((inputs["documents"] / "documents",))


@pytest.fixture(scope="module")
def scored(encoder_head, found, tmp_path_factory):
    return annotators.load(encoder_head).score(found, tmp_path_factory.mktemp("work"))


def test_the_head_has_learnt_what_it_was_shown(encoder_head):
    about = json.loads((encoder_head / "annotator.json").read_text())
    assert about["weights_sha256"].startswith("53aa5117")
    assert about["positives"] >= 10 and about["negatives"] == 30
    assert about["heldout"]["roc_auc"] > 0.6


def test_a_killed_run_goes_on_and_ends_the_same(encoder_head, found, scored, tmp_path, monkeypatch):
    blocks = []

    def dies(*arguments):
        blocks.append(arguments)
        if len(blocks) == 4:
            raise KeyboardInterrupt
        return embed(*arguments)

    embed, annotator = Encoder.embed, annotators.load(encoder_head)
    monkeypatch.setattr(Encoder, "embed", dies)
    with pytest.raises(KeyboardInterrupt):
        annotator.score(found, tmp_path)
    monkeypatch.setattr(Encoder, "embed", embed)
    left = sorted(p.name for p in tmp_path.glob("0*.npz"))
    assert len(left) == 3
    (tmp_path / left[1]).unlink()
    monkeypatch.setattr(embedded, "gather", None)  # sections are not cut again
    again = annotator.score(found, tmp_path)
    assert np.array_equal(again.doc_ids, scored.doc_ids) and np.array_equal(again.sections, scored.sections)


def test_a_training_label_is_scored_by_the_head_that_did_not_see_it(inputs, encoder_head, scored, pool):
    labels = documents.read(inputs["labels-code"] / "labels").to_pylist()
    of = {row["doc_id"]: (row["split"], row["fold"]) for row in labels}
    heads = Heads.load(encoder_head / "head.safetensors")
    encoder = annotators.load(encoder_head).encoder
    texts = openings.cut(pool["content"].combine_chunks().cast(pa.large_string())).to_pylist()
    content = dict(zip(pool["doc_id"].to_pylist(), texts, strict=True))
    ends = np.cumsum(scored.counts)
    kinds = set()
    for doc_id, end, count in zip(scored.doc_ids.astype("U32"), ends, scored.counts, strict=True):
        split, fold = of.get(str(doc_id), ("none", FOLDS))
        which = fold if split == "train" else FOLDS
        if (split, which) in kinds:
            continue
        kinds.add((split, which))
        sections = encoder.sections([content[str(doc_id)]])
        embeddings = np.concatenate(list(encoder.embed(sections, np.arange(len(sections)))))
        expected = heads.judge(embeddings, np.full(len(sections), which))
        within = 0.05 if encoder.precision == "bf16" else 1e-4
        assert scored.sections[end - count : end] == pytest.approx(expected, abs=within)
    assert {split for split, _ in kinds} == {"train", "heldout", "none"} and len(kinds) >= 4


def test_only_some_documents_have_the_scores_that_they_have_among_all(
    encoder_head, found, scored, pool, tmp_path
):
    some = pool.filter(pc.equal(pool["language"], "Shell"))["doc_id"]
    part = annotators.load(encoder_head).score(found.only(some), tmp_path)
    assert sorted(part.doc_ids.astype("U32")) == sorted(some.to_pylist())
    of = dict(zip(scored.doc_ids, scored.means(), strict=True))
    assert part.means() == pytest.approx([of[d] for d in part.doc_ids], abs=0.02)


def test_other_weights_than_the_annotator_s_are_a_fault(encoder_head, tmp_path):
    folder = tmp_path / "annotator"
    shutil.copytree(encoder_head, folder)
    about = json.loads((folder / "annotator.json").read_text()) | {"weights_sha256": "0" * 64}
    (folder / "annotator.json").write_text(json.dumps(about))
    with pytest.raises(Fault, match="not those that the annotator was fitted on"):
        annotators.load(folder)


@pytest.mark.parametrize(
    "more", [{"head": "ridge"}, {"labels_are": "values"}, {"per_language": True}], ids=str
)
def test_each_choice_of_head_learns_and_is_opened_again(more, inputs, found, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_head, "FEWEST", 10)
    table = Table(kind="encoder", labels=["code"], encoder="minilm", section_tokens=32, lr=1e-3, **more)
    assert encoder_head.fit(Fit(table, 1), inputs, tmp_path)["roc_auc"] > 0.6
    about = json.loads((tmp_path / "annotator.json").read_text())
    assert about["languages"] == (["Python"] if "per_language" in more else [])
    assert ("penalty" in about) == ("head" in more)
    (tmp_path / "work").mkdir()
    shell = found.only(pool.filter(pc.equal(pool["language"], "Shell"))["doc_id"])
    assert len(annotators.load(tmp_path).score(shell, tmp_path / "work").doc_ids) >= 5


def test_two_devices_give_what_one_gives(encoder_head, found, scored, tmp_path, monkeypatch):
    """Oracle: the scores of one device. The second device is the same processor again."""
    annotator = annotators.load(encoder_head)
    other = annotators.load(encoder_head).encoder
    monkeypatch.setattr(annotator.encoder, "beside", lambda: [annotator.encoder, other])
    again = annotator.score(found, tmp_path)
    assert np.array_equal(again.doc_ids, scored.doc_ids) and np.array_equal(again.sections, scored.sections)
    assert 0 <= again.timings["device_waits"] < 1


def test_a_task_of_the_cluster_writes_the_blocks_that_this_process_writes(
    encoder_head, found, scored, tmp_path, monkeypatch
):
    """Oracle: the scores of this process; the tasks run in threads here, in place of a cluster's."""
    from neve import engine

    monkeypatch.setattr(engine, "on_ray", lambda: True)
    again = annotators.load(encoder_head).score(found, tmp_path)
    assert np.array_equal(again.doc_ids, scored.doc_ids) and np.array_equal(again.sections, scored.sections)


def test_a_fast_number_format_is_taken_only_where_the_gate_lets_it_pass(inputs, tmp_path, monkeypatch):
    """Oracle: limits that nothing passes, and that everything passes."""
    fast = kind.formats("minilm")[:-1]
    if not fast:
        pytest.skip("this processor has no faster format than fp32")
    table = Table(
        kind="encoder", labels=["code"], encoder="minilm", section_tokens=32, epochs=2, sections=["top"]
    )
    for limit, precision in ((1.1, "fp32"), (0.0, fast[0])):
        monkeypatch.setattr(embedded, "GATE_CORRELATION", limit)
        monkeypatch.setattr(embedded, "GATE_OVERLAP", 0.0)
        out = tmp_path / precision
        out.mkdir()
        encoder_head.fit(Fit(table, seed=1), inputs, out)
        about = json.loads((out / "annotator.json").read_text())
        gate = about["gate"]
        assert [one["precision"] for one in gate] == (fast if precision == "fp32" else fast[:1])
        assert about["precision"] == precision and gate[-1]["passes"] == (precision != "fp32")
        for one in gate:
            assert one["rank_correlation"] > 0.9 and 0 < one["top_overlap"] <= 1 and one["documents"] > 30
        assert annotators.load(out).encoder.precision == precision
        assert about["sections"] == ["top"] and annotators.load(out).encoder.places == ("top",)


@pytest.mark.parametrize("passes", [None, False, True])
def test_a_format_without_a_row_of_the_gate_that_passes_is_not_opened(passes, encoder_head, tmp_path):
    """Oracle: the rows of the gate. 8-bit integers, since every processor computes in them."""
    folder = tmp_path / "annotator"
    shutil.copytree(encoder_head, folder)
    about = json.loads((folder / "annotator.json").read_text())
    rows = [] if passes is None else [{"precision": "int8", "passes": passes}]
    about |= {"precision": "int8", "gate": [{"precision": "bf16", "passes": True}, *rows]}
    (folder / "annotator.json").write_text(json.dumps(about))
    assert annotators.load(folder).encoder.precision == ("int8" if passes else "fp32")
