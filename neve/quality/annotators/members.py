"""Annotators that are made of others: where these lie, and their scores side by side.

The trade-off: members are named by where they lie beside the annotator, not copied, since an encoder's
embeddings of its labels may be gigabytes; so such an annotator is moved together with its run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from neve import store
from neve.quality import annotators
from neve.quality.annotator import Annotator, Documents, Scores

FILE = "members.json"


def keep(names: Sequence[str], inputs: dict[str, Path], out: Path) -> None:
    """Write down where the members lie."""
    store.write_json(out / FILE, [os.path.relpath(inputs[f"annotator-{name}"], out) for name in names])


def folders(folder: Path) -> list[Path]:
    """Where the members lie, in their order; none of an annotator that has none."""
    file = folder / FILE
    return [folder / path for path in store.read_json(file)] if file.exists() else []


def load(folder: Path) -> list[Annotator]:
    """The members, opened, in their order."""
    return [annotators.load(path) for path in folders(folder)]


def score(annotator: Annotator, documents: Documents, work: Path, name: str) -> Scores:
    """A member's scores, sorted by doc_id; what it has done is kept in a folder of its name."""
    (work / name).mkdir(exist_ok=True)
    scores = annotator.score(documents, work / name)
    return scores.sorted()
