"""Oracle: torch.optim.AdamW unfused, and clipping written out."""

import math
from types import SimpleNamespace

import pytest
import torch

from neve.training import optim
from neve.training.model import Config, Llama

TRAINING = SimpleNamespace(optimizer="adamw", adamw_lr_factor=0.5, betas=(0.9, 0.95), weight_decay=0.1)


def with_gradients(config: Config) -> Llama:
    model = Llama(config, seed=1)
    generator = torch.Generator().manual_seed(0)
    for p in model.parameters():
        p.grad = torch.randn(p.shape, generator=generator)
    return model


def test_groups(config: Config):
    """Every parameter once; norms and the embedding are not decayed, an untied head is."""
    import dataclasses

    model = Llama(dataclasses.replace(config, tied=False))
    decayed, plain = optim.make(model, TRAINING, bf16=False).param_groups
    names = {id(p): name for name, p in model.named_parameters()}
    assert len(decayed["params"]) + len(plain["params"]) == len(names)
    assert {names[id(p)].split(".")[-2] for p in plain["params"]} == {
        "embed_tokens",
        "input_layernorm",
        "post_attention_layernorm",
        "norm",
    }
    assert "lm_head.weight" in {names[id(p)] for p in decayed["params"]}
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)


def test_muon_has_the_matrices_of_layers_and_adamw_the_rest(config: Config):
    import dataclasses

    model = Llama(dataclasses.replace(config, tied=False))
    about = SimpleNamespace(**{**vars(TRAINING), "optimizer": "muon"})
    made = optim.make(model, about, bf16=False)
    names = {id(p): name for name, p in model.named_parameters()}
    inside, head, plain = ([names[id(p)] for p in group["params"]] for group in made.param_groups)
    assert len(inside) == 7 * config.layers and all(name.endswith("proj.weight") for name in inside)
    assert head == ["lm_head.weight"] and len({*inside, *head, *plain}) == len(names)
    assert [group["weight_decay"] for group in made.param_groups] == [0.1, 0.1, 0.0]
    assert set(made.state) == set(model.parameters()), "all moments are there"


def test_update_is_clipped_adamw(config: Config):
    ours, theirs = with_gradients(config), with_gradients(config)
    optimizer = optim.make(ours, TRAINING, bf16=False)
    loss, norm, taken = optim.update(optimizer, torch.tensor(1.5), 1e-3, clip=1.0)
    expected = math.sqrt(sum(p.grad.pow(2).sum().item() for p in theirs.parameters()))
    assert taken and loss == 1.5 and norm == pytest.approx(expected, rel=1e-5)
    assert all(p.grad is None for p in ours.parameters())

    kept = [p for n, p in theirs.named_parameters() if p.ndim > 1 and "embed" not in n]
    rest = [p for n, p in theirs.named_parameters() if p.ndim == 1 or "embed" in n]
    for p in theirs.parameters():
        p.grad /= expected
    groups = [{"params": kept, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), fused=False, foreach=False).step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_step_that_is_not_finite_is_left_out(config: Config, what: str, optimizer: str):
    """Weights and moments stay bit for bit."""
    model = with_gradients(config)
    optimizer = optim.make(model, SimpleNamespace(**{**vars(TRAINING), "optimizer": optimizer}), bf16=False)
    before = [p.detach().clone() for p in model.parameters()]
    if what == "gradient":
        model.model.norm.weight.grad[3] = math.inf
    given = torch.tensor(math.nan if what == "loss" else 1.0)
    loss, norm, taken = optim.update(optimizer, given, 1e-3, 1.0)
    assert math.isfinite(loss) == (what == "gradient")
    assert not taken and math.isfinite(norm) == (what == "loss")
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert not any(moment.any() for state in optimizer.state.values() for moment in state.values())
    assert all(p.grad is None for p in model.parameters())
