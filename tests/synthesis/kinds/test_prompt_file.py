"""A kind out of a file. Oracle: the file of docs/extend-synthesis.md, and files with one fault each."""

from __future__ import annotations

from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.synthesis import kinds
from neve.synthesis.kinds import prompt_file
from neve.synthesis.seeds import Seed

GOOD = """+++
name = "benchmark-program"
languages = ["Python"]
rewrites = false
+++
Write a {language} benchmark of what {path} does, after these lines:

```{tag}
{lines}
```
"""
SEED = Seed("0" * 32, "r", "a.py", "Python", "x = {1: 2}\ny = 3\n", "x = {1: 2}")


def test_the_file_is_a_kind(tmp_path: Path) -> None:
    path = tmp_path / "mine.md"
    path.write_text(GOOD)
    found = kinds.named([str(path), "rewrite"])
    assert list(found) == ["benchmark-program", "rewrite"] and isinstance(
        found["benchmark-program"], kinds.Kind
    )
    kind = found["benchmark-program"]
    assert kind.prompt(SEED, 100) == (
        "Write a Python benchmark of what a.py does, after these lines:\n\n```python\nx = {1: 2}\n```"
    )
    assert kind.prompt(Seed("0" * 32, "r", "a.c", "C", "", ""), 100) is None
    rules = [gate.rule for gate in kind.GATES]
    assert "seed-copy" in rules and "does-not-run" in rules and "unchanged" not in rules


def test_its_fields_choose_gates_and_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "mine.md"
    path.write_text(
        '+++\nname = "notes"\nrewrites = true\nmarkdown = true\nruns = false\ninto = "Go"\n+++\nExplain {file}\n'
    )
    kind = prompt_file.load(str(path))
    rules = [gate.rule for gate in kind.GATES]
    assert "unchanged" in rules and "seed-copy" not in rules and "does-not-run" not in rules
    assert kind.prompt(SEED, 3) is None and kind.DOCUMENT == "Markdown" and kind.into(SEED, []) == "Go"
    assert kind.read("# A\n```go\nx\n```\n", Seed("", "", "", "Go", "", "")).program == "x\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Write a program.\n", "begins with TOML between two lines of"),
        ("+++\nname = 3\n+++\nWrite.\n", "name = 3"),
        ("+++\nnames = 'a'\n+++\nWrite.\n", "known: name, languages"),
        ("+++\nname = \n+++\nWrite.\n", "not TOML"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.md"
    path.write_text(text)
    with pytest.raises(Misuse, match=r"mine\.md") as error:
        kinds.named([str(path)])
    assert said in str(error.value) and "\n" not in str(error.value)


def test_two_kinds_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GOOD)
    (tmp_path / "b.md").write_text(GOOD)
    with pytest.raises(Misuse, match="another kind is called"):
        kinds.named([str(tmp_path / "a.md"), str(tmp_path / "b.md")])
