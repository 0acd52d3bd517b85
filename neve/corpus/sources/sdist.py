"""PyPI sdists as sources: fetched by exact version and digest, read as archives, never built or installed.

The repository is `name==version` as the recipe writes them; paths lose the folder `name-version/` that an
sdist holds everything in.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from neve import packages
from neve.corpus.sources import archive
from neve.corpus.sources.batches import Batch, Limits, repository
from neve.recipe.sources import Source


def fetch(source: Source) -> Path:
    """The sdist's file in the cache; raises Fault where it cannot be had with that digest."""
    return packages.fetch(str(source.name), str(source.version), str(source.file), str(source.sha256))


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of one sdist; raises Fault as `fetch` does."""
    path = fetch(source)
    repo = f"{source.name}=={source.version}"
    return repository("sdist", repo, partial(archive.members, path, limits), strip=True)
