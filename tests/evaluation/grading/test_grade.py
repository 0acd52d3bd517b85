"""Grading. Oracle: canonical solutions pass; wrong answers and cheats, each known to pass elsewhere, do not."""

from __future__ import annotations

import json

import pytest

from neve.errors import Fault
from neve.evaluation.grading import suites
from neve.evaluation.grading.grade import grade
from neve.tasks import benchmarks
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

from .cheats import CHEATS, program
from .small import LARGEST, ONE, PLACE, status, walled

pytestmark = walled


KINDS = {
    "humaneval": ["HumanEval/0"],
    "humaneval+": ["HumanEval/2"],
    "mbpp": ["Mbpp/11"],
    "mbpp+": ["Mbpp/737"],
    "evoeval-difficult": ["EvoEval/20"],
    "evoeval-creative": ["EvoEval/0"],
    "evoeval-subtle": ["EvoEval/20"],
    "evoeval-combine": ["EvoEval/20"],
    "evoeval-tool-use": ["EvoEval/20"],
    "evoeval-verbose": ["HumanEval/2"],
    "evoeval-concise": ["HumanEval/2"],
}
"""By benchmark: a task whose answers are not what a cheat would happen to return. EvoEval's where its files are there."""
SPECIAL = {
    "humaneval": ["HumanEval/33"],
    "humaneval+": ["HumanEval/32"],
    "mbpp": ["Mbpp/367"],
    "mbpp+": ["Mbpp/2", "Mbpp/558"],
}
"""Tasks with a rule, a helper or a class of their own."""


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    """Expected answers are found again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEVE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def some(name: str, folder, ids: list[str]) -> Benchmark:
    whole = benchmarks.load(name, folder)
    return Benchmark(TABLE[name], [task for task in whole.tasks if task.task_id in ids], whole.data_sha256)


EVERY = {"humaneval": 8, "humaneval+": 24, "mbpp": 60, "mbpp+": 40}


@pytest.mark.parametrize("name", [*EVERY, *(name for name in KINDS if name not in EVERY)])
def test_canonical_solutions_pass(name, benchmark_files):
    """Some of each here; benchmarks/grading.py grades all. EvoEval's files have no licence: all of them, where they are."""
    if benchmarks.place(TABLE[name], benchmark_files) is None:
        pytest.skip(f"no {TABLE[name].file} at {benchmark_files}")
    whole = benchmarks.load(name, benchmark_files)
    ids = [task.task_id for task in whole.tasks[:: EVERY.get(name, 1)]] + SPECIAL.get(name, [])
    part = some(name, benchmark_files, ids)
    rows = [(task.task_id, task.program) for task in part.tasks]
    grades = grade(part, rows, PLACE)
    assert {i: g for (i, _), g in zip(rows, grades, strict=True) if g.status != "pass"} == {}
    added = name.endswith("+") or name in ("evoeval-verbose", "evoeval-concise")
    assert {g.base for g in grades} == ({"pass"} if added else {None})


def test_a_task_s_own_prompt_passes_no_test(benchmark_files):
    """No body, and a wrong constant, on tasks whose tests look at values."""
    whole = benchmarks.load("humaneval", benchmark_files)
    tasks = whole.tasks[:24:3]
    rows = [(t.task_id, t.prompt + body) for t in tasks for body in ("    pass\n", "    return 'snow'\n")]
    assert {g.status for g in grade(whole, rows, PLACE)} == {"fail"}


@pytest.mark.parametrize(
    "body",
    [
        LARGEST.solution,
        "    print('noise' * 100000)\n    return max(values) + more\n",
        "    values.sort()\n    return float(values[-1] + more)\n",
        "    from fractions import Fraction\n    return Fraction(max(values) + more)\n",
        "    import sys; sys.setrecursionlimit(10**6)\n    return max(values) + more\n\nif __name__ == '__main__':\n    raise SystemExit(1)\n",
    ],
)
def test_right_answers_pass(body):
    assert status(body) == "pass"


@pytest.fixture(scope="module")
def cheated(benchmark_files) -> dict[str, dict[str, list[str]]]:
    """By cheat and benchmark: its statuses on the tasks of KINDS; each benchmark's cheats are graded together."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in CHEATS}
    patch = pytest.MonkeyPatch()
    patch.setattr(suites, "FLOOR_SECONDS", 1.0)
    patch.setattr(suites, "TOTAL_SECONDS", 4.0)
    for kind, ids in KINDS.items():
        if benchmarks.place(TABLE[kind], benchmark_files) is None and kind.startswith("evoeval"):
            continue
        part = some(kind, benchmark_files, ids)
        rows = [
            (cheat, task.task_id, program(cheat, task.prompt, task.entry_point))
            for cheat in CHEATS
            for task in part.tasks
        ]
        grades = grade(part, [(task_id, text) for _, task_id, text in rows], PLACE)
        for (cheat, _, _), result in zip(rows, grades, strict=True):
            found[cheat].setdefault(kind, []).append(result.status)
    patch.undo()
    return found


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_scores_nothing(cheat, cheated):
    for kind, statuses in cheated[cheat].items():
        assert len(statuses) == len(KINDS[kind])
        assert set(statuses) <= {"fail", "timeout"}, f"{cheat} on {kind}"


def test_time_is_up(monkeypatch):
    monkeypatch.setattr(suites, "FLOOR_SECONDS", 1.0)
    rows = [
        ("T/0", LARGEST.prompt + body)
        for body in (
            "    while True: pass\n",
            "    import time\n    while True:\n        try: time.sleep(9)\n        except BaseException: pass\n",
            LARGEST.solution,
        )
    ]
    grades = grade(ONE, rows, PLACE)
    assert [g.status for g in grades] == ["timeout", "timeout", "pass"]
    assert "call 1 of 3" in grades[0].detail


def test_slow_beside_others_is_tried_again_under_the_time_measured_then(monkeypatch):
    """The first limits are far too short; the second try follows the canonical solution's own time."""
    slow = "    import time; time.sleep(0.4)\n    return max(values) + more\n"
    task = Task(LARGEST.task_id, LARGEST.prompt, slow, LARGEST.entry_point, LARGEST.test)
    monkeypatch.setattr(suites, "FLOOR_SECONDS", 0.2)
    assert (
        grade(Benchmark(TABLE["humaneval"], [task], ""), [("T/0", LARGEST.prompt + slow)], PLACE)[0].status
        == "pass"
    )


def test_base_and_added_tests_have_a_status_each():
    prompt = "def double(n):\n"
    task = Task("T/2", prompt, "    return 2 * n\n", "double", "", inputs=([1], [2]), plus_inputs=([9],))
    bodies = (
        "    return 2 * n\n",
        "    return 2 * n if n < 5 else 0\n",
        "    return n\n",
        "    return 2 * n if n < 5 else exit()\n",
    )
    grades = grade(Benchmark(TABLE["humaneval+"], [task], ""), [("T/2", prompt + b) for b in bodies], PLACE)
    assert [(g.base, g.status) for g in grades] == [("pass", "pass"), ("pass", "fail"), ("fail", "fail"), ("pass", "fail")]  # fmt: skip


def test_evoeval_in_its_published_shape(tmp_path):
    """The sets have no licence, so rows of that shape are made here: inputs are texts; types must agree; one special rule."""
    rows = [
        {"task_id": "EvoEval/0", "prompt": "def f(x, y):", "entry_point": "f", "canonical_solution": "    return {x: [float(y)]}\n",
         "inputs": ["1, 2", "'a' * 2, sum(range(3))"]},
        {"task_id": "EvoEval/32", "prompt": "def f(xs, interval):", "entry_point": "f", "canonical_solution": "    return 1.0\n",
         "inputs": ["[-1, *[0] * 1, 1], (-5, 5)"]},
    ]  # fmt: skip
    (tmp_path / "EvoEval_difficult.jsonl").write_text("\n".join(map(json.dumps, rows)))
    benchmark = benchmarks.load("evoeval-difficult", tmp_path)
    one, two = "def f(x, y): return {x: [%s]}\n", "def f(xs, interval): return %s\n"
    samples = [("EvoEval/0", one % a) for a in ("y + 1e-9", "y", "y + 1.0")]
    samples += [("EvoEval/32", two % a) for a in ("-1.0", "6", "0.5")]
    grades = grade(benchmark, samples, PLACE)
    assert [g.status for g in grades] == ["pass", "fail", "fail", "pass", "fail", "fail"]


def test_order_and_repeats_are_kept():
    heard = []
    rows = [("T/0", LARGEST.prompt + body) for body in (LARGEST.solution, "    return 0\n", LARGEST.solution)]
    grades = grade(ONE, rows, PLACE, done=lambda number, result: heard.append((number, result)))
    assert [g.status for g in grades] == ["pass", "fail", "pass"]
    assert heard == list(enumerate(grades))
    assert "AssertionError" in grades[1].detail


def test_what_is_kept_is_used_and_mended(monkeypatch, tmp_path):
    """An altered entry is made again; a sound one is read instead of running the canonical solution."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    prompt = "def double(n):\n"
    task = Task("T/2", prompt, "    return 2 * n\n", "double", "", inputs=([1],))
    one, rows = Benchmark(TABLE["humaneval+"], [task], ""), [("T/2", prompt + "    return 2 * n\n")]
    assert grade(one, rows, PLACE)[0].status == "pass"
    (entry,) = (tmp_path / "expected").iterdir()
    sound = entry.read_bytes()

    def nothing(jobs, machine):
        assert not jobs
        return {}

    monkeypatch.setattr(suites, "_recorded", nothing)
    assert grade(one, rows, PLACE)[0].status == "pass"
    entry.write_bytes(sound.replace(b"2]", b"3]"))
    monkeypatch.undo()
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    assert grade(one, rows, PLACE)[0].status == "pass"
    assert entry.read_bytes().split(b"\n")[1][:40] == sound.split(b"\n")[1][:40]


def test_numpy_is_there_and_nothing_beside_it():
    """As where EvalPlus is installed; the rest of this environment stays out of sight."""
    assert status("    import numpy as np\n    return float(np.mean([max(values) + more]))\n") == "pass"
    assert status("    import click\n    return max(values) + more\n") == "fail"


def test_an_unknown_task_is_a_fault():
    with pytest.raises(Fault, match="T/9"):
        grade(ONE, [("T/9", "")], PLACE)


def test_where_a_canonical_solution_stopped_shows_in_no_verdict(tmp_path, monkeypatch):
    """Oracle: verdicts beside all expected answers. A float that comes late gives the calls before it, in the
    file's order, no tolerance, and those after it theirs."""
    task = Task(
        "T/0",
        "def f(n):\n",
        "    return n if n < 5 else n / 2\n",
        "f",
        "",
        inputs=[[1], [2]],
        plus_inputs=[[3], [90], [4], [700], [12]],
    )
    bodies = {
        "right": "return n if n < 5 else n / 2",
        "wrong at once": "return -1",
        "wrong in the added": "return n if n < 3 else 0",
        "wrong at last": "return n if n < 5 else (n / 2 if n < 700 else 0.0)",
        "raises at last": "return n if n < 5 else (n / 2 if n < 700 else 1 // 0)",
        "a float where none is": "return n + 1e-9 if n < 3 else n / 2",
        "a float after the first": "return n if n < 4 else n / 2 if n != 4 else n + 1e-9",
        "nearly": "return n if n < 5 else n / 2 + 1e-9",
        "endless": "while n > 600: pass\n    return n if n < 5 else n / 2",
        "no function": "return",
        "set": "return {n} if n < 5 else n / 2",
    }
    rows = [("T/0", f"def f(n):\n    {body}\n") for body in bodies.values()]
    rows.append(("T/0", "g = 1"))
    found = []
    for brief in (float("inf"), 0.0):
        monkeypatch.setenv("NEVE_CACHE", str(tmp_path / str(brief)))
        monkeypatch.setattr(suites, "BRIEF_SECONDS", brief)
        found.append(grade(Benchmark(TABLE["humaneval+"], [task], ""), rows, PLACE))
    assert found[0] == found[1]
    statuses = dict(zip(bodies, ((g.base, g.status) for g in found[0]), strict=False))
    assert statuses["right"] == statuses["nearly"] == ("pass", "pass")
    assert statuses["endless"] == ("pass", "timeout") and statuses["wrong at last"] == ("pass", "fail")
    assert statuses["wrong at once"] == ("fail", "fail")
