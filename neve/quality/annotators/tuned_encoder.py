"""Kind `tuned`: an encoder and its linear head, both trained on the labels.

A frozen encoder knows what it was trained for, which is seldom what makes code good; with some ten thousand
labels its layers may learn that too. The trade-off is the price: training costs a few passes forward and
backward over the labels, and every document is read by an encoder of this annotator's own, so that no
embedding is shared with another. With a few hundred labels a frozen encoder is the better choice.

A label in the corpus is judged by a model that has not seen it, as for the other kinds, but five more
encoders would be too many: two are trained on a part of the folds each, and judge the other's; the third is
trained on all of them and judges what is no training label. So fitting costs twice what one encoder costs,
and scoring the same.

Source: Devlin et al., BERT (arXiv 1810.04805) for rates and epochs.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents as tables
from neve import store, weights
from neve.hashing import seed_of
from neve.progress import bar
from neve.quality.annotator import FOLDS, Documents, Labels, Scores, finish, save_model, together
from neve.quality.annotators import blocks, folds
from neve.quality.annotators.embedded import GATE_DOCUMENTS, agreement
from neve.quality.annotators.encoder import Encoder, Sections, gather, placement
from neve.quality.annotators.folds import Folds
from neve.quality.settings import Fit
from neve.recipe.annotators import Tuned as Table

NAMES = ("first", "second", "whole")
"""The models: two that learn from a part of the folds each, and one that learns from all."""
BATCH = 32
"""Sections of one step."""
WARMUP, HEAD_RATE, WEIGHT_DECAY = 0.1, 10.0, 0.01
"""Share of the steps in which the rate rises; the head's rate beside the encoder's."""
HEAD, ABOUT = "head.safetensors", "tuned.json"


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: first/, second/ and whole/, an encoder with its head each."""
    labels, table = Labels.read(inputs), settings.annotator
    training, fold = labels.training(), labels.table["fold"].to_numpy()
    parts = halves(fold[training])
    seen = np.stack([training & np.isin(fold, part) for part in (*parts, range(FOLDS))], axis=1)
    good, bad = folds.weights(labels.targets(), seen, table.labels_are == "classes")
    source = weights.resolve(table.encoder)
    for number, name in enumerate(NAMES):
        encoder = Encoder(table.encoder, table.section_tokens, table.sections, "fp32")
        head = _train(encoder, labels, good[:, number], bad[:, number], settings, out)
        _save(encoder, head, source, out / name)
    Folds.save(labels, out)
    about = table.model_dump(include={"encoder", "section_tokens", "sections", "labels_are", "epochs", "lr"})
    about["halves"] = parts
    gate = _gate(out / "whole", about, labels) if placement()[1] == "bf16" else None
    precision = "bf16" if gate and gate["passes"] else "fp32"
    store.write_json(out / ABOUT, {**about, "precision": precision})
    said = {"name": f"tuned-{table.encoder}", **about, "precision": precision, "gate": gate}
    return finish(load(out), "tuned", labels, out / "whole" / "model.safetensors", out, said)


def load(folder: Path) -> TunedEncoder:
    """The annotator that `fit` left."""
    return TunedEncoder(folder)


def load_one(folder: Path) -> One:
    """One of its encoders with its head, in the format that the gate let pass."""
    about = store.read_json(folder.parent / ABOUT)
    return One(folder, about, about["precision"])


class One:
    """An encoder with its head."""

    def __init__(self, folder: Path, about: dict[str, Any], precision: str) -> None:
        from safetensors.numpy import load_file

        self.first = Encoder(str(folder), about["section_tokens"], about["sections"], precision)
        self._head, self._values = load_file(folder / HEAD), about["labels_are"] == "values"

    def judge(self, device: Encoder, sections: Sections, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Scores of sections; `which` changes nothing."""
        embeddings = np.concatenate(list(device.embed(sections, rows))).astype(np.float64)
        values = embeddings @ self._head["weight"] + self._head["bias"][0]
        return values if self._values else 1 / (1 + np.exp(-values))


class TunedEncoder:
    """Three encoders with a head each, opened when they are asked; every document is judged by one that has
    not learnt from it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._folds = folder, Folds.load(folder)
        first, _ = store.read_json(folder / ABOUT)["halves"]
        judges = ["second" if fold in first else "first" for fold in range(FOLDS)]
        self._judges = np.array([*judges, "whole"])
        self._opened: dict[str, One] = {}

    def model(self, name: str) -> One:
        """One of the three."""
        if name not in self._opened:
            self._opened[name] = load_one(self._folder / name)
        return self._opened[name]

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores by block, model by model; a block found in `work` is taken from there."""
        ids = _ids(documents)
        which = self._judges[self._folds.judges(ids, [""] * len(ids))]
        parts = []
        for name in NAMES:
            mine = pa.array(ids[which == name].astype("U32"), pa.string())
            (work / name).mkdir(exist_ok=True)
            parts.append(self.score_by(name, documents.only(mine), work / name))
        doc_ids, counts, sections = (
            np.concatenate([getattr(part, field) for part in parts])
            for field in ("doc_ids", "counts", "sections")
        )
        return Scores(doc_ids, counts, sections, timings=together(parts))

    def score_by(self, name: str, documents: Documents, work: Path) -> Scores:
        """Scores of all documents by one model."""
        model, kept = self.model(name), blocks.Kept(load_one, self._folder / name)
        doc_ids, sections = blocks.sections_of(model.first, documents, work)
        scores, which = np.empty(len(sections)), np.zeros(len(sections), dtype=np.uint8)
        timings = blocks.score(
            model, kept, blocks.Todo(sections, sections.order(doc_ids), which, work), scores
        )
        counts = np.bincount(sections.documents, minlength=len(doc_ids))
        return Scores(doc_ids, counts, scores, timings=timings)


def halves(folds: np.ndarray) -> tuple[list[int], list[int]]:
    """The folds in two parts with about as many labels; `folds` is each training label's.

    >>> halves(np.array([0, 0, 0, 1, 1, 2, 4, 4]))
    ([0, 2], [1, 3, 4])
    """
    sizes = np.bincount(folds, minlength=FOLDS)
    parts: tuple[list[int], list[int]] = ([], [])
    for fold in np.argsort(-sizes, kind="stable").tolist():
        smaller = int(sizes[parts[0]].sum() > sizes[parts[1]].sum())
        parts[smaller].append(fold)
    return sorted(parts[0]), sorted(parts[1])


def _ids(documents: Documents) -> np.ndarray:
    """The doc_ids of documents, each once: S32."""
    columns = [tables.read(folder, ["doc_id"])["doc_id"].cast(pa.string()) for folder in documents.folders]
    if not columns:
        return np.empty(0, "S32")
    ids = pc.unique(pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string()))
    if documents.wanted is not None:
        ids = ids.filter(pc.is_in(ids, documents.wanted))
    return ids.to_numpy(zero_copy_only=False).astype("S32")


def _gate(folder: Path, about: dict[str, Any], labels: Labels) -> dict[str, Any]:
    """How well a model's scores of some labels in bf16 agree with those in fp32; both are computed by this
    process, wherever blocks are scored."""
    some = labels.documents.only(labels.table["doc_id"].slice(0, GATE_DOCUMENTS))
    fast, exact = (
        _means(One(folder, about, asked), some, folder / "gate.tokens") for asked in ("bf16", "fp32")
    )
    return agreement(fast, exact, "bf16")


def _means(model: One, documents: Documents, file: Path) -> np.ndarray:
    """The scores of some documents, sorted by doc_id."""
    doc_ids, sections = gather(model.first, documents, file)
    order, scores = sections.order(doc_ids), np.empty(len(sections))
    scores[order] = model.judge(model.first, sections, order, order)
    file.unlink()
    return Scores(doc_ids, np.bincount(sections.documents, minlength=len(doc_ids)), scores).sorted().means()


def _train(
    encoder: Encoder, labels: Labels, good: np.ndarray, bad: np.ndarray, settings: Fit[Table], out: Path
) -> dict[str, np.ndarray]:
    """Train an encoder on the labels that weigh anything; gives its head."""
    ids = labels.table["doc_id"].filter(pa.array(good + bad > 0))
    file = out / "labels.tokens"
    doc_ids, sections = gather(encoder, labels.documents.only(ids), file)
    place = pc.index_in(pa.array(doc_ids.astype("U32")), labels.table["doc_id"].combine_chunks()).to_numpy()
    order, share = sections.order(doc_ids), 1 / np.bincount(sections.documents)[sections.documents]
    of = place[sections.documents]
    part = (good[of] * share / share.mean(), bad[of] * share / share.mean(), labels.targets()[of])
    head = _steps(encoder, sections, order, part, settings)
    file.unlink()
    return head


def _steps(
    encoder: Encoder,
    sections: Sections,
    order: np.ndarray,
    part: tuple[np.ndarray, np.ndarray, np.ndarray],
    settings: Fit[Table],
) -> dict[str, np.ndarray]:
    """AdamW over sections in drawn order; `part` is what being good and being bad weigh, and the label."""
    import torch
    from torch.nn.functional import softplus

    table, model = settings.annotator, encoder.model
    good, bad, target = (torch.from_numpy(one.astype(np.float32)).to(encoder.device) for one in part)
    head = torch.nn.Linear(encoder.dimensions, 1).to(encoder.device)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    groups = [
        {"params": list(model.parameters()), "rate": table.lr},
        {"params": list(head.parameters()), "rate": table.lr * HEAD_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    seed = seed_of(f"{settings.seed}\0tuned")
    drawn = torch.Generator().manual_seed(seed)
    steps, done = table.epochs * -(-len(order) // BATCH), 0
    model.train()
    with torch.random.fork_rng(), bar("tune the encoder", total=steps, unit="steps") as advance:
        torch.manual_seed(seed)  # of dropout
        for _ in range(table.epochs):
            for chosen in torch.randperm(len(order), generator=drawn).split(BATCH):
                rows = order[chosen.numpy()]
                ids, mask = (one.to(encoder.device) for one in encoder.padded(sections, rows))
                logits = head(encoder.pool(ids, mask))[:, 0]
                if table.labels_are == "classes":
                    losses = good[rows] * softplus(-logits) + bad[rows] * softplus(logits)
                else:
                    losses = (good[rows] + bad[rows]) * (logits - target[rows]) ** 2
                for group in optimizer.param_groups:
                    rise = min(1.0, (done + 1) / max(1.0, WARMUP * steps))
                    group["lr"] = group["rate"] * min(rise, (1 - done / steps) / (1 - WARMUP))
                optimizer.zero_grad()
                losses.mean().backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                done += 1
                advance(1)
    model.eval()
    weight, bias = (one.detach().double().cpu().numpy() for one in (head.weight[0], head.bias))
    return {"weight": weight, "bias": bias}


def _save(encoder: Encoder, head: dict[str, np.ndarray], source: Path, folder: Path) -> None:
    """The encoder as a folder that `Encoder` opens, and its head."""
    encoder.model.save_pretrained(folder, safe_serialization=True)
    for name in ("tokenizer.json", "1_Pooling/config.json"):
        if (source / name).exists():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, folder / name)
    save_model(folder / HEAD, head)
