"""Decontamination: published tasks planted in real code must be found, real code must pass, and shares must be those
of a slow implementation in plain Python sets, regular expressions and strings."""

from __future__ import annotations

import ast
import functools
import gzip
import importlib.util
import io
import json
import re
import subprocess
import sys
import sysconfig
import tokenize
from collections import deque
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.contamination import benchmark_index, lookup, packaged
from neve.corpus.contamination.benchmark_index import Index, by_benchmark, program_of, without_docstrings
from neve.errors import Fault
from neve.tasks import benchmarks
from neve.tasks.traits import TABLE

load = functools.cache(benchmarks.load)
ROOT = Path(__file__).parents[3]
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


def test_half_of_a_prompt_is_the_bound(everything: Index, benchmark_files: Path) -> None:
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
    found = everything.check(column(cuts))[0]
    clear = np.array(shares) > 0.7
    assert clear.sum() > 500 and np.mean(found[clear] >= 0.5) >= 0.999


def test_real_code_is_not_flagged() -> None:
    """The standard library, and its tests, were written by people who did not look at benchmarks."""
    files = sorted([*LIBRARY.glob("*.py"), *LIBRARY.glob("test/test_[a-m]*.py")])
    assert len(files) > 200
    texts = pa.array([file.read_bytes() for file in files], pa.large_binary())
    shares, _ = Index.load(list(packaged.PACKAGED)).check(texts)
    flagged = [(str(file), share) for file, share in zip(files, shares, strict=True) if share >= 0.5]
    assert not flagged


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
            least = lookup.MIN_WHOLE if whole.startswith("def") else lookup.MIN_LENGTH
            sizes = [(whole, least), (words, lookup.MIN_WHOLE), (body, benchmark_index.MIN_BODY)]
            found = [text for text, size in sizes if len(text.encode()) >= size]
            out.append((f"{name}:{task.task_id}", grams, found))
    return out


def _words(text: str) -> set[tuple[str, ...]]:
    text = re.sub(r"(?<![a-zA-Z0-9_\x80-\U0010ffff])(\\+)[nrt]", " ", text)
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
            if len(short.encode()) >= lookup.MIN_LENGTH or (edges[place] and edges[place + len(short)]):
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
                        ["# x", "\r", "\r\n  # ä", "É", '"""', "\\n", '\\"', "f():\n'''a", planted("")[:3000]]
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
            commented(program_of(task)),
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
    """Hashes, bitmap and rolling windows against Python's sets of tuples and `in`."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(documents(), min_size=1, max_size=3))
    def check(texts: list[str]) -> None:
        shares, named = index.check(column(texts))
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


def test_data_adds_other_versions(benchmark_files: Path, tmp_path: Path) -> None:
    """A file equal to the packaged adds nothing; a changed one is searched for beside it; a broken one is a Fault."""
    assert len(Index.load(["mbpp"], benchmark_files).arrays["tasks"]) == 974
    assert len(Index.load(["mbpp"], tmp_path).arrays["tasks"]) == 974
    lines = (benchmark_files / "mbpp.jsonl").read_text().splitlines()
    changed = lines[0].replace("min_cost", "least_toll_of_way")
    assert changed != lines[0]
    (tmp_path / "mbpp.jsonl").write_text(changed)
    index = Index.load(["mbpp"], tmp_path)
    assert len(index.arrays["tasks"]) == 975
    solution = benchmarks.load("mbpp", tmp_path).tasks[0].solution
    assert index.check(column([planted(solution)]))[0].tolist() == [1]
    (tmp_path / "mbpp.jsonl").write_text("{")
    with pytest.raises(Fault, match=r"mbpp\.jsonl"):
        Index.load(["mbpp"], tmp_path)


SNOW = {
    "task_id": "EvoEval/3",
    "prompt": 'def melt(depth: float, days: int) -> float:\n    """Depth of the snow left after so many days"""\n',
    "entry_point": "melt",
    "canonical_solution": "    for _ in range(days):\n        depth = max(0.0, depth * 0.97 - 0.25)\n    return depth\n",
    "inputs": ["1.5, 3", "0.0, 9"],
    "parent": 3,
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_evoeval_in_the_folder_is_searched_for(tmp_path: Path, suffix: str) -> None:
    """In the shape of its sets, named or not, packed or not."""
    raw = (json.dumps(SNOW) + "\n").encode()
    (tmp_path / f"EvoEval_tool_use{suffix}").write_bytes(gzip.compress(raw) if suffix.endswith("gz") else raw)
    program = SNOW["prompt"] + SNOW["canonical_solution"]
    for names in (["humaneval"], ["humaneval", "evoeval-tool-use"]):
        index = Index.load(names, tmp_path)
        shares, labels = index.check(column([planted(program), commented(program), planted("")]))
        assert shares.tolist()[:2] == [1, 1] and shares[2] < 0.1
        assert labels.to_pylist()[:2] == ["evoeval-tool-use:EvoEval/3"] * 2


def _files(place: Path, rows: list[dict], **fields: str | None) -> list[dict]:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [{"name": "mine", "path": str(place), "prompt": None, "solution": None, "test": None, **fields}]


def test_files_of_the_users_own(tmp_path: Path) -> None:
    """Words and code by the fields that are named; ids from task_id, id, or the line."""
    asked = "Tell how deep the snow lies in the valley when the glacier has lost its last winter layer."
    answer = SNOW["prompt"] + SNOW["canonical_solution"]
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


def test_packaged_index_is_what_the_script_builds(benchmark_files: Path, tmp_path: Path) -> None:
    """To the byte, under 1 MiB, from files with the published digests, and with no benchmark text in it."""
    spec = importlib.util.spec_from_file_location("script", ROOT / "scripts" / "make_contamination_index.py")
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.build(benchmark_files, tmp_path / "index.npz")
    shipped = Path(benchmark_index.__file__).with_name("contamination.npz")
    assert shipped.stat().st_size < 1 << 20
    old, new = benchmark_index.unpack(shipped), benchmark_index.unpack(tmp_path / "index.npz")
    assert set(old) == set(new)
    for name in old:
        np.testing.assert_array_equal(old[name], new[name])
    assert old["files"].tolist() == [f"{TABLE[name].file} {TABLE[name].sha256}" for name in packaged.PACKAGED]
    assert [name for name in old if old[name].dtype.kind not in "iub"] == ["tasks", "files"]
    assert all(re.fullmatch(r"[a-z+]+:\w+/\d+", task) for task in old["tasks"])


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
    assert lookup.squeezed(source) == b"Module.importreclassA:deffself:docreturn"
    assert '"#é"' in without_docstrings(source)
    assert "doc" not in without_docstrings(source) and "note" not in without_docstrings(source)
    assert without_docstrings("def f(:") == "def f(:"
