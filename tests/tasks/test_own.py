"""Benchmarks of one's own. Oracle: texts written here; the page of the documentation, whose files and commands are run."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from neve import sandbox
from neve.errors import Fault, Misuse
from neve.evaluation.grading.grade import grade
from neve.tasks import benchmarks, own

PAGE = Path(__file__).parents[2] / "docs" / "extend-benchmark.md"
PLACE = sandbox.probe()
graded = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)


def test_fields_by_name(tmp_path):
    """Any JSONL: ids from task_id, id or the line; texts from the fields named, null and unnamed ones empty."""
    rows = [
        {"task_id": 3, "q": "How?", "a": "x = 1", "t": ["assert x", "assert y"]},
        {"id": "b", "q": "def f():\r\n    pass", "a": None, "t": ""},
        {"q": "", "a": "y", "t": "z"},
    ]
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress("\n\n".join(map(json.dumps, rows)).encode()))
    benchmark = own.read("mine", path, "q", "a", "t")
    assert [task.task_id for task in benchmark.tasks] == ["3", "b", "5"]
    assert [task.prompt for task in benchmark.tasks] == ["How?", "def f():\n    pass", ""]
    assert [task.instruction for task in benchmark.tasks] == ["How?", "", ""]  # words, not code
    assert [task.solution for task in benchmark.tasks] == ["x = 1", "", "y"]
    assert [task.test for task in benchmark.tasks] == ["assert x\nassert y", "", "z"]
    assert not benchmark.published and own.read("mine", path, solution="a").tasks[0].prompt == ""


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"q": 1', "line 1 is no JSON"),
        (b"[1]", "line 1 is no JSON object"),
        (b"\x1f\x8bbroken", "cannot be unpacked"),
        (b'{"q": "a"}\n{"p": "b"}', "line 2 has no field 'q'; it has p;"),
        (b'{"q": {"a": 1}}', "line 1 has .* in field 'q'; name a field that holds text"),
        (b"\n\n", "holds no task"),
    ],
)
def test_a_file_that_cannot_be_read_so_is_one_line(tmp_path, raw, message):
    (tmp_path / "x.jsonl").write_bytes(raw)
    with pytest.raises(Fault, match=rf"^corpus\.decontaminate\.files: 'mine'.*x\.jsonl.*{message}") as fault:
        own.read("mine", tmp_path / "x.jsonl", "q")
    assert "\n" not in str(fault.value)


@pytest.fixture
def kata(tmp_path: Path) -> Path:
    """The files of the page, written as the page says; gives the path of the description."""
    blocks = re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    for name, content in blocks:
        (tmp_path / name).write_text(content)
    return tmp_path / "kata.toml"


def test_the_page_explains_every_key(kata: Path) -> None:
    keys = re.findall(r"^\| `(?:fields\.)?(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    own_fields = [*own.Fields.__dataclass_fields__]
    assert sorted(keys) == sorted(["name", "file", "grading", "self_contained", *own_fields, *own.GRADINGS])


@graded
def test_the_page_s_benchmark_is_graded_by_the_page_s_command(kata: Path) -> None:
    tasks = benchmarks.load(str(kata)).tasks
    samples = [{"task_id": t.task_id, "solution": t.solution} for t in tasks]
    samples.append({"task_id": "kata/1", "solution": "def repeated(numbers):\n    return numbers\n"})
    (kata.parent / "samples.jsonl").write_text("\n".join(map(json.dumps, samples)))
    command = next(line for line in PAGE.read_text().splitlines() if line.startswith("neve grade"))
    arguments = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "neve.cli", *arguments], cwd=kata.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    entry = json.loads((kata.parent / "graded" / "results.json").read_text())["benchmarks"]["kata"]
    assert [row["status"] for row in entry["samples"]] == ["pass", "pass", "fail"]
    assert entry["pass@1"] == 0.75 and not entry["published"] and not entry["missing"]


def test_its_text_is_found_in_documents(kata: Path) -> None:
    from neve.corpus.contamination.benchmark_index import Index

    solutions = [task.solution for task in benchmarks.load(str(kata)).tasks]
    document = "import os\n\n\n" + solutions[1] + "\n\nprint(os.getcwd())\n"
    index = Index.load([str(kata)])
    shares, labels = index.check(pa.array([document, "def other(a):\n    return a\n"], pa.large_string()))
    assert shares.tolist() == [1, 0] and labels.to_pylist() == ["kata:kata/1", None]


def test_a_run_depends_on_both_files(kata: Path) -> None:
    found = benchmarks.outside(["humaneval", str(kata)], "published")
    assert found == ("published", str(kata), str(kata.with_suffix(".jsonl")))


@graded
@pytest.mark.parametrize("grading", own.GRADINGS)
def test_every_kind_of_test(grading: str, tmp_path: Path) -> None:
    """A right and a wrong solution each; `check` and `unittest` on a prompt that is continued, entry points derived."""
    tests = {
        "assertions": "assert twice(2) == 4",
        "check": "def check(candidate):\n    assert candidate(2) == 4\n",
        "unittest": "import unittest\n\n\nclass TestCases(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertEqual(twice(2), 4)\n",
    }
    whole = grading == "assertions"
    row = {
        "p": "def twice(n):\n", "t": tests[grading], "e": "twice",
        "s": "def twice(n):\n    return 2 * n\n" if whole else "    return 2 * n\n",
    }  # fmt: skip
    (tmp_path / "own.jsonl").write_text(json.dumps(row))
    entry = 'entry_point = "e"\n' if grading == "check" else ""
    (tmp_path / "own.toml").write_text(
        f'name = "own"\nfile = "own.jsonl"\ngrading = "{grading}"\n[fields]\nprompt = "p"\nsolution = "s"\ntest = "t"\n{entry}'
    )
    benchmark = benchmarks.load(str(tmp_path / "own.toml"))
    assert benchmark.tasks[0].entry_point == "twice" and benchmark.tasks[0].task_id == "1"
    programs = [benchmark.tasks[0].program, "def twice(n):\n    return n\n"]
    assert [g.status for g in grade(benchmark, [("1", text) for text in programs], PLACE)] == ["pass", "fail"]


@graded
@pytest.mark.parametrize(
    ("grading", "solution", "test", "why"),
    [
        ("assertions", "def twice(n):\n    return n\n", "assert twice(2) == 4", "its own solution fails `assert twice(2) == 4`"),
        ("assertions", "def twice(n):\n    return 2 * n\n", "twice(2) == 4", "hold no `assert f(x) == y`"),
        ("assertions", "def double(n):\n    return 2 * n\n", "assert 4 == 4", "does not define 'twice'"),
        ("assertions", "def twice(n:\n", "assert twice(2) == 4", "SyntaxError"),
        ("check", "    return 2 * n\n", "def check(candidate):\n    assert True\n", "never calls the candidate"),
        ("unittest", "    return 2 * n\n", "def test_it():\n    assert twice(2) == 4\n", "hold no class TestCases"),
        ("unittest", "    return 2 * n\n", "class TestCases(:\n", "SyntaxError"),
    ],
)  # fmt: skip
def test_a_task_whose_tests_judge_nobody_is_ungraded(grading, solution, test, why, tmp_path) -> None:
    """As docs/extend-benchmark.md says: tried on the canonical solution first, ungraded with the reason."""
    row = {"p": "def twice(n):\n", "s": solution, "t": test, "e": "twice"}
    (tmp_path / "own.jsonl").write_text(json.dumps(row))
    (tmp_path / "own.toml").write_text(
        f'name = "own"\nfile = "own.jsonl"\ngrading = "{grading}"\n{FIELDS}entry_point = "e"\n'
    )
    benchmark = benchmarks.load(str(tmp_path / "own.toml"))
    (found,) = grade(benchmark, [("1", "def twice(n):\n    return 2 * n\n")], PLACE)
    assert (found.status, found.cause) == ("error", "ungraded") and why in found.detail


FIELDS = '[fields]\nprompt = "p"\nsolution = "s"\ntest = "t"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is no TOML"),
        ('name = "mbpp"\nfile = "x"\n' + FIELDS, "name = 'mbpp': must be .* not a published"),
        ('name = "a/b"\nfile = "x"\n' + FIELDS, "name = 'a/b': must be"),
        ('name = "a"\n' + FIELDS, "file = None: must be the path"),
        ('name = "a"\nfile = "x"\ngrading = "inputs"\n' + FIELDS, "grading = 'inputs': must be one of"),
        ('name = "a"\nfile = "x"\nprompt = "p"\n', "prompt = 'p': unknown key; there are name"),
        ('name = "a"\nfile = "x"\n[fields]\nquestion = "p"\n', "fields.question = 'p': unknown key; there are task_id, prompt"),
        ('name = "a"\nfile = "x"\n[fields]\ntest = "p"\n', "must name prompt or solution"),
        ('name = "a"\nfile = "x"\ngrading = "check"\n[fields]\nprompt = "p"\nsolution = "s"\n', "fields.test is missing; grading = 'check' needs it"),
        ('name = "a"\nfile = "x"\nfields = "p"\n', "fields = 'p': must be a table"),
        ('name = "a"\nfile = "x"\n[fields]\nprompt = 3\n', "fields.prompt = 3: must be the name"),
        ('name = "a"\nfile = "twice.jsonl"\n' + FIELDS, "task_id 'a' occurs 2 times"),
        ('name = "a"\nfile = "x"\n' + FIELDS, "cannot be read .*put x there"),
    ],
)  # fmt: skip
def test_a_description_that_cannot_be_used_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text)
    (tmp_path / "twice.jsonl").write_text(2 * '{"id": "a", "p": "", "s": "", "t": ""}\n')
    with pytest.raises(Misuse, match=said) as fault:
        benchmarks.load(str(tmp_path / "own.toml"))
    assert "\n" not in str(fault.value) and str(tmp_path) in str(fault.value)


def test_a_description_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"own\.toml: cannot be read"):
        benchmarks.find(str(tmp_path / "own.toml"))
