"""Identities of what a run reads from elsewhere: files on this machine now, and the rest as the run recorded
it.

A file or folder counts by path, size and modification time, looked at each time a run is planned. What is
elsewhere (a branch, a bucket, a data set or weights of the hub) is asked for once, when a run first needs
it, and counts from then on by that answer: planning asks no network. `neve run --refresh` asks again. What
each of these is taken to be is said on the screen, since the recipe does not show it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from neve import weights
from neve.recipe.recipe import Recipe
from neve.recipe.sources import Source
from neve.store import Stage

DIGITS = 12
"""Of an identity, as many as are shown."""


def key(source: Source) -> str:
    """The key of a source among a stage's outside inputs: its path, or its kind and name where it moves."""
    if not source.moves:
        return str(source.path)
    return " ".join(filter(None, (source.kind, str(source.path), source.commit)))


def keys(sources: Iterable[Source]) -> tuple[str, ...]:
    """Keys of the sources that have no digest or commit of their own."""
    return tuple(key(source) for source in sources if source.path and (source.kind != "git" or source.moves))


def moving(recipe: Recipe) -> dict[str, Callable[[], str]]:
    """Key of each thing that the recipe names and that may change elsewhere -> a function that asks what it
    is now."""
    found: dict[str, Callable[[], str]] = {}
    positives = (source for labels in recipe.labels.values() for source in labels.positives)
    for source in (*recipe.corpus.sources, *positives):
        if source.moves:
            found[key(source)] = partial(_identity, source)
    for annotator in recipe.annotators.values():
        if weights.moves(annotator.pretrained):
            found[weights_key(annotator.pretrained)] = partial(weights.revision, annotator.pretrained)
    return found


def weights_key(name: str) -> str:
    return f"weights {name}"


def identities(stages: list[Stage], recorded: Mapping[str, str]) -> dict[str, str | None]:
    """The identity of everything from outside that the stages read: as recorded, else as it is on this
    machine's disk."""
    keys = {key for stage in stages for key in stage.outside}
    return {key: recorded[key] if key in recorded else local(key) for key in sorted(keys)}


def told(key: str, known: str | None, answer: str | None) -> str:
    """What something elsewhere is taken to be: as recorded (`known`), or by what was answered just now.

    >>> told("hub owner/data", "1f" * 20, None)
    'hub owner/data: taken at 1f1f1f1f1f1f, as recorded; --refresh asks again'
    >>> told("git https://me:secret@host/r main", "1f" * 20, "2e" * 20)
    'git https://host/r main: moved from 1f1f1f1f1f1f to 2e2e2e2e2e2e; what reads it is built again'
    """
    shown = re.sub(r"//[^/@\s]+@", "//", key)
    if answer is None:
        return f"{shown}: taken at {str(known)[:DIGITS]}, as recorded; --refresh asks again"
    if known is None:
        return f"{shown}: now at {answer[:DIGITS]}, which is recorded"
    if answer == known:
        return f"{shown}: still at {known[:DIGITS]}"
    return f"{shown}: moved from {known[:DIGITS]} to {answer[:DIGITS]}; what reads it is built again"


def local(path: str) -> str | None:
    """Digest of (path, size, modification time in ns) of every file at `path`, a file, a folder or a glob.

    None where there is nothing, or what is elsewhere and not asked for yet.
    """
    place = Path(path.removeprefix("file://")).expanduser()
    if place.is_dir():
        files = sorted(p for p in place.rglob("*") if p.is_file() and not p.is_symlink())
    elif place.is_file():
        files = [place]
    elif any(c in str(place) for c in "*?["):
        pattern, place = str(place.relative_to(place.anchor)), Path(place.anchor)
        files = sorted(p for p in place.glob(pattern) if p.is_file())
    else:
        return None
    rows = [[str(p.relative_to(place)), p.stat().st_size, p.stat().st_mtime_ns] for p in files]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest() if rows else None


def _identity(source: Source) -> str:
    from neve.corpus.sources import identity

    return identity.of(source)
