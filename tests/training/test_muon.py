"""Oracles: torch.optim.Muon bit for bit in bf16, the singular value decomposition in fp32, and one process for two."""

import torch
from processes import together
from torch.optim._muon import _zeropower_via_newtonschulz

from neve.training.muon import COEFFICIENTS, STEPS, Muon, orthogonalized


def test_the_iteration_is_torchs_in_bf16():
    for shape in ((8, 20), (20, 8), (16, 16)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        expected = _zeropower_via_newtonschulz(matrix, COEFFICIENTS, STEPS, 1e-7)
        assert torch.equal(orthogonalized(matrix.bfloat16()), expected)


def test_singular_vectors_stay_and_singular_values_become_about_one():
    """In fp32; of values over three orders of magnitude, which are what momentum has."""
    generator = torch.Generator().manual_seed(2)
    left, _ = torch.linalg.qr(torch.randn(12, 12, generator=generator))
    right, _ = torch.linalg.qr(torch.randn(30, 12, generator=generator))
    matrix = left @ torch.diag(torch.logspace(0, -2, 12)) @ right.T
    moved = left.T @ orthogonalized(matrix) @ right
    torch.testing.assert_close(moved, torch.diag(moved.diag()), atol=1e-5, rtol=0)
    assert ((moved.diag() > 0.6) & (moved.diag() < 1.3)).all()


def test_steps_are_torchs_muon_and_adamw():
    """Five steps of given gradients, AdamW at half the rate."""
    generator = torch.Generator().manual_seed(3)
    start = [torch.randn(8, 20, generator=generator), torch.randn(9, generator=generator)]
    ours, theirs = ([torch.nn.Parameter(t.clone()) for t in start] for _ in range(2))
    adam = {"betas": (0.9, 0.95), "weight_decay": 0.0}
    muon = Muon(ours[:1], torch.optim.AdamW(ours[1:], **adam), weight_decay=0.1, factor=0.5, bf16=True)
    oracles = [
        torch.optim.Muon(
            theirs[:1], lr=0.01, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(theirs[1:], lr=0.005, **adam),
    ]
    assert len(muon.param_groups) == 2
    for _ in range(5):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape, generator=generator)
            other.grad = one.grad.clone()
        muon.param_groups[0]["lr"] = 0.01
        for optimizer in (muon, *oracles):
            optimizer.step()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)
    assert not torch.equal(ours[0], start[0]) and set(muon.state[ours[0]]) == {"momentum"}


SHARDED = """
import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor
from neve.training import distributed
from neve.training.muon import Muon

shapes = [(7, 5), (1, 4), (6, 9)]
generator = torch.Generator().manual_seed(4)
start = [torch.randn(shape, generator=generator) for shape in shapes]
gradients = [[torch.randn(shape, generator=generator) for shape in shapes] for _ in range(3)]
rest = lambda: torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
with distributed.joined(minutes=1.0) as world:
    mesh = init_device_mesh("cpu", (2,))
    for bf16 in (False, True):
        whole = [torch.nn.Parameter(t.clone()) for t in start]
        parts = [torch.nn.Parameter(distribute_tensor(t.clone(), mesh, [Shard(0)])) for t in start]
        one, two = (Muon(p, rest(), 0.1, 1.0, bf16) for p in (whole, parts))
        for step in gradients:
            for a, b, gradient in zip(whole, parts, step, strict=True):
                a.grad, b.grad = gradient.clone(), distribute_tensor(gradient, mesh, [Shard(0)])
            for optimizer in (one, two):
                optimizer.param_groups[0]["lr"] = 0.01
                optimizer.rest.step = lambda: None
                optimizer.step()
        for a, b in zip(whole, parts, strict=True):
            torch.testing.assert_close(b.full_tensor(), a, rtol=1e-6, atol=1e-7)
print("equal")
"""


def test_shards_on_two_processes_move_as_whole_matrices():
    """Rows that do not divide by two, one row alone, and a number of matrices that does not either."""
    for done in together(SHARDED):
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.strip() == "equal"
