"""How far an arm of a run is, as run.json and the folders of its stages say; nothing is planned again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.run.record import ARM
from neve.store import MANIFEST, arm_stages, read_json, state


def status(folder: Path, arm: str = ARM) -> list[dict[str, Any]]:
    """One row a stage: name, state (done, stale, partial, pending), seconds, counts, folder."""
    rows = []
    for name, place in arm_stages(folder, arm).items():
        found = state(place)
        manifest = read_json(place / MANIFEST) if found == "done" else {}
        rows.append(
            {
                "stage": name,
                "state": found,
                "seconds": manifest.get("seconds"),
                "counts": manifest.get("counts", {}),
                "folder": f"stages/{place.name}",
            }
        )
    return rows


def brief(counts: dict[str, Any]) -> str:
    """The plain numbers among a stage's counts, on one line."""
    shown = [
        f"{key.replace('_', ' ')} {value:,}"
        if isinstance(value, int)
        else f"{key.replace('_', ' ')} {value:,.4g}"
        for key, value in counts.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return ", ".join(shown) or "done"
