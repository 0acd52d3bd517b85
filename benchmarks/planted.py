"""A trait planted in known documents: does every kind of annotator find it at the cut, and find nothing
where the labels are dealt out again?

    python benchmarks/planted.py --out DIR [--documents 900] [--shuffles 3] [--section-tokens 64] [--kinds …]

The pool is code of Python's library. One document in 25 of it has a trait, lines above each function that
some house's style asks for; exemplars, other documents of the library, all have it. Each kind learns from
exemplars and random documents of the pool, scores the pool, and the best 4 % of its tokens are selected.
Told is how many times as often the trait is among the selected as in the pool (25 is all that there is to
have), and the same where labels were dealt out again: there an enrichment is chance, so its p is that of a
draw of as many documents (hypergeometric), the least of a kind's shuffles times their number.

What is read of a document decides what can be found: encoders see three sections of `--section-tokens`.
`tests/quality/test_diagnose.py` makes the same corpus at a smaller size, in rows of its own: a test needs no
benchmark.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sysconfig
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neve import documents
from neve.quality import annotators, labels, scoring, select
from neve.quality.settings import Fit, Labels
from neve.recipe.annotators import Blend, Cascade, Encoder, Forest, Ngrams, Student, Tuned

SHARE = 25
"""One document in so many of the pool has the trait."""
EXEMPLAR = 9
"""One document in so many is an exemplar."""
MARKS = (
    "@audited(level=checked, owner=ledger, since=opening)",
    "@traced(span=quarter, sink=journal, mask=secrets_of_house)",
    "@bounded(lower=floor_of_day, upper=ceiling_of_day, unit=crowns)",
    "@answered(by=steward, within=fortnight, else_=dismissed)",
)
READ: dict[str, Any] = {"labels": ["code"], "encoder": "minilm", "section_tokens": 64}
KINDS: dict[str, Any] = {
    "ngrams": Ngrams(kind="ngrams", labels=["code"], longest=2, bits=16),
    "encoder": Encoder(kind="encoder", **READ),
    "ridge": Encoder(kind="encoder", head="ridge", **READ),
    "forest": Forest(kind="forest", **READ),
    "student": Student(kind="student", teacher="encoder", sample=500, section_bytes=224, epochs=30),
    "blend": Blend(kind="blend", of=["encoder", "ngrams"]),
    "cascade": Cascade(kind="cascade", first="student", then="encoder", recall=0.9, sample=300),
    "tuned": Tuned(kind="tuned", **READ),
}
"""Each after those that it is made of."""


def planted(text: str) -> str:
    """The text with the trait."""
    return re.sub(
        r"(?m)^( *)def ", lambda found: "".join(f"{found[1]}{mark}\n" for mark in MARKS) + found[0], text
    )


def corpus(root: Path, count: int) -> tuple[dict[str, Path], set[str], pa.Table]:
    """Folders of stages that an annotator reads, doc_ids of the pool that have the trait, and the pool."""
    library = Path(sysconfig.get_path("stdlib"))
    files = [p for p in sorted(library.rglob("*.py")) if "site-packages" not in p.parts]
    files = [
        p for p in files if 2000 < p.stat().st_size < 40_000 and "test" not in str(p.relative_to(library))
    ]
    texts = [t for p in files if (t := p.read_text("utf-8", "replace")).count("def ") > 3][:count]
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    marked = set()
    for number, text in enumerate(dict.fromkeys(texts)):
        good, has = number % EXEMPLAR == 0, number % SHARE == 1
        text = planted(text) if good or has else text
        row = {
            "doc_id": documents.doc_id(text.encode()), "source": "s", "repo": f"{'good' if good else 'pool'}{number % 7}",
            "path": f"{number}.py", "language": "Python", "license": None, "split": "train", "size": len(text.encode()),
            "content": text, "source_id": None,
        }  # fmt: skip
        rows[good].append(row)
        marked |= {row["doc_id"]} if has and not good else set()
    found = {side: pa.Table.from_pylist(some, documents.DOCUMENTS) for side, some in rows.items()}
    inputs = {"documents": root / "curate", "exemplars": root / "exemplars", "tokens": root / "tokens"}
    documents.write(found[False], inputs["documents"] / "documents", documents.DOCUMENTS)
    documents.write(found[True], inputs["exemplars"] / "documents", documents.DOCUMENTS)
    index = found[False].select(["doc_id", "language", "repo", "split", "size"])
    inputs["tokens"].mkdir()
    length = pa.array([size // 4 for size in index["size"].to_pylist()])
    pq.write_table(index.append_column("length", length), inputs["tokens"] / "index.parquet")
    return inputs, marked, found[False]


def labelled(inputs: dict[str, Path], out: Path, seed: int, shuffled: bool) -> dict[str, Path]:
    """The inputs with labels: exemplars, and as many random documents as a third of the pool."""
    rows = documents.read(inputs["documents"] / "documents", ["doc_id"]).num_rows
    settings = Labels(
        positives_limit=1000, family_share=0.9, negatives=rows // 3, seed=seed, shuffled=shuffled
    )
    (out / "labels").mkdir(parents=True)
    labels.build(settings, inputs, out / "labels")
    return inputs | {"labels-code": out / "labels"}


def chosen(inputs: dict[str, Path], name: str, out: Path, seed: int, tokens: int) -> set[str]:
    """The selection by an annotator of a kind, fitted on the labels among `inputs`, which gain it."""
    stages = {stage: out / name / stage for stage in ("annotator", "scores", "selection")}
    for folder in stages.values():
        folder.mkdir(parents=True)
    annotators.module(KINDS[name].kind).fit(Fit(KINDS[name], seed), inputs, stages["annotator"])
    inputs[f"annotator-{name}"] = stages["annotator"]
    scoring.build(
        None, {"documents": inputs["documents"], "annotator": stages["annotator"]}, stages["scores"]
    )
    select.build(
        select.Settings(tokens, 1, None, 0.0, 1), inputs | {"scores": stages["scores"]}, stages["selection"]
    )
    return set(documents.read(stages["selection"] / "selection.parquet", ["doc_id"])["doc_id"].to_pylist())


def needed(kinds: list[str]) -> list[str]:
    """The kinds with those that they are made of, in the order of KINDS."""
    wanted = {*kinds, *(member for name in kinds for member in KINDS[name].members)}
    wanted |= {member for name in wanted for member in KINDS[name].members}
    return [name for name in KINDS if name in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=900)
    parser.add_argument("--shuffles", type=int, default=3)
    parser.add_argument("--section-tokens", type=int, default=64)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    given = parser.parse_args()
    from scipy.stats import hypergeom

    for name, table in KINDS.items():
        if hasattr(table, "section_tokens"):
            KINDS[name] = table.model_copy(update={"section_tokens": given.section_tokens})

    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True)
    inputs, marked, pool = corpus(given.out / "corpus", given.documents)
    base, tokens = len(marked) / pool.num_rows, sum(pool["size"].to_pylist()) // 4 // SHARE
    kinds = needed(given.kinds)
    rows: dict[str, Any] = {name: {"shuffled": [], "p": 1.0} for name in kinds}
    for turn in range(given.shuffles + 1):
        place = given.out / f"labels-{turn}"
        stages = labelled(inputs, place, max(1, turn), shuffled=turn > 0)
        for name in kinds:
            started = time.perf_counter()
            picked = chosen(stages, name, place, max(1, turn), tokens)
            hits, row = len(picked & marked), rows[name]
            times = hits / len(picked) / base
            if turn == 0:
                row |= {"chosen": len(picked), "with the trait": hits, "enrichment": times}
            else:
                row["shuffled"].append(times)
                p = float(hypergeom.sf(hits - 1, pool.num_rows, len(marked), len(picked)))
                row["p"] = min(row["p"], p * given.shuffles)
            print(f"{name}, labels {turn}: {hits} of {len(picked)}, {times:.1f} times, "
                  f"{time.perf_counter() - started:.0f} s", flush=True)  # fmt: skip
    found = {"documents": pool.num_rows, "with the trait": len(marked), "kinds": rows}
    (given.out / "planted.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
