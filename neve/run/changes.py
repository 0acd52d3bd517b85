"""What another run of a recipe would build again, and why: the plan beside what the run's folder holds.

A stage is compared with the folder that the arm recorded for it, else with the newest of its name, field by
field of what the fingerprint covers. The trade-off: only the first reasons are told; a stage that reads one
that is built again is built again itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.recipe.recipe import Recipe
from neve.run import runner
from neve.run.record import ARM, load
from neve.store import MANIFEST, Store, covered, read_json, state

REASONS = 4
"""Reasons told of one stage."""


def changes(recipe: Recipe, folder: Path, arm: str = ARM) -> list[dict[str, Any]]:
    """One row a stage: its name, what `run` would do (nothing, build, build again, go on), and why.

    Nothing is built, no network is asked, and the sandbox is taken to be what it was.
    """
    found = load(folder)
    tier = found["machine"].get(arm, {}).get("sandbox", "none")
    store = runner.planned(recipe, folder, arm, sandbox=tier).store(folder)
    recorded = found["arms"].get(arm, {})
    rows = []
    again: set[str] = set()
    for name in store.stages:
        row = {"stage": name, "does": "nothing", "why": []}
        if not store.done(name):
            again.add(name)
            earlier = _earlier(store, name, recorded.get(name))
            partial = store.state(name) == "partial"
            row["does"] = "go on" if partial else "build again" if earlier else "build"
            row["why"] = _why(store, name, earlier, again)[:REASONS] if earlier else []
        rows.append(row)
    return rows


def not_validated(folder: Path, arm: str = ARM) -> dict[str, list[str]]:
    """By annotator, languages in which a run's scores, where they are done, rest on no held-out labels."""
    found: dict[str, list[str]] = {}
    for name, made in load(folder)["arms"].get(arm, {}).items():
        place = folder / "stages" / made
        if name.startswith("scores-") and state(place) == "done":
            languages = read_json(place / MANIFEST)["counts"].get("not_validated", [])
            found |= {name.removeprefix("scores-"): languages} if languages else {}
    return found


def _earlier(store: Store, name: str, recorded: str | None) -> dict[str, Any] | None:
    """The manifest of the stage as it was built before, if it was."""
    digits = "[0-9a-f]" * 8
    newest = sorted(store.folder.glob(f"{name}-{digits}"), key=lambda p: p.stat().st_mtime, reverse=True)
    for place in [*([store.folder / recorded] if recorded else []), *newest]:
        try:
            return dict(read_json(place / MANIFEST))
        except (OSError, ValueError):
            continue
    return None


def _why(store: Store, name: str, earlier: dict[str, Any], again: set[str]) -> list[str]:
    """What differs between the stage as planned and as built before."""
    stage = store.stages[name]
    now = covered(stage, store.prints, store.outside)
    reasons = []
    if (then := (earlier.get("kind"), earlier.get("version"))) != (now["kind"], now["version"]):
        reasons.append(f"version of {now['kind']}: {then[1]} → {now['version']}")
    reasons += _differences(earlier.get("settings"), now["settings"], "")
    before = earlier.get("inputs", {})
    for role, source in stage.inputs.items():
        if role not in before:
            reasons.append(f"input {role}: new")
        elif source in again:
            reasons.append(f"input {role}: {source} is built again")
        elif before[role] != store.path(source).name:
            reasons.append(f"input {role}: {before[role]} → {store.path(source).name}")
    reasons += [f"input {role}: no longer read" for role in before if role not in stage.inputs]
    outside = earlier.get("outside", {})
    for key, identity in now["outside"].items():
        if key not in outside:
            reasons.append(f"{key}: new")
        elif outside[key] != identity:
            reasons.append(f"{key}: {'is not there' if identity is None else 'changed'}")
    return reasons + [f"{key}: no longer read" for key in outside if key not in now["outside"]]


def _differences(then: Any, now: Any, path: str) -> list[str]:
    """Fields that differ between two settings as plain JSON, each as "path: then → now"."""
    if isinstance(then, dict) and isinstance(now, dict):
        found = []
        for key in [*now, *(key for key in then if key not in now)]:
            inner = f"{path}.{key}" if path else key
            found += _differences(then.get(key), now.get(key), inner)
        return found
    return [] if then == now else [f"{path or 'settings'}: {_short(then)} → {_short(now)}"]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
