"""Oracle: PyTorch's cross_entropy over logits held all at once."""

import pytest
import torch
from torch.nn import functional as F

from neve.training import loss as module
from neve.training.loss import scaled_loss, token_losses
from neve.training.model import Config, Llama


@pytest.fixture(params=[97 * 7, 1 << 21], ids=["7 positions a chunk", "one chunk"])
def chunk(request, monkeypatch):
    monkeypatch.setitem(module.LOGITS, "cpu", request.param)


def batch():
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, 97, (4, 33), generator=generator)
    inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].clone()
    targets[1, 20:] = -100
    targets[3] = -100
    return inputs, targets


def plain(model, inputs, targets, reduction):
    logits = model.logits(model(inputs))
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction=reduction)


def test_loss_and_gradients_equal_the_plain_ones(config: Config, chunk):
    model = Llama(config, seed=1)
    inputs, targets = batch()
    loss = scaled_loss(model, inputs, targets, 1 / int((targets != -100).sum()))
    (3 * loss).backward()
    got = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    expected = plain(model, inputs, targets, "mean")
    (3 * expected).backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for name, p in model.named_parameters():
        torch.testing.assert_close(got[name], p.grad, rtol=1e-4, atol=1e-7)


def test_micro_batches_of_unequal_counts_add_up(config: Config, chunk):
    """The step's mean is over all its valid targets, not a mean of the micro batches' means."""
    model = Llama(config, seed=1)
    inputs, targets = batch()
    scale = 1 / int((targets != -100).sum())
    parts = [scaled_loss(model, x, y, scale) for x, y in zip(inputs.split(1), targets.split(1), strict=True)]
    assert sum(p.item() for p in parts) == pytest.approx(
        plain(model, inputs, targets, "mean").item(), rel=1e-6
    )


def test_token_losses(config: Config, chunk):
    model = Llama(config, seed=1)
    inputs, targets = batch()
    losses = token_losses(model, inputs, targets)
    assert losses.dtype == torch.float32 and not losses.requires_grad
    expected = plain(model, inputs, targets, "none").detach().view(4, 32)
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-6)
    assert (losses[3] == 0).all() and (losses[1, 20:] == 0).all()


def test_logits_of_all_positions_are_never_alive_at_once(config: Config, monkeypatch):
    """Oracle: the largest tensor [..., vocabulary] that any operation of loss and gradient makes, but for weights, is one chunk."""
    from torch.utils._python_dispatch import TorchDispatchMode

    monkeypatch.setitem(module.LOGITS, "cpu", 97 * 16)
    sizes = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            made = [t for t in (out if isinstance(out, tuple) else (out,)) if torch.is_tensor(t)]
            sizes.extend(t.numel() for t in made if t.shape[-1:] == (97,) and len(t) != config.hidden)
            return out

    model = Llama(config, seed=1)
    inputs, targets = batch()
    with Watch():
        scaled_loss(model, inputs, targets, 1.0).backward()
    assert max(sizes) == 97 * 16


def test_bf16_autocast_is_near_fp32(config: Config):
    """Loss within bf16's rounding of fp32's, gradients pointing the same way."""
    model = Llama(config, seed=1)
    inputs, targets = batch()
    grads = []
    for enabled in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            loss = scaled_loss(model, inputs, targets, 1 / int((targets != -100).sum()))
            losses = token_losses(model, inputs, targets)
        loss.backward()
        assert loss.dtype == losses.dtype == torch.float32
        grads.append((loss.item(), torch.cat([p.grad.flatten() for p in model.parameters()])))
        assert all(p.grad.dtype == torch.float32 for p in model.parameters())
        model.zero_grad()
    assert grads[1][0] == pytest.approx(grads[0][0], rel=5e-3)
    assert F.cosine_similarity(grads[0][1], grads[1][1], dim=0) > 0.999
