"""A small tokenizer and a small random model, saved as the folders that stages write."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from neve.evaluation.generation import model_tokenizer
from neve.tokens import bpe
from neve.training import model as llama

SEQUENCE = 64


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory) -> Path:
    """A vocabulary learnt from a part of the standard library, which stays as it is when this package changes."""
    folder = tmp_path_factory.mktemp("tokenizer")
    sources = sorted(Path(unittest.__file__).parent.glob("*.py"))
    tokenizer = bpe.train(iter([[path.read_text() for path in sources]]), 400)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|endoftext|>"}')
    return folder


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder: Path) -> bpe.Tokenizer:
    return bpe.load(tokenizer_folder)


@pytest.fixture(scope="session")
def model_tokens(tokenizer_folder: Path) -> model_tokenizer.ModelTokenizer:
    return model_tokenizer.load(tokenizer_folder)


def _random_model(vocab_size: int, seed: int, scale: float = 4.0, sequence: int = SEQUENCE) -> llama.Llama:
    """Random weights, large enough that what follows depends on what came before."""
    config = llama.Config(
        vocab_size=vocab_size, hidden=32, intermediate=64, layers=2, heads=4, kv_heads=2,
        rope_base=10_000.0, norm_eps=1e-5, tied=False, max_positions=sequence,
    )  # fmt: skip
    model = llama.Llama(config, seed=seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(scale)
    return model.eval()


@pytest.fixture(scope="session")
def random_model() -> Callable[..., llama.Llama]:
    return _random_model


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory, tokenizer_folder: Path, tokenizer: bpe.Tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("model")
    llama.save(_random_model(tokenizer.vocab_size, seed=3), folder, tokenizer_folder)
    return folder
