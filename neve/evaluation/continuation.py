"""A text that every model goes on with: the plainest way to see what a model has learnt.

The prompt is the beginning of a held-out document, the same for all, and the continuation is sampled, since
the likeliest text of a small model repeats itself. The trade-off: one text is an impression and no measure;
nothing is computed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from neve.evaluation.generation.completion import Options
from neve.evaluation.generation.sampling import Sampling

if TYPE_CHECKING:
    from neve.evaluation.generation.local_model import LocalModel

LINES, FEWEST = 12, 24
"""Lines of a document that are the prompt, and lines that a document must have for it."""
TOKENS = 160
"""Tokens of a continuation, at most."""
PLAIN = "def add(first, second):\n"
"""The prompt where nothing is held out."""


def prompt(heldout: pa.Table) -> dict[str, Any]:
    """The beginning of the first held-out document, by doc_id, that is long enough, and its doc_id."""
    for row in heldout.sort_by("doc_id").select(["doc_id", "content"]).to_pylist():
        lines = row["content"].splitlines(keepends=True)
        if len(lines) >= FEWEST:
            return {"doc_id": row["doc_id"], "prompt": "".join(lines[:LINES])}
    return {"doc_id": None, "prompt": PLAIN}


def continued(models: Mapping[str, LocalModel], heldout: pa.Table, seed: int) -> dict[str, Any]:
    """The prompt, and by model what it writes after it."""
    from neve.evaluation.generation.generate import Asked, batches

    about = prompt(heldout)
    sampling = Sampling(temperature=0.7, top_p=0.95, seed=seed)
    said: dict[str, str] = {}
    for name, one in models.items():
        model, tokenizer = one.loaded()
        asked = Asked([about["prompt"]], ["continuation"], TOKENS, (), sampling)
        for batch in batches(model, tokenizer, asked, progress=f"{name}: a text"):
            ((_, completion),) = batch
            said[name] = completion.text
    return {**about, "models": said}


def of_stages(folders: Mapping[str, Path], heldout: pa.Table, options: Options) -> dict[str, Any]:
    """The same for models in the folders of their training, by name."""
    from neve.evaluation.generation.local_model import LocalModel

    models = {name: LocalModel(folder, options) for name, folder in folders.items()}
    return continued(models, heldout, options.sampling.seed)
