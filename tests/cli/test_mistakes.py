"""Typical mistakes, each with the one line that it gets: what is wrong, its value, and what would do.

Oracle: the line, read as a person who made the mistake. All were made for real and read before they were written down.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from neve.cli.main import main

RECIPE = """\
[run]
name = "x"
[corpus]
sources = [{ kind = "directory", path = "code" }]
[[phase]]
name = "general"
data = "corpus"
tokens = 1000
lr = { peak = 1e-3 }
"""
SOURCE = '[{ kind = "directory", path = "code" }]'

RECIPES = [
    ("peak = 1e-3", "peak = 1,3", "line 9", "`lr = { peak = 1,3 }`", "a decimal has a dot"),
    ('name = "x"', "name = x", "line 2", "`name = x`", "a text stands in quotes"),
    ("tokens = 1000", "tokens = 1000\ntokens = 2", "`tokens = 2`", "a key stands once a table"),
    ("tokens = 1000", "token = 1000", "phase.0.token = 1000", "did you mean 'tokens'?"),
    ("[corpus]", "[corpora]", "corpora", "did you mean 'corpus'?"),
    ("[[phase]]", "[phase]", "phase: must be a list of tables", "[[phase]], with two brackets"),
    ("tokens = 1000", 'tokens = "1B"', 'phase.0.tokens = "1B"', "a whole number, without a unit"),
    ("tokens = 1000", "tokens = -5", "phase.0.tokens = -5", "at least 1"),
    ("peak = 1e-3", "peak = nan", "phase.0.lr.peak = NaN", "a finite number"),
    ("lr = { peak = 1e-3 }", "lr = 1e-3", "phase.0.lr = 0.001", "a table, { name = value, … }"),
    ("{ peak = 1e-3 }", "{ peak = 1e-3, floor = 1 }", "phase.0.lr", "floor = 1 is above peak = 0.001"),
    (SOURCE, '"code"', 'corpus.sources = "code"', "must be a list"),
    (SOURCE, '["code"]', 'corpus.sources.0 = "code"', "a table, { name = value, … }"),
    ('kind = "directory"', 'kind = "folder"', 'corpus.sources.0.kind = "folder"', "'directory', 'git'"),
    ('kind = "directory"', 'kind = "git"', "corpus.sources.0", "'commit' is missing"),
    ("[[phase]]", 'languages = ["pythn"]\n[[phase]]', "'pythn'", "did you mean 'Python'?"),
    ("[[phase]]", 'licenses = ["Apache2"]\n[[phase]]', "'Apache2'", "did you mean 'Apache-2.0'?"),
    ("[[phase]]", 'licenses = "permisive"\n[[phase]]', 'corpus.licenses = "permisive"', "'permissive' or 'any'"),
    ("[[phase]]", "[corpus.filters]\nmaxline = 3\n[[phase]]", "corpus.filters.maxline = 3", "did you mean 'max_line'?"),
    ('data = "corpus"', 'data = "selection"', "'general' selects", "needs annotator = NAME"),
    ('data = "corpus"', 'data = "synthetic"', "data = 'synthetic'", "needs a [synthesis] table"),
    ("tokens = 1000", 'tokens = 1000\nstart = "genral"', "'genral'", "it may be scratch"),
    ("tokens = 1000", "tokens = 1000\ncontrols = 2", "phase.0.controls = 2", "must be a table"),
    ("[[phase]]", "[training]\nbatch_tokens = 9000\n[[phase]]", "batch_tokens = 9000", "a multiple of sequence = 8192"),
    ("[[phase]]", '[training]\nprecision = "fp16"\n[[phase]]', 'training.precision = "fp16"', "'bf16'"),
    ("[[phase]]", "[model]\nhidden = 100\nheads = 3\n[[phase]]", "hidden = 100", "heads = 3 times an even number"),
    ("[[phase]]", '[evaluate]\ntasks = ["humanevl"]\n[[phase]]', "'humanevl'", "did you mean 'humaneval'?"),
]  # fmt: skip

COMMANDS = [
    ("run", "neve.toml: no such file", "`neve init FOLDER` writes a recipe"),
    ("run r.toml --seed 2", "neve run: No such option: --seed", "--set"),
    ("currate code --out o", "No such command 'currate'", "Did you mean 'curate'?"),
    ("run r.toml --until curation", "--until curation: no such stage", "the stages are files, curate"),
    ("run r.toml --engine spark", "'--engine'", "'native', 'ray'"),
    ("run r.toml --out r.toml", "r.toml: is, or lies in, a file", "name a folder"),
    ("plan r.toml --set run.seed", "--set run.seed", "must look like key.path=value"),
    ("plan r.toml --set corpus.near.treshold=0.5", "corpus.near.treshold = 0.5", "did you mean 'threshold'?"),
    ("plan r.toml --set phase.general.tokens=5", "'phase.general.tokens'", "counted from 0, e.g. phase.0.tokens"),
    ("plan r.toml --mfu 40", "'--mfu'", "less than or equal to 1"),
    ("status r.toml", "r.toml: no run here", "`neve run RECIPE` makes one"),
    ("curate code", "Missing option '--out'", "`neve curate --help`"),
    ("curate r.toml --out o", "r.toml: must be a folder", ".parquet, .jsonl"),
    ("grade r.toml --task humanevl --out o", "'humanevl'", "did you mean 'humaneval'?"),
    ("evaluate model --tasks humaneval --out o", "'model': no such file or folder", "pinned names are"),
    ("ablate r.toml", "r.toml: name: is missing", "recipes/labs"),
    ("init r.toml --out n.toml", "r.toml: is no folder", "name a folder of code"),
    ("recipe lr_peak", "lr_peak: the recipe has no such field", "did you mean phase.lr.peak?"),
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("x = 1\n" * 40)
    (tmp_path / "r.toml").write_text(RECIPE)
    return tmp_path


def told(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["neve", *command.split()])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.count("\n") == 1 and len(said) < 330, said
    return said


@pytest.mark.parametrize(("right", "wrong", "words"), [(a, b, words) for a, b, *words in RECIPES])
def test_a_mistake_in_a_recipe(
    right: str, wrong: str, words: list[str], place: Path, monkeypatch, capsys
) -> None:
    assert RECIPE.count(right) == 1
    (place / "m.toml").write_text(RECIPE.replace(right, wrong))
    said = told("plan m.toml", monkeypatch, capsys)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(("command", "words"), [(command, words) for command, *words in COMMANDS])
def test_a_mistake_in_a_command(command: str, words: list[str], place: Path, monkeypatch, capsys) -> None:
    said = told(command, monkeypatch, capsys)
    assert all(word in said for word in words), said
