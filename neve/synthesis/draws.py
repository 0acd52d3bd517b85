"""A further draw of the answers, as a stage of its own.

All draws are asked for and judged together, in the stage `synthesis`; what reads one finds it as if it had
been the only one. The price is a copy of its documents.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from neve.store import read_json
from neve.synthesis.settings import Further

COUNTS = "counts.json"


def folder(out: Path, number: int) -> Path:
    """Where the stage `synthesis` puts a draw; the first is its own."""
    return out if number == 1 else out / f"draw-{number}"


def build(settings: Further, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `draw`: what the stage `synthesis` made of one draw, with that one's counts."""
    place = folder(inputs["synthesis"], settings.number)
    shutil.copytree(place, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(COUNTS))
    return dict(read_json(place / COUNTS))
