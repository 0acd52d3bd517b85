"""neve.quality.annotators.encoder. Oracles: arithmetic for sections, transformers' own fp32 forward for embeddings."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.errors import Fault
from neve.quality.annotators.encoder import CHARACTERS, Encoder, computed, cuts, token_batches, windows

TEXTS = [
    "def add(a, b):\n    return a + b\n",
    "",
    "\n \n" * 2000,
    "import os\n\n" + "\n".join(f"x{i} = os.path.join('a', str({i}))" for i in range(300)),
    "class A:\n" + "\n".join(f"    def f{i}(self):\n        return {i}" for i in range(9)),
    "print('[SEP] [CLS] é 漢字')\n",
]


@pytest.fixture(scope="module")
def encoder():
    return Encoder("minilm", 32)


@given(st.integers(0, 5000), st.integers(1, 510))
def test_windows_lie_inside_cover_both_ends_and_are_distinct(length, capacity):
    starts = windows(length, capacity)
    assert len(set(starts)) == len(starts) <= 3 and starts == sorted(starts)
    assert all(s >= 0 and (s + capacity <= length or s == 0) for s in starts)
    assert starts[0] == 0 and starts[-1] + capacity >= length
    assert (len(starts) == 1) == (length <= capacity)
    if len(starts) == 3:
        middle = starts[1] + capacity / 2
        assert abs(middle - length / 2) <= 1


@given(st.text(max_size=400), st.integers(1, 12))
def test_cuts_are_pieces_of_the_text_in_order(text, capacity):
    parts = cuts(text, capacity)
    if len(text) <= 3 * CHARACTERS * capacity:
        assert parts == [text]
    else:
        assert [len(p) for p in parts] == [CHARACTERS * capacity] * 3
        assert text.startswith(parts[0]) and text.endswith(parts[2]) and parts[1] in text


@given(st.lists(st.integers(1, 40), max_size=50), st.integers(1, 100))
def test_batches_hold_every_row_once_and_keep_their_budget(lengths, budget):
    lengths = np.array(sorted(lengths), dtype=np.int64)
    stops = token_batches(lengths, budget)
    starts = [0, *stops[:-1]]
    assert (stops[-1] if stops else 0) == len(lengths) and all(
        a < b for a, b in zip(starts, stops, strict=False)
    )
    for start, stop in zip(starts, stops, strict=False):
        assert stop - start == 1 or lengths[start:stop].max() * (stop - start) <= budget
        assert stop == len(lengths) or lengths[stop] * (stop + 1 - start) > budget, (
            "a batch is as full as it can be"
        )


def test_sections_of_texts_short_long_and_empty(encoder):
    sections = encoder.sections(TEXTS)
    counts = np.bincount(sections.documents)
    assert counts.tolist() == [1, 1, 1, 3, 3, 1]
    assert sections.lengths.max() == encoder.capacity
    whole = encoder.tokenizer.encode(TEXTS[3], add_special_tokens=False).ids
    long = [
        sections.tokens[s : s + n].tolist()
        for s, n in zip(sections.starts[3:6], sections.lengths[3:6], strict=True)
    ]
    assert long[0] == whole[:30] and long[2] == whole[-30:]
    quoted = sections.tokens[sections.starts[-1] :].tolist()
    assert encoder.first not in quoted and encoder.last not in quoted, "special tokens in a text are text"


def test_embeddings_are_close_to_transformers_in_fp32_and_repeat_exactly(encoder):
    import torch
    from transformers import AutoModel

    from neve import weights

    sections = encoder.sections(TEXTS)
    rows = np.arange(len(sections))
    found = np.concatenate(list(encoder.embed(sections, rows)))
    assert np.array_equal(found, np.concatenate(list(encoder.embed(sections, rows))))
    model = AutoModel.from_pretrained(weights.resolve("minilm"), use_safetensors=True).eval()
    expected = []
    for start, length in zip(sections.starts, sections.lengths, strict=True):
        ids = [encoder.first, *sections.tokens[start : start + length].tolist(), encoder.last]
        with torch.inference_mode():
            expected.append(model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy())
    apart = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert apart.max() < {"fp32": 1e-4, "bf16": 0.1}[encoder.precision]


def test_the_number_of_threads_does_not_change_a_bit(encoder):
    import torch

    sections = encoder.sections(TEXTS)
    rows, threads = (
        sections.order(np.array([b"%032d" % i for i in range(len(TEXTS))])),
        torch.get_num_threads(),
    )
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(np.concatenate(list(encoder.embed(sections, rows))))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert all(np.array_equal(found[0], other) for other in found[1:])


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(len(TEXTS))))
def test_order_does_not_depend_on_where_documents_lie(encoder, places):
    def ordered(texts):
        ids = np.array([hashlib.sha256(t.encode()).hexdigest()[:32] for t in texts], dtype="S32")
        sections = encoder.sections(texts)
        return [
            sections.tokens[sections.starts[i] : sections.starts[i] + sections.lengths[i]].tolist()
            for i in sections.order(ids)
        ]

    assert ordered([TEXTS[i] for i in places]) == ordered(TEXTS)


@pytest.mark.parametrize(
    ("asked", "device", "fast", "expected"),
    [
        ("int8", "cuda:0", "bf16", "fp32"),  # its gate let 8-bit integers pass, not bf16
        ("bf16", "cuda:0", "bf16", "bf16"),
        ("bf16", "cuda:0", "fp32", "fp32"),
        ("fp32", "cuda:0", "bf16", "fp32"),
        ("int8", "cpu", "bf16", "int8"),
        ("int8", "cpu", "fp32", "int8"),
        ("bf16", "cpu", "bf16", "bf16"),
        ("bf16", "cpu", "fp32", "fp32"),
        ("fp32", "cpu", "bf16", "fp32"),
    ],
)
def test_the_format_that_is_asked_for_or_fp32_and_never_another(asked, device, fast, expected):
    assert computed(asked, device, fast) == expected


def test_no_fast_format_is_taken_that_nobody_asked_for(encoder):
    assert encoder.precision == "fp32"


def test_too_long_sections_are_a_fault():
    with pytest.raises(Fault, match="reads at most 512"):
        Encoder("minilm", 513)


def test_encoders_loaded_at_once_leave_transformers_as_it_was():
    """transformers swaps a method of a class while it loads; two threads at once would leave it swapped, and models
    that tie their weights would load wrong in this process from then on."""
    from transformers import PreTrainedModel

    before = PreTrainedModel.tie_weights
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Encoder("minilm", 32), range(8)))
    assert PreTrainedModel.tie_weights is before
