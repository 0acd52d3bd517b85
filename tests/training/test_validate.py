"""Oracle: each window by hand, its loss by PyTorch's cross_entropy, added up in plain Python."""

import json
import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from neve.errors import Fault
from neve.training.distributed import ALONE, World
from neve.training.model import Config, Llama
from neve.training.validate import Heldout

from .conftest import build

END = 0
DOCUMENTS = [("C", 7), ("C", 1), ("Python", 23), ("Python", 8)]


@pytest.fixture
def folder(tmp_path):
    """Held-out documents as their stage writes them; of Go there is none."""
    lengths = [length for _, length in DOCUMENTS]
    languages = ["C", "Go", "Python"]
    tokens = np.random.default_rng(1).integers(7, 97, sum(lengths)).astype(np.uint16)
    np.save(tmp_path / "tokens.npy", tokens)
    np.save(tmp_path / "starts.npy", np.cumsum([0, *lengths]))
    np.save(tmp_path / "language.npy", np.array([languages.index(name) for name, _ in DOCUMENTS], np.int32))
    np.save(tmp_path / "bytes.npy", np.array(lengths) * 3)
    (tmp_path / "heldout.json").write_text(json.dumps({"languages": languages}))
    return tmp_path


def by_hand(folder, model: Llama, sequence: int) -> dict[str, float]:
    tokens, starts = (np.load(folder / f"{name}.npy").tolist() for name in ("tokens", "starts"))
    nats, size = {"C": 0.0, "Python": 0.0}, {"C": 0, "Python": 0}
    for number, (language, length) in enumerate(DOCUMENTS):
        text = [END, *tokens[starts[number] : starts[number + 1]]]
        size[language] += 3 * length
        for first in range(0, length, sequence):
            window = torch.tensor([text[first : first + sequence + 1]])
            logits = model.logits(model(window[:, :-1]))[0]
            nats[language] += F.cross_entropy(logits, window[0, 1:], reduction="sum").item()
    bits = {name: nats[name] / math.log(2) / size[name] for name in nats}
    return bits | {"all": sum(nats.values()) / math.log(2) / sum(size.values())}


@pytest.mark.parametrize(("sequence", "micro"), [(8, 1), (8, 3), (5, 4), (64, 2)])
def test_bits_per_byte_by_hand(config: Config, folder, sequence: int, micro: int):
    model = Llama(config, seed=1)
    heldout = Heldout(folder, sequence, END)
    with torch.no_grad():
        expected = by_hand(folder, model, sequence)
    got = heldout.measure(model, micro, ALONE, "fp32")
    assert got == pytest.approx(expected, rel=1e-5) and model.training
    assert all(type(value) is float for value in got.values())


def test_the_shares_of_processes_add_up(config: Config, folder):
    """Each of three processes forwards as many batches as the others and takes its part of the windows, no window twice."""
    model, heldout = Llama(config, seed=1), Heldout(folder, 8, END)
    sums, calls = [], []

    class Part(World):
        def sums(self, *values: float) -> list[float]:
            sums.append(values)
            return list(values)

    model.register_forward_pre_hook(lambda *_: calls.append(len(sums)))
    for rank, size in ((0, 3), (1, 3), (2, 3), (0, 1)):
        heldout.measure(model, 2, Part(rank, size, torch.device("cpu")), "fp32")
    assert calls.count(0) == calls.count(1) == calls.count(2) > 0
    assert np.sum(sums[:3], axis=0) == pytest.approx(np.array(sums[3]), rel=1e-6)


def test_a_folder_that_is_none_is_a_fault(tmp_path):
    with pytest.raises(Fault, match="not readable"):
        Heldout(tmp_path, 8, END)


def test_validating_changes_no_weight(settings, stages, folder, tmp_path):
    """Why how often it is done is a matter of execution: weights and losses are those of a phase without it."""
    made = {}
    for every in (0, 3):
        settings["training"]["validate_steps"] = every
        out = tmp_path / str(every)
        out.mkdir()
        build(settings, stages | ({"heldout": folder} if every else {}), out)
        rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        assert any("heldout" in row for row in rows) == bool(every)
        weights = (out / "model" / "model.safetensors").read_bytes()
        made[every] = weights, [{k: v for k, v in row.items() if k != "heldout"} for row in rows]
    assert made[0] == made[3]
