"""Benchmark text in a document: word 10-grams of prompts and solutions, and solutions as a substring.

A document is scored against two texts of each task, each alone: its prompt (for MBPP with all its
assertions), and its solution as a program (HumanEval's with its signature) without docstrings, comments
and imports. The share is how many of the text's distinct 10-grams the document holds; it is 1 where a whole
solution, the program or HumanEval's body alone, normalised (white space and everything from `#` to the line's
end removed), is a substring of the document normalised alike, which survives reformatting and comments.

A word is a run of ASCII letters, digits and `_`, or of bytes beyond ASCII, lower-cased within ASCII: `\\w+`
for code, and fast. Texts with fewer than MIN_GRAMS 10-grams, and solutions of fewer than MIN_LENGTH
normalised bytes, are not searched for: much code holds such idioms by chance. So that a fresh
clone decontaminates without the files and no benchmark text is spread, the package carries 64-bit hashes
only, built by `scripts/make_contamination_index.py`.

The trade-off: comments are cut without regard to string literals and only in the style of Python (all
benchmarks here are Python), alike on both sides, which costs nothing but a missed match where a line with
`#` in a string was broken elsewhere. Text inside another encoding (a notebook's JSON) is matched by its
10-grams alone.

Sources: 10-grams as DeepSeek-Coder (arXiv 2401.14196), though it drops a document for a single one; solutions
as substrings as StarCoder (2305.06161).
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa

from neve.benchmarks import FILES, load
from neve.corpus.lookup import (
    MIN_GRAMS,
    MIN_LENGTH,
    bitmap_of,
    byte_table,
    check_grams,
    check_solutions,
    grams_of,
    hash_of,
    normalised,
    powers_of,
    word_table,
)
from neve.corpus.signals import buffers
from neve.errors import Fault

PACKAGED = ("humaneval", "humaneval+", "mbpp", "mbpp+")
"""The benchmarks that the package's index holds."""

_TYPES = {
    "tasks": np.str_, "text_task": np.int32, "text_grams": np.int32, "grams": np.uint64,
    "solution_task": np.int32, "solution_length": np.int32, "solution_start": np.uint64, "solution_hash": np.uint64,
    "files": np.str_,
}  # fmt: skip


class Index:
    """Hashes of benchmarks, ready to be looked up.

    Arrays: `tasks` labels "<benchmark>:<task id>"; for each text (prompt or solution) `text_task` and `text_grams`, the
    number of its distinct 10-grams, whose hashes lie one text after another in `grams`; for each normalised solution
    its task, length, hash, and hash of its first MIN_LENGTH bytes; `files`: "<name> <sha256>" of what it was built from.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        keys, place = np.unique(arrays["grams"], return_inverse=True)
        text = np.repeat(np.arange(len(arrays["text_grams"])), arrays["text_grams"])
        order = np.argsort(place, kind="stable")
        starts = np.searchsorted(place[order], np.arange(len(keys) + 1))
        self._grams = (keys, bitmap_of(keys), starts.astype(np.int64), text[order].astype(np.int64))
        order = np.lexsort((arrays["solution_task"], arrays["solution_start"]))
        starts = arrays["solution_start"][order]
        self._solutions = (
            starts,
            bitmap_of(starts),
            arrays["solution_length"][order].astype(np.int64),
            arrays["solution_hash"][order],
            arrays["solution_task"][order].astype(np.int64),
        )

    @staticmethod
    def load(benchmarks: Sequence[str], data: Path | None = None) -> Index:
        """The packaged hashes of `benchmarks`, and those of the files that lie in `data` and differ from the packaged.

        Raises Fault for a name that is not known, or a file that cannot be read.
        """
        with np.load(str(resources.files("neve.corpus") / "contamination.npz"), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in _TYPES}
        parts = [_chosen(arrays, benchmarks)]
        for name in benchmarks:
            if name not in FILES:
                raise Fault(f"corpus.decontaminate.benchmarks: no {name!r}; known are {', '.join(FILES)}")
            file = FILES[name][0]
            if data is not None and (Path(data) / file).exists():
                digest = hashlib.sha256((Path(data) / file).read_bytes()).hexdigest()
                if f"{file} {digest}" not in arrays["files"]:
                    parts.append(hashes(name, Path(data)))
            elif name not in PACKAGED:
                raise Fault(
                    f"corpus.decontaminate.benchmarks: {name!r} is not in the package; give the folder that holds "
                    f"{file} as --data"
                )
        return Index(join(parts))

    def check(self, texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
        """How much of a benchmark each text holds, a column of large_string or large_binary (null: nothing).

        Returns (largest share over all tasks' texts as float64, label of that task as string, null where the share
        is 0). Of tasks alike the first in the index is named.
        """
        values, offsets, _ = buffers(texts)
        shares = np.zeros(len(offsets) - 1)
        tasks = np.full(len(offsets) - 1, -1, np.int64)
        text_grams = self.arrays["text_grams"].astype(np.int64)
        text_task = self.arrays["text_task"].astype(np.int64)
        check_grams(values, offsets, *self._grams, text_grams, text_task, word_table(), shares, tasks)
        longest = int(self.arrays["solution_length"].max(initial=MIN_LENGTH))
        check_solutions(values, offsets, *self._solutions, powers_of(longest), byte_table(), shares, tasks)
        labels = pa.array(self.arrays["tasks"].tolist(), pa.string())
        return shares, labels.take(pa.array(tasks, mask=tasks < 0))


def hashes(name: str, data: Path) -> dict[str, np.ndarray]:
    """The index's arrays for one benchmark, published in folder `data`. Raises Fault where it cannot be read."""
    benchmark = load(name, data)
    grams: list[tuple[int, np.ndarray]] = []
    found: list[tuple[int, bytes]] = []
    for number, task in enumerate(benchmark.tasks):
        mbpp = name.startswith(
            "mbpp"
        )  # its prompt shows one of its tests, and its solution is a whole program
        program = without_docstrings(task.solution if mbpp else task.prompt + task.solution)
        prompt = [grams_of(task.prompt), grams_of(task.test)] if mbpp else [grams_of(task.prompt)]
        grams += [(number, np.unique(np.concatenate(prompt))), (number, grams_of(program))]
        found += [
            (number, text)
            for text in sorted({normalised(program), b"" if mbpp else normalised(task.solution)})
        ]
    grams = [(number, text) for number, text in grams if len(text) >= MIN_GRAMS]
    found = [(number, text) for number, text in found if len(text) >= MIN_LENGTH]
    return _typed(
        tasks=[f"{name}:{task.task_id}" for task in benchmark.tasks],
        text_task=[number for number, _ in grams],
        text_grams=[len(text) for _, text in grams],
        grams=np.concatenate([np.zeros(0, np.uint64), *(text for _, text in grams)]),
        solution_task=[number for number, _ in found],
        solution_length=[len(text) for _, text in found],
        solution_start=[hash_of(text[:MIN_LENGTH]) for _, text in found],
        solution_hash=[hash_of(text) for _, text in found],
        files=[f"{FILES[name][0]} {benchmark.data_sha256}"],
    )


def join(parts: Iterable[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """One index's arrays out of several."""
    shifted, tasks = [], 0
    for part in parts:
        shifted.append(
            {**part, "text_task": part["text_task"] + tasks, "solution_task": part["solution_task"] + tasks}
        )
        tasks += len(part["tasks"])
    return _typed(**{name: np.concatenate([part[name] for part in shifted]) for name in _TYPES})


def without_docstrings(program: str) -> str:
    """A Python program without docstrings, comments and top-level imports; as it is where it does not parse."""
    try:
        tree = ast.parse(program)
        tokens = list(tokenize.generate_tokens(io.StringIO(program).readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return program
    lines = program.encode().split(b"\n")  # ast counts columns in bytes, tokenize in characters
    starts = np.cumsum([0, *(len(line) + 1 for line in lines)])
    cut = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                cut.append(first)  # type: ignore[arg-type]
    spans = [
        (
            starts[node.lineno - 1] + node.col_offset,
            starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0),
        )
        for node in cut
    ]
    for token in tokens:
        if token.type == tokenize.COMMENT:
            first = starts[token.start[0] - 1] + len(token.line[: token.start[1]].encode())
            spans.append((first, first + len(token.string.encode())))
    text = program.encode()
    for first, last in sorted(spans, reverse=True):
        text = text[:first] + text[last:]
    return text.decode()


def _typed(**columns) -> dict[str, np.ndarray]:
    return {name: np.asarray(columns[name], dtype=kind) for name, kind in _TYPES.items()}


def _chosen(arrays: dict[str, np.ndarray], benchmarks: Sequence[str]) -> dict[str, np.ndarray]:
    """The rows of the named benchmarks."""
    keep = np.array([task.partition(":")[0] in benchmarks for task in arrays["tasks"]], bool)
    new = np.cumsum(keep) - 1
    texts, solutions = keep[arrays["text_task"]], keep[arrays["solution_task"]]
    out = {name: arrays[name] for name in ("files",)}
    out["tasks"] = arrays["tasks"][keep]
    out["text_task"] = new[arrays["text_task"][texts]]
    out["text_grams"] = arrays["text_grams"][texts]
    out["grams"] = arrays["grams"][np.repeat(texts, arrays["text_grams"])]
    out["solution_task"] = new[arrays["solution_task"][solutions]]
    for name in ("solution_length", "solution_start", "solution_hash"):
        out[name] = arrays[name][solutions]
    return _typed(**out)
