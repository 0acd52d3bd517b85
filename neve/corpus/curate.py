"""Files in, documents and verdicts out: the steps of curation in their order, cheap ones and those that
remove much first.

    decode ▸ opt-out list ▸ language ▸ exact duplicates ▸ licence ▸ signals and rules ▸ benchmark text
    ▸ parsing ▸ split ▸ near duplicates ▸ secrets ▸ grouping

This is the list; `steps/curation.py` has the steps, `steps/text_passes.py` what reads text for them.

Source: the curation of StarCoder (arXiv 2305.06161) and Arctic-SnowCoder (2409.02326); the order is Neve's.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from neve.corpus.settings import Settings
from neve.corpus.steps import outputs, text_passes
from neve.corpus.steps.curation import Curation


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Curate `inputs["files"]` into `out`: documents/, verdicts/, signals/, clusters/, samples/,
    timings.json.

    No languages listed means any language, "Text" where it is unknown. Returns counts. Raises Fault when
    there is nothing to curate, when too many files fail for an internal error, or when the rows that leave
    are not those that entered. Goes on from what a killed attempt left in `out`.
    """
    text_passes.check_settings(settings)
    curation = Curation("curate", settings, inputs["files"], out)
    curation.identify()
    curation.drop_exact_and_unlicensed()
    curation.measure()
    curation.split()
    near = curation.drop_near() if settings.near.enabled else {}
    counts = outputs.write(curation)
    shutil.rmtree(curation.scratch)
    return {**counts, **({"near": near} if near else {})}
