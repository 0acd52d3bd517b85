"""The commands as a person runs them. Oracle: recomputation from the samples, and an undisturbed run beside a killed one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neve import sandbox
from neve.errors import Fault
from neve.evaluation import standalone
from neve.evaluation.generation.completion import Options
from neve.evaluation.generation.sampling import Sampling
from neve.evaluation.standalone import Folders
from neve.tasks import benchmarks
from neve.tasks.traits import TABLE

PLACE = sandbox.probe()
pytestmark = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)


def neve(*arguments: object, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neve.cli", *map(str, arguments)], capture_output=True, text=True, **more
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory, benchmark_files) -> tuple[Path, Path]:
    """A file of five samples of four tasks, one of them hostile to a page, and the folder of its grades."""
    folder = tmp_path_factory.mktemp("graded")
    tasks = benchmarks.load("humaneval", benchmark_files).tasks[:4]
    rows = [{"task_id": t.task_id, "completion": t.solution} for t in tasks[::-1]]
    rows.append(
        {"task_id": tasks[0].task_id, "completion": "    raise ValueError('<script>alert(1)</script>')\n"}
    )
    (folder / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = neve("grade", folder / "s.jsonl", "--task", "humaneval", "--data", benchmark_files, "--only",
                "HumanEval/?", "--out", folder / "out", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((folder / "out" / "results.json").read_text())
    return folder / "s.jsonl", folder / "out"


def test_results_are_in_the_order_of_the_input(graded):
    entry = json.loads((graded[1] / "results.json").read_text())["benchmarks"]["humaneval"]
    assert [(s["task_id"], s["sample"], s["status"]) for s in entry["samples"]] == [
        ("HumanEval/3", 0, "pass"), ("HumanEval/2", 0, "pass"), ("HumanEval/1", 0, "pass"), ("HumanEval/0", 0, "pass"),
        ("HumanEval/0", 1, "fail"),
    ]  # fmt: skip
    assert entry["tasks"] == 4 and entry["pass@1"] == (3 + 0.5) / 4 and entry["published"]
    assert entry["interval"][0] < entry["pass@1"] <= entry["interval"][1]
    assert entry["missing"] == [f"HumanEval/{k}" for k in range(4, 10)]
    assert entry["data_sha256"] == TABLE["humaneval"].sha256


def test_the_page_escapes_what_candidates_say(graded):
    page = (graded[1] / "index.html").read_text()
    assert "&lt;script&gt;" in page and "<script" not in page


def test_a_second_call_grades_nothing_again_and_another_file_is_refused(graded, benchmark_files, monkeypatch):
    path, out = graded
    before = json.loads((out / "results.json").read_text())
    monkeypatch.setattr(sandbox, "run", None)
    options = Options(only="HumanEval/?", ks=(1, 10, 100))
    assert standalone.grade_file(path, "humaneval", out, options, Folders(benchmark_files)) == before
    monkeypatch.undo()
    path.with_name("t.jsonl").write_text('{"task_id": "HumanEval/0", "completion": ""}')
    with pytest.raises(Fault, match="name another folder"):
        standalone.grade_file(path.with_name("t.jsonl"), "humaneval", out, options, Folders(benchmark_files))


@pytest.fixture(scope="module")
def writer(tmp_path_factory, random_model, tokenizer_folder, tokenizer) -> Path:
    from neve.training import model as llama

    folder = tmp_path_factory.mktemp("writer")
    llama.save(random_model(tokenizer.vocab_size, 5, scale=1.0, sequence=512), folder, tokenizer_folder)
    return folder


def evaluation(writer: Path, data: Path, out: Path) -> list[str]:
    options = ["--tasks", "humaneval,mbpp", "--data", data, "--only", "HumanEval/1*,Mbpp/2?", "--n", 3, "--temperature", 0.8,
               "--top-p", 0.9, "--k", "1,3", "--max-new-tokens", 24, "--out", out, "--json"]  # fmt: skip
    return [sys.executable, "-m", "neve.cli", "evaluate", str(writer), *map(str, options)]


@pytest.fixture(scope="module")
def evaluated(writer, benchmark_files, tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("evaluated") / "out"
    done = subprocess.run(evaluation(writer, benchmark_files, out), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_an_evaluation_has_every_figure(evaluated):
    out, found = evaluated
    humaneval, mbpp = found["benchmarks"]["humaneval"], found["benchmarks"]["mbpp"]
    assert humaneval["tasks"] == 75 and len(humaneval["samples"]) == 225 and "pass@3" in humaneval
    assert [s["task_id"] for s in mbpp["samples"][::3]] == [f"Mbpp/{k}" for k in range(20, 30)]
    for name in ("humaneval", "mbpp"):
        figure = found["bits_per_byte"][name]
        assert figure["interval"][0] < figure["value"] < figure["interval"][1]
        beside = found["references"]["zlib -9"]["bits_per_byte"][name]
        assert beside["bytes"] == figure["bytes"] and 1 < beside["value"] < 4
    assert set(found["references"]) == {"zlib -9"}, "this model lies in no run, whose tokens could be counted"
    assert (
        "zlib -9" in (out / "index.html").read_text() and "lies in no run" in (out / "index.html").read_text()
    )
    texts = [
        json.loads(line)["text"] for line in (out / "samples-mbpp.jsonl").read_text().splitlines()[1:] if line
    ]
    assert len(set(texts)) > 10, "samples differ"


def test_kill_9_and_again_gives_the_same(evaluated, writer, benchmark_files, tmp_path):
    command = evaluation(writer, benchmark_files, tmp_path / "out")
    seen: set[str] = set()
    for wanted in ("samples-humaneval.jsonl", "verdicts-humaneval.jsonl"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        path, deadline = tmp_path / "out" / wanted, time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if path.exists() and path.read_bytes().count(b"\n\n") > 1:
                break
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        seen |= {p.name for p in (tmp_path / "out").iterdir()}
    assert {"samples-humaneval.jsonl", "verdicts-humaneval.jsonl"} <= seen
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == evaluated[1]


def test_ctrl_c_is_a_status_and_one_line(benchmark_files, tmp_path):
    """An interrupt while canonical solutions run: status 130, one line, soon, although much more was to do."""
    tasks = benchmarks.load("mbpp+", benchmark_files).tasks
    rows = [{"task_id": t.task_id, "solution": "def f(): pass"} for t in tasks]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    command = [
        "grade",
        tmp_path / "s.jsonl",
        "--task",
        "mbpp+",
        "--data",
        benchmark_files,
        "--out",
        tmp_path / "out",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "neve.cli", *map(str, command)], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "NEVE_CACHE": str(tmp_path / "cache")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob("cache/expected/*.json")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130 and said.splitlines()[-1].startswith("neve: interrupted")
    assert len(list(tmp_path.glob("cache/expected/*.json"))) < len(tasks), "what had not begun was left"


@pytest.mark.parametrize(
    ("name", "tasks", "options", "more", "said"),
    [
        (".", "humanevil", Options(), {}, "--tasks humanevil: .*did you mean 'humaneval'"),
        (".", "humaneval", Options(n=2), {}, "greedy samples"),
        (".", "humaneval", Options(ks=(5,)), {}, "needs --n 5"),
        (".", "humaneval", Options(only="Snow/*"), {}, "no task is called so"),
        ("absent", "humaneval", Options(sampling=Sampling(0.5)), {}, "absent"),
        (".", "humaneval", Options(prompt="neve"), {}, "--prompt neve: .*add --chat"),
        (".", "humaneval", Options(prompt="snow", chat=True), {}, "--prompt snow: .*there are plain"),
        (".", "humaneval", Options(packages=Path("absent")), {}, "--packages absent: no such folder"),
        (".", "humaneval", Options(), {"heldout": Path("absent")}, "--heldout absent: no documents"),
        (".", "humaneval", Options(), {"against": Path("absent")}, "--against absent: no results.json"),
    ],
)
def test_what_cannot_be_is_one_line_before_any_work(
    name, tasks, options, more, said, benchmark_files, tmp_path
):
    name = str(tmp_path) if name == "." else name
    with pytest.raises(Fault, match=said):
        standalone.evaluate(name, tasks, tmp_path / "out", options, Folders(benchmark_files, **more))
    assert not (tmp_path / "out" / "results.json").exists()


def test_paths_are_looked_at_before_files_are_fetched(tmp_path):
    """`data` is left out: a benchmark would be fetched."""
    (tmp_path / "file").write_text("")
    for out, path, said in (
        ("file", "file", "--out .*file: is a file"),
        ("new", "absent.jsonl", "absent.jsonl: no such file"),
    ):
        with pytest.raises(Fault, match=said):
            standalone.grade_file(tmp_path / path, "mbpp+", tmp_path / out, Options())


def test_names_and_patterns():
    assert [traits.name for traits in standalone.named("mbpp*,humaneval,mbpp")] == [
        "mbpp",
        "mbpp+",
        "humaneval",
    ]
    assert len(standalone.named("evoeval-*")) == 7
