"""Kind `loss-difference`: how much better one of our checkpoints predicts a document than another.

The idea is Moore and Lewis's: text is like what we want where a model that has seen such text finds it
easier than a model that has seen any. `better` may be a phase trained on good code, or a model tuned on
solutions of training tasks; `base` is what it started from. CoLoR-Filter takes exactly this difference of
two small models and selects for a large one. Unlike a classifier it is not fooled by a file's topic alone,
since the base model knows the topic too. The trade-off: two forward passes of a language model a section, so
small checkpoints are meant; and a difference of losses favours what `better` has seen word for word.

Both models read with the same tokenizer. A score is in bits a token, the mean over the sections; it knows
nothing of labels, which only measure it.

Sources: Moore, Lewis, "Intelligent selection of language model training data" (ACL 2010); Brandfonbrener et
al., CoLoR-Filter (arXiv 2406.10670).
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neve import store, weights
from neve.errors import Fault
from neve.quality.annotator import Documents, Labels, Scores, finish
from neve.quality.annotators.embedded import in_blocks, sections_of
from neve.quality.annotators.encoder import Sections, cut, token_batches
from neve.quality.settings import Fit
from neve.recipe.annotators import LossDifference as Table
from neve.tokens import bpe

BLOCK = 512
"""Sections between two saves."""
BATCH_TOKENS = 8192
"""Padded tokens of one forward pass."""
ABOUT = "loss_difference.json"


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: loss_difference.json, where the two models lie; nothing is learnt."""
    table = settings.annotator
    folders = {"better": Path(table.better).resolve(), "base": Path(table.base).resolve()}
    for name, folder in folders.items():
        if not (folder / "tokenizer.json").is_file():
            raise Fault(
                f"loss-difference: {name} = {folder}: no model with a tokenizer.json; `neve export` makes one"
            )
    if len({(folder / "tokenizer.json").read_bytes() for folder in folders.values()}) > 1:
        raise Fault("loss-difference: better and base have different tokenizers; take two phases of one run")
    about = {
        **{name: str(folder) for name, folder in folders.items()},
        "weights_sha256": {name: weights.digest(folder) for name, folder in folders.items()},
        **table.model_dump(include={"section_tokens", "sections"}),
    }
    store.write_json(out / ABOUT, about)
    return finish(
        load(out),
        "loss-difference",
        Labels.read(inputs),
        out / ABOUT,
        out,
        {"name": "loss-difference", **about},
    )


def load(folder: Path) -> LossDifference:
    """The annotator that `fit` left. Raises Fault where a model is not the one that it was."""
    about = store.read_json(folder / ABOUT)
    for name, digest in about["weights_sha256"].items():
        place = Path(about[name])
        if not place.is_dir() or weights.digest(place) != digest:
            raise Fault(
                f"loss-difference: {name} = {place}: is not the model that it was; fit the annotator again"
            )
    return LossDifference(
        Path(about["better"]), Path(about["base"]), about["section_tokens"], about["sections"]
    )


class LossDifference:
    """Two models; a section's score is how many bits a token `better` saves."""

    kind: Any = np.int32

    def __init__(self, better: Path, base: Path, section_tokens: int, places: list[str]) -> None:
        import torch

        from neve.training import model

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.models = [model.load(folder).eval().to(self.device) for folder in (better, base)]
        self.tokenizer = bpe.load(better)
        longest = min(one.config.max_positions for one in self.models)
        if section_tokens > longest:
            raise Fault(
                f"loss-difference: section_tokens = {section_tokens}: the models read {longest} at most"
            )
        self.capacity, self.places = section_tokens, places

    def sections(self, texts: list[str]) -> Sections:
        return cut(self._encoded, texts, self.capacity, self.places, self.kind)

    def _encoded(self, texts: list[str]) -> list[list[int]]:
        return [ids.tolist() for ids in self.tokenizer.encode_batch(texts)]

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores by block, as an encoder's; a block found in `work` is taken from there."""
        doc_ids, sections = sections_of(self, documents, work)
        scores = np.empty(len(sections))
        order = sections.order(doc_ids)
        in_blocks(lambda _, rows: self.judge(sections, rows), [None], order, BLOCK, scores, work)
        return Scores(doc_ids, np.bincount(sections.documents, minlength=len(doc_ids)), scores)

    def judge(self, sections: Sections, rows: np.ndarray) -> np.ndarray:
        """Bits a token that `better` saves on each section, after <|endoftext|>: float64 [rows]; 0 where a
        section has no token. `rows` are in the order of their lengths."""
        made = np.zeros(len(rows))
        for start, stop in pairwise((0, *token_batches(sections.lengths[rows], BATCH_TOKENS))):
            made[start:stop] = self._losses(sections, rows[start:stop])
        return made

    def _losses(self, sections: Sections, rows: np.ndarray) -> np.ndarray:
        import torch

        from neve.tokens.view import IGNORED
        from neve.training.loss import token_losses

        lengths = sections.lengths[rows][:, None]
        place = np.arange(max(1, int(lengths.max())))
        inside = place < lengths
        targets = np.full(inside.shape, IGNORED, dtype=np.int64)
        targets[inside] = sections.tokens[(sections.starts[rows][:, None] + place)[inside]]
        given = np.full(inside.shape, self.tokenizer.eos, dtype=np.int64)
        given[:, 1:] = np.where(inside[:, :-1], targets[:, :-1], self.tokenizer.eos)
        with torch.inference_mode():
            better, base = (
                token_losses(
                    one, torch.from_numpy(given).to(self.device), torch.from_numpy(targets).to(self.device)
                )
                .double()
                .sum(dim=1)
                .cpu()
                .numpy()
                for one in self.models
            )
        return (base - better) / math.log(2) / np.maximum(lengths[:, 0], 1)
