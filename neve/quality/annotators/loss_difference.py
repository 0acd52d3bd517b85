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
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neve import store, weights
from neve.errors import Fault
from neve.quality.annotator import Documents, Labels, Scores, finish
from neve.quality.annotators import blocks
from neve.quality.annotators.encoder import Sections, cut, placement, token_batches
from neve.quality.annotators.piped import piped
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
        Path(about["better"]), Path(about["base"]), about["section_tokens"], about["sections"], folder
    )


class LossDifference:
    """Two models on one device; a section's score is how many bits a token `better` saves."""

    kind: Any = np.int32
    block = block_on_gpu = BLOCK
    lanes = 1

    def __init__(
        self,
        better: Path,
        base: Path,
        section_tokens: int,
        places: list[str],
        folder: Path,
        device: str | None = None,
    ) -> None:
        """`folder` is where `load` opens it again; `device`: by default the first one."""
        from neve.training import model

        self.device = device or placement()[0]
        self.models = [model.load(one).eval().to(self.device) for one in (better, base)]
        self.tokenizer = bpe.load(better)
        longest = min(one.config.max_positions for one in self.models)
        if section_tokens > longest:
            raise Fault(
                f"loss-difference: section_tokens = {section_tokens}: the models read {longest} at most"
            )
        self.capacity, self.places = section_tokens, places
        self.busy = 0.0
        self._folder, self._given = folder, (better, base, section_tokens, places, folder)

    @property
    def first(self) -> LossDifference:
        """It is itself what computes."""
        return self

    def beside(self) -> list[LossDifference]:
        """This one, and one on each further GPU."""
        import torch

        count = torch.cuda.device_count() if self.device.startswith("cuda") else 1
        return [self, *(LossDifference(*self._given, f"cuda:{i}") for i in range(1, count))]

    def sections(self, texts: list[str]) -> Sections:
        return cut(self._encoded, texts, self.capacity, self.places, self.kind)

    def _encoded(self, texts: list[str]) -> list[list[int]]:
        return [ids.tolist() for ids in self.tokenizer.encode_batch(texts)]

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores by block, as an encoder's; a block found in `work` is taken from there."""
        doc_ids, sections = blocks.sections_of(self, documents, work)
        scores, which = np.empty(len(sections)), np.zeros(len(sections), dtype=np.uint8)
        kept = blocks.Kept(load, self._folder)
        timings = blocks.score(
            self, kept, blocks.Todo(sections, sections.order(doc_ids), which, work), scores
        )
        counts = np.bincount(sections.documents, minlength=len(doc_ids))
        return Scores(doc_ids, counts, scores, timings=timings)

    def judge(
        self, device: LossDifference, sections: Sections, rows: np.ndarray, which: np.ndarray
    ) -> np.ndarray:
        """Bits a token that `better` saves on each section, after <|endoftext|>: float64 [rows]; 0 where a
        section has no token. `which` changes nothing."""
        stops = token_batches(sections.lengths[rows], BATCH_TOKENS)
        parts = [rows[start:stop] for start, stop in pairwise((0, *stops))]
        saved = np.concatenate(list(device.compute(sections, parts)))
        return saved / math.log(2) / np.maximum(sections.lengths[rows], 1)

    def compute(self, sections: Sections, parts: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Nats that `better` saves on each section of each part, in all."""
        pad = partial(self._padded, sections)
        found = (
            self._here(parts, pad) if self.device == "cpu" else piped(self.device, parts, pad, self._saved)
        )
        for saved, seconds in found:
            self.busy += seconds
            yield saved

    def _here(
        self, parts: Sequence[np.ndarray], pad: Callable[[np.ndarray], tuple[Any, ...]]
    ) -> Iterator[tuple[np.ndarray, float]]:
        """`piped` on the processor."""
        for rows in parts:
            padded = pad(rows)
            begun = time.perf_counter()
            saved = self._saved(*padded).numpy()
            yield saved, time.perf_counter() - begun

    def _padded(self, sections: Sections, rows: np.ndarray) -> tuple[Any, Any]:
        """What the models read and what they have to predict: int64 [rows, width] twice."""
        import torch

        from neve.tokens.view import IGNORED

        lengths = sections.lengths[rows][:, None]
        place = np.arange(max(1, int(lengths.max())))
        inside = place < lengths
        targets = np.full(inside.shape, IGNORED, dtype=np.int64)
        targets[inside] = sections.tokens[(sections.starts[rows][:, None] + place)[inside]]
        given = np.full(inside.shape, self.tokenizer.eos, dtype=np.int64)
        given[:, 1:] = np.where(inside[:, :-1], targets[:, :-1], self.tokenizer.eos)
        return torch.from_numpy(given), torch.from_numpy(targets)

    def _saved(self, given: Any, targets: Any) -> Any:
        """float64 [rows]."""
        import torch

        from neve.training.loss import token_losses

        with torch.inference_mode():
            better, base = (token_losses(one, given, targets).double().sum(dim=1) for one in self.models)
            return base - better
