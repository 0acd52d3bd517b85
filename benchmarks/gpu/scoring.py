"""How fast the encoder's sections are embedded on one GPU, what share of the time the card waits, and
whether 16 bits rank documents as 32 do.

    python benchmarks/gpu/scoring.py --pack build/gpu --work build/evidence --out OUT
    python benchmarks/gpu/scoring.py --dry-run --pack build/gpu --out OUT     some sections, on a CPU

Rows: MiniLM on the sections of `evidence.toml`'s corpus (64 tokens, real weights), and the paper's
annotator's shape, arctic-embed-m (BERT base), on full sections of 512 tokens of random ids with random
weights. The clock runs over `Encoder.embed`, from token ids in memory to embeddings in memory; the card's
own events say how long it computed. A head is fitted on the labels' embeddings as the annotator does it, and
the documents' scores go to `encoder.npy` in --work, where `evidence.py` finds them.

torch, transformers, tokenizers, pyarrow and scipy are needed. The trade-off: tokenizing is not measured
here; it is the CPUs' work, and `pack.py` has done it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from neve.hashing import seed_of
from neve.quality.annotators import head
from neve.quality.annotators.encoder import Encoder, Sections

PAPER_TOKENS, PAPER_SECTIONS = 512, 16_384
TOP = 0.031
"""The share that the paper selects."""
EPOCHS, RATE = 20, 3e-4


def read(pack: dict[str, np.ndarray], name: str) -> Sections:
    return Sections(*(pack[f"{name}/{part}"] for part in ("tokens", "starts", "lengths", "documents")))


def embedded(encoder: Encoder, sections: Sections) -> tuple[np.ndarray, dict[str, float]]:
    """Embeddings of all sections, and how fast they came; shortest first, after a warm-up on some."""
    order = np.argsort(sections.lengths, kind="stable")
    for _ in encoder.embed(sections, order[:: max(1, len(order) // 4096)]):
        pass
    encoder.busy, begun, at = 0.0, time.monotonic(), 0
    made = np.empty((len(order), encoder.dimensions), np.float32)
    for start in range(0, len(order), encoder.block):
        for batch in encoder.embed(sections, order[start : start + encoder.block]):
            made[order[at : at + len(batch)]] = batch
            at += len(batch)
    taken = time.monotonic() - begun
    figures = {"sections": len(order), "sections_per_s": len(order) / taken, "seconds": taken}
    if encoder.device != "cpu":
        figures["waits"] = 1 - encoder.busy / taken
    return made, figures


def paper_shape(encoder: Path) -> tuple[Encoder, Sections]:
    """An encoder of BERT base's shape with random weights, and full sections of random tokens."""
    import torch
    from transformers import BertConfig, BertModel

    folder = Path(tempfile.mkdtemp())
    shutil.copytree(encoder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
    torch.manual_seed(1)
    BertModel(BertConfig()).save_pretrained(folder)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    size, inside = PAPER_SECTIONS, PAPER_TOKENS - 2
    tokens = np.random.default_rng(1).integers(1000, 30_000, size * inside).astype(np.uint16)
    starts = np.arange(size) * inside
    return Encoder(str(folder), PAPER_TOKENS, precision="bf16"), Sections(
        tokens, starts, np.full(size, inside), np.arange(size)
    )


def scores(pack: dict[str, np.ndarray], labels: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """A document's score is the mean over its sections, by the head that has not seen it."""
    document = pack["labels/documents"]
    share = 1 / np.bincount(document)[document]
    share = (share / share.mean())[:, None]
    good, bad = (pack[part][document] * share for part in ("good", "bad"))
    heads = head.logistic(labels, good, bad, EPOCHS, RATE, seed_of("1\0head"))
    judged = heads.judge(pool, pack["which"][pack["pool/documents"]])
    return np.bincount(pack["pool/documents"], judged) / np.bincount(pack["pool/documents"])


def gate(low: np.ndarray, full: np.ndarray) -> dict[str, float]:
    """Rank correlation, and the share of the selected top that is the same."""
    from scipy.stats import spearmanr

    count = max(1, round(len(full) * TOP))
    tops = [set(np.argsort(-values, kind="stable")[:count].tolist()) for values in (low, full)]
    return {"spearman": float(spearmanr(low, full)[0]), "same_top": len(tops[0] & tops[1]) / count}


def main() -> int:
    import torch
    from transformers import AutoModel

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True, help="what pack.py wrote")
    parser.add_argument("--work", type=Path, help="where the documents' scores go")
    parser.add_argument("--out", type=Path, required=True, help="folder for scoring.json")
    parser.add_argument("--dry-run", action="store_true", help="few sections, on a CPU")
    options = parser.parse_args()
    if not (options.dry_run or torch.cuda.is_available()):
        print("error: no GPU here; --dry-run tries the script on a CPU", file=sys.stderr)
        return 1
    with np.load(options.pack / "sections.npz") as found:
        pack = {name: found[name] for name in found.files}
    if options.dry_run:
        few = pack["pool/documents"] < 16
        pack |= {f"pool/{part}": pack[f"pool/{part}"][few] for part in ("starts", "lengths", "documents")}
        few = pack["labels/documents"] % max(1, len(pack["good"]) // 50) == 0
        pack |= {f"labels/{part}": pack[f"labels/{part}"][few] for part in ("starts", "lengths", "documents")}
    encoder = Encoder(str(options.pack / "encoder"), 64, precision="bf16")
    labels, pool = read(pack, "labels"), read(pack, "pool")
    result: dict[str, Any] = {
        "card": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "torch": torch.__version__,
        "rows": {},
    }
    made: dict[str, np.ndarray] = {}
    for precision in dict.fromkeys((encoder.precision, "fp32")):
        if precision != encoder.precision:
            exact = AutoModel.from_pretrained(options.pack / "encoder", dtype=torch.float32)
            encoder.model = exact.eval().to(encoder.device)
        known, _ = embedded(encoder, labels)
        documents, figures = embedded(encoder, pool)
        made[precision] = scores(pack, known, documents)
        result["rows"][f"minilm, 64 tokens, {precision}"] = figures
        print(precision, figures, flush=True)
    if len(made) == 2:
        result["gate"] = gate(made[encoder.precision], made["fp32"])
        print("gate", result["gate"], flush=True)
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        np.save(options.work / "encoder.npy", made["fp32"])
    options.out.mkdir(parents=True, exist_ok=True)
    np.save(options.out / "encoder.npy", made["fp32"].astype(np.float32))
    if not options.dry_run:
        paper, sections = paper_shape(options.pack / "encoder")
        _, figures = embedded(paper, sections)
        result["rows"][f"arctic-embed-m's shape, 512 tokens, {paper.precision}"] = figures
        print("arctic-embed-m's shape", figures, flush=True)
    (options.out / "scoring.json").write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
