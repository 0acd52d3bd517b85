"""neve.quality.annotators.int8_kernels. Oracles: torch's own functions. What several give together: test_int8.py."""

import numpy as np
import torch

from neve.quality.annotators import int8_kernels as kernels

RNG = np.random.default_rng(1)


def test_the_curve_of_gelu_is_torch_s_to_12_millionths():
    x = np.linspace(-12, 12, 48_001, dtype=np.float32)
    exact = torch.nn.functional.gelu(torch.from_numpy(x).double()).numpy()
    found = np.array([kernels.gelu(value) for value in x])
    assert np.abs(found - exact).max() <= 1.2e-5
    assert (found[np.abs(x) >= 5] == np.maximum(x, 0)[np.abs(x) >= 5]).all()


def test_bf16_is_torch_s():
    """To the nearest; of two as near, torch takes the even one and the kernel the larger."""
    x = (RNG.standard_normal(2000) * 10.0 ** RNG.integers(-20, 20, 2000)).astype(np.float32)
    exact = torch.from_numpy(x).bfloat16()
    assert [kernels.to_bf16(value) for value in x] == exact.view(torch.int16).tolist()
    assert [
        kernels.from_bf16(np.int16(bits)) for bits in exact.view(torch.int16).numpy()
    ] == exact.float().tolist()


def test_the_largest_is_found_whatever_its_sign_and_a_row_of_zeros_stays():
    x = np.zeros((3, 37), np.float32)
    x[0] = RNG.standard_normal(37)
    x[0, 5] = -8.0
    x[1, 36] = 1e-20
    rounded, scales = np.empty((3, 37), np.int8), np.empty(3, np.float32)
    kernels.round_rows(x, rounded, scales)
    assert rounded[0, 5] == -127 and np.abs(rounded[0] * scales[0] - x[0]).max() <= scales[0] * 0.5001
    assert not rounded[1:].any() and np.isfinite(scales).all()


def test_softmax_reads_the_keys_that_are_there():
    scores = torch.from_numpy((RNG.standard_normal((2, 5, 33)) * 20).astype(np.float32)).bfloat16()
    counts, given = np.array([33, 7]), scores.clone()
    kernels.soften(scores.view(torch.int16).numpy(), counts, np.empty(33, np.float32))
    for row, count in enumerate(counts):
        exact = (given[row, :, :count].double() * np.log(2)).softmax(-1)
        assert (scores[row, :, :count].double() - exact).abs().max() < 2**-9
        assert not scores[row, :, count:].any()


def test_a_head_of_any_size_is_split_off_and_joined_again():
    """By words of one value and of four; oracle: numpy's own transposition."""
    for size, word in ((6, np.int16), (8, np.int64)):
        rows, heads, width, columns = 2, 3, 5, 9 * size
        sums = RNG.integers(-99, 99, (rows * width, columns)).astype(np.int32)
        ones, none = np.ones(columns, np.float32), np.zeros(columns, np.float32)
        narrow, parts = (
            np.empty((width, columns), np.int16),
            np.empty((3, rows, heads, width, size), np.int16),
        )
        kernels.split(sums, ones, ones, none, narrow, narrow.view(word), parts.view(word))
        expected = sums.reshape(rows, width, 3, heads, size).transpose(2, 0, 3, 1, 4)
        assert np.array_equal((parts.astype(np.int32) << 16).view(np.float32), expected)
        narrow, wide = np.empty((width, columns // 3), np.int16), np.empty(columns // 3, np.float32)
        rounded, scales = np.empty((rows * width, columns // 3), np.int8), np.empty(rows * width, np.float32)
        kernels.join(parts[2].view(word), narrow.view(word), narrow, wide, rounded, scales)
        exact = sums[:, 2 * columns // 3 :]
        assert np.allclose(scales, np.maximum(np.abs(exact).max(1), 1e-12) / 127)
        assert np.abs(rounded * scales[:, None] - exact).max() <= scales.max() * 0.5001


def test_the_mean_is_of_a_section_s_own_tokens():
    hidden, found = RNG.standard_normal((3, 9, 20)).astype(np.float32), np.empty((3, 20), np.float32)
    kernels.mean(hidden, np.array([9, 4, 1]), found)
    for row, count in enumerate((9, 4, 1)):
        assert np.allclose(found[row], hidden[row, :count].mean(0), atol=1e-6)
