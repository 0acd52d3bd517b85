"""Neve's annotators beside a plain transformers loop: one corpus, one machine, one run.

    python benchmarks/annotator.py --run runs/quickstart --out DIR [--documents 1000] [--taught 1500]
    python benchmarks/annotator.py --out DIR         a trial on code of Python's library

`--run` is a run whose labels are made (`neve run RECIPE --until labels-NAME` is enough); without it the pool
and the labels are those of `planted.py`, which are too few for figures. An encoder annotator is fitted on
them; then the same documents, drawn by a hash and no labels among them, are scored

* by a plain loop: the same sections and the same head, transformers' model in fp32, batches of 32 in the
  order of the files, padded (what sentence-transformers does without sorting);
* by the encoder annotator, as stage `scores` does;
* by a student that the encoder has taught on other documents.

Told are documents a second and the rank correlation with the plain loop. Each side uses all cores that the
process has; they take turns, and ratios are medians of those of the rounds, by the clock and by processor
time, which other work on the machine disturbs less. Of few documents the student's time is mostly the
reading of the pool's files. At last the encoder, the student and a cascade of both score the whole pool,
labels and what the student was taught on among it: the cascade is asked for a recall of 0.95 and finds by
itself how many documents that takes; told is what it keeps of the encoder's selection.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents as tables
from neve import weights
from neve.hashing import draw_keys
from neve.quality import annotators
from neve.quality.annotator import FOLDS, Documents, Scores
from neve.quality.annotators import cascade, encoder_head, student
from neve.quality.annotators.embedded import Embedded
from neve.quality.settings import Fit
from neve.recipe.annotators import Cascade, Encoder, Student

BATCH = 32
SMALL = 300
"""Documents of the pool of a trial."""
SELECTED = 0.1
"""Share of each language that a selection takes."""


def plain(model: Any, annotator: Embedded, found: Documents) -> Scores:
    """Scores by transformers alone, in fp32 and the files' order, on the annotator's own
    sections and head."""
    import torch

    texts, ids = [], []
    for batch in found.batches():
        texts += batch.texts
        ids.append(batch.doc_ids)
    sections = annotator.encoder.sections(texts)
    scores = np.empty(len(sections))
    first, last = annotator.encoder.first, annotator.encoder.last
    for at in range(0, len(sections), BATCH):
        rows = range(at, min(at + BATCH, len(sections)))
        inputs = []
        for row in rows:
            start, length = sections.starts[row], sections.lengths[row]
            inputs.append(torch.tensor([first, *sections.tokens[start : start + length].tolist(), last]))
        given = torch.nn.utils.rnn.pad_sequence(inputs, batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in inputs], batch_first=True)
        with torch.inference_mode():
            hidden = model(input_ids=given, attention_mask=mask).last_hidden_state
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        scores[list(rows)] = annotator.models.judge(pooled.numpy(), np.full(len(inputs), FOLDS))
    return Scores(np.concatenate(ids), np.bincount(sections.documents), scores).sorted()


def timed(function: Callable[[], Scores]) -> tuple[Scores, tuple[float, float]]:
    """The scores, and the seconds that they took: by the clock, and of processor time."""
    started, before = time.perf_counter(), time.process_time()
    scores = function().sorted()
    return scores, (time.perf_counter() - started, time.process_time() - before)


def rounds(
    opened: dict[str, Any], found: Documents, count: int, work: Path
) -> tuple[dict[str, Scores], dict[str, list[tuple[float, float]]]]:
    """Scores by the plain loop ("loop") and each annotator, and the seconds that each took in each round."""
    from transformers import AutoModel

    folder = weights.resolve(opened["encoder"].encoder.name)
    model = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
    scored: dict[str, Scores] = {}
    taken: dict[str, list[tuple[float, float]]] = {}
    for number in range(count):
        scored["loop"], seconds = timed(lambda: plain(model, opened["encoder"], found))
        taken.setdefault("loop", []).append(seconds)
        for name, annotator in opened.items():
            place = _made(work / f"{name}-{number}")
            scored[name], seconds = timed(lambda one=annotator, at=place: one.score(found, at))
            taken.setdefault(name, []).append(seconds)
        said = ", ".join(f"{name} {some[-1][0]:.1f} s" for name, some in taken.items())
        print(f"round {number + 1} of {count}: {said}", file=sys.stderr, flush=True)
    return scored, taken


def beside(slow: list[tuple[float, float]], fast: list[tuple[float, float]]) -> dict[str, dict[str, float]]:
    """How many times as fast: the median, the least and the most of the rounds."""
    ratios = np.array(slow) / np.array(fast)
    return {
        name: {"median": float(np.median(some)), "least": float(some.min()), "most": float(some.max())}
        for name, some in zip(("by the clock", "by processor time"), ratios.T, strict=True)
    }


def best(scores: Scores, languages: np.ndarray) -> set[bytes]:
    """The selection: the best tenth of each language."""
    chosen: set[bytes] = set()
    for language in np.unique(languages):
        rows = np.flatnonzero(languages == language)
        order = rows[np.lexsort((scores.doc_ids[rows], -scores.means()[rows]))]
        chosen |= set(scores.doc_ids[order[: round(SELECTED * len(rows))]].tolist())
    return chosen


def of_the_pool(opened: dict[str, Any], pool: Documents, work: Path) -> dict[str, Any]:
    """The cascade on all documents, as a run scores them: the share that its second annotator reads, the
    sample that it judges before counted in, and the share of the encoder's selection that it keeps."""
    scored, taken = {}, {}
    for name in ("encoder", "student", "cascade"):
        place = _made(work / f"{name}-pool")
        scored[name], taken[name] = timed(lambda one=opened[name], at=place: one.score(pool, at))
    languages = np.array(pool.languages(scored["encoder"].doc_ids))
    wanted, kept = (best(scored[name], languages) for name in ("encoder", "cascade"))
    about = scored["cascade"].about
    return {
        "documents": len(languages),
        "share that the encoder reads": about["ranked"] / len(languages),
        "encoder's selection that the cascade keeps": len(wanted & kept) / len(wanted),
        "times as fast by processor time": taken["encoder"][1] / taken["cascade"][1],
        "student beside the encoder": beside([taken["encoder"]], [taken["student"]]),
        **about,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--documents", type=int, help="default 1000, of a trial 40")
    parser.add_argument("--taught", type=int, help="default 1500, of a trial 100")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--section-tokens", type=int, default=64)
    given = parser.parse_args()
    from scipy.stats import spearmanr

    shutil.rmtree(given.out, ignore_errors=True)
    folders = {name: given.out / name for name in ("encoder", "student", "cascade", "work")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    trial = given.run is None
    given.documents = given.documents or (40 if trial else 1000)
    given.taught = given.taught or (100 if trial else 1500)
    if trial:
        made, _, _ = planted.corpus(given.out / "corpus", SMALL)
        made = planted.labelled(made, given.out / "labels", 1, shuffled=False)
        stage = {"curate": made["documents"], "labels": made["labels-code"]}
    else:
        stage = {name: next((given.run / "stages").glob(f"{name}-*")) for name in ("curate", "labels")}
    inputs = {"labels-x": stage["labels"], "documents": stage["curate"]}
    encoder = Encoder(kind="encoder", labels=["x"], encoder="minilm", section_tokens=given.section_tokens)
    encoder_head.fit(Fit(encoder, 1), inputs, folders["encoder"])
    size = round(3.5 * given.section_tokens)
    small = Student(kind="student", teacher="encoder", sample=given.taught, section_bytes=size)
    student.fit(Fit(small, 1), {**inputs, "annotator-encoder": folders["encoder"]}, folders["student"])
    both = Cascade(kind="cascade", first="student", then="encoder", recall=0.95)
    fitted = {f"annotator-{name}": folders[name] for name in ("encoder", "student")}
    cascade.fit(Fit(both, 1), {**inputs, **fitted}, folders["cascade"])

    # Documents that neither the heads nor the student have learnt from.
    ids = tables.read(stage["curate"] / "documents", ["doc_id"])["doc_id"].combine_chunks()
    drawn = ids.take(pa.array(np.argsort(draw_keys(ids, 1, "student"), kind="stable")[given.taught :]))
    known = tables.read(stage["labels"] / "labels", ["doc_id"])["doc_id"].combine_chunks()
    fresh = drawn.filter(pc.invert(pc.is_in(drawn, known))).slice(0, given.documents)
    found = Documents((stage["curate"] / "documents",)).only(fresh)

    opened = {name: annotators.load(folders[name]) for name in ("encoder", "student")}
    assert isinstance(opened["encoder"], Embedded)
    opened["student"].score(found, _made(folders["work"] / "compiled"))  # kernels are compiled once for all
    scored, taken = rounds(opened, found, given.rounds, folders["work"])
    loop = scored["loop"]
    rows = {
        name: {
            "documents a second": len(fresh) / float(np.median(taken[name], axis=0)[0]),
            "rank correlation": float(spearmanr(scored[name].means(), loop.means())[0]),
        }
        for name in scored
    }
    opened["cascade"] = annotators.load(folders["cascade"])
    result = {
        "documents": len(fresh),
        "taught": given.taught,
        "precision": opened["encoder"].encoder.precision,
        "rows": rows,
        "encoder beside the loop": beside(taken["loop"], taken["encoder"]),
        "student beside the encoder": beside(taken["encoder"], taken["student"]),
        "on the whole pool": of_the_pool(
            opened, Documents((stage["curate"] / "documents",)), folders["work"]
        ),
    }
    (given.out / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
