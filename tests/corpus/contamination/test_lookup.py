"""Hashes, bitmaps and rolling windows find what Python's sets of tuples, regular expressions and `in` find.

The oracle is a slow implementation of word 10-grams and squeezed texts, over the tasks of HumanEval and MBPP."""

from __future__ import annotations

import functools
import json
import re
import tokenize
from collections import deque
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.contamination import benchmark_index, lookup, lookup_kernel
from neve.corpus.contamination.benchmark_index import Index, program_of, without_docstrings
from neve.tasks import benchmarks

load = functools.cache(benchmarks.load)


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def test_half_of_a_prompt_is_the_bound(benchmark_files: Path) -> None:
    """Where a text has more 10-grams than are kept, its share is estimated: without bias, within the stated error."""
    errors, shares, cuts = [], [], []
    for task in load("bigcodebench", benchmark_files).tasks:
        own = _words(task.prompt)
        if len(own) <= benchmark_index.SKETCH:
            continue
        words = task.prompt.split(" ")
        kept = lookup.grams_of(task.prompt)[: benchmark_index.SKETCH]
        for part in (0.3, 0.6, 0.9):
            cut = " ".join(words[: int(part * len(words))])
            share = len(own & _words(cut)) / len(own)
            errors.append(np.isin(kept, lookup.grams_of(cut)).mean() - share)
            shares.append(share)
            cuts.append(cut)
    assert len(errors) > 2000
    assert abs(np.mean(errors)) < 0.005 and np.std(errors) < 0.05
    found = Index.load(["bigcodebench"]).check(column(cuts))[0]
    clear = np.array(shares) > 0.7
    assert clear.sum() > 500 and np.mean(found[clear] >= 0.5) >= 0.999


@functools.cache
def _slow_index(folder: Path) -> list[tuple[str, list[set[tuple[str, ...]]], list[str]]]:
    """For each task of HumanEval and MBPP: label, the kept word 10-grams of each text, squeezed texts."""
    out = []
    for name in ("humaneval", "mbpp"):
        for task in load(name, folder).tasks:
            mbpp = name == "mbpp"
            bare = without_docstrings(task.solution if mbpp else task.prompt + task.solution)
            texts = [task.prompt, bare, task.prompt + task.test if mbpp else "", task.instruction]
            grams = [_kept(words) for words in map(_words, texts) if len(words) >= benchmark_index.MIN_GRAMS]
            whole, words, body = (_joined(text) for text in (bare, task.instruction, task.solution))
            least = lookup_kernel.MIN_WHOLE if whole.startswith("def") else lookup_kernel.MIN_LENGTH
            sizes = [(whole, least), (words, lookup_kernel.MIN_WHOLE), (body, benchmark_index.MIN_BODY)]
            found = [text for text, size in sizes if len(text.encode()) >= size]
            out.append((f"{name}:{task.task_id}", grams, found))
    return out


def _words(text: str) -> set[tuple[str, ...]]:
    text = re.sub(r"\\+[nrt]", " ", text)
    ascii_lower = "".join(c.lower() if c < "\x80" else c for c in text)
    words = re.findall(r"[a-z0-9_\x80-\U0010ffff]+", ascii_lower)
    return {tuple(words[i : i + 10]) for i in range(len(words) - 9)}


def _kept(grams: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return set(
        sorted(grams, key=lambda gram: int(lookup.grams_of(" ".join(gram))[0]))[: benchmark_index.SKETCH]
    )


TOKEN = re.compile(
    r"(?P<escape>\\+[nrt])|(?P<triple>([\"'])\\*\3\\*\3)|(?P<comment>#+)|(?P<char>.)", re.DOTALL
)


def _strip(text: str) -> tuple[list[tuple[str, bool]], list[str]]:
    """Characters that squeezing leaves, each with whether a line or string begins there; docstrings and comments."""
    out: list[tuple[str, bool]] = []
    asides: list[str] = []
    place, edge = 0, True
    while place < len(text):
        token = TOKEN.match(text, place)
        place = token.end()
        if token["escape"]:
            edge = edge or token["escape"][-1] != "t"
        elif token["triple"]:
            edge, quote = True, token[3]
            span = _closing(text, place, quote) if out and out[-1][0] == ":" else None
            if span:
                asides.append(text[place : span[0]])
                place = span[1]
        elif token["comment"]:
            line = re.compile(r"(?:(?!\\[nr])[^\r\n])*").match(text, place)
            asides.append(line[0])
            place, edge = line.end(), True
        elif token["char"] in "\r\n\"'":
            edge = True
        elif token["char"] > " " and token["char"] not in "\\,;()":
            out.append((token["char"], edge))
            edge = False
    return out, asides


def _closing(text: str, place: int, quote: str) -> tuple[int, int] | None:
    """Where the quotes stand that close a docstring: those after a colon open another within."""
    first, within = None, False
    for match in re.compile(rf"{quote}(?:\\*{quote}){{2}}").finditer(text, place):
        before = re.sub(rf"#[^\r\n]*|[\x00- \\{quote}]", "", text[place : match.start()])
        place = match.end()
        first = first or (match.end() - 3, match.end())
        if not within and not before.endswith(":"):
            return match.end() - 3, match.end()
        within = not within
    return first


def _joined(text: str) -> str:
    return "".join(char for char, _ in _strip(text)[0])


def _squeeze(text: str) -> tuple[str, list[bool]]:
    """A whole document squeezed, and whether a line or a string begins at each place and at the end."""
    out: list[tuple[str, bool]] = []
    queue = deque([text])
    while queue:
        part, asides = _strip(queue.popleft())
        out += part
        queue += asides
    return "".join(char for char, _ in out), [*(edge for _, edge in out), True]


def _holds(whole: str, edges: list[bool], wanted: list[str]) -> bool:
    for short in wanted:
        place = whole.find(short)
        while place >= 0:
            if len(short.encode()) >= lookup_kernel.MIN_LENGTH or (
                edges[place] and edges[place + len(short)]
            ):
                return True
            place = whole.find(short, place + 1)
    return False


def _slow_check(text: str, folder: Path) -> tuple[float, str | None]:
    words, (whole, edges) = _words(text), _squeeze(text)
    best: tuple[float, str | None] = (0.0, None)
    for label, grams, wanted in _slow_index(folder):
        share = max([len(g & words) / len(g) for g in grams], default=0.0)
        if share > best[0]:
            best = (share, label)
        if best[0] < 1 and _holds(whole, edges, wanted):
            best = (1.0, label)
    return best


@st.composite
def documents(draw) -> str:
    """Spans of tasks' lines, whole or cut, between other text."""
    folder = draw(st.just(FOLDER[0]))
    tasks = benchmark_tasks(folder)
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        lines = tasks[draw(st.integers(0, len(tasks) - 1))].split("\n")
        first = draw(st.integers(0, len(lines)))
        parts.append("\n".join(lines[first : draw(st.integers(first, len(lines)))]))
        parts.append(
            draw(
                st.one_of(
                    st.text(max_size=20),
                    st.sampled_from(
                        [
                            "# x",
                            "\r",
                            "\r\n  # ä",
                            "É",
                            '"""',
                            "\\n",
                            '\\"',
                            "f():\n'''a",
                            Path(tokenize.__file__).read_text("utf-8")[:3000],
                        ]
                    ),
                )
            )
        )
    return draw(st.sampled_from(["", "\n", " "])).join(parts)


FOLDER: list[Path] = []


@functools.cache
def benchmark_tasks(folder: Path) -> list[str]:
    tasks = [(name, task) for name in ("humaneval", "mbpp") for task in load(name, folder).tasks]
    return [
        text
        for _, task in tasks
        for text in (
            program_of(task),
            task.prompt + task.test,
            json.dumps(program_of(task)),
            program_of(task).replace("\n", "  # so it is\n"),
        )
    ]


@pytest.fixture
def folder(benchmark_files: Path) -> Path:
    FOLDER[:] = [benchmark_files]
    return benchmark_files


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.load(["humaneval", "mbpp"])


def test_agrees_with_sets_and_strings(folder: Path, index: Index) -> None:
    """Hashes, bitmap and rolling windows against Python's sets of tuples and `in`; shapes have a test of
    their own."""
    arrays = index.arrays
    shapeless = Index(arrays | {name: arrays[name][:0] for name in arrays if name.startswith("shape")})

    @settings(max_examples=40, deadline=None)
    @given(st.lists(documents(), min_size=1, max_size=3))
    def check(texts: list[str]) -> None:
        shares, named = shapeless.check(column(texts))
        for share, label, text in zip(shares, named.to_pylist(), texts, strict=True):
            assert (share, label) == _slow_check(text, folder)

    check()


def test_appending_never_lowers_a_share(folder: Path, index: Index) -> None:
    """The law: more text below a document cannot take benchmark text away."""

    @settings(max_examples=60, deadline=None)
    @given(documents(), documents())
    def check(text: str, more: str) -> None:
        before, after = index.check(column([text, f"{text}\n{more}"]))[0]
        assert after >= before

    check()


def test_squeezing_leaves_what_formatters_leave() -> None:
    source = 'class A:\n    """Ä class."""  # note ä\n\n    def f(self):\n        "doc"\n        return "#é"  # x\n'
    assert lookup.squeezed(source) == b"classA:deffself:docreturn"
    assert lookup.squeezed("a // b\n/* c */ d", slashes=True) == b"ad" != lookup.squeezed("a // b\n/* c */ d")
    assert lookup.squeezed("") == b""


@given(st.text(max_size=200))
def test_hashes_are_the_polynomials_of_their_bytes(text: str) -> None:
    """In Python's unbounded integers: the value, modulo 2^64, of the bytes' numbers at the base."""
    raw, base, table = text.encode(), int(lookup_kernel.BASE), lookup.byte_table()
    powers = [pow(base, n, 2**64) for n in range(len(raw) + 1)]
    first = sum(int(table[byte]) * powers[len(raw) - 1 - n] for n, byte in enumerate(raw)) % 2**64
    assert lookup.hashes_of(raw, len(raw))[0] == first >> 32


def test_a_bitmap_holds_every_key() -> None:
    """A bit for each key, and few others: of keys that are none as many pass as bits are set."""
    keys = np.random.default_rng(0).integers(0, 2**32, 3000, np.uint32)
    bitmap = lookup.bitmap_of(keys, 16)
    bits = np.unpackbits(bitmap, bitorder="little")
    assert len(bits) == 2**16 and bits[keys >> np.uint32(16)].all()
    assert bits.sum() == len(np.unique(keys >> np.uint32(16)))
