"""Greedy generation. Oracle: transformers' generate, one prompt at a time, fp32, on the same random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from neve.evaluation.generation import generate
from neve.tasks.traits import FUNCTION_STOPS
from neve.training.model import load

SEQUENCE = 64  # of conftest's models

PROMPTS = [
    "x",
    "def add(a, b):\n",
    "import numpy as np\n\n\ndef f(x):\n    return",
    "# " + "snow " * 6,
    "class A:\n",
]


class Never:
    """Ends nothing."""

    def cut(self, ids: np.ndarray) -> np.ndarray:
        return ids

    def __call__(self, ids: np.ndarray) -> bool:
        return False


@pytest.fixture(scope="module")
def encoded(tokenizer):
    return [np.concatenate([[tokenizer.eos], ids]) for ids in tokenizer.encode_batch(PROMPTS)]


def test_a_padded_batch_is_transformers_one_by_one(model_folder, encoded):
    reference = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    ours = generate.extend(load(model_folder), encoded, 24, Never())
    assert len({len(ids) for ids in encoded}) > 2
    for ids, got in zip(encoded, ours, strict=True):
        whole = reference.generate(
            torch.tensor([ids.tolist()]), max_new_tokens=24, min_new_tokens=24, do_sample=False, pad_token_id=4,
            eos_token_id=None,
        )  # fmt: skip
        assert got.tolist() == whole[0, len(ids) :].tolist()
        assert len(set(got.tolist())) > 5, "a model that repeats itself proves little"


def test_rows_end_where_their_own_sequence_does(model_folder, encoded):
    model = load(model_folder)
    together = generate.extend(model, encoded, 1000, Never())
    for ids, got in zip(encoded, together, strict=True):
        assert len(ids) + len(got) == SEQUENCE
        assert generate.extend(model, [ids], 1000, Never())[0].tolist() == got.tolist()


def test_completions_keep_the_order_of_prompts(model_folder, speech):
    model = load(model_folder)
    arguments = {"max_new_tokens": 12, "stops": ()}
    together = generate.complete(model, speech, PROMPTS, **arguments)
    assert together == [generate.complete(model, speech, [p], **arguments)[0] for p in PROMPTS]
    assert generate.complete(model, speech, [], **arguments) == []


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "  \n    "])
def test_white_space_at_a_prompt_s_end_changes_nothing(model_folder, speech, end):
    model = load(model_folder)
    bare = generate.complete(model, speech, ['def f():\n    """snow"""'], max_new_tokens=12)
    assert generate.complete(model, speech, ['def f():\n    """snow"""' + end], max_new_tokens=12) == bare


def test_long_prompts_lose_their_start(model_folder, speech):
    model = load(model_folder)
    prompt = "for k in range(9):\n" * 100
    room = SEQUENCE // 2
    tail = speech.encode_batch([prompt])[0][-(SEQUENCE - room) :]
    expected = generate.extend(model, [tail], 1000, Never())[0]
    assert len(expected) == room
    assert not np.isin(expected, range(7)).any(), "a sentinel would hide what is tested"
    assert generate.complete(model, speech, [prompt], max_new_tokens=1000, stops=()) == [
        speech.decode(expected)
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("    return 1\n\n\ndef g():\n", "    return 1\n\n"),
        ("    return 1\n# done", "    return 1"),
        ("    # inside\n    if x:\n        print(x)\n", "    # inside\n    if x:\n        print(x)\n"),
        ("class A:\n", ""),
        ("    x = 1\nprint(f(x))\nif x", "    x = 1"),
        ("", ""),
    ],
)
def test_stops(text, kept):
    assert generate.cut(text, FUNCTION_STOPS) == kept


def test_generation_stops_early_and_at_sentinels(model_folder, speech):
    """What is cut does not depend on how often one looks."""
    model = load(model_folder)
    whole = generate.complete(model, speech, PROMPTS, max_new_tokens=40, stops=())
    stop = whole[1][6:8]
    cut = generate.complete(model, speech, PROMPTS, max_new_tokens=40, stops=(stop,))
    assert cut == [generate.cut(text, (stop,)) for text in whole]
    assert len(cut[1]) <= 6
    ended = generate._Ended(speech, ())
    assert ended.cut(np.array([9, 8, 0, 7])).tolist() == [9, 8]
    assert ended(np.array([9, 8, 0, 7])) and not ended(np.array([9, 8, 7]))
