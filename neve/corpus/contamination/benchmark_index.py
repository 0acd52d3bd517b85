"""Benchmark text in a document: word 10-grams of prompts and solutions, and whole solutions.

A document is scored against each text of each task: its prompt (MBPP's with one test and with all,
BigCodeBench's as code and as words), and its solution as a program (HumanEval's with its signature) without
docstrings, comments and imports. The score is the share of the text's distinct 10-grams that the document
holds. It is 1 where the document contains a whole solution (the program, or its body alone) or the task in
words, both squeezed (`lookup`): that survives formatters, comments, docstrings and the strings of a
notebook. And it is the share of the solution's shape that the document has in one window (`shapes`): that
survives other names. Whichever is largest counts.

Only the SKETCH lowest hashes of a text are kept, a bottom-k sketch. For a longer text the share is then an
unbiased estimate, with a standard error at one half of sqrt(0.25/k (1 - k/n)) for n grams: 0.04 at n = 128,
0.06 for the longest. Shorter texts are exact. Hashes are cut to 32 bits: a document of W words hits a text
of n grams by chance with odds of W n / 2^32, and MIN_GRAMS = 4 asks for two such hits. For a file of 1 MB (W
= 150,000) these are 1e-8 a text of 4 grams, less for longer ones, and 2e-6 for all of the package's; a
squeezed text needs 64 bits to agree (4e-10 for that file and all texts).

Texts of fewer than MIN_GRAMS 10-grams are only searched for squeezed. A squeezed text of MIN_LENGTH bytes is
found anywhere, a shorter one only where it fills whole lines: from MIN_WHOLE bytes on a function with its
name, or the task in words; from MIN_BODY on a body that continues the prompt. So a body such as
`return x + y` is not looked for: it is everybody's, while `def triangle_area(a, h): return a * h / 2.0` is
the benchmark's.

The trade-off: documents are read alike, whatever their language. Comments are Python's. Only where a
solution is not Python (in a user's own file) are documents read a second time, with `//` and `/* */` as
comments too; other styles (`--`, `%`) count as text, as does a docstring that is not in triple quotes.

The package carries hashes only, built by `scripts/make_contamination_index.py`, so that a fresh clone can
decontaminate without the files, and no benchmark text is spread. EvoEval has no licence and is not among
them: its tasks are read from the folder of benchmark files, if it has them.

Sources: 10-grams as DeepSeek-Coder (arXiv 2401.14196), though it drops a document for a single one;
solutions as substrings as StarCoder (2305.06161); bottom-k sketches of containment as Broder (1997).
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.contamination.lookup import (
    bitmap_of,
    byte_table,
    grams_of,
    hashes_of,
    kinds,
    squeezed,
    word_table,
)
from neve.corpus.contamination.lookup_kernel import (
    GRAM_BITS,
    MIN_LENGTH,
    MIN_WHOLE,
    TEXT_BITS,
    check_grams,
    check_texts,
)
from neve.corpus.contamination.packaged import PACKED, beside, shapes_of
from neve.corpus.contamination.shapes import BITS, LEAST, check_shapes, shape_of, tables
from neve.corpus.contamination.shapes import SKETCH as SHAPES
from neve.corpus.text import buffers
from neve.errors import Fault
from neve.tasks import benchmarks as published
from neve.tasks import own
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task, is_python
from neve.tasks.traits import TABLE

MIN_GRAMS = 4
"""Distinct 10-grams from which a text is searched for by them."""
MIN_BODY = 22
"""Squeezed bytes from which a body that continues the prompt is searched for."""
SKETCH = 72
"""Hashes kept of a text with more: the lowest."""

_TYPES = {
    "tasks": np.str_, "text_task": np.int32, "text": np.int32, "text_grams": np.int32, "grams": np.uint32,
    "squeezed_task": np.int32, "squeezed_length": np.int32, "squeezed_start": np.uint32, "squeezed_hash": np.uint32,
    "squeezed_slashes": np.bool_, "shape_task": np.int32, "shape_tokens": np.int32, "shape_grams": np.int32,
    "shapes": np.uint32, "files": np.str_,
}  # fmt: skip


_Inverted = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class Index:
    """Hashes of benchmarks, ready to be looked up.

    Arrays: `tasks` labels "<benchmark>:<task id>"; each task's texts as pairs (`text_task`, `text`), for
    tasks share texts; for each text `text_grams`, the number of its 10-grams kept, whose hashes lie one text
    after another in `grams`; for each squeezed text its task, length, hash, hash of its first bytes, and
    whether it is squeezed with `slashes`; for each program with a shape its task, its tokens, and
    `shape_grams`, the number of its shape grams kept, which lie one after another in `shapes`; `files`:
    "<name> <sha256>" of what it was built from.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        keys, starts, texts, sizes = _inverted(arrays["grams"], arrays["text_grams"])
        task = np.full(len(arrays["text_grams"]), len(arrays["tasks"]), np.int64)
        np.minimum.at(task, arrays["text"], arrays["text_task"])
        self._grams = (keys, bitmap_of(keys, GRAM_BITS), starts, texts, sizes, task)
        keys, starts, texts, sizes = _inverted(arrays["shapes"], arrays["shape_grams"])
        rooms = arrays["shape_tokens"].astype(np.int64) * 3 // 2
        self._shapes = (
            keys,
            np.stack([bitmap_of(keys, BITS), bitmap_of(keys << np.uint32(32 - BITS), BITS)]),
            starts,
            texts,
            sizes,
            rooms,
            arrays["shape_task"].astype(np.int64),
        )
        self._squeezed = [
            (slashes, self._table(slashes, True), self._table(slashes, False))
            for slashes in np.unique(arrays["squeezed_slashes"]).tolist()
        ]

    def _table(self, slashes: bool, long: bool) -> tuple[np.ndarray, ...]:
        lengths = self.arrays["squeezed_length"]
        chosen = (self.arrays["squeezed_slashes"] == slashes) & ((lengths >= MIN_LENGTH) == long)
        part = {name: self.arrays[f"squeezed_{name}"][chosen] for name in ("start", "length", "hash", "task")}
        order = np.lexsort((part["task"], part["start"]))
        keys = part["start"][order]
        return (
            keys,
            bitmap_of(keys, TEXT_BITS),
            part["length"][order].astype(np.int64),
            part["hash"][order],
            part["task"][order].astype(np.int64),
        )

    @staticmethod
    def load(
        benchmarks: Sequence[str], data: Path | None = None, files: Sequence[dict[str, Any]] = ()
    ) -> Index:
        """The packaged hashes of `benchmarks`, and what else is named.

        `data`: a folder; published files in it that differ from the packaged are searched for beside those,
        and so are the sets of EvoEval that lie there, named or not. `files`: JSONL of the user's own, each
        with name, path, and the names of its fields `prompt`, `solution`, `test` (or null). Raises Fault for
        a name that is not known, or a file that cannot be read.
        """
        parts = [_chosen(unpack(PACKED), benchmarks)]
        parts += [hashes(published.load(traits, data)) for traits, _ in beside(benchmarks, data)]
        names = [*TABLE]
        for given in files:
            if given["name"] in names or ":" in given["name"]:
                raise Fault(
                    f"corpus.decontaminate.files: the name {given['name']!r} is taken or has a colon; give another"
                )
            names.append(given["name"])
            fields = {key: given.get(key) for key in ("prompt", "solution", "test")}
            parts.append(hashes(own.read(given["name"], Path(given["path"]), **fields)))
        return Index(join(parts))

    def check(self, texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
        """How much of a benchmark each text holds, a column of large_string or large_binary (null: nothing).

        Returns (largest share over all tasks' texts as float64, label of that task as string, null where the
        share is 0). Of equal shares the first task in the index is named.
        """
        values, offsets, _ = buffers(texts)
        shares = np.zeros(len(offsets) - 1)
        tasks = np.full(len(offsets) - 1, -1, np.int64)
        check_grams(values, offsets, *self._grams, word_table(), shares, tasks)
        for slashes, long, short in self._squeezed:
            check_texts(values, offsets, long, short, kinds(), byte_table(), slashes, shares, tasks)
        check_shapes(values, offsets, tables(), *self._shapes, shares, tasks)
        labels = pa.array(self.arrays["tasks"].tolist(), pa.string())
        return shares, labels.take(pa.array(tasks, mask=tasks < 0))


def _inverted(hashes: np.ndarray, counts: np.ndarray) -> _Inverted:
    """Of texts' hashes, one text after another: the distinct ones, where the texts of each begin, these
    texts, and how many hashes each has."""
    order = np.argsort(hashes, kind="stable")
    keys, counted = np.unique(hashes[order], return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counted)])
    text = np.repeat(np.arange(len(counts)), counts)
    return keys, starts.astype(np.int64), text[order], counts.astype(np.int64)


def by_benchmark(details: pa.Array | pa.ChunkedArray) -> dict[str, dict[str, int]]:
    """From the labels of contaminated documents (a verdict's `detail`; nulls do not count), by benchmark in
    alphabetical order: how many `documents` have its text, and how many distinct `tasks` they have."""
    counted = pc.value_counts(details.drop_null().cast(pa.string()))
    report: dict[str, dict[str, int]] = {}
    for label, documents in zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    ):
        row = report.setdefault(label.partition(":")[0], {"documents": 0, "tasks": 0})
        row["documents"] += documents
        row["tasks"] += 1
    return dict(sorted(report.items()))


def hashes(benchmark: Benchmark) -> dict[str, np.ndarray]:
    """The index's arrays for one benchmark."""
    # MBPP's prompt shows one of its tests, papers show all; what HumanEval calls a test is no part of any
    # prompt
    asked = benchmark.traits.shows_tests
    grams: list[tuple[int, np.ndarray]] = []
    found: list[tuple[int, bytes, bool]] = []
    shapes: list[tuple[int, np.ndarray, int]] = []
    for number, task in enumerate(benchmark.tasks):
        program = program_of(task)
        python = is_python(program)
        bare = without_docstrings(program) if python else without_slashes(program)
        texts = [task.prompt, bare]
        if task.test and asked:
            texts.append(f"{task.prompt}\n{task.test}")
        if task.instruction != task.prompt:
            texts.append(task.instruction)
        grams += [(number, text) for text in map(grams_of, texts) if len(text) >= MIN_GRAMS]
        if python and len((shape := shape_of(bare))[0]) >= LEAST:
            shapes.append((number, shape[0][:SHAPES], shape[1]))
        whole = squeezed(bare, not python)
        words, body = squeezed(task.instruction, not python), squeezed(task.solution, not python)
        least = MIN_WHOLE if whole.startswith(b"def") else MIN_LENGTH
        kept = {whole} if len(whole) >= least else set()
        kept |= {words} if len(words) >= MIN_WHOLE else set()
        kept |= {body} if len(body) >= MIN_BODY and body != whole else set()
        found += [(number, text, not python) for text in sorted(kept)]
    grams = [(number, text[:SKETCH]) for number, text in grams]
    keys = [hashes_of(text, MIN_LENGTH if len(text) >= MIN_LENGTH else MIN_WHOLE) for _, text, _ in found]
    name = benchmark.name
    return _typed(
        tasks=[f"{name}:{task.task_id}" for task in benchmark.tasks],
        text_task=[number for number, _ in grams],
        text=np.arange(len(grams)),
        text_grams=[len(text) for _, text in grams],
        grams=np.concatenate([np.zeros(0, np.uint32), *(text for _, text in grams)]),
        squeezed_task=[number for number, _, _ in found],
        squeezed_length=[len(text) for _, text, _ in found],
        squeezed_start=[start for start, _ in keys],
        squeezed_hash=[whole for _, whole in keys],
        squeezed_slashes=[slashes for _, _, slashes in found],
        shape_task=[number for number, _, _ in shapes],
        shape_tokens=[tokens for _, _, tokens in shapes],
        shape_grams=[len(kept) for _, kept, _ in shapes],
        shapes=np.concatenate([np.zeros(0, np.uint32), *(kept for _, kept, _ in shapes)]),
        files=[f"{Path(benchmark.traits.file).name if name in TABLE else name} {benchmark.data_sha256}"],
    )


def join(parts: Iterable[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """One index's arrays out of several; equal texts are kept once."""
    columns: dict[str, list[Any]] = {name: [] for name in _TYPES}
    numbers: dict[bytes, int] = {}
    tasks = 0
    for part in parts:
        for name in _TYPES:
            columns[name].extend([part[name] + tasks] if name.endswith("_task") else [part[name]])
        texts = np.split(part["grams"], np.cumsum(part["text_grams"])[:-1])
        mine = np.array([numbers.setdefault(text.tobytes(), len(numbers)) for text in texts], np.int32)
        columns["text"][-1] = mine[part["text"]]
        tasks += len(part["tasks"])
    texts = [np.frombuffer(text, np.uint32) for text in numbers]
    columns["grams"], columns["text_grams"] = texts, [np.array([len(text) for text in texts])]
    return _typed(**{name: np.concatenate(column or [[]]) for name, column in columns.items()})


def pack(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Write an index's arrays, small. Texts of tasks with one id (HumanEval/0 of either benchmark) are a
    family: its distinct hashes are written once, with a bit for each text that holds them, sorted, as
    differences, and the bytes of these in four planes, of which the uppermost is nearly empty."""
    ids = [label.partition(":")[2] for label in arrays["tasks"]]
    number = {name: place for place, name in enumerate(dict.fromkeys(ids))}
    family = np.zeros(len(arrays["text_grams"]), np.int64)
    family[arrays["text"]] = [number[ids[task]] for task in arrays["text_task"]]
    order = np.argsort(family, kind="stable")
    new = np.argsort(order)
    texts = np.bincount(family, minlength=len(number))
    bit = new - np.repeat(np.cumsum(texts) - texts, texts)[new]
    text = np.repeat(np.arange(len(family)), arrays["text_grams"])
    keys, place = np.unique(
        family[text].astype(np.uint64) << np.uint64(32) | arrays["grams"], return_inverse=True
    )
    masks = np.zeros(len(keys), np.uint8)
    if (texts > 8).any():
        raise ValueError("a family of more than eight texts")
    np.bitwise_or.at(masks, place, (1 << bit[text]).astype(np.uint8))
    sizes = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(number))
    planes = (
        np.diff(keys.astype(np.uint32), prepend=np.uint32(0)).astype("<u4").view(np.uint8).reshape(-1, 4).T
    )
    shapes = [name for name in _TYPES if name.startswith("shape")]
    np.savez_compressed(shapes_of(path), **{name: arrays[name] for name in shapes})  # type: ignore[arg-type]
    kept = {name: arrays[name] for name in _TYPES if name not in ("grams", "text_grams", *shapes)}
    kept |= {
        "text": new[arrays["text"]].astype(np.int32),
        "texts": texts.astype(np.int32),
        "sizes": sizes.astype(np.int32),
    }
    np.savez_compressed(path, **kept, masks=masks, planes=np.ascontiguousarray(planes))  # type: ignore[arg-type]


def unpack(path: Path) -> dict[str, np.ndarray]:
    """The arrays that `pack` wrote, with texts in order of their families."""
    arrays: dict[str, np.ndarray] = {}
    for file in (path, shapes_of(path)):
        with np.load(str(file), allow_pickle=False) as packed:
            arrays |= {name: packed[name] for name in packed.files}
    steps = np.ascontiguousarray(arrays["planes"].T).view("<u4").ravel()
    grams = np.cumsum(steps, dtype=np.uint32)  # modulo 2^32, as the differences between families were
    first = np.repeat(np.cumsum(arrays["texts"]) - arrays["texts"], arrays["sizes"])
    text, gram = [], []
    for bit in range(8):
        held = (arrays["masks"] >> bit & 1).astype(bool)
        text.append(first[held] + bit)
        gram.append(grams[held])
    texts, hashed = np.concatenate(text), np.concatenate(gram)
    counts = np.bincount(texts, minlength=int(arrays["texts"].sum()))
    return _typed(**{**arrays, "grams": hashed[np.argsort(texts, kind="stable")], "text_grams": counts})


def program_of(task: Task) -> str:
    """A task's solution as a whole: after its prompt where it continues it, else alone."""
    together = task.prompt + task.solution
    return together if not is_python(task.solution) and is_python(together) else task.solution


def without_slashes(program: str) -> str:
    """A program without comments from `//` to the line's end, unless after a colon, and between `/*` and
    `*/`."""
    return re.sub(r"(?<!:)//[^\r\n]*|/\*.*?\*/", " ", program, flags=re.DOTALL)


def without_docstrings(program: str) -> str:
    """A Python program without docstrings, comments and top-level imports; as it is where it
    does not parse."""
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
    return {name: np.asarray(columns[name]).astype(kind) for name, kind in _TYPES.items()}


def _chosen(arrays: dict[str, np.ndarray], benchmarks: Sequence[str]) -> dict[str, np.ndarray]:
    """The rows of the named benchmarks."""
    keep = np.array([task.partition(":")[0] in benchmarks for task in arrays["tasks"]], bool)
    new = np.cumsum(keep) - 1
    pairs, found = keep[arrays["text_task"]], keep[arrays["squeezed_task"]]
    texts = np.isin(np.arange(len(arrays["text_grams"])), arrays["text"][pairs])
    out = {"files": arrays["files"], "tasks": arrays["tasks"][keep]}
    out["text_task"] = new[arrays["text_task"][pairs]]
    out["text"] = (np.cumsum(texts) - 1)[arrays["text"][pairs]]
    out["text_grams"] = arrays["text_grams"][texts]
    out["grams"] = arrays["grams"][np.repeat(texts, arrays["text_grams"])]
    out["squeezed_task"] = new[arrays["squeezed_task"][found]]
    for name in ("squeezed_length", "squeezed_start", "squeezed_hash", "squeezed_slashes"):
        out[name] = arrays[name][found]
    shaped = keep[arrays["shape_task"]]
    out["shape_task"] = new[arrays["shape_task"][shaped]]
    for name in ("shape_tokens", "shape_grams"):
        out[name] = arrays[name][shaped]
    out["shapes"] = arrays["shapes"][np.repeat(shaped, arrays["shape_grams"])]
    return _typed(**out)
