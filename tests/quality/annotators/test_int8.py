"""neve.quality.annotators.int8. Oracles: torch's fp32 products, transformers' own fp32 forward, and a section alone."""

import numpy as np
import pytest
import torch

from neve.quality.annotators import encoder as encoders
from neve.quality.annotators import int8
from neve.quality.annotators.encoder import Encoder

TEXTS = [
    "def add(a, b):\n    return a + b\n",
    "",
    "import os\n\n" + "\n".join(f"x{i} = os.path.join('a', str({i}))" for i in range(300)),
    "class A:\n" + "\n".join(f"    def f{i}(self):\n        return {i}" for i in range(9)),
]


@pytest.fixture(scope="module")
def encoder():
    return Encoder("minilm", 32, precision="int8")


def test_a_product_is_within_half_a_step_of_the_exact_one_on_either_side():
    torch.manual_seed(1)
    first, second = torch.nn.Linear(96, 40), torch.nn.Linear(96, 24)
    x = torch.randn(50, 96) * torch.rand(50, 1) * 100
    with torch.inference_mode():
        exact = torch.cat([first(x), second(x)], 1)
        found = int8.Linear("test", first, second)(int8.Rounded.of(x)).clone()
        zero = int8.Linear("test", first)(int8.Rounded.of(torch.zeros(3, 96)))
        assert torch.equal(zero, first.bias.expand(3, 40))
    weight = torch.cat([first.weight, second.weight]).detach()
    step_x, step_w = x.abs().amax(1, keepdim=True) / 127, weight.abs().amax(1) / 127
    most = (
        step_x / 2 * weight.abs().sum(1)
        + x.abs().sum(1, keepdim=True) * step_w / 2
        + 96 * step_x * step_w / 4
    )
    assert ((found - exact).abs() <= most + 1e-4).all()
    assert float((found - exact).norm() / exact.norm()) < 0.02


def test_passes_beside_a_product_are_torch_s_own_arithmetic():
    """GELU and the norm, of the same rounded product; oracle: torch's, to half a step where the outcome is
    rounded again."""
    torch.manual_seed(2)
    up, down, norm = torch.nn.Linear(96, 200), torch.nn.Linear(200, 96), torch.nn.LayerNorm(96)
    torch.nn.init.normal_(norm.weight)
    x, hidden = 3 * torch.randn(50, 96), torch.randn(50, 96)
    with torch.inference_mode():
        wide = torch.nn.functional.gelu(int8.Linear("plain", up)(int8.Rounded.of(x)))
        found = int8.Linear("fused", up).gelu(int8.Rounded.of(x))
        step = wide.abs().amax(1) / 127
        assert np.allclose(found.scales, step, rtol=1e-4)
        apart = found.values * torch.from_numpy(found.scales)[:, None] - wide
        assert (apart.abs() <= step[:, None] * (0.5 + 1e-3)).all()
        narrow = int8.Linear("down", down)
        expected = norm(hidden + narrow(int8.Rounded.of(wide)))
        found = narrow.settle(int8.Rounded.of(wide), hidden, int8.norm_of(norm))
        assert torch.allclose(hidden, expected, atol=1e-4)
        again = int8.Rounded.of(hidden.repeat(1, 2))  # of another width, so in another place
        assert torch.equal(found.values, again.values[:, :96]) and np.array_equal(found.scales, again.scales)
        far = torch.nn.Linear(1, 1)
        far.weight.fill_(1.0), far.bias.fill_(0.0)
        for value in (-1e4, -9.0, -1e-9, 0.0, 1e-9, 9.0, 1e4):
            made = int8.Linear("far", far).gelu(int8.Rounded.of(torch.full((1, 1), value)))
            given = float(made.values[0, 0] * made.scales[0])
            exact = float(torch.nn.functional.gelu(torch.tensor(value, dtype=torch.float64)))
            assert abs(given - exact) <= 1e-6 + 1e-6 * abs(exact)


def test_attention_is_torch_s_own_within_bf16():
    """Of the same rounded products, five sections of three lengths; oracle: torch's in fp32, the query unscaled."""
    torch.manual_seed(3)
    heads, width, counts = 4, 24, np.array([24, 24, 17, 17, 2])
    layers = [torch.nn.Linear(96, 96) for _ in range(3)]
    for layer in layers:
        torch.nn.init.normal_(layer.weight, std=0.2)
    x = torch.randn(len(counts) * width, 96)
    with torch.inference_mode():
        found = int8.Linear("all", *layers, first=24**-0.5 / np.log(2)).attend(
            int8.Rounded.of(x), counts, heads
        )
        given = found.values * torch.from_numpy(found.scales)[:, None]
        parts = int8.Linear("plain", *layers)(int8.Rounded.of(x))
        parts = parts.view(len(counts), width, 3, heads, 24).permute(2, 0, 3, 1, 4)
        seen = torch.arange(width) < torch.from_numpy(counts)[:, None]
        exact = torch.nn.functional.scaled_dot_product_attention(*parts, attn_mask=seen[:, None, None, :])
        exact = exact.transpose(1, 2).reshape(-1, 96)
    assert float((given - exact).norm() / exact.norm()) < 0.01
    sharp = (parts[0] @ parts[1].transpose(2, 3) / 24**0.5).softmax(-1).amax(-1)
    assert sharp.median() > 0.5, "weights are far from even"


def test_embeddings_are_close_to_transformers_and_do_not_depend_on_neighbours(encoder):
    sections = encoder.sections(TEXTS)
    rows = np.arange(len(sections))
    found = np.concatenate(list(encoder.embed(sections, rows)))
    for row in rows:
        alone = np.concatenate(list(encoder.embed(sections, rows[row : row + 1])))[0]
        assert np.allclose(alone, found[row], atol=1e-5)
        start, length = sections.starts[row], sections.lengths[row]
        ids = [encoder.first, *sections.tokens[start : start + length].tolist(), encoder.last]
        with torch.inference_mode():
            expected = encoder.model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
        cosine = found[row] @ expected / np.linalg.norm(found[row]) / np.linalg.norm(expected)
        assert cosine > 0.98


def test_the_first_token_s_state_stays_when_the_next_batch_is_computed(encoder):
    """Arrays are written over, what is given is not; oracle: transformers' own first token."""
    bert, torch_ids = int8.Bert(encoder.model, "cls"), torch.tensor([[101, 2330, 999, 102], [101, 8, 9, 102]])
    with torch.inference_mode():
        expected = encoder.model(torch_ids).last_hidden_state[:, 0]
        found = [bert(torch_ids[i : i + 1], torch.ones(1, 4, dtype=torch.bool)) for i in range(2)]
    assert (torch.nn.functional.cosine_similarity(torch.cat(found), expected) > 0.98).all()


def test_threads_do_not_write_into_each_others_arrays(encoder):
    """The same sections on one core and on three: every bit is the same."""
    sections = encoder.sections(TEXTS * 12)
    rows = np.arange(len(sections))
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append(np.concatenate(list(encoder.embed(sections, rows))))
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(*found)


def test_what_the_processor_multiplies_fast_is_tried_first(monkeypatch):
    monkeypatch.setattr(encoders, "placement", lambda: ("cpu", "bf16"))
    monkeypatch.setattr(int8, "able", lambda: True)
    assert encoders.formats("minilm") == ["int8", "bf16", "fp32"]
    monkeypatch.setattr(int8, "able", lambda: False)
    assert encoders.formats("minilm") == ["bf16", "fp32"]
    monkeypatch.setattr(encoders, "placement", lambda: ("cpu", "fp32"))
    assert encoders.formats("minilm") == ["fp32"]
    monkeypatch.setattr(encoders, "placement", lambda: ("cuda:0", "bf16"))
    monkeypatch.setattr(int8, "able", lambda: True)
    assert encoders.formats("minilm") == ["bf16", "fp32"], "a GPU multiplies bf16 fast"


def test_able_reads_the_processors_features(monkeypatch):
    for features, able in (
        ({"avx512_vnni": True}, True),
        ({"amx_int8": True}, True),
        ({"avx2": True}, False),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=features: found)
        assert int8.able() == able
