"""Oracle: the hidden states of the whole window read at once."""

import pytest
import torch

from neve.evaluation.generation.kv_cache import Cache

VOCABULARY = 97


def test_parts_give_what_the_whole_window_gives(random_model):
    model = random_model(VOCABULARY, seed=3)
    tokens, positions = torch.randint(0, VOCABULARY, (2, 20)), torch.arange(20)[None]
    with torch.no_grad():
        whole = model(tokens)
        cache = Cache(model, batch=2, length=20)
        parts = [
            model(part, positions=at, keep=cache.append)
            for part, at in zip(
                tokens.split([7, 1, 1, 8, 3], 1), positions.split([7, 1, 1, 8, 3], 1), strict=True
            )
        ]
    assert cache.filled == 20
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="has 20 positions"):
        model(tokens[:, :1], keep=cache.append)


def test_padding_on_the_left_changes_nothing(random_model):
    """With positions and a mask a shorter prompt in a batch gives what it gives alone."""
    model = random_model(VOCABULARY, seed=3)
    alone = torch.randint(0, VOCABULARY, (1, 6))
    padded = torch.cat((torch.zeros(1, 4, dtype=torch.long), alone), 1)
    positions = (torch.arange(10) - 4).clamp(min=0)[None]
    mask = torch.ones(10, 10, dtype=torch.bool).tril()
    mask[:, :4] = False
    mask |= torch.eye(10, dtype=torch.bool)
    with torch.no_grad():
        keep = Cache(model, 1, 10).append
        got = model(padded, positions=positions, mask=mask[None, None], keep=keep)[:, 4:]
        torch.testing.assert_close(got, model(alone), rtol=1e-5, atol=1e-5)
