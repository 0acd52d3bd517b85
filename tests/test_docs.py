"""The documentation's commands. Oracles: the commands themselves, run on code of installed packages; their options.

A block marked `console` is run, line by line, in a folder with `code/`; what other blocks show of `neve` must at least exist.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from neve.cli.main import app

from .conftest import ROOT, SITE

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
BLOCK = re.compile(r"^```\w*\n(.*?)^```|^    (neve .*)$", re.M | re.S)
INLINE = re.compile(r"`(neve [a-z][^`]*)`")
RUN = {
    page.name: commands
    for page in PAGES
    if (commands := "".join(CONSOLE.findall(page.read_text())).splitlines())
}


def shown(page: Path) -> list[str]:
    """Every command `neve ...` that a page shows, in blocks and in its text."""
    text = page.read_text()
    blocks = "\n".join(first or second for first, second in BLOCK.findall(text)).replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in blocks.splitlines()]
    commands = [line[line.index("neve ") :] for line in lines if re.match(r"(\w+=\S+ )?neve [a-z]", line)]
    return commands + INLINE.findall(text)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "log.md"], ids=lambda page: page.name
)
def test_commands_that_are_shown_exist(page: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in shown(page):
        for part in re.split(r"[;&|]|(?:^|\s)#", re.sub(r"'[^']*'", "X", line)):
            words = part.split()
            if len(words) < 2 or words[0] != "neve" or not re.fullmatch(r"[a-z]+", words[1]):
                continue
            assert words[1] in commands, f"{page.name}: {line}"
            known = {
                option
                for param in commands[words[1]].params
                for option in (*param.opts, *param.secondary_opts)
            } | {"--help"}
            given = {word.partition("=")[0].rstrip("`.,:)]") for word in words[2:] if word.startswith("--")}
            assert given <= known, f"{page.name}: {line}: {given - known}"


@pytest.mark.parametrize("page", RUN)
def test_commands_of_a_page_run(page: str, tmp_path: Path) -> None:
    for package in ("click", "httpx"):
        shutil.copytree(
            SITE / package, tmp_path / "code" / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for line in RUN[page]:
        assert line.startswith("$ neve "), line
        command = [sys.executable, "-m", "neve.cli", *shlex.split(line)[2:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        missing = "doctor" in line and done.returncode == 1  # what this machine lacks is no fault of the page
        assert done.returncode == 0 or missing, f"{line}\n{done.stderr[-2000:]}"
        assert done.stdout.strip() or "run" in line, line
