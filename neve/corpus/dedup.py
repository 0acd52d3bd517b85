"""Exact and near duplicates alone: the steps of curation that remove copies, and no others.

This is what `neve dedup` does with the user's own tables. Of several copies the first in keeper order stays,
whatever its licence. A text that cannot be decoded gets a verdict, as in curation.

Licences are those that the input gives. A table may come from a curation, which knew all evidence of a
repository; a file's head alone would say less (of REUSE.toml, which may overrule it, or of the text that it
points to). No licence is judged here, and curation of the result reads every head again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve.corpus import settings as settings_of
from neve.corpus.steps import outputs
from neve.corpus.steps.curation import Curation
from neve.recipe.corpus import Decontaminate, Grouping, Near, Secrets
from neve.settings import pick


@dataclass(frozen=True)
class Settings:
    near: Near
    max_file_bytes: int
    quarantine_limit: float
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Drop the duplicates of `inputs["files"]`: documents/, verdicts/, clusters/, samples/, timings.json in
    `out`.

    Returns counts; raises Fault as `curate.build` does.
    """
    alone = pick(
        settings_of.Settings, settings, languages=[], licenses="any", exclude_repos=[], heldout_share=0.0, filters={},
        decontaminate=Decontaminate(), grouping=Grouping(order="repository"), secrets=Secrets(action="keep"), data=None,
        opt_out=None,
    )  # fmt: skip
    curation = Curation("dedup", alone, inputs["files"], out)
    curation.identify(bands=True)
    curation.drop_exact_and_unlicensed()
    curation.split()
    near = curation.drop_near()
    counts = outputs.write(curation)
    shutil.rmtree(curation.scratch)
    return {**counts, "near": near}
