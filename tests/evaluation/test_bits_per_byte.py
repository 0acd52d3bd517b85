"""Bits per byte. Oracle: log-softmax of transformers' model, one window at a time, no batches."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from neve.documents import DOCUMENTS, doc_id, write
from neve.evaluation import bits_per_byte
from neve.tasks import benchmarks
from neve.tasks.task import Task
from neve.training.model import load

SEQUENCE = 64  # of conftest's models

CODE = [
    "x = 1\n",
    "def f(a, b):\n    return a + b  # höher\n",
    "class Snow:\n    def fall(self):\n        return [k for k in range(10)]\n" * 12,
    "été" * 90,
]


def oracle(folder: Path, ids: list[int], first: int) -> float:
    """Bits of ids[first:] in windows of SEQUENCE inputs whose targets do not overlap."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    bits = 0.0
    for start in range(0, len(ids) - 1, SEQUENCE):
        window = ids[start : start + SEQUENCE + 1]
        with torch.no_grad():
            log_p = model(torch.tensor([window[:-1]])).logits[0].double().log_softmax(-1)
        bits -= sum(log_p[k, target].item() for k, target in enumerate(window[1:]) if start + k + 1 >= first)
    return bits / math.log(2)


def test_documents_as_transformers_has_them(model_folder, tokenizer):
    table = pa.table({"doc_id": [doc_id(text.encode()) for text in CODE], "content": CODE})
    units = bits_per_byte.documents(table, tokenizer)
    assert any(len(unit.target) > 2 * SEQUENCE for unit in units)
    bits = bits_per_byte.measure(load(model_folder), units, "test")
    expected = [oracle(model_folder, [tokenizer.eos, *tokenizer.encode_batch([text])[0]], 1) for text in CODE]
    assert bits == pytest.approx(expected, rel=1e-5)
    assert [unit.size for unit in units] == [len(text.encode()) for text in CODE]


@pytest.mark.parametrize("prompt_lines", [1, 30])
def test_solutions_as_transformers_has_them(model_folder, tokenizer, prompt_lines):
    """Long prompts lose tokens from the left, so that the solution's last token still fits."""
    task = Task("T/0", "# snow falls\n" * prompt_lines, "def f(x):\n    return x * 2\n", "f", "")
    unit = bits_per_byte.solutions([task], tokenizer)[0]
    prompt, solution = tokenizer.encode_batch([task.prompt, task.solution])
    ids = [tokenizer.eos, *prompt, *solution]
    kept = min(len(ids), SEQUENCE + 1)
    expected = oracle(model_folder, ids[-kept:], kept - len(solution))
    assert bits_per_byte.measure(load(model_folder), [unit], "test")[0] == pytest.approx(expected, rel=1e-5)
    assert unit.size == len(task.solution)


def test_order_and_company_change_nothing(model_folder, tokenizer):
    table = pa.table({"doc_id": list("abcd"), "content": CODE})
    model = load(model_folder)
    units = bits_per_byte.documents(table, tokenizer)
    bits = bits_per_byte.measure(model, units, "test")
    assert (bits_per_byte.measure(model, units[::-1], "test")[::-1] == bits).all()
    alone = [bits_per_byte.measure(model, [unit], "test")[0] for unit in units]
    assert alone == pytest.approx(bits, rel=1e-5)


@given(context=st.integers(1, 40), target=st.integers(1, 60), length=st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_every_target_token_is_counted_once(context, target, length):
    text = bits_per_byte.Text("k", np.arange(context), np.arange(100, 100 + target), b"", b"x")
    windows = bits_per_byte._windows(0, text, length)
    assert all(len(i) == len(w) <= length for _, i, w in windows)
    counted = np.concatenate([w[w != bits_per_byte.IGNORED] for _, _, w in windows])
    assert counted.tolist() == text.target.tolist()
    for _, inputs, wanted in windows:
        assert all(w == i for w, i in zip(wanted[:-1], inputs[1:], strict=True) if w != bits_per_byte.IGNORED)


def test_blanks_at_a_prompt_s_end_belong_to_the_solution(tokenizer):
    plain = Task("T/0", "def f(x):\n", "    return x\n", "f", "")
    blank = Task("T/0", "def f(x):\n    ", "return x\n", "f", "")
    one, two = bits_per_byte.solutions([plain, blank], tokenizer)
    assert one.target.tolist() == two.target.tolist()
    assert one.context.tolist() == two.context.tolist()
    assert one.size == two.size


def test_tokens_apart_are_tokens_together_at_a_line_s_start(tokenizer, benchmark_files):
    tasks = [
        t for t in benchmarks.load("humaneval", benchmark_files).tasks if not t.solution.startswith("\n")
    ]
    assert len(tasks) > 140
    whole = tokenizer.encode_batch([task.prompt + task.solution for task in tasks])
    for unit, ids in zip(bits_per_byte.solutions(tasks, tokenizer), whole, strict=True):
        assert [*unit.context[1:], *unit.target] == ids.tolist()


def test_heldout_documents(tmp_path):
    rows = [
        {"doc_id": doc_id(f"{language}{k}".encode()), "source": "s", "repo": "r", "path": str(k), "language": language,
         "split": "train" if k % 4 == 0 else "heldout", "size": 100, "content": "x" * 100}
        for language, count in (("Python", 400), ("Go", 100), ("C", 4)) for k in range(count)
    ]  # fmt: skip
    write(pa.Table.from_pylist(rows[::-1], DOCUMENTS), tmp_path / "documents")
    every = bits_per_byte.heldout(tmp_path, 1 << 20)
    assert every.num_rows == 300 + 75 + 3
    some = bits_per_byte.heldout(tmp_path, 10_000)
    counts = {row["values"]: row["counts"] for row in some["language"].value_counts().to_pylist()}
    assert counts == {"Python": 79, "Go": 19, "C": 1}
    for language in counts:
        ids = sorted(row["doc_id"] for row in every.to_pylist() if row["language"] == language)
        assert [r["doc_id"] for r in some.to_pylist() if r["language"] == language] == ids[: counts[language]]
