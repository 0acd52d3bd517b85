"""What several kinds of annotator are tried on: a small encoder, and two language models."""

import shutil

import numpy as np
import pytest
import torch

from neve import weights
from neve.recipe.tokenizer import Tokenizer
from neve.tokens import bpe
from neve.training import model as models

CONFIG = models.Config(
    vocab_size=600, hidden=32, intermediate=64, layers=2, heads=2, kv_heads=2, max_positions=64,
    rope_base=1e4, norm_eps=1e-5, tied=True,
)  # fmt: skip


@pytest.fixture(scope="session")
def checkpoints(inputs, pool, tmp_path_factory):
    """Two models; `better` was trained for some steps on the last documents of the pool."""
    root = tmp_path_factory.mktemp("models")
    (root / "tokenizer").mkdir()
    bpe.build(
        bpe.Settings(Tokenizer(vocab_size=600, sample_bytes=1 << 20), seed=1), inputs, root / "tokenizer"
    )
    tokenizer = bpe.load(root / "tokenizer")
    model = models.Llama(CONFIG, seed=3)
    models.save(model, root / "base", root / "tokenizer")
    texts = pool["content"].to_pylist()[-12:]
    stream = torch.from_numpy(np.concatenate(tokenizer.encode_batch(texts)).astype(np.int64))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(40):
        rows = torch.stack(
            [stream[(at := (step * 8 + k) * 61 % (len(stream) - 65)) : at + 65] for k in range(8)]
        )
        logits = model.logits(model(rows[:, :-1]).flatten(0, 1))
        loss = torch.nn.functional.cross_entropy(logits, rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    models.save(model, root / "better", root / "tokenizer")
    return root


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """An encoder of MiniLM's kind, with its tokenizer, 32 dimensions and two layers."""
    import torch
    from transformers import BertConfig, BertModel

    folder, source = tmp_path_factory.mktemp("encoder"), weights.resolve("minilm")
    config = BertConfig(
        vocab_size=30522, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64
    )  # fmt: skip
    torch.manual_seed(5)
    BertModel(config).save_pretrained(folder, safe_serialization=True)
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    return folder
