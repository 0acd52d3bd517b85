"""Greedy generation. Oracle: transformers' generate, one prompt at a time, fp32, on the same random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from neve.evaluation.generation import generate
from neve.evaluation.generation.completion import Completion
from neve.evaluation.generation.prompts import continued
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

    def reached(self, ids: np.ndarray) -> bool:
        return False


def complete(model, tokenizer, prompts, max_new_tokens, stops=FUNCTION_STOPS) -> list[Completion]:
    """Completions of prompts as a base model gets them, in their order."""
    texts = [continued(prompt) for prompt in prompts]
    asked = generate.Asked(texts, [str(k) for k in range(len(texts))], max_new_tokens, stops)
    found = dict(row for batch in generate.batches(model, tokenizer, asked) for row in batch)
    return [found[k] for k in range(len(texts))]


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


def test_completions_keep_the_order_of_prompts(model_folder, model_tokens):
    model = load(model_folder)
    arguments = {"max_new_tokens": 12, "stops": ()}
    together = complete(model, model_tokens, PROMPTS, **arguments)
    assert together == [complete(model, model_tokens, [p], **arguments)[0] for p in PROMPTS]
    assert complete(model, model_tokens, [], **arguments) == []


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "  \n    "])
def test_white_space_at_a_prompt_s_end_changes_nothing(model_folder, model_tokens, end):
    model = load(model_folder)
    bare = complete(model, model_tokens, ['def f():\n    """snow"""'], max_new_tokens=12)
    assert complete(model, model_tokens, ['def f():\n    """snow"""' + end], max_new_tokens=12) == bare


def test_long_prompts_lose_their_start(model_folder, model_tokens):
    model = load(model_folder)
    prompt = "for k in range(9):\n" * 100
    room = SEQUENCE // 2
    tail = model_tokens.encode_batch([prompt])[0][-(SEQUENCE - room) :]
    expected = generate.extend(model, [tail], 1000, Never())[0]
    assert len(expected) == room
    assert not np.isin(expected, range(7)).any(), "a sentinel would hide what is tested"
    (found,) = complete(model, model_tokens, [prompt], max_new_tokens=1000, stops=())
    assert found == (model_tokens.decode(expected), "cut", "")


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


def test_generation_stops_early_and_at_sentinels(model_folder, model_tokens):
    """What is cut does not depend on how often one checks."""
    model = load(model_folder)
    whole = complete(model, model_tokens, PROMPTS, max_new_tokens=40, stops=())
    stop = whole[1].text[6:8]
    found = complete(model, model_tokens, PROMPTS, max_new_tokens=40, stops=(stop,))
    assert [said.text for said in found] == [generate.cut(said.text, (stop,)) for said in whole]
    assert len(found[1].text) <= 6 and found[1].ending == "ended"
    assert "cut" in {said.ending for said in whole}, "at its limit"
    ends = generate.Ends(model_tokens, ())
    assert ends.before_end(np.array([9, 8, 0, 7])).tolist() == [9, 8]
    assert ends.completion(np.array([9, 8, 0, 7])).ending == "ended"
    assert ends.completion(np.array([9, 8])).ending == "cut"
