"""Pack a finished run for a machine that has a GPU and little else: no Daft, no tokenizer, no network.

    neve run benchmarks/gpu/evidence.toml --out runs/evidence --until selection-quality
    python benchmarks/gpu/pack.py runs/evidence --data BENCHMARKS --out build/gpu

BENCHMARKS is a folder with HumanEval.jsonl.gz and mbpp.jsonl. Two things come out, under 60 MiB together
with the encoder left behind, or 50 MiB with the tokens left behind, so they can travel apart:

* `corpus.npz.xz`: the training tokens with language and n-gram score by document, and as tokens what bits
  per byte are measured on: the solutions of HumanEval and of MBPP's 374 training tasks, held-out documents;
* `sections.npz`: what the encoder reads of documents and labels, as token ids, and how the labels count; and
  `encoder/`: its weights in 16 bits.

The trade-off: everything is cut into tokens here, so the packed files hold one tokenizer's view of the
corpus; in return the card's machine does nothing but train and score.
"""

from __future__ import annotations

import argparse
import io
import lzma
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents, weights
from neve.errors import Fault
from neve.evaluation import bits_per_byte
from neve.evaluation.bits_per_byte import Text
from neve.quality.annotator import Documents, Labels
from neve.quality.annotators import folds
from neve.quality.annotators.encoder import Encoder, gather
from neve.tasks import benchmarks
from neve.tokens import bpe

MBPP_TRAINING = range(601, 975)
"""MBPP's own split: the tasks that may be learnt and tuned from."""
HELDOUT_BYTES = 524_288
SECTION_TOKENS = 64


def stage(run: Path, name: str) -> Path:
    """The folder of a finished stage, by its name without the fingerprint."""
    found = [path for path in (run / "stages").glob(f"{name}-*") if (path / "manifest.json").exists()]
    if len(found) != 1:
        raise Fault(f"{run}: {len(found)} finished stages {name!r}; build it with --until selection-quality")
    return found[0]


def texts(name: str, units: list[Text]) -> dict[str, np.ndarray]:
    """Units that bits per byte are measured on, flat."""
    return {
        f"{name}/keys": np.array([unit.key for unit in units]),
        f"{name}/sizes": np.array([unit.size for unit in units], dtype=np.int64),
        f"{name}/contexts": np.concatenate([unit.context for unit in units]).astype(np.uint16),
        f"{name}/context_lengths": np.array([len(unit.context) for unit in units], dtype=np.int64),
        f"{name}/targets": np.concatenate([unit.target for unit in units]).astype(np.uint16),
        f"{name}/target_lengths": np.array([len(unit.target) for unit in units], dtype=np.int64),
    }


def corpus(run: Path, data: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Arrays of `corpus.npz.xz`, and the doc_ids of its documents."""
    index = pq.read_table(stage(run, "tokens") / "index.parquet").filter(pc.field("split") == "train")
    index = index.sort_by([("language", "ascending"), ("repo", "ascending"), ("offset", "ascending")])
    stream = np.memmap(stage(run, "tokens") / "tokens-00000.bin", dtype=np.uint16, mode="r")
    rows = zip(index["offset"].to_pylist(), index["length"].to_pylist(), strict=True)
    scored = documents.read(stage(run, "scores-ngrams") / "scores", ["doc_id", "score"])
    place = pc.index_in(index["doc_id"].combine_chunks(), scored["doc_id"].combine_chunks())
    languages = pc.dictionary_encode(index["language"].combine_chunks())
    tokenizer = bpe.load(stage(run, "tokenizer"))
    mbpp = {f"Mbpp/{number}" for number in MBPP_TRAINING} | {str(number) for number in MBPP_TRAINING}
    tuning = [task for task in benchmarks.load("mbpp", data).tasks if task.task_id in mbpp]
    if len(tuning) != len(MBPP_TRAINING):
        raise Fault(f"{data}/mbpp.jsonl: {len(tuning)} training tasks instead of {len(MBPP_TRAINING)}")
    suites = {
        "humaneval": bits_per_byte.solutions(benchmarks.load("humaneval", data).tasks, tokenizer),
        "mbpp-train": bits_per_byte.solutions(tuning, tokenizer),
        "heldout": bits_per_byte.documents(
            bits_per_byte.heldout(stage(run, "curate"), HELDOUT_BYTES), tokenizer
        ),
    }
    arrays = {
        "tokens": np.concatenate([stream[start : start + length] for start, length in rows]),
        "lengths": index["length"].to_numpy(),
        "languages": languages.indices.to_numpy(),
        "language_names": np.array(languages.dictionary.to_pylist()),
        "ngrams": scored["score"].take(place).to_numpy(),
    }
    for name, units in suites.items():
        arrays |= texts(name, units)
    return arrays, index["doc_id"].to_pylist()


def sections(run: Path, doc_ids: list[str], out: Path) -> dict[str, np.ndarray]:
    """Arrays of `sections.npz`: sections of the documents, in the order of `doc_ids`, and of the labels."""
    encoder = Encoder("minilm", SECTION_TOKENS)
    labels = Labels.read({"labels-exemplars": stage(run, "labels-exemplars")})
    good, bad = folds.weights(labels.targets(), folds.seen(labels))
    arrays: dict[str, np.ndarray] = {"good": good, "bad": bad}
    folds.Folds.save(labels, out)
    which = folds.Folds.load(out).judges(np.array(doc_ids, "S32"), [""] * len(doc_ids))
    (out / folds.FILE).unlink()
    pool = Documents((stage(run, "curate") / "documents",)).only(pa.array(doc_ids, pa.string()))
    wanted = {
        "pool": (pool, pa.array(doc_ids, pa.string())),
        "labels": (labels.documents.only(labels.table["doc_id"]), labels.table["doc_id"].combine_chunks()),
    }
    for name, (found, order) in wanted.items():
        file = out / f"{name}.tokens"
        ids, cut = gather(encoder, found, file)
        place = pc.index_in(pa.array(ids.astype("U32"), pa.string()), order).to_numpy()
        arrays |= {
            f"{name}/tokens": np.array(cut.tokens),
            f"{name}/starts": cut.starts,
            f"{name}/lengths": cut.lengths,
            f"{name}/documents": place[cut.documents],
        }
        file.unlink()
    return arrays | {"which": which}


def small_encoder(out: Path) -> None:
    """The encoder's folder with its weights in 16 bits."""
    import torch
    from safetensors.torch import load_file, save_file

    source = weights.resolve("minilm")
    shutil.copytree(source, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors", ".stamp"))
    full = load_file(source / "model.safetensors")
    half = {name: t.to(torch.float16) if t.is_floating_point() else t for name, t in full.items()}
    save_file(half, out / "model.safetensors", metadata={"format": "pt"})


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run of evidence.toml, finished as far as selection-quality")
    parser.add_argument("--data", type=Path, required=True, help="folder with HumanEval.jsonl.gz, mbpp.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    arrays, doc_ids = corpus(options.run, options.data)
    np.savez_compressed(options.out / "sections.npz", **sections(options.run, doc_ids, options.out))
    small_encoder(options.out / "encoder")
    plain = io.BytesIO()
    np.savez(plain, **arrays)
    (options.out / "corpus.npz.xz").write_bytes(lzma.compress(plain.getbuffer(), preset=6))
    for path in sorted(options.out.rglob("*.*")):
        if path.is_file():
            print(f"{path.stat().st_size / 2**20:7.1f} MiB  {path}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Fault as error:
        sys.exit(f"error: {error}")
