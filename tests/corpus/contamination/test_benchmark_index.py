"""Decontamination: published tasks planted in real code must be found, however they were copied; real code must pass.

That hashes find what Python's sets and strings find is tested with `lookup`, what the package holds with `packaged`."""

from __future__ import annotations

import ast
import functools
import io
import json
import re
import subprocess
import sys
import sysconfig
import tokenize
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.contamination import benchmark_index, lookup, packaged
from neve.corpus.contamination.benchmark_index import Index, by_benchmark, program_of, without_docstrings
from neve.errors import Fault
from neve.tasks import benchmarks

load = functools.cache(benchmarks.load)
LIBRARY = Path(sysconfig.get_paths()["stdlib"])


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


@functools.cache
def hosts() -> list[str]:
    """Real modules of 20 to 60 kB."""
    files = [file for file in sorted(LIBRARY.glob("*.py")) if 20_000 < file.stat().st_size < 60_000]
    return [text for file in files[:40] if (text := file.read_text("utf-8")).count("\n\n") > 20]


def planted(text: str, number: int = 0, whole: bool = False) -> str:
    """A text in the middle of a real module, or of 4 kB of it: for some that is within a docstring."""
    host = hosts()[number % len(hosts())]
    cut = host.index("\n\n", len(host) // 3)
    first, last = (0, len(host)) if whole else (cut - 2000, cut + 2000)
    return f"{host[first:cut]}\n\n{text}\n\n{host[cut:last]}"


def spaced(program: str) -> str:
    """Twice the indentation, blank lines, other line ends and spaces."""
    lines = [re.sub(r"^ +", lambda match: match[0] * 2, line) for line in program.split("\n")]
    return "\r\n\r\n".join(lines).replace("(", "( ").replace(",", "  ,")


def formatted(texts: list[str], folder: Path, *options: str) -> list[str]:
    """What a formatter of Black's style makes of programs; those that it cannot read stay."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("no ruff beside this interpreter")
    for number, text in enumerate(texts):
        (folder / f"{number}.py").write_text(text, "utf-8")
    subprocess.run([ruff, "format", "--isolated", "--no-cache", "-q", *options, folder], check=False)
    return [(folder / f"{number}.py").read_text("utf-8") for number in range(len(texts))]


def commented(program: str) -> str:
    """A comment above and after each line that can have one."""
    program = program.replace("\r", "")
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(program).readline):
        if token.type == tokenize.STRING:
            inside |= set(range(token.start[0], token.end[0]))
    out = []
    lines = ["", *program.split("\n")]
    for number, line in enumerate(lines[1:], 1):
        if number - 1 not in inside and not lines[number - 1].endswith("\\"):
            out.append(f"{line[: len(line) - len(line.lstrip())]}# the next step: {number}")
        out.append(line if number in inside or line.endswith("\\") else f"{line}  # so it is")
    return "\n".join(out)


def documented(program: str) -> str:
    """A docstring in each function and class."""
    lines = program.split("\n")
    nodes = [n for n in ast.walk(ast.parse(program)) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    for node in sorted(nodes, key=lambda node: -node.body[0].lineno):
        first = node.body[0]
        if first.lineno > node.lineno:
            told = f'"""It takes what it is given.\n\n{" " * first.col_offset}:return: what comes of it\n"""'
            lines.insert(first.lineno - 1, " " * first.col_offset + told)
    return "\n".join(lines)


def notebook(text: str) -> str:
    cell = {"cell_type": "code", "source": text.splitlines(keepends=True)}
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["# A day"]}, cell]}, indent=1)


@pytest.fixture(scope="module")
def everything() -> Index:
    return Index.load(list(packaged.PACKAGED))


@functools.cache
def programs(name: str, folder: Path) -> tuple[list[str], list[str]]:
    """Each task's solution as a whole, and that without docstrings, comments and imports."""
    whole = [program_of(task) for task in load(name, folder).tasks]
    return whole, [without_docstrings(text) for text in whole]


KINDS = (
    "verbatim", "embedded", "prompt", "prompt as comment", "words", "program", "solution", "body",
    "spaced", "narrow", "wide", "comments", "docstrings", "all at once", "notebook", "json", "markdown",
)  # fmt: skip


def changed(kind: str, name: str, folder: Path, scratch: Path) -> list[str]:
    """Each task of a benchmark as somebody would have copied it."""
    tasks = load(name, folder).tasks
    whole, bare = programs(name, folder)
    if kind in ("verbatim", "embedded"):
        return [task.prompt + task.solution for task in tasks]
    if kind in ("prompt", "prompt as comment"):
        return [re.sub("(?m)^", "# ", t.prompt) if kind.endswith("comment") else t.prompt for t in tasks]
    if kind == "words":
        return [task.instruction or task.prompt for task in tasks]
    if kind == "program":
        return whole
    if kind == "body":
        return [
            task.solution if task.solution == text else f"def other(x):\n{task.solution}"
            for task, text in zip(tasks, whole, strict=True)
        ]
    if kind == "narrow":
        return formatted(bare, scratch, "--line-length", "40")
    if kind == "wide":
        single = ("--config", "format.quote-style='single'", "--config", "indent-width=2")
        return formatted(bare, scratch, "--line-length", "200", *single)
    change = {
        "solution": str,
        "spaced": spaced,
        "comments": commented,
        "docstrings": documented,
        "all at once": lambda text: spaced(documented(commented(text))),
        "notebook": notebook,
        "json": lambda text: json.dumps({"row": 1, "code": text}),
        "markdown": lambda text: f"# Title\n\nSome words:\n\n```python\n{text}\n```\n",
    }[kind]
    return [change(text) for text in bare]


@pytest.mark.parametrize("kind", KINDS)
def test_planted_tasks_are_found(kind: str, everything: Index, benchmark_files: Path, tmp_path: Path) -> None:
    """Of all tasks of all packaged benchmarks, the shortest included, at least 99 % are found, and named; of each
    benchmark at least 98 %. HumanEval's bodies alone: 90 %, for one-liners such as `return x + y` are everybody's."""
    found, named = [], []
    for name in packaged.PACKAGED:
        tasks = load(name, benchmark_files).tasks
        texts = changed(kind, name, benchmark_files, tmp_path)
        if kind not in ("verbatim", "notebook", "json", "markdown"):
            texts = [planted(text, number, kind == "embedded") for number, text in enumerate(texts)]
        shares, labels = everything.check(column(texts))
        least = 0.9 if kind == "body" and name.startswith("humaneval") else 0.98
        missed = [task.task_id for task, share in zip(tasks, shares, strict=True) if share < 0.5]
        assert len(missed) <= (1 - least) * len(tasks), (name, missed)
        found += (shares >= 0.5).tolist()
        ids = [(label or "").partition(":")[2] for label in labels.to_pylist()]
        named += [mine == task.task_id for mine, task in zip(ids, tasks, strict=True)]
    assert np.mean(found) >= 0.99
    assert np.mean(named) >= 0.97  # some tasks hold another's text


def test_real_code_is_not_flagged() -> None:
    """The standard library, and its tests, were written by people who did not look at benchmarks."""
    files = sorted([*LIBRARY.glob("*.py"), *LIBRARY.glob("test/test_[a-m]*.py")])
    assert len(files) > 200
    texts = pa.array([file.read_bytes() for file in files], pa.large_binary())
    shares, _ = Index.load(list(packaged.PACKAGED)).check(texts)
    flagged = [(str(file), share) for file, share in zip(files, shares, strict=True) if share >= 0.5]
    assert not flagged


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.load(["humaneval", "mbpp"])


def test_columns_of_every_kind(index: Index, benchmark_files: Path) -> None:
    """Slices, nulls, chunks, bytes that are no UTF-8, nothing at all."""
    code = load("mbpp", benchmark_files).tasks[0].solution
    texts = ["", None, code, planted(code), "x" * 100, "word " * 9]
    shares, named = index.check(column(texts))
    assert shares.tolist() == [0, 0, 1, 1, 0, 0]
    task = named[2].as_py()
    assert task.startswith("mbpp:") and named.to_pylist() == [None, None, task, task, None, None]
    sliced = index.check(pa.chunked_array([column(texts[:3]), column(texts[3:])]).slice(2))
    assert sliced[0].tolist() == shares[2:].tolist() and sliced[1].equals(named.slice(2))
    assert index.check(pa.array([b"\xff\x00" + code.encode(), b"\xc3"], pa.large_binary()))[0].tolist() == [
        1,
        0,
    ]
    assert len(index.check(column([]))[0]) == 0


def test_only_the_named_benchmarks(index: Index) -> None:
    labels = index.arrays["tasks"].tolist()
    assert {label.partition(":")[0] for label in labels} == {"humaneval", "mbpp"}
    assert (len(labels), labels[0]) == (164 + 974, "humaneval:HumanEval/0")
    assert Index.load([]).check(column([planted("")]))[0].tolist() == [0]
    with pytest.raises(Fault, match=r"'humanevil' is not known; did you mean 'humaneval'"):
        Index.load(["humanevil"])
    with pytest.raises(Fault, match=r"'evoeval-subtle' is not in the package.*EvoEval_subtle\.jsonl\.gz"):
        Index.load(["evoeval-subtle"])


def test_a_task_of_two_benchmarks_is_named_by_the_one_asked(benchmark_files: Path) -> None:
    """Texts are kept once; which benchmark they are of depends on what was loaded."""
    prompt = load("humaneval", benchmark_files).tasks[7].prompt
    for name in ("humaneval", "humaneval+"):
        assert Index.load([name]).check(column([prompt]))[1].to_pylist() == [f"{name}:HumanEval/7"]
    both = Index.load(["humaneval+", "humaneval"])
    assert both.check(column([prompt]))[1].to_pylist() == ["humaneval:HumanEval/7"]
    alone = [Index.load([name]).arrays["grams"].size for name in ("humaneval", "humaneval+")]
    assert both.arrays["grams"].size < sum(alone)


def _files(place: Path, rows: list[dict], **fields: str | None) -> list[dict]:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [{"name": "mine", "path": str(place), "prompt": None, "solution": None, "test": None, **fields}]


def test_files_of_the_users_own(tmp_path: Path) -> None:
    """Words and code by the fields that are named; ids from task_id, id, or the line."""
    asked = "Tell how deep the snow lies in the valley when the glacier has lost its last winter layer."
    answer = (
        'def melt(depth: float, days: int) -> float:\n    """Depth of the snow left after so many days"""\n'
        "    for _ in range(days):\n        depth = max(0.0, depth * 0.97 - 0.25)\n    return depth\n"
    )
    rows = [
        {"question": asked, "answer": answer, "task_id": 7, "id": "no"},
        {"question": "x", "answer": "def thaw(layers):\n    return [l for l in layers if l.cold]", "id": "b"},
        {"question": "How many words are in it?", "answer": None},
    ]
    files = _files(tmp_path / "x.jsonl", rows, prompt="question", solution="answer")
    index = Index.load(["humaneval"], None, files)
    texts = [
        f"Some page.\n\n{asked}\n",
        commented(answer),
        planted(rows[1]["answer"]),
        "How many words are in it?",
    ]
    shares, labels = index.check(column([*texts, planted("")]))
    assert shares[:4].tolist() == [1] * 4 and shares[4] < 0.1
    assert labels.to_pylist()[:4] == ["mine:7", "mine:7", "mine:b", "mine:3"]


def test_solutions_in_other_languages(tmp_path: Path) -> None:
    """`//` and `/* */` are comments where a solution is no Python, and only there."""
    code = "function melt(depth, days) {\n  for (let i = 0; i < days; i++) {\n    depth = Math.max(0, depth * 0.97);\n  }\n  return depth;\n}\n"
    noted = "/* how\n it melts */\n" + code.replace(";\n", "; // a step\n").replace("{\n", "{ /* so */\n\n")
    index = Index.load([], None, _files(tmp_path / "x.jsonl", [{"code": code}], solution="code"))
    texts = [code, noted, f"const a = 'http://x.y/*';\n{noted}", "const b = 1; // one\n"]
    assert index.check(column(texts))[0].tolist() == [1, 1, 1, 0]
    halved = "def half(values):\n    return [value // 2 for value in values if value % 2 == 0]\n"
    index = Index.load([], None, _files(tmp_path / "y.jsonl", [{"code": halved}], solution="code"))
    assert index.check(column([halved, halved.replace("// 2", "// 3")]))[0].tolist()[0] == 1
    assert index.check(column([commented(halved.replace("// 2", "// 3"))]))[0].tolist() == [0]


@pytest.mark.parametrize(
    ("rows", "fields", "message"),
    [
        (
            [{"q": "a", "a": "b"}],
            {"prompt": "question"},
            "'mine'.*line 1 has no field 'question'; it has q, a",
        ),
        ([{"q": 3}], {"prompt": "q"}, "'mine'.*line 1 has 3 in field 'q'; name a field that holds text"),
        ([{"q": "a"}], {}, "'mine' names no field of .*; give prompt or solution"),
        ([], {"prompt": "q"}, "'mine'.*holds no task"),
        ([{"q": "a"}], {"prompt": "q", "name": "mbpp"}, "the name 'mbpp' is taken"),
        (
            [{"q": "a"}],
            {"prompt": "q", "path": "absent.jsonl"},
            "absent.jsonl: benchmark mine cannot be read",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, rows, fields, message) -> None:
    files = _files(tmp_path / "x.jsonl", rows, **fields)
    with pytest.raises(Fault, match=rf"^corpus\.decontaminate\.files: .*{message}") as fault:
        Index.load([], None, files)
    assert "\n" not in str(fault.value)


def test_report_by_benchmark() -> None:
    """Counted by hand."""
    labels = pa.chunked_array(
        [["mbpp:Mbpp/2", None, "humaneval:HumanEval/1"], ["mbpp:Mbpp/2", "mbpp:Mbpp/9"]]
    )
    expected = {"humaneval": {"documents": 1, "tasks": 1}, "mbpp": {"documents": 3, "tasks": 2}}
    assert by_benchmark(labels) == expected and list(by_benchmark(labels)) == ["humaneval", "mbpp"]
    assert by_benchmark(pa.nulls(3)) == {}


def test_packing_loses_nothing(benchmark_files: Path, tmp_path: Path) -> None:
    """Each task has the same texts after it as before."""
    names = ("humaneval", "humaneval+", "mbpp")
    before = benchmark_index.join(benchmark_index.hashes(load(name, benchmark_files)) for name in names)
    benchmark_index.pack(before, tmp_path / "index.npz")
    after = benchmark_index.unpack(tmp_path / "index.npz")

    def texts(arrays: dict[str, np.ndarray]) -> list[tuple[int, bytes]]:
        parts = np.split(arrays["grams"], np.cumsum(arrays["text_grams"])[:-1])
        pairs = zip(arrays["text_task"].tolist(), arrays["text"].tolist(), strict=True)
        return [(task, parts[text].tobytes()) for task, text in pairs]

    assert texts(before) == texts(after) and len(texts(before)) > 3000
    for name in set(before) - {"grams", "text_grams", "text"}:
        np.testing.assert_array_equal(before[name], after[name])


def test_docstrings_comments_and_imports_go() -> None:
    source = '"""Module."""\nimport re\n\nclass A:\n    """Ä class."""  # note ä\n\n    def f(self):\n        "doc"\n        return "#é"  # x\n'
    assert lookup.squeezed(without_docstrings(source)) == b"classA:deffself:return"
    assert '"#é"' in without_docstrings(source)
    assert "doc" not in without_docstrings(source) and "note" not in without_docstrings(source)
    assert without_docstrings("def f(:") == "def f(:"
