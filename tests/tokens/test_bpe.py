"""The vocabulary.

Oracles: `tokenizers` against `tiktoken` (two programs, one vocabulary), transformers' AutoTokenizer on the
folder, and decoding, which must give back every text.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents as tables
from neve.errors import Fault
from neve.recipe.tokenizer import Tokenizer as TokenizerTable
from neve.store import read_json
from neve.tokens import bpe

SETTINGS = bpe.Settings(TokenizerTable(vocab_size=3000, sample_bytes=1 << 20), seed=1)


@pytest.fixture(scope="module")
def both(tokenizer: Path) -> tuple[bpe.Tokenizer, bpe.Tokenizer]:
    """The same vocabulary encoding through tiktoken and through tokenizers."""
    fast = bpe.load(tokenizer)
    slow = bpe.Tokenizer(fast._exact, None)
    assert fast._fast is not None
    return fast, slow


def test_folder(tokenizer: Path) -> None:
    vocab = read_json(tokenizer / "tokenizer.json")["model"]["vocab"]
    assert [vocab[name] for name in bpe.SENTINELS] == list(range(7))
    assert sorted(vocab.values()) == list(range(3000))
    proof = read_json(tokenizer / "encoder.json")
    assert proof["encoder"] == "tiktoken" and proof["equal"] == proof["documents"] > 50
    loaded = bpe.load(tokenizer)
    assert (loaded.eos, loaded.vocab_size) == (0, 3000)


def test_tiktoken_equals_tokenizers_and_round_trips_on_all_documents(curate: Path, both) -> None:
    """Every document, held-out and hostile ones too, not only the sample that `build` compares."""
    fast, slow = both
    texts = tables.read(curate / "documents", ["content"])["content"].to_pylist()
    for text, a, b in zip(texts, fast.encode_batch(texts), slow.encode_batch(texts), strict=True):
        assert a.dtype == b.dtype == np.int64
        assert np.array_equal(a, b)
        assert fast.decode(a) == text


def test_every_code_point_is_split_alike(both) -> None:
    """The two programs carry different Unicode tables; a sample of each block beside letters, digits and marks."""
    fast, slow = both
    points = [c for c in range(0, 0x110000, 37) if not 0xD800 <= c < 0xE000] + list(range(0x3000))
    texts = ["".join(f"x{chr(c)}x1{chr(c)} {chr(c)}." for c in points[i::50]) for i in range(50)]
    for a, b in zip(fast.encode_batch(texts), slow.encode_batch(texts), strict=True):
        assert np.array_equal(a, b)


@given(
    st.text(
        alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \n\t\r_.<|>01ab")),
        max_size=200,
    )
)
@settings(max_examples=100, deadline=None)
def test_any_text_round_trips(both, text: str) -> None:
    fast, slow = both
    (ids,) = fast.encode_batch([text])
    assert fast.decode(ids) == text
    assert np.array_equal(ids, slow.encode_batch([text])[0])


@pytest.mark.parametrize("which", [0, 1])
def test_a_sentinels_name_in_a_text_is_ordinary_text(both, which: int, hostile: list[str]) -> None:
    tokenizer = both[which]
    for text in [*bpe.SENTINELS, "".join(bpe.SENTINELS), hostile[0]]:
        (ids,) = tokenizer.encode_batch([text])
        assert ids.min() >= len(bpe.SENTINELS)
        assert tokenizer.decode(ids) == text
    assert tokenizer.decode([0, 6]) == "<|endoftext|><file_sep>"


def test_digits_stand_alone(both) -> None:
    (ids,) = both[0].encode_batch(["20240902"])
    assert len(ids) == 8


def test_a_million_spaces_are_encoded_although_tiktoken_gives_up(both) -> None:
    text = " " * 1_100_000 + "x"
    (ids,) = both[0].encode_batch([text])
    assert ids.dtype == np.int64 and both[0].decode(ids) == text


def test_auto_tokenizer_gives_the_same_ids(curate: Path, tokenizer: Path, both, hostile: list[str]) -> None:
    transformers = pytest.importorskip("transformers")
    auto = transformers.AutoTokenizer.from_pretrained(tokenizer)
    texts = tables.read(curate / "documents", ["content"])["content"].to_pylist()[::5] + hostile
    for text, ids in zip(texts, both[0].encode_batch(texts), strict=True):
        assert auto(text, split_special_tokens=True)["input_ids"] == ids.tolist()
        assert auto.decode(ids) == text
    assert (auto.eos_token_id, len(auto)) == (0, 3000)
    assert auto("a<fim_middle>")["input_ids"][-1] == 2
    assert auto.convert_tokens_to_ids(list(bpe.SENTINELS)) == list(range(7))


def test_training_is_deterministic_in_any_order_and_partition(
    curate: Path, tokenizer: Path, tmp_path: Path
) -> None:
    documents = tables.read(curate / "documents")
    other = documents.take(pa.array(np.random.default_rng(5).permutation(len(documents))))
    tables.write(other, tmp_path / "documents", tables.DOCUMENTS)
    bpe.build(SETTINGS, {"documents": tmp_path}, tmp_path)
    assert (tmp_path / "tokenizer.json").read_bytes() == (tokenizer / "tokenizer.json").read_bytes()


def test_sample_is_of_training_documents_in_the_languages_proportions(curate: Path) -> None:
    """Oracle: sums in plain Python over the rows drawn."""
    table = tables.read(curate / "documents", ["doc_id", "language", "split", "size"])
    wanted, sizes = bpe.draw(curate / "documents", 200_000, seed=1)
    rows = [row for row, w in zip(table.to_pylist(), wanted, strict=True) if w]
    assert {row["split"] for row in rows} == {"train"}
    assert {row["language"] for row in rows} == {"Python", "C"}
    training = table.filter(pc.equal(table["split"], "train"))
    total = pc.sum(training["size"]).as_py()
    python = sum(row["size"] for row in rows if row["language"] == "Python")
    of_python = pc.sum(training.filter(pc.equal(training["language"], "Python"))["size"]).as_py()
    share = 200_000 * of_python / total
    assert share <= python < share + max(row["size"] for row in rows)
    assert sizes.tolist() == table["size"].to_pylist()
    again, _ = bpe.draw(curate / "documents", 200_000, seed=1)
    other, _ = bpe.draw(curate / "documents", 200_000, seed=2)
    assert np.array_equal(wanted, again) and not np.array_equal(wanted, other)
    everything, _ = bpe.draw(curate / "documents", 1 << 30, seed=1)
    assert everything.sum() == len(training)


def test_without_proof_tokenizers_encodes(tokenizer: Path, tmp_path: Path) -> None:
    shutil.copy(tokenizer / "tokenizer.json", tmp_path)
    loaded = bpe.load(tmp_path)
    assert loaded._fast is None
    (ids,) = loaded.encode_batch(["def f(): pass"])
    assert np.array_equal(ids, bpe.load(tokenizer).encode_batch(["def f(): pass"])[0])


def test_faults(tmp_path: Path, curate: Path) -> None:
    with pytest.raises(Fault, match=r"tokenizer\.json"):
        bpe.load(tmp_path)
    documents = tables.read(curate / "documents")
    held = documents.filter(pc.equal(documents["split"], "heldout"))
    tables.write(held, tmp_path / "documents", tables.DOCUMENTS)
    with pytest.raises(Fault, match="no training documents"):
        bpe.build(SETTINGS, {"documents": tmp_path}, tmp_path)


def test_a_given_folders_tokenizer_is_taken_as_it_is(curate: Path, tokenizer: Path, tmp_path: Path) -> None:
    """Oracle: the folder's own file, and its ids."""

    def given(folder: Path) -> bpe.Settings:
        return bpe.Settings(SETTINGS.tokenizer.model_copy(update={"folder": str(folder)}), seed=1)

    counts = bpe.build(given(tokenizer), {"documents": curate}, tmp_path)
    vocabularies = [read_json(f / "tokenizer.json")["model"] for f in (tokenizer, tmp_path)]
    assert vocabularies[0] == vocabularies[1] and counts["vocab_size"] == bpe.load(tokenizer).vocab_size
    assert read_json(tmp_path / "encoder.json") == read_json(tokenizer / "encoder.json")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Fault, match="not a readable tokenizer"):
        bpe.build(given(tmp_path), {"documents": curate}, tmp_path)
