"""neve run --serve. Oracle: the page, asked while the run goes on."""

from __future__ import annotations

import re
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
