"""Seeds: selected documents, and the lines of them that are shown.

The lines are chosen by a hash of (seed, doc_id, turn), so a document gives the same question in every run,
whatever else is in the corpus. Stretches of mostly blank lines, comments, docstrings and imports are passed
over: they say little about what a file does.

Source: OSS-Instruct (Magicoder, arXiv 2312.02120): 1 to 15 lines of open-source code as inspiration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neve.errors import Fault
from neve.hashing import seed_of

MAX_LINES = 15
MAX_CHARACTERS = 1000
"""A snippet is cut here: minified lines would fill a small model's context."""

_COMMENT = re.compile(r"\s*(?:#(?!\s*(?:include|define|if|else|endif|pragma)|\[)|//|/?\*|--|;|%|<!--)")
_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+[\w.]+\s+import\b|#\s*include\b|using\s+[\w.:]+;|use\s+[\w:\\{]|package\s+[\w.]+|require\b)"
)


@dataclass(frozen=True)
class Seed:
    doc_id: str
    repo: str
    path: str
    language: str
    text: str
    snippet: str
    turn: int = 0
    """How often the document was a seed before; each turn shows other lines of it."""
    kind: str = "problem-file"
    """Name of the kind of document that is asked for; "" where the seed suits none."""
    quantile: float | None = None
    """Its place in the selection of its language, 0 the best and 1 the last; None without scores."""
    into: str = ""
    """The language asked for, where it is not the seed's."""
    prompt: str = ""
    """The question, once there is one."""

    @property
    def target(self) -> str:
        """The language that the answer is to be in."""
        return self.into or self.language


def read(selection: Path, corpus: Path, limit: int, seed: int) -> list[Seed]:
    """The first `limit` seeds of `selection`/seeds.parquet, in its order, with their texts out of `corpus`;
    `seed` is the run's."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    from neve import documents

    seeds = documents.read(selection / "seeds.parquet", ["doc_id", "turn", "quantile"]).slice(0, limit)
    chosen = seeds["doc_id"].combine_chunks()
    columns = ["doc_id", "repo", "path", "language", "content"]
    table = documents.read(corpus, columns, ds.field("doc_id").isin(chosen))
    places = pc.index_in(chosen, table["doc_id"].combine_chunks())
    if places.null_count:
        missing = chosen.filter(places.is_null())[0].as_py()
        raise Fault(
            f"{selection}: the seed {missing} is not among the documents; build the stage selection again"
        )
    rows = table.take(places).to_pylist()
    return [
        Seed(
            row["doc_id"], row["repo"], row["path"], row["language"], row["content"],
            snippet(row["content"], row["doc_id"], seed, asked["turn"]), asked["turn"], quantile=asked["quantile"],
        )
        for row, asked in zip(rows, seeds.to_pylist(), strict=True)
    ]  # fmt: skip


def snippet(text: str, doc_id: str, seed: int, turn: int = 0) -> str:
    """1 to MAX_LINES consecutive lines of `text`, chosen by a hash of (seed, doc_id, turn); "" of an empty
    text.

    At least half of them tell something, and the first does, or as many as the text allows.
    """
    lines = text.splitlines()
    tells = telling(lines)
    size, place = divmod(seed_of(f"snippet {seed} {doc_id} {turn}", bits=128), 1 << 64)
    length = min(1 + size % MAX_LINES, len(lines))
    if not length:
        return ""
    sums = np.concatenate([[0], np.cumsum(tells)])
    counts = sums[length:] - sums[:-length]
    good = counts >= min((length + 1) // 2, counts.max())
    begins = good & tells[: len(counts)]
    starts = np.flatnonzero(begins if begins.any() else good)
    first = int(starts[place % len(starts)])
    return "\n".join(lines[first : first + length])[:MAX_CHARACTERS]


def telling(lines: list[str]) -> np.ndarray:
    """Which lines say what code does, bool [lines]: not blank, no comment, no docstring, no import.

    By a line's beginning and by triple quotes, so nearly right in any language, without a parser.
    """
    quotes = np.array([line.count('"""') + line.count("'''") for line in lines], np.int64)
    inside = (np.cumsum(quotes) - quotes) % 2 > 0
    plain = [bool(line.strip()) and not _COMMENT.match(line) and not _IMPORT.match(line) for line in lines]
    return np.array(plain, bool) & ~inside & (quotes == 0)
