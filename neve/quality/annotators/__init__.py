"""The kinds of annotator, a module each. To add one, write its module and add its line here.

The paper's is `encoder_head`: a linear head on a frozen encoder (`embedded`, `encoder`, `int8`, `head`,
`folds`). `forest` and `tuned_encoder` are its neighbours; `ngrams` and `student` cost a hundredth;
`loss_difference` asks language models; `blend` and `cascade` are made of others; `column` takes scores made
elsewhere.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

from neve.errors import Fault
from neve.quality.annotator import Annotator, Kind
from neve.store import read_json

KINDS = {
    "encoder": "neve.quality.annotators.encoder_head",
    "ngrams": "neve.quality.annotators.ngrams",
    "tuned": "neve.quality.annotators.tuned_encoder",
    "forest": "neve.quality.annotators.forest",
    "student": "neve.quality.annotators.student",
    "loss-difference": "neve.quality.annotators.loss_difference",
    "column": "neve.quality.annotators.column",
    "blend": "neve.quality.annotators.blend",
    "cascade": "neve.quality.annotators.cascade",
}
"""Kind, as a recipe names it -> its module, imported when it is used: some need torch."""


def module(kind: str) -> Kind:
    """The module of a kind."""
    return cast(Kind, importlib.import_module(KINDS[kind]))


def load(folder: Path) -> Annotator:
    """The annotator that a `fit` left in `folder`; raises Fault where there is none."""
    try:
        kind = read_json(folder / "annotator.json")["kind"]
    except (OSError, ValueError, KeyError) as error:
        raise Fault(
            f"{folder}: no annotator here ({error}); name the folder of a stage annotator-NAME"
        ) from None
    if kind not in KINDS:
        raise Fault(f"{folder}: an annotator of kind {kind!r}; this version knows {', '.join(KINDS)}")
    return module(kind).load(folder)
