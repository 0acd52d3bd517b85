"""Windows of a view.

Oracle: `stream_by_hand`, which builds the stream in plain Python from the index, the shards' bytes and
the selection, as the contract says, without cumulative sums, searches or permutations. Where the view
permutes, the oracle is the law instead: the windows (corpus) or the documents of each pass (others), read
back from what `batch` gives, are those of the hand-made stream, each as often as it must be.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents as tables
from neve.errors import Fault
from neve.store import read_json, write_json
from neve.tokens import bpe, build_view
from neve.tokens.view import IGNORED, View

EOS, PREFIX, MIDDLE, SUFFIX, _, _, FILE_SEP = range(7)


def random_shards(folder: Path, lengths: list[int], seed: int, per_shard: int = 5) -> list[dict]:
    """Shards and index of documents of these lengths, in repositories of one to four documents; returns the index's rows."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    rows, sizes, repo = [], [], 0
    for first in range(0, len(lengths), per_shard):
        part, offset = lengths[first : first + per_shard], 0
        ids = generator.integers(7, 1000, sum(part)).astype(np.uint16)
        ids.tofile(folder / f"tokens-{len(sizes):05d}.bin")
        for i, length in enumerate(part, first):
            repo += int(generator.random() < 0.4)
            identity = tables.doc_id(f"{seed}/{i}".encode())
            language = "Python" if i < len(lengths) // 2 else "C"
            rows.append(
                {"doc_id": identity, "language": language, "repo": f"r{repo}", "shard": len(sizes), "offset": offset,
                 "length": length, "size": length, "split": "train", "tokens": ids[offset : offset + length].tolist()}
            )  # fmt: skip
            offset += length
        sizes.append(offset)
    write_index(folder, rows)
    about = {"dtype": "uint16", "vocab_size": 1000, "sentinels": {n: i for i, n in enumerate(bpe.SENTINELS)}}
    write_json(
        folder / "tokens.json",
        about
        | {
            "shards": [{"file": f"tokens-{i:05d}.bin", "tokens": n} for i, n in enumerate(sizes)],
            "tokens": sum(sizes),
        },
    )
    return rows


def write_index(folder: Path, rows: list[dict]) -> None:
    names = [name for name in tables.INDEX.names if name != "seed_doc_id"]
    table = pa.table({name: [row[name] for row in rows] for name in names})
    table = table.append_column("seed_doc_id", pa.nulls(len(rows), pa.string())).cast(tables.INDEX)
    pa.parquet.write_table(table, folder / "index.parquet")


def view_of(
    root: Path,
    data: str,
    *,
    repeats: dict[str, int] | None = None,
    fim_rate: float = 0.0,
    cut: dict[str, int] | None = None,
) -> View:
    """Assemble a view of root/tokens as the stage would, renamed after it was built, as the store does."""
    inputs = {"tokens": root / "tokens"}
    if repeats is not None:
        (root / "selection").mkdir(exist_ok=True)
        limits = [(cut or {}).get(doc_id) for doc_id in repeats]
        columns = {"doc_id": list(repeats), "repeats": list(repeats.values()), "tokens": limits}
        table = pa.table(columns, schema=tables.SELECTION)
        pa.parquet.write_table(table, root / "selection" / "selection.parquet")
        inputs["selection"] = root / "selection"
    number = len(list(root.glob("view-*")))
    out = root / f"view-{number}.partial"
    out.mkdir()
    counts = build_view.build(build_view.Settings("x", data, fim_rate, 1), inputs, out)
    view = View(out.rename(root / f"view-{number}"))
    assert (counts["documents"], counts["tokens"]) == (view.documents, view.tokens)
    return view


def segments_by_hand(rows: list[dict], corpus: bool) -> list[list[int]]:
    """Each document's tokens with its separator, in the index's order."""
    segments = []
    for i, row in enumerate(rows):
        last = i + 1 == len(rows) or (rows[i + 1]["repo"], rows[i + 1]["language"]) != (
            row["repo"],
            row["language"],
        )
        segments.append([*row["tokens"], EOS if last or not corpus else FILE_SEP])
    return segments


def stream_of(view: View, seed: int, length: int, turn: int = 0) -> list[int]:
    """One round of a view that permutes documents, put together from its windows."""
    count = view.windows(length)
    inputs, targets = view.batch(seed, turn * count, count, length)
    flat = targets.reshape(-1)
    real = flat[flat != IGNORED]
    assert (flat[len(real) :] == IGNORED).all(), "only the end is padded"
    stream = [int(inputs[0, 0]), *real.tolist()]
    padded = stream[: len(stream)] + [EOS] * (count * length - len(stream))
    assert inputs.reshape(-1).tolist() == padded[: count * length]
    return stream


def segments_of(stream: list[int]) -> list[tuple[int, ...]]:
    segments, start = [], 0
    for i, token in enumerate(stream):
        if token == EOS:
            segments.append(tuple(stream[start : i + 1]))
            start = i + 1
    assert start == len(stream)
    return segments


def unfim(segment: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """The segment before fill-in-the-middle, and whether it was transformed."""
    if not segment or segment[0] != PREFIX:
        return segment, False
    body, end = list(segment[1:-1]), segment[-1]
    suffix, middle = body.index(SUFFIX), body.index(MIDDLE)
    if suffix == 0 and middle + 1 < len(body):
        document = body[middle + 1 :] + body[1:middle]
    else:
        document = body[:suffix] + body[middle + 1 :] + body[suffix + 1 : middle]
    return (*document, end), True


lengths_of_documents = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=25)


@given(lengths_of_documents, st.integers(1, 33), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_a_corpus_views_windows_are_those_of_the_stream_permuted(
    tmp_path_factory, lengths, length, seed
) -> None:
    root = tmp_path_factory.mktemp("corpus")
    rows = random_shards(root / "tokens", [*lengths, 2], seed)
    view = view_of(root, "corpus")
    stream = [token for segment in segments_by_hand(rows, corpus=True) for token in segment]
    assert view.tokens == len(stream) and view.documents == len(rows)
    expected = []
    for start in range(0, len(stream) - 1, length):
        inputs, targets = stream[start : start + length], stream[start + 1 : start + length + 1]
        expected.append(
            ((*inputs, *[EOS] * (length - len(inputs))), (*targets, *[IGNORED] * (length - len(targets))))
        )
    assert view.windows(length) == len(expected)
    orders = []
    for turn in range(2):
        inputs, targets = view.batch(seed, turn * len(expected), len(expected), length)
        order = [tuple(map(tuple, pair)) for pair in zip(inputs.tolist(), targets.tolist(), strict=True)]
        assert Counter(order) == Counter(expected)
        orders.append(order)
    if len(set(expected)) > 20:
        assert orders[0] != orders[1] != expected
    targets = Counter(t for _, window in expected for t in window if t != IGNORED)
    assert targets == Counter(stream[1:]), "every token but the first is a target exactly once"


@given(lengths_of_documents, st.integers(1, 33), st.integers(0, 5), st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=25, deadline=None)
def test_a_selections_passes_hold_each_document_exactly_repeats_times(
    tmp_path_factory, lengths, length, seed, fim_rate
) -> None:
    root = tmp_path_factory.mktemp("selection")
    rows = random_shards(root / "tokens", [*lengths, 2], seed)
    repeats = {row["doc_id"]: 1 + i * 7 % 4 for i, row in enumerate(rows) if i % 3 != 1 or i == len(rows) - 1}
    view = view_of(root, "selection", repeats=repeats, fim_rate=fim_rate)
    chosen = [row for row in rows if row["doc_id"] in repeats]
    for turn in range(2):
        stream = stream_of(view, seed, length, turn)
        assert len(stream) == view.tokens
        segments = segments_of(stream)
        for epoch in range(1, max(repeats.values()) + 1):
            of_pass = [(*row["tokens"], EOS) for row in chosen if repeats[row["doc_id"]] >= epoch]
            got, segments = segments[: len(of_pass)], segments[len(of_pass) :]
            restored = [unfim(segment) for segment in got]
            assert Counter(s for s, _ in restored) == Counter(of_pass)
            if fim_rate in (0.0, 1.0):
                assert all(turned == (fim_rate == 1.0 and len(s) > 1) for s, turned in restored)
        assert not segments


@given(st.integers(1, 30), st.integers(0, 400), st.integers(1, 40), st.data())
@settings(max_examples=25, deadline=None)
def test_any_batching_gives_the_same_windows(tmp_path_factory, length, first, count, data) -> None:
    """Resuming at window k, and ranks that each take every n-th window, read what one reader would."""
    root = tmp_path_factory.mktemp("batching")
    rows = random_shards(root / "tokens", [3, 0, 40, 17, 1, 90, 5], 3, per_shard=2)
    kind = data.draw(st.sampled_from(["corpus", "selection", "synthetic"]))
    repeats = {row["doc_id"]: 1 + i % 3 for i, row in enumerate(rows)} if kind == "selection" else None
    view = view_of(root, kind, repeats=repeats, fim_rate=data.draw(st.sampled_from([0.0, 0.5])))
    whole = view.batch(9, first, count, length)
    fresh = View(sorted(root.glob("view-*"))[-1])
    for i in data.draw(st.permutations(range(count))):
        one = fresh.batch(9, first + i, 1, length)
        assert all(np.array_equal(a[0], b[i]) for a, b in zip(one, whole, strict=True))
    assert all(a.dtype == np.int64 and a.shape == (count, length) and a.flags.writeable for a in whole)


@given(
    lengths_of_documents,
    st.integers(1, 33),
    st.integers(1, 9),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.5]),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_epochs_end_with_their_last_window_and_not_before(
    tmp_path_factory, lengths, length, batch, epochs, fim_rate, corpus
) -> None:
    """Steps of `batch` windows to the end of `epochs` rounds: each document is there exactly epochs x repeats times.

    Oracle: the documents' own tokens, counted by id (documents of one test share none), and the stream's first
    tokens, which are inputs only; FIM rearranges, and adds tokens below 7 alone.
    """
    root = tmp_path_factory.mktemp("epochs")
    rows = random_shards(root / "tokens", [*lengths, 2], 3)
    repeats = {row["doc_id"]: 1 if corpus else 1 + i * 7 % 4 for i, row in enumerate(rows)}
    view = view_of(
        root, "corpus" if corpus else "selection", repeats=None if corpus else repeats, fim_rate=fim_rate
    )
    limit = epochs * view.windows(length)
    expected = sum(
        (Counter(row["tokens"]) for row in rows for _ in range(epochs * repeats[row["doc_id"]])), Counter()
    )
    got: Counter[int] = Counter()
    for first in range(0, limit, batch):
        inputs, targets = view.batch(5, first, batch, length, limit)
        past = np.arange(first, first + batch) >= limit
        assert (targets[past] == IGNORED).all() and (inputs[past] == EOS).all()
        assert (targets[~past] != IGNORED).any(axis=1).all(), "no window of an epoch is empty"
        got.update(targets[targets >= 7].tolist())
    firsts = [whole_stream(view, 5, turn)[0] for turn in range(epochs)]
    got.update(token for token in firsts if token >= 7)
    assert got == expected
    everything = view.batch(5, limit, 3, length, limit)
    assert (everything[0] == EOS).all() and (everything[1] == IGNORED).all()


def whole_stream(view: View, seed: int, turn: int) -> list[int]:
    """One round of a view, read as one window."""
    inputs, targets = view.batch(seed, turn, 1, view.tokens - 1)
    return [int(inputs[0, 0]), *targets[0].tolist()]


def test_a_corpus_with_fim_keeps_its_order_and_its_length(tmp_path: Path) -> None:
    rows = random_shards(
        tmp_path / "tokens", [int(n) for n in np.random.default_rng(0).integers(0, 60, 200)], 4
    )
    view = view_of(tmp_path, "corpus", fim_rate=0.5)
    windows = {}
    for turn in range(2):
        inputs, targets = view.batch(1, turn * view.windows(16), view.windows(16), 16)
        both = np.concatenate([inputs, targets[:, -1:]], axis=1)
        windows[turn] = sorted(map(tuple, both.tolist()))
    assert windows[0] != windows[1], "cuts differ from round to round"
    # one window holds the whole stream, so its order can be read
    (inputs,), (targets,) = view.batch(1, 0, 1, view.tokens - 1)
    stream = [int(inputs[0]), *targets.tolist()]
    assert len(stream) == view.tokens and IGNORED not in stream
    segments, start, turned = [], 0, 0
    for i, token in enumerate(stream):
        if token in (EOS, FILE_SEP):
            segment, was = unfim(tuple(stream[start : i + 1]))
            segments.append(list(segment))
            start, turned = i + 1, turned + was
    assert segments == segments_by_hand(rows, corpus=True)
    assert 60 < turned < 140 and view.tokens == sum(map(len, segments)) + 3 * turned


def test_passes_rounds_and_seeds_order_documents_differently(tmp_path: Path) -> None:
    rows = random_shards(tmp_path / "tokens", [4] * 60, 5)
    view = view_of(tmp_path, "selection", repeats={row["doc_id"]: 2 for row in rows})
    orders = []
    for seed, turn in ((1, 0), (1, 1), (2, 0)):
        segments = segments_of(stream_of(view, seed, 32, turn))
        orders += [segments[:60], segments[60:]]
    assert all(a != b for i, a in enumerate(orders) for b in orders[i + 1 :])


def test_the_order_is_pinned(tmp_path: Path) -> None:
    """Fixed once and for all: another order would change every training run. Guards the hashes and their keys."""
    rows = random_shards(tmp_path / "tokens", [3, 1, 4, 1, 5, 9], 6)
    seen = {}
    for kind in ("corpus", "selection"):
        repeats = {row["doc_id"]: 1 for row in rows} if kind == "selection" else None
        inputs, _ = view_of(tmp_path, kind, repeats=repeats, fim_rate=0.5).batch(7, 0, 12, 3)
        seen[kind] = inputs.tolist()
    assert seen == json.loads((Path(__file__).parent / "view_order.json").read_text())


def test_real_code_is_a_target_exactly_repeats_times(tokens: Path, tmp_path: Path) -> None:
    """The shards of real code: target counts by token against counts over the index and the shards by hand."""
    about = read_json(tokens / "tokens.json")
    data = [np.fromfile(tokens / s["file"], dtype=about["dtype"]) for s in about["shards"]]
    rows = tables.read(tokens / "index.parquet").to_pylist()
    (tmp_path / "tokens").symlink_to(tokens)
    train = [row for row in rows if row["split"] == "train"]
    chosen = {row["doc_id"]: 1 + i % 4 for i, row in enumerate(train) if i % 2}
    for kind, repeats in (("corpus", {row["doc_id"]: 1 for row in train}), ("selection", chosen)):
        expected = np.zeros(about["vocab_size"], dtype=np.int64)
        for row in train:
            times = repeats.get(row["doc_id"], 0)
            part = data[row["shard"]][row["offset"] : row["offset"] + row["length"]]
            expected += times * np.bincount(part, minlength=len(expected))
        view = view_of(tmp_path, kind, repeats=None if kind == "corpus" else repeats)
        got = np.zeros_like(expected)
        for first in range(0, view.windows(128), 50):
            _, targets = view.batch(3, first, min(50, view.windows(128) - first), 128)
            got += np.bincount(targets[targets != IGNORED], minlength=len(got))
        first_token = (
            int(stream_of(view, 3, 128)[0]) if kind == "selection" else int(data[0][train[0]["offset"]])
        )
        got[first_token] += 1  # the stream's first token is never a target
        assert got[[EOS, FILE_SEP]].sum() == sum(repeats.values())
        assert np.array_equal(got[7:], expected[7:])


def test_only_the_training_split_enters(tmp_path: Path) -> None:
    rows = random_shards(tmp_path / "tokens", [5] * 10, 1)
    for row in rows[:4]:
        row["split"] = "heldout"
    write_index(tmp_path / "tokens", rows)
    assert view_of(tmp_path, "corpus").documents == view_of(tmp_path, "synthetic").documents == 6
    with pytest.raises(Fault, match=r"selection: .*held out"):
        view_of(tmp_path, "selection", repeats={row["doc_id"]: 1 for row in rows})


def test_a_document_that_is_cut_ends_early_in_every_pass(tmp_path: Path) -> None:
    """Oracle: the segments of the same view without the cut, shortened by hand."""
    rows = random_shards(tmp_path / "tokens", [9, 6, 7], 1)
    repeats = {row["doc_id"]: 2 for row in rows}
    cut = {rows[0]["doc_id"]: 4, rows[1]["doc_id"]: 99}
    whole = segments_of(stream_of(view_of(tmp_path, "selection", repeats=repeats), 3, 8))
    parts = segments_of(stream_of(view_of(tmp_path, "selection", repeats=repeats, cut=cut), 3, 8))
    longest = max(whole, key=len)
    shortened = [(*segment[:4], segment[-1]) if segment == longest else segment for segment in whole]
    assert whole.count(longest) == 2 and parts == shortened


def test_a_cut_shard_is_a_fault(tmp_path: Path) -> None:
    random_shards(tmp_path / "tokens", [5, 6], 1)
    folder = tmp_path / "view-0"
    view_of(tmp_path, "corpus")
    shard = tmp_path / "tokens" / "tokens-00000.bin"
    shard.write_bytes(shard.read_bytes()[:-2])
    with pytest.raises(Fault, match="has 10 tokens, not 11"):
        View(folder)
    shard.unlink()
    with pytest.raises(Fault, match=r"tokens-00000\.bin"):
        View(folder)
    with pytest.raises(Fault, match="not a readable view"):
        View(tmp_path)


def test_view_needs_numpy_alone() -> None:
    """A training node has no Arrow, Daft, pydantic or transformers."""
    program = (
        "import sys, neve.tokens.view\n"
        "heavy = {'pyarrow', 'daft', 'pydantic', 'transformers', 'tokenizers', 'tiktoken', 'numba', 'torch'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("kind", ["corpus", "selection"])
@pytest.mark.parametrize("windows", [1, 7, 30, 61])
def test_seen_adds_up_to_the_targets(tmp_path: Path, kind: str, windows: int) -> None:
    """Oracle: the targets of the windows themselves; only separators and sentinels have ids below 7."""
    rows = random_shards(tmp_path / "tokens", [3, 0, 40, 17, 1, 90, 5], 3, per_shard=2)
    repeats = {row["doc_id"]: 1 + i % 3 for i, row in enumerate(rows)} if kind == "selection" else None
    view = view_of(tmp_path, kind, repeats=repeats)
    targets = view.batch(9, 0, windows, 11)[1]
    rows = np.arange(view.documents)
    found = view.seen(rows, 9, windows, 11)
    assert found.sum() == (targets >= 7).sum()
    assert view.seen(rows[::-1][:3], 9, windows, 11).tolist() == found[::-1][:3].tolist()
