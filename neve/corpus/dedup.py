"""Exact and near duplicates alone: the steps of curation that remove copies, and no others.

What `neve dedup` does with the user's own tables. Of copies the one first in keeper order stays, whatever its licence;
a text that cannot be decoded has a verdict, as in curation, since nothing can be said of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from neve.corpus.steps.curation import Curation

RULES_VERSION = 2


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Drop the duplicates of `inputs["files"]`: documents/, verdicts/, clusters/, samples/, timings.json in `out`.

    `settings`: `near` as in the recipe, `max_file_bytes`, `quarantine_limit`, `seed`. Returns counts; raises Fault as
    `curate.build` does.
    """
    alone = {
        "job": "dedup", "languages": [], "licenses": "any", "exclude_repos": [], "heldout_share": 0.0,
        "grouping": {"order": "repository"}, "secrets": {"action": "keep"},
    }  # fmt: skip
    curation = Curation({**settings, **alone}, inputs["files"], out)
    curation.identify(bands=True)
    curation.drop_exact_and_unlicensed()
    curation.split()
    near = curation.drop_near()
    counts = curation.write()
    shutil.rmtree(curation.scratch)
    return {**counts, "near": near}
