"""Typical mistakes, each with the one line that it gets: what is wrong, its value, and what would do.

Oracle: the line, read as a person who made the mistake. All were made for real and read before they were written down.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import neve
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
lr = { peak = 1e-3, floor = 1e-5 }
"""
SOURCE = '[{ kind = "directory", path = "code" }]'

LABELS = '[labels.e]\npositives = [{ kind = "directory", path = "code" }]\n[annotators.a]\nlabels = ["e"]\n'
GROWN = (
    f'{LABELS}kind = "ngrams"\n[[phase]]\nname = "quality"\ndata = "selection"\ntokens = 9\nlr = {{ peak = 1, floor = 1 }}\n'
    "[synthesis]\ntokens = 10\nseeds = 3\n"
)

LAB = """\
name = "l"
question = "Is two better?"
recipe = "r.toml"
phase = "general"
baseline = "one"
seeds = 3
arm = [{ name = "one" }, { name = "two", set = { "phase.0.tokens" = 9 } }]
"""

RECIPES = [
    ("peak = 1e-3", "peak = 1,3", "line 9", "`lr = { peak = 1,3, floor = 1e-5 }`", "a decimal has a dot"),
    ('name = "x"', "name = x", "line 2", "`name = x`", "a text stands in quotes"),
    ("tokens = 1000", "tokens = 1000\ntokens = 2", "`tokens = 2`", "a key stands once a table"),
    ("tokens = 1000", "token = 1000", "phase.0.token = 1000", "did you mean 'tokens'?"),
    ("[corpus]", "[corpora]", "corpora", "did you mean 'corpus'?"),
    ("[[phase]]", "[phase]", "phase: must be a list of tables", "[[phase]], with two brackets"),
    ("tokens = 1000", 'tokens = "1B"', 'phase.0.tokens = "1B"', "a whole number, without a unit"),
    ("tokens = 1000", "tokens = -5", "phase.0.tokens = -5", "at least 1"),
    ("peak = 1e-3", "peak = nan", "phase.0.lr.peak = NaN", "a finite number"),
    ("lr = { peak = 1e-3, floor = 1e-5 }", "lr = 1e-3", "phase.0.lr = 0.001", "a table, { name = value, … }"),
    ("{ peak = 1e-3, floor = 1e-5 }", "{ peak = 1e-3, floor = 1 }", "phase.0.lr", "floor = 1 is above peak = 0.001"),
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
    ('name = "x"', 'name = "my run"', 'run.name = "my run"', "without a space"),
    ('name = "x"', 'name: x', "line 2", "`name: x`", "stands ="),
    ('path = "code"', r'path = "C:\code"', "line 4", "a path has /"),
    ("[[phase]]", "[corpus.near]\nenabled = True\n[[phase]]", "`enabled = True`", "written small"),
    ('name = "x"', 'name = "x"\nthreshold = 0.8', "run.threshold = 0.8", "did you mean 'corpus.near.threshold'?"),
    ('[run]\nname = "x"\n', "", "run: is missing", "`neve recipe run`"),
    (SOURCE, "[]", "corpus.sources = []", "at least 1"),
    (SOURCE, '[{ kind = "sdist", name = "click" }]', "'sdist' needs name, version, file, sha256"),
    (SOURCE, '[{ kind = "sdist", name = "click", version = 8.1 }]', "version = 8.1", "a text, in quotes"),
    (SOURCE, '[{ kind = "sdist", name = "a", version = "1", file = "a", sha256 = "ab" }]', 'sha256 = "ab"', "64 hexadecimal"),
    ("[[phase]]", 'languages = "Python"\n[[phase]]', 'languages = "Python"', "a list, in [ ]"),
    ("[[phase]]", "heldout_share = 20\n[[phase]]", "corpus.heldout_share = 20", "less than 1"),
    ("[[phase]]", 'opt_out = "no.txt"\n[[phase]]', "corpus.opt_out = 'no.txt'", "name a text file"),
    ("[[phase]]", '[dedup]\nthreshold = 0.7\n[[phase]]', "dedup", "unknown key; known here: run, corpus"),
    ("{ peak = 1e-3, floor = 1e-5 }", "{ peak = 1e-3, warmup = 5000 }", "lr.warmup = 5000", "'general'", "its 1 steps", "lower them"),
    ("{ peak = 1e-3, floor = 1e-5 }", "{ peak = 1e-3 }", "phase 'general'", "lr.floor = 0", "shape = 'constant'"),
    ("{ peak = 1e-3, floor = 1e-5 }", '{ peak = 1e-3, shape = "cos" }', 'shape = "cos"', "'cosine', 'linear'"),
    ("lr = { peak = 1e-3, floor = 1e-5 }", "", "phase.0.lr: is missing", "`neve recipe phase.0.lr`"),
    ("tokens = 1000\n", "", "'general' needs tokens or epochs"),
    ("tokens = 1000", "tokens = 1000\nepochs = 2", "tokens and epochs; leave one of them out"),
    ("tokens = 1000", "tokens = 1000\ncontrols = { randm = 1 }", "phase.0.controls.randm", "'random', 'random-repeated'"),
    ("[[phase]]", f'{LABELS}kind = "ngram"\n[[phase]]', "annotators.a.kind = 'ngram'", "did you mean 'ngrams'?"),
    ("[[phase]]", f'{LABELS}kind = "encoder"\nencoder = "mini-lm"\n[[phase]]', "encoder = 'mini-lm'", "pinned names are minilm"),
    ("[[phase]]", f'{GROWN}model = "qwen"\n[[phase]]', "synthesis.model = 'qwen'", "pinned names are"),
    ("[[phase]]", f'{GROWN}endpoint = "localhost:8000"\n[[phase]]', 'endpoint = "localhost:8000"', "http://localhost:8000/v1"),
    ("[[phase]]", f'{GROWN}api_key_env = "sk-12345"\n[[phase]]', "api_key_env: must be", "never the key itself"),
    ("[[phase]]", f'{GROWN}kinds = ["rewrite"]\n[[phase]]', 'kinds = ["rewrite"]', "a table"),
    ("[[phase]]", '[evaluate]\ntasks = ["humanevl"]\n[[phase]]', "'humanevl'", "did you mean 'humaneval'?"),
    ("[[phase]]", f'{LABELS}kind = "cascade"\nof = ["b"]\n[[phase]]', "annotators.a.of", "known here: labels, kind, first, then"),
    ("[[phase]]", f'{LABELS}kind = "blend"\nof = ["b"]\n[[phase]]', 'annotators.a.of = ["b"]', "at least 2"),
    ("[[phase]]", f'{LABELS}kind = "column"\n[[phase]]', "annotators.a.path: is missing", "`neve recipe annotators.a.path`"),
    ("[[phase]]", '[labels.e]\npositives = "code"\n[[phase]]', 'labels.e.positives = "code"', "a list"),
    ("[[phase]]", f'{GROWN}python_share = 50\n[[phase]]', "synthesis.python_share = 50", "at most 1"),
    ("[[phase]]", f'{GROWN}[synthesis.budget]\nmoney = 5\n[[phase]]', "budget.money = 5.0", "input_price and output_price"),
    ("[[phase]]", f'{GROWN}kinds = {{ "code/a.py" = 1 }}\n[[phase]]', "synthesis.kinds.code/a.py", "or a prompt file"),
    ("[[phase]]", "[training]\nbetas = 0.9\n[[phase]]", "training.betas = 0.9", "must be a list, in [ ]"),
    ("[[phase]]", "[training]\nbetas = [0.9]\n[[phase]]", "training.betas: has 1 members and needs more", "`neve recipe training.betas`"),
    ("[[phase]]", "near = false\n[[phase]]", "corpus.near = false", "must be a table", "here { enabled = false }"),
    ("[[phase]]", '[annotators]\nkind = "ngrams"\n[[phase]]', 'annotators.kind = "ngrams"', "[annotators.NAME]"),
    ("[[phase]]", "[corpus.filters]\nmax_line = -1\n[[phase]]", "corpus.filters.max_line = -1", "0 or more, or false"),
    ("[[phase]]", 'languages = ["all"]\n[[phase]]', "corpus.languages: 'all'", "[] keeps all"),
    ("[[phase]]", 'licenses = ["MIT", "BSD"]\n[[phase]]', "'BSD' is no SPDX identifier", "did you mean BSD-", "BSD-3-Clause"),
    ("[[phase]]", "licenses = []\n[[phase]]", "corpus.licenses = []", "admits no file", "permissive, any"),
    ("tokens = 1000", "tokens = 1000\nrepeats = 2", "phase 'general' has repeats", "data = 'selection', else leave them out"),
    ('kind = "directory", path = "code"', 'kind = "git", url = "https://a.example/b"', "corpus.sources.0.url", "did you mean 'path'?"),
    ("peak = 1e-3", "max = 1e-3", "phase.0.lr.max", "did you mean 'peak'?"),
    ("[[phase]]", "[training]\nbatch_size = 8\n[[phase]]", "training.batch_size = 8", "did you mean 'batch_tokens'?"),
    ('name = "x"', "name = 'x", "`name = 'x`", "a text stands in quotes"),
    ("[[phase]]", f'{GROWN}kinds = {{ "own.md" = 1 }}\n[[phase]]', "own.md", "begins with TOML between two lines of +++"),
]  # fmt: skip

COMMANDS = [
    ("run", "neve.toml: no such file", "`neve init FOLDER` writes a recipe"),
    ("run code", "code: is a folder, not a recipe", "`neve init code` writes one"),
    ("run gone.toml", "corpus.sources.0.path = 'gone'", "no such file or folder", "--set corpus.sources.0.path=PATH"),
    ("run utf16.toml", "utf16.toml: is no UTF-8", "save it as such"),
    ("run r.toml --set seed=2", "seed = 2: unknown key", "did you mean 'run.seed' or 'phase.seed'?"),
    ("run r.toml --out /proc/x", "/proc/x: cannot be made", "name another folder"),
    ("grade code --task humaneval --out o", "code: holds no TASK_ID/NUMBER.py", ".jsonl of samples"),
    ("grade r.toml --task humaneval --out o", "r.toml line 1 is no JSON", "one object a line"),
    ("evaluate code --tasks humaneval --out o", "code: no config.json there", "--endpoint"),
    ("curate empty --out o", "empty: holds no file", "name a folder of code"),
    ("init empty", "empty: holds no file", "name a folder of code"),
    ("init code --out no/n.toml", "no/n.toml: no is no folder", "--out"),
    ("serve code --port 99999", "'--port'", "less than or equal to 65535"),
    ("export code --out o", "code: no run here", "`neve run RECIPE`"),
    ("ledger code", "code: must be a run's folder", "ledger.sqlite"),
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
    ("ablate r.toml", "r.toml: is a recipe, not a laboratory", "recipes/labs", "`neve run`"),
    ("init r.toml --out n.toml", "r.toml: is no folder", "name a folder of code"),
    ("recipe lr_peak", "lr_peak: the recipe has no such field", "did you mean phase.lr.peak?"),
    ("plan r.toml --set corpus.languages=[Python]", "[Python] is no TOML", """--set 'corpus.languages=["Python"]'"""),
    ("plan lab.toml", "lab.toml: is a laboratory, not a recipe", "`neve ablate`"),
    ("ablate lab.toml --plan", "lab.toml: seeds = 3: must be a list, in [ ]"),
    ("ablate twins.toml --plan", "one and two are one arm", "set the same"),
    ("run r.toml --out code/out", "--out code/out: lies in the source code", "outside of it"),
    ("curate code --out code", "--out code: lies in the source code", "outside of it"),
    ("dedup code --out code/out", "--out code/out: lies in the source code", "outside of it"),
    ("score code --annotator x --out code/out", "--out code/out: lies in the source code", "outside of it"),
    ("synthesize code --endpoint http://x --model m --out code/x/y", "--out code/x/y: lies in the source code", "outside of it"),
    ("curate tables --out tables/out", "--out tables/out: lies in the source tables", "outside of it"),
    ("run tables.toml --out tables", "--out tables: lies in the source tables/", "outside of it"),
    ("plan sections.toml", "annotators.a.section_tokens = 513: 'minilm' reads at most 512", "set it lower"),
    ("curate code/*.parquet --out o", "path = 'code/*.parquet' names no file", "a glob such as data/*.parquet"),
    ("run column.toml", "annotators.a.path = 'scores.parquet'", "--set annotators.a.path=PATH"),
    ("grade s.jsonl --task s.jsonl --out o", "s.jsonl: is no benchmark's name", "by the .toml file"),
    ("evaluate m --tasks , --out o", "--tasks ',': names no benchmark", "humaneval"),
    ("evaluate m --endpoint localhost:80 --tasks humaneval --out o", "localhost:80", "http://localhost:8000/v1"),
    ("evaluate m --endpoint locale --tasks humaneval --out o", '--endpoint = "locale"', 'must be "local"'),
    ("dedup code --set threshold=0.8 --out o", "--set: threshold = 0.8", "did you mean 'near.threshold'?"),
    ("curate code --set near.threshold=seven --out o", '--set: near.threshold = "seven"', "a number"),
    ("curate code --set filters=off --out o", '--set: filters = "off"', "a table"),
    ("recipe corpus.filters.max_line", "corpus.filters.max_line: the recipe has no such field", "`neve recipe corpus.filters`"),
    ("ablate gone.lab", "gone.lab: cannot be read (No such file or directory)", "recipes/labs"),
    ("init code --from quick --out n.toml", "--from quick", "quickstart"),
    ("run home.toml", "corpus.sources.0.path = '~/code'", "~ stands for no folder in a recipe"),
    ("evaluate m --endpoint local --tasks humaneval --out o", "'m': no such file", "pinned names are"),
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("x = 1\n" * 40)
    (tmp_path / "empty").mkdir()
    (tmp_path / "r.toml").write_text(RECIPE)
    (tmp_path / "gone.toml").write_text(RECIPE.replace('"code"', '"gone"'))
    (tmp_path / "home.toml").write_text(RECIPE.replace('"code"', '"~/code"'))
    (tmp_path / "utf16.toml").write_text(RECIPE, encoding="utf-16")
    (tmp_path / "own.md").write_text("Write something.\n")
    (tmp_path / "s.jsonl").write_text('{"task_id": "HumanEval/0", "solution": "x"}\n')
    (tmp_path / "lab.toml").write_text(LAB)
    (tmp_path / "twins.toml").write_text(
        LAB.replace("3", "[1, 2]").replace('"two", set = { "phase.0.tokens" = 9 }', '"two"')
    )
    (tmp_path / "column.toml").write_text(
        f'{RECIPE}[[phase]]\nname = "quality"\ndata = "selection"\nannotator = "a"\ntokens = 1000\n'
        f'lr = {{ peak = 1, floor = 1 }}\n{LABELS}kind = "column"\npath = "scores.parquet"\n'
    )
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.jsonl").write_text('{"content": "x = 1"}\n')
    (tmp_path / "tables.toml").write_text(
        RECIPE.replace(SOURCE, '[{ kind = "table", path = "tables/**/*.jsonl" }]')
    )
    (tmp_path / "sections.toml").write_text(
        f'{RECIPE}{LABELS}kind = "encoder"\nencoder = "minilm"\nsection_tokens = 513\n'
    )
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


def test_a_recipe_with_a_byte_order_mark_is_read(place: Path, monkeypatch, capsys) -> None:
    (place / "m.toml").write_text(RECIPE, encoding="utf-8-sig")
    monkeypatch.setattr(sys, "argv", ["neve", "plan", "m.toml"])
    main()
    assert "parameters" in capsys.readouterr().out


def test_the_bare_command_shows_its_help_and_version_itself(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["neve"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2 and capsys.readouterr().err.count("\n") > 20
    monkeypatch.setattr(sys, "argv", ["neve", "--version"])
    main()
    assert capsys.readouterr().out == f"neve {neve.__version__}\n"
