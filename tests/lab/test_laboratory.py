"""Oracle: a laboratory of real, tiny models whose answer is known: one arm is the baseline, one has a rate that trains nothing."""

import ast
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.lab import design, laboratory
from neve.lab.file import load
from neve.lab.schedule import Workers
from neve.lab.statistics import WORSE

ROOT = Path(__file__).parents[2]

RECIPE = """
[run]
name = "tiny"

[corpus]
licenses = "any"
languages = ["Python"]
heldout_share = 0.5
sources = [{{ kind = "directory", path = "{sources}" }}]
[corpus.near]
enabled = false
[corpus.decontaminate]
benchmarks = []

[tokenizer]
vocab_size = 300

[model]
hidden = 16
intermediate = 32
layers = 1
heads = 2
kv_heads = 2

[training]
sequence = 32
batch_tokens = 256
micro_batch = 8
precision = "fp32"

[[phase]]
name = "general"
data = "corpus"
tokens = 2560
lr = {{ peak = 5e-3, warmup = 2 }}

[[phase]]
name = "more"
data = "corpus"
tokens = 5120
start = "general"
lr = {{ peak = 5e-3, warmup = 2 }}

[evaluate]
tasks = []
pass_at_1 = false
heldout_bytes = 120_000
"""

LAB = """
name = "tiny"
question = "Does a rate of next to nothing hurt?"
recipe = "recipe.toml"
phase = "more"
baseline = "usual"
seeds = [1, 2]
copies = 1
tune = ["heldout"]
final = []
arm = [
  { name = "usual" },
  { name = "tiny-rate", set = { "phase.1.lr.peak" = 1e-7 } },
]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six repositories of functions and classes of the standard library, the recipe, the laboratory."""
    root = tmp_path_factory.mktemp("lab")
    library = Path(json.__file__).parents[1]
    for name in ("json", "email", "http", "logging", "urllib", "wsgiref"):
        (root / "sources" / name).mkdir(parents=True)
        texts = [path.read_text() for path in sorted((library / name).glob("*.py"))]
        parts = [ast.get_source_segment(text, node) or "" for text in texts for node in ast.parse(text).body]
        for number, part in enumerate([part for part in parts if 600 < len(part) < 4000][:12]):
            (root / "sources" / name / f"part{number}.py").write_text(part + "\n")
    (root / "recipe.toml").write_text(RECIPE.format(sources=root / "sources"))
    (root / "lab.toml").write_text(LAB)
    return root


def test_cells_are_every_arm_seed_and_rate_and_share_what_is_equal(place: Path):
    lab, base = load(place / "lab.toml")
    cells = design.cells(lab, base, place / "out")
    names = [(c.arm, c.seed, c.low) for c in cells]
    assert names[:4] == [
        ("usual", 1, False),
        ("usual-copy-1", 1, False),
        ("usual", 2, False),
        ("usual-copy-1", 2, False),
    ]
    assert set(names[4:]) == {
        ("tiny-rate", 1, False), ("tiny-rate", 2, False), ("usual", 1, True), ("usual-copy-1", 1, True),
        ("tiny-rate", 1, True),
    }  # fmt: skip
    trained = {str(c.store.path(c.train)) for c in cells}
    assert len(trained) == len(cells), "each trains a model of its own"
    for shared in ("tokens", "train-general", "view-more"):
        assert len({c.store.path(shared) for c in cells}) == 1, shared


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'baseline = "usual"',
            'baseline = "none"',
            "baseline = 'none' is no arm; there are usual, tiny-rate",
        ),
        ("seeds = [1, 2]", "seeds = [1, 1]", "seeds repeats one"),
        ('phase = "more"', 'phase = "mroe"', "phase = 'mroe': no such phase"),
        (
            '"phase.1.lr.peak" = 1e-7',
            '"phase.7.lr.peak" = 1e-7',
            "arm 'tiny-rate': the recipe has no place 'phase.7.lr.peak'",
        ),
        ('recipe = "recipe.toml"', 'recipe = "none.toml"', "recipe = 'none.toml': cannot be read"),
        ("copies = 1", "copies = 1\ncopis = 2", "copis"),
    ],
)
def test_mistakes_are_one_line(place: Path, tmp_path: Path, old: str, new: str, said: str):
    shutil.copy(place / "recipe.toml", tmp_path)
    assert old in LAB
    (tmp_path / "lab.toml").write_text(LAB.replace(old, new))
    with pytest.raises((Misuse, ValueError)) as raised:
        design.cells(*load(tmp_path / "lab.toml"), tmp_path / "out")
    assert said in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.slow
def test_a_laboratory_killed_twice_gives_the_verdict(place: Path, monkeypatch):
    """kill -9 while shared stages are built and while cells train; then it is gone on with, and again all is there."""
    out = place / "out"
    command = [
        sys.executable,
        "-c",
        "from neve.cli.main import main; main()",
        "ablate",
        str(place / "lab.toml"),
    ]
    command += ["--out", str(out), "--workers", "2"]
    before = laboratory.plan(place / "lab.toml", out, 2)
    assert before["trainings_left"] == 9 and before["smallest_difference"] is None and before["seconds"] > 0
    for stop in ("train-general-*", "measure-more-tune-*"):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not list((out / "stages").glob(stop)):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(1.0)
    assert not (out / "lab.json").exists()
    monkeypatch.chdir(ROOT)
    said: list[str] = []
    found = laboratory.run(place / "lab.toml", out, Workers(2), said.append)
    (only,) = found["texts"]["heldout"]["comparisons"]
    assert (
        (only["arm"], only["baseline"]) == ("tiny-rate", "usual")
        and only["verdict"] == WORSE
        and only["interval"][0] > 0
    )
    assert set(found["texts"]["heldout"]["low_rate"]) == {"tiny-rate"}
    assert any(line.startswith("smallest difference") for line in said)
    history = json.loads((out / "history.json").read_text())
    assert [entry["what"] for entry in history] == ["stated"]
    stated = time.mktime(time.strptime(history[0]["at"][:19], "%Y-%m-%dT%H:%M:%S"))
    cells = design.cells(*load(place / "lab.toml"), out)
    arm = next(c for c in cells if c.arm == "tiny-rate")
    assert (arm.store.path(arm.train) / "metrics.jsonl").stat().st_mtime >= stated - 1, (
        "stated before it was trained"
    )

    once = (out / "table.txt").read_text()
    again = laboratory.run(place / "lab.toml", out, Workers(1), said.append)
    assert (
        again == found and (out / "table.txt").read_text() == once and "tiny-rate is worse than usual" in once
    )
    assert "tiny-rate is worse than usual" in (out / "index.html").read_text()
    after = laboratory.plan(place / "lab.toml", out, 2)
    assert after["trainings_left"] == 0 and after["smallest_difference"] > 0
