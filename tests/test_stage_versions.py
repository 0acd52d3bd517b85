"""Versions of stages: a change of what decides a result is asked for. Oracle: copies of this tree, changed by hand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from neve.store import KINDS, kinds

from .conftest import script

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def versions():
    return script("scripts/stage_versions.py")


def test_every_change_of_what_decides_a_result_is_recorded(versions) -> None:
    """If this fails, read its message: it says what to run."""
    differ = versions.changed()
    assert not differ, "\n" + versions.message(differ)


def test_the_table_has_a_line_a_kind_sorted_and_names_functions_that_exist(versions) -> None:
    lines = [line for line in KINDS.read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(lines)
    for name, kind in kinds().items():
        path = versions.file_of(kind.build.partition(":")[0])
        assert path is not None and f"def {kind.build.partition(':')[2]}(" in path.read_text(), name
    assert "RULES_VERSION" not in "".join(p.read_text() for p in (ROOT / "neve").rglob("*.py"))


@pytest.fixture
def tree(tmp_path: Path, versions, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, in which things can be changed, and which the script is to look at."""
    shutil.copytree(ROOT / "neve", tmp_path / "neve", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "stage_digests.txt", tmp_path / "tests")
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    versions.main(["--same", "--all"])
    return tmp_path


@pytest.fixture
def asked(versions, tree: Path, capsys: pytest.CaptureFixture[str]):
    """The script's exit status and what it said."""

    def ask(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = versions.main(list(arguments))
        return status, capsys.readouterr().out

    return ask


def change(tree: Path, file: str, old: str, new: str) -> None:
    path = tree / file
    text = path.read_text()
    assert text.count(old) >= 1, (file, old)
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "pattern", "kinds"),
    [
        ("neve/training/model.py", r"^INIT_STD = .*$", {"train", "evaluate"}),
        ("neve/quality/annotators/head.py", r"^WEIGHT_DECAY = .*$", {"annotator-encoder"}),
        ("neve/synthesis/gates.py", r"^MIN_LINES = .*$", {"synthesis"}),
        ("neve/evaluation/generation/extraction.py", r"^MAX_LINES = .*$", {"evaluate"}),
        ("neve/quality/pools.py", r"^    reached = np.cumsum.*$", {"selection", "control", "seeds"}),
    ],
)
def test_a_changed_limit_does_not_pass_unseen(
    tree: Path, asked, file: str, pattern: str, kinds: set[str]
) -> None:
    """The first four once left every stage of a run "done"; the fifth went out without a new version."""
    text = (tree / file).read_text()
    found = re.search(pattern, text, re.M)
    assert found, pattern
    (tree / file).write_text(
        text.replace(found[0], found[0] + "\n" + re.match(" *", found[0])[0] + "changed = 1", 1)
    )
    status, said = asked()
    assert status == 1
    line = next(line for line in said.splitlines() if line.startswith(f"  {file}: "))
    assert kinds <= set(line.partition(": ")[2].split(", "))
    every = line.partition(": ")[2].split(", ")
    status, said = asked("--same", *every[1:])
    assert status == 1 and file in said, "one kind that it concerns is not decided on"
    status, _ = asked("--raise", every[0], "--same", *every[1:])
    assert status == 0 and asked()[0] == 0
    before, after = ((place / "neve" / "stage_kinds.txt").read_text().splitlines() for place in (ROOT, tree))
    raised = set(after) - set(before)
    assert {line.split()[0] for line in raised} == {every[0]}


def test_raising_one_kind_and_forgetting_the_others_raises_nothing(tree: Path, asked, capsys) -> None:
    """Else the call that names them all would raise the first a second time."""
    change(tree, "neve/corpus/signals/rules.py", "RULES = (", "RULES: tuple[Rule, ...] = (")
    before = (tree / "neve" / "stage_kinds.txt").read_text()
    with pytest.raises(SystemExit, match="2"):
        asked("--raise", "curate")
    assert "dedup, synthesis too" in capsys.readouterr().err
    assert (tree / "neve" / "stage_kinds.txt").read_text() == before
    assert asked("--raise", "curate", "--same", "--all")[0] == 0


def test_comments_docstrings_and_data_files(tree: Path, asked) -> None:
    """What a reader sees counts for nothing; a table that a module reads counts."""
    change(tree, "neve/quality/select.py", '"""Scores become', '"""Other words: scores become')
    change(
        tree,
        "neve/quality/select.py",
        "    chosen, about = {}, {}",
        "    # a comment\n    chosen, about = {}, {}",
    )
    assert asked()[0] == 0
    change(tree, "neve/corpus/languages/linguist.json", '"Python"', '"Pyth0n"')
    status, said = asked()
    assert status == 1 and "curate" in said and "neve/corpus/languages/linguist.json" in said
    assert asked("--same", "--all")[0] == 0 and asked()[0] == 0
    with pytest.raises(SystemExit, match="2"):
        asked("--same", "poem")


def test_a_statement_that_leaves_its_branch_is_a_change(tree: Path, asked) -> None:
    change(tree, "neve/corpus/steps/input_files.py", "            if name != ", "            elif name != ")
    status, said = asked()
    assert status == 1 and "neve/corpus/steps/input_files.py" in said and "curate" in said


def test_two_digests_of_one_file_after_a_merge_are_a_change(tree: Path, asked) -> None:
    path = tree / "tests" / "stage_digests.txt"
    line = next(line for line in path.read_text().splitlines() if line.startswith("neve/tokens/bpe.py "))
    path.write_text(path.read_text() + f"neve/tokens/bpe.py {'0' * 16}\n")
    status, said = asked()
    assert status == 1 and "neve/tokens/bpe.py" in said
    assert asked("--same", "--all")[0] == 0 and line in path.read_text().splitlines()
