"""neve run --serve. Oracle: the page, asked while the run goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from neve.recipe.file import parse, to_toml

from ..conftest import SITE


def test_a_run_is_shown_while_it_goes_on(tmp_path: Path) -> None:
    source = {"kind": "directory", "path": str(SITE / "click"), "repo": "click"}
    recipe = parse({"run": {"name": "r"}, "corpus": {"sources": [source], "languages": ["Python"]}})
    (tmp_path / "neve.toml").write_text(to_toml(recipe))
    command = [sys.executable, "-m", "neve.cli", "run", "--serve", "--set", "tokenizer.vocab_size=300"]
    child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    address, lines = "", []
    for line in child.stderr:
        lines.append(line)
        if found := re.match(r"live: (http://127\.0\.0\.1:\d+/)$", line):
            address = found[1]
            assert b"Neve, live" in urllib.request.urlopen(address, timeout=20).read()
    assert child.wait() == 0 and address, lines
    stages = [line for line in lines if line.startswith("[")]
    assert [line.split()[1] for line in stages] == ["files:", "curate:", "tokenizer:", "tokens:"], (
        "a line a stage"
    )
    assert not (tmp_path / "runs" / "r" / "progress.json").exists()


def test_ctrl_c_of_a_shown_run_is_one_line(tmp_path: Path) -> None:
    """A terminal sends it to the server beside the run too. Oracle: status 130, and no traceback of either."""
    recipe = parse({"run": {"name": "r"}, "corpus": {"sources": [{"kind": "directory", "path": str(SITE)}]}})
    (tmp_path / "neve.toml").write_text(to_toml(recipe))
    command = [sys.executable, "-m", "neve.cli", "run", "--serve"]
    child = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert child.stderr is not None
    assert "live: http" in next(line for line in child.stderr if line.startswith("live:"))
    os.killpg(child.pid, signal.SIGINT)
    said = child.stderr.read()
    assert child.wait() == 130 and "interrupted" in said and "Traceback" not in said, said
