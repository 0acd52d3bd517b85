"""What stands beside an encoder's products in 8-bit integers: one compiled pass, token by token, from one
product to the next.

Each kernel reads a product's sums (int32), the scales of tokens and of outputs, and the bias. The trade-off:
compilers take many values at a time only in a long and simple loop, so floats are seen as their bits where
integers are compared faster, what numba would widen to 64 bits is cut back at once, and a
polynomial stands in the place of a division.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

LARGEST = 127
"""Of a rounded value: the range is symmetric."""
F32 = np.float32
HALF = np.int32(0x8000)
"""Added to a float's bits before they are cut to bf16's: it rounds."""
MAGNITUDE, TINY = np.int32(0x7FFFFFFF), F32(1e-12).view(np.int32)
"""The bits of a float but its sign; those of the least scale of a token times LARGEST."""
FAST: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"nnan", "nsz", "reassoc", "contract", "arcp"},
}
"""With what a compiler may assume of floats, so that it takes many at a time."""


def _seen_otherwise(context, builder, signature, given):
    return builder.bitcast(given[0], context.get_value_type(signature.return_type))


def _bits_of(typing, x):
    return types.int32(types.float32), _seen_otherwise


def _float_of(typing, bits):
    return types.float32(types.int32), _seen_otherwise


bits_of: Any = intrinsic(_bits_of)
"""The bits of a float32: int32."""
float_of: Any = intrinsic(_float_of)
"""The float32 of these bits (int32)."""


@numba.njit(**FAST)
def magnitude(x):
    """The bits of a magnitude: floats are in the same order, and of integers a compiler compares many at a
    time."""
    return np.int32(bits_of(x) & MAGNITUDE)


@numba.njit(**FAST)
def to_bf16(x):
    """The bits of the nearest bf16: int16."""
    return np.int16(np.int32(bits_of(x) + HALF) >> 16)


@numba.njit(**FAST)
def from_bf16(bits):
    """The float32 of a bf16's bits."""
    return float_of(np.int32(np.int32(bits) << 16))


@numba.njit(**FAST)
def round_row(x, most, rounded):
    """`x` in LARGEST-ths of its largest magnitude, whose bits `most` are; gives what 1 stands for."""
    largest = float_of(most)
    factor = F32(LARGEST) / largest
    for i in range(len(x)):
        rounded[i] = np.int8(np.rint(x[i] * factor))
    return largest / F32(LARGEST)


@numba.njit(**FAST)
def round_rows(x, rounded, scales):
    """Each row of `x`, rounded."""
    for row in range(len(x)):
        most = TINY
        for i in range(x.shape[1]):
            most = max(most, magnitude(x[row, i]))
        scales[row] = round_row(x[row], most, rounded[row])


@numba.njit(**FAST)
def spread(sums, scales, weights, bias, out):
    """What the sums stand for, with the bias."""
    for row in range(len(sums)):
        for i in range(sums.shape[1]):
            out[row, i] = F32(sums[row, i]) * (scales[row] * weights[i]) + bias[i]


@numba.njit(**FAST)
def split(sums, scales, weights, bias, narrow, words, parts):
    """What the sums stand for, as attention reads it: `parts` [query, key, value; section, head, token,
    word]. `narrow` [token, columns] holds a section meanwhile, `words` is the same seen as words.

    A head is too short for a compiler to take many values at a time, so it is copied in words of several.
    """
    _, rows, heads, width, size = parts.shape
    for row in range(rows):
        for place in range(width):
            token = row * width + place
            scale = scales[token]
            for i in range(len(bias)):
                narrow[place, i] = to_bf16(F32(sums[token, i]) * (scale * weights[i]) + bias[i])
        for part in range(3):
            for head in range(heads):
                first = (part * heads + head) * size
                for place in range(width):
                    for i in range(size):
                        parts[part, row, head, place, i] = words[place, first + i]


@numba.njit(**FAST)
def soften(scores, counts, wide):
    """Softmax to the base of 2, in place, with 0 for keys from `counts` on; `wide` [keys] holds a query's
    meanwhile.

    `scores` are [section, head and query, key]. Beyond ±100, where one weight is all there is, they are cut
    off, which spares looking for the largest. The power of a fraction is a polynomial, to 4e-6; that of a
    whole number is a float's exponent.
    """
    for row in range(len(scores)):
        count = counts[row]
        for query in range(scores.shape[1]):
            total = F32(0)
            for i in range(count):
                x = min(max(from_bf16(scores[row, query, i]), F32(-100)), F32(100))
                whole = np.rint(x)
                x -= whole
                power = F32(0.009618129) + x * F32(0.0013333558)
                power = F32(0.2402265) + x * (F32(0.055504109) + x * power)
                power = F32(1) + x * (F32(0.69314718) + x * power)
                power *= float_of(np.int32(np.int32(np.int32(whole) + np.int32(127)) << 23))
                wide[i] = power
                total += power
            share = F32(1) / total
            for i in range(count):
                scores[row, query, i] = to_bf16(wide[i] * share)
            scores[row, query, count:] = 0


@numba.njit(**FAST)
def join(mixed, words, narrow, wide, rounded, scales):
    """The heads of each token side by side, and rounded. `mixed` is [section, head, token, word]; `narrow`
    [token, columns], which `words` is too, and `wide` [columns] hold some meanwhile."""
    rows, heads, width, size = mixed.shape
    for row in range(rows):
        for head in range(heads):
            for place in range(width):
                for i in range(size):
                    words[place, head * size + i] = mixed[row, head, place, i]
        for place in range(width):
            most = TINY
            for i in range(len(wide)):
                x = from_bf16(narrow[place, i])
                wide[i] = x
                most = max(most, magnitude(x))
            scales[row * width + place] = round_row(wide, most, rounded[row * width + place])


@numba.njit(**FAST)
def gelu(x):
    """x times the normal distribution's share below it, to 1.2e-5: of the tail a polynomial that ends at 5,
    without a division."""
    s = min(abs(x), F32(5))
    left = F32(5) - s
    tail = F32(3.0105318e-05) + s * F32(-1.8173601e-06)
    tail = F32(0.0004841112) + s * (F32(-0.00018673868) + s * tail)
    tail = F32(-0.00080494015) + s * (F32(-0.00021934007) + s * tail)
    tail = F32(0.0040021767) + s * (F32(-0.00082472859) + s * tail)
    return max(x, F32(0)) - s * (left * left * left) * tail


@numba.njit(**FAST)
def activate(sums, scales, weights, bias, wide, rounded, found):
    """What the sums stand for, through GELU, rounded again; `wide` [columns] holds a row meanwhile."""
    for row in range(len(sums)):
        most, scale = TINY, scales[row]
        for i in range(len(wide)):
            x = gelu(F32(sums[row, i]) * (scale * weights[i]) + bias[i])
            wide[i] = x
            most = max(most, magnitude(x))
        found[row] = round_row(wide, most, rounded[row])


@numba.njit(**FAST)
def normalise(x, gain, shift, eps, rounded):
    """`x` normalised, in place and rounded; gives what 1 stands for."""
    size, mean, spread, most = F32(len(x)), F32(0), F32(0), TINY
    for i in range(len(x)):
        mean += x[i]
    mean /= size
    for i in range(len(x)):
        apart = x[i] - mean
        spread += apart * apart
    factor = F32(1) / np.sqrt(spread / size + eps)
    for i in range(len(x)):
        value = (x[i] - mean) * factor * gain[i] + shift[i]
        x[i] = value
        most = max(most, magnitude(value))
    return round_row(x, most, rounded)


@numba.njit(**FAST)
def settle(sums, scales, weights, bias, hidden, norm, rounded, found):
    """What the sums stand for, added to `hidden`, normalised there and rounded."""
    gain, shift, eps = norm
    for row in range(len(sums)):
        scale = scales[row]
        for i in range(sums.shape[1]):
            hidden[row, i] += F32(sums[row, i]) * (scale * weights[i]) + bias[i]
        found[row] = normalise(hidden[row], gain, shift, eps, rounded[row])


@numba.njit(**FAST)
def embed(ids, words, places, hidden, norm, rounded, found):
    """Each token's row of `words` and that of its place, added, normalised and rounded."""
    gain, shift, eps = norm
    for row in range(len(ids)):
        for place in range(ids.shape[1]):
            token = row * ids.shape[1] + place
            for i in range(hidden.shape[1]):
                hidden[token, i] = words[ids[row, place], i] + places[place, i]
            found[token] = normalise(hidden[token], gain, shift, eps, rounded[token])


@numba.njit(**FAST)
def mean(hidden, counts, out):
    """The mean of the first `counts[i]` tokens of section i. `hidden` is [section, token, size]."""
    for row in range(len(counts)):
        out[row] = 0
        for token in range(counts[row]):
            for i in range(out.shape[1]):
                out[row, i] += hidden[row, token, i]
        for i in range(out.shape[1]):
            out[row, i] /= F32(counts[row])
