"""Oracles: the definition of attention written out with loops and float64; documents trained apart."""

import math

import pytest
import torch

from neve.errors import Fault
from neve.training.attention import (
    BLOCK,
    attend,
    block_mask,
    document_mask,
    rotary,
    rotary_causal,
    rotate,
)
from neve.training.memory import LONGEST
from neve.training.model import Config, Llama


def by_definition(q, k, v, allowed):
    """Attention one query at a time, in float64."""
    q, k, v = q.double(), k.double(), v.double()
    out = torch.empty_like(q)
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            kv = h // (q.shape[1] // k.shape[1])
            for i in range(q.shape[2]):
                seen = allowed[b, i]
                weights = torch.softmax(k[b, kv, seen] @ q[b, h, i] / math.sqrt(q.shape[-1]), 0)
                out[b, h, i] = weights @ v[b, kv, seen]
    return out


@pytest.mark.parametrize("queries", [1, 5, 12])
@pytest.mark.parametrize("kv_heads", [1, 4])
def test_causal_attention_is_its_definition(queries, kv_heads):
    torch.manual_seed(0)
    q = torch.randn(2, 4, queries, 8)
    k, v = torch.randn(2, kv_heads, 12, 8), torch.randn(2, kv_heads, 12, 8)
    allowed = torch.arange(12)[None] <= torch.arange(12 - queries, 12)[:, None]
    expected = by_definition(q, k, v, allowed.expand(2, -1, -1))
    torch.testing.assert_close(attend(q, k, v).double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("kv_heads", [1, 2, 6])
def test_rotation_and_attention_at_once(length, kv_heads):
    """Oracle: `rotate` and `attend`, whose gradients are PyTorch's, in fp64."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, length, heads, 8, requires_grad=True) for heads in (6, kv_heads, kv_heads))
    turn = rotary(torch.arange(length)[None], 8, 10_000.0)
    weights = torch.randn(2, length, 6, 8)
    got = rotary_causal(q, k, v, turn)
    wide = [x.detach().double().requires_grad_() for x in (q, k, v)]
    angles = [part.double() for part in turn]
    turned = (rotate(wide[0], *angles), rotate(wide[1], *angles), wide[2])
    expected = attend(*(x.transpose(1, 2) for x in turned)).transpose(1, 2)
    torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=1e-6)
    (got * weights).sum().backward()
    (expected * weights).sum().backward()
    for ours, theirs in zip((q, k, v), wide, strict=True):
        torch.testing.assert_close(ours.grad.double(), theirs.grad, rtol=1e-4, atol=1e-5)


def test_where_there_is_no_faster_way():
    """Nothing to differentiate, another type, or windows whose probabilities would take much memory."""
    turn = rotary(torch.arange(LONGEST + 1)[None], 8, 10_000.0)
    q = torch.randn(1, LONGEST + 1, 2, 8)
    short = q[:, :4], [part[:, :4] for part in turn]
    assert rotary_causal(q, q, q, turn) is None
    assert rotary_causal(*[short[0].bfloat16()] * 3, short[1]) is None
    with torch.no_grad():
        assert rotary_causal(*[short[0]] * 3, short[1]) is None


def test_document_mask_by_hand():
    """0 ends a document and belongs to it."""
    mask = document_mask(torch.tensor([[5, 0, 6, 7, 0, 8]]), end=0)[0, 0]
    expected = [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 1],
    ]
    assert mask.int().tolist() == expected


def test_a_document_does_not_see_another_under_the_mask(config: Config):
    """Oracle: changing document A leaves B's hidden states bit for bit; without the mask it does not."""
    model = Llama(config, seed=1)
    tokens = torch.randint(1, 97, (1, 40))
    tokens[0, 19] = 0
    changed = tokens.clone()
    changed[0, :19] = torch.randint(1, 97, (19,))
    with torch.no_grad():
        masked = [model(t, mask=document_mask(t, 0))[0, 20:] for t in (tokens, changed)]
        plain = [model(t)[0, 20:] for t in (tokens, changed)]
    assert torch.equal(*masked)
    assert not torch.allclose(*plain, atol=1e-4)


def test_rotation_keeps_length_and_depends_on_distance_only():
    """Laws of rotary positions: norms stay, and q·k is a function of the distance of their positions."""
    torch.manual_seed(0)
    q, k = torch.randn(1, 1, 1, 16), torch.randn(1, 1, 1, 16)

    def at(x, position):
        return rotate(x, *rotary(torch.tensor([[position]]), 16, 10_000.0)).flatten()

    assert at(q, 11).norm().item() == pytest.approx(q.norm().item(), rel=1e-6)
    products = [(at(q, p) @ at(k, p + 7)).item() for p in (0, 5, 200)]
    assert products == pytest.approx([products[0]] * 3, abs=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", [0.0, 0.002, 0.05])
def test_the_block_mask_is_the_document_mask(share: float):
    """Oracle: the boolean mask, whole and in blocks: none is left out that is needed, none computed that is not."""
    generator = torch.Generator().manual_seed(3)
    tokens = torch.randint(1, 50, (3, 6 * BLOCK), generator=generator)
    tokens[torch.rand(tokens.shape, generator=generator) < share] = 0
    tokens[1, 2 * BLOCK - 1] = 0  # a document that ends with its block
    dense, blocks = document_mask(tokens, 0), block_mask(tokens, 0)
    pooled = dense.view(3, 6, BLOCK, 6, BLOCK).transpose(2, 3)
    assert torch.equal(blocks.to_dense()[:, 0].bool(), pooled.any(-1).any(-1))

    def listed(count, index):
        chosen = torch.zeros(3, 6, 6, dtype=torch.bool)
        for b in range(3):
            for row in range(6):
                chosen[b, row, index[b, 0, row, : count[b, 0, row]].long()] = True
        return chosen

    partial = listed(blocks.kv_num_blocks, blocks.kv_indices)
    whole = listed(blocks.full_kv_num_blocks, blocks.full_kv_indices)
    assert torch.equal(whole, pooled.all(-1).all(-1)) and not (partial & whole).any()
    q, k, v = (torch.randn(3, heads, tokens.shape[1], 8, generator=generator) for heads in (4, 2, 2))
    torch.testing.assert_close(attend(q, k, v, blocks), attend(q, k, v, dense), rtol=1e-5, atol=1e-5)


def test_a_length_that_flex_attention_cannot_take_is_a_fault():
    with pytest.raises(Fault, match=r"training\.sequence = 100 is not a multiple of 128"):
        block_mask(torch.ones(1, 100, dtype=torch.int64), 0)
