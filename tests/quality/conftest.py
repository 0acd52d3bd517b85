"""A small corpus and exemplars: real code of the standard library, as `curate` would leave it."""

import sysconfig
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from neve import documents
from neve.quality.settings import Fit, Labels
from neve.recipe.annotators import Encoder, Ngrams

from . import selecting

POOL = ("asyncio", "concurrent", "email", "html", "http", "json", "logging", "unittest", "xml")
GOOD = ("collections", "importlib")
GOOD_FILES = (
    "bisect.py",
    "fractions.py",
    "functools.py",
    "graphlib.py",
    "heapq.py",
    "statistics.py",
    "queue.py",
    "random.py",
)


def table(paths: list[Path], language: str = "Python") -> pa.Table:
    """DOCUMENTS of files; one in seven is held out, and of other languages only the name."""
    rows = []
    for i, path in enumerate(paths):
        text = path.read_text(encoding="utf-8", errors="replace")
        rows.append(
            {
                "doc_id": documents.doc_id(text.encode()), "source": "stdlib", "repo": path.parent.name,
                "path": path.name, "language": language, "license": None, "split": "heldout" if i % 7 == 6 else "train",
                "size": len(text.encode()), "content": text, "source_id": None,
            }
        )  # fmt: skip
    found = pa.Table.from_pylist(rows, schema=documents.DOCUMENTS)
    _, first = np.unique(found["doc_id"].to_numpy(), return_index=True)
    return found.take(np.sort(first))


def lay(folder: Path, rows: pa.Table, files: int = 1) -> Path:
    """Write documents as a stage would, in that many files."""
    (folder / "documents").mkdir(parents=True)
    for i in range(files):
        part = folder / f".{i}"
        documents.write(rows.take(np.arange(i, rows.num_rows, files)), part, documents.DOCUMENTS)
        (part / "part-00000.parquet").rename(folder / "documents" / f"part-{i:05d}.parquet")
        part.rmdir()
    return folder


@pytest.fixture(scope="session")
def pool() -> pa.Table:
    root = Path(sysconfig.get_path("stdlib"))
    paths = [p for name in POOL for p in sorted((root / name).glob("*.py")) if p.stat().st_size > 200]
    return pa.concat_tables([table(paths[:-12]), table(paths[-12:], "Shell")])


@pytest.fixture(scope="session")
def exemplars() -> pa.Table:
    root = Path(sysconfig.get_path("stdlib"))
    paths = [p for name in GOOD for p in sorted((root / name).glob("*.py"))] + [
        root / name for name in GOOD_FILES
    ]
    return table(paths)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory, pool, exemplars) -> dict[str, Path]:
    """Folders of the stages `curate`, `exemplars` and `labels`, by the roles that others know them by."""
    from neve.quality import labels

    root = tmp_path_factory.mktemp("stages")
    found = {"documents": lay(root / "curate", pool), "exemplars": lay(root / "exemplars", exemplars)}
    found["labels-code"] = root / "labels"
    found["labels-code"].mkdir()
    labels.build(LABELS, found, found["labels-code"])
    return found


@pytest.fixture(scope="session")
def encoder_head(tmp_path_factory, inputs) -> Path:
    """A fitted annotator of kind `encoder`."""
    from neve.quality.annotators import encoder_head

    out = tmp_path_factory.mktemp("encoder")
    table = Encoder(kind="encoder", labels=["code"], encoder="minilm", section_tokens=32, epochs=5, lr=1e-3)
    encoder_head.fit(Fit(table, seed=1), inputs, out)
    return out


@pytest.fixture(scope="session")
def word_list(tmp_path_factory, inputs) -> Path:
    """A fitted annotator of kind `ngrams`, single words."""
    from neve.quality.annotators import ngrams

    out = tmp_path_factory.mktemp("words")
    ngrams.fit(Fit(Ngrams(kind="ngrams", labels=["code"], longest=1, bits=14), seed=1), inputs, out)
    return out


LABELS = Labels(positives_limit=1000, family_share=0.9, negatives=30, seed=1)


@pytest.fixture
def corpus(tmp_path: Path) -> tuple[dict[str, Path], pa.Table, dict[str, dict]]:
    """Folders of tokens and scores of 420 documents, the index, and the scores by doc_id."""
    return selecting.corpus(tmp_path)
