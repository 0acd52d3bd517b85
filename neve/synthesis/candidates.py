"""Candidates: answers with all that the gates look at, measured for many at a time.

Also the documents accepted so far, with an index of their n-grams. A near duplicate among them is found
exactly, by prefix filtering: two sets of Jaccard similarity t or more share one of the first |x| - ceil(t
|x|) + 1 elements in any fixed order (here of their hashes), so only those are indexed. The price is memory,
8 bytes an n-gram and a dictionary entry for each third; the gain, that no probability is involved.

Source: Chaudhuri, Ganti and Kaushik, "A primitive operator for similarity joins" (2006).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neve.corpus.syntax.parsing import GRAMMARS
from neve.llm.answers import Answer
from neve.synthesis.seeds import Seed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from neve.corpus.contamination.benchmark_index import Index
    from neve.recipe.corpus import Near
    from neve.synthesis.reading import Reading
    from neve.tokens.bpe import Tokenizer


@dataclass(frozen=True)
class Candidate:
    """A seed's answer with all that the gates look at."""

    seed: Seed
    answer: Answer
    code: str
    """"" where the answer holds none."""
    parse_errors: float | None
    """Share of the code that its parser cannot make sense of; None: no parser, or not parsed in time."""
    contamination: float
    task: str | None
    """The benchmark task that it holds most of."""
    tokens: int

    @property
    def doc_id(self) -> str | None:
        from neve import documents

        return documents.doc_id(self.code.encode()) if self.code else None

    @property
    def unparsed(self) -> bool:
        return self.seed.language not in GRAMMARS


def measure(
    answers: list[tuple[Seed, Answer]],
    read: Callable[[str, Seed], Reading],
    index: Index,
    tokenizer: Tokenizer,
) -> list[Candidate]:
    """Candidates for answers, in their order; `read` takes the code out of (answer, seed)."""
    import pyarrow as pa

    from neve.corpus.syntax import parsing

    readings = [read(answer.text, seed) for seed, answer in answers]
    codes = pa.array([reading.code for reading in readings], pa.large_string())
    errors = parsing.parse_errors(codes, [seed.language for seed, _ in answers])
    shares, tasks = index.check(codes)
    tokens = tokenizer.encode_batch(codes.to_pylist())
    candidates = []
    for i, (seed, answer) in enumerate(answers):
        code = readings[i].code if readings[i].fenced or errors[i] == 0 else ""
        wrong = None if math.isnan(errors[i]) else float(errors[i])
        candidates.append(
            Candidate(seed, answer, code, wrong, float(shares[i]), tasks[i].as_py(), len(tokens[i]))
        )
    return candidates


@dataclass
class Accepted:
    """The documents accepted so far, in seed order, and an index of their n-grams."""

    settings: Near
    candidates: dict[str, Candidate] = field(default_factory=dict)
    tokens: int = 0
    _sets: list[tuple[str, np.ndarray]] = field(default_factory=list)
    _index: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, candidate: Candidate) -> None:
        assert candidate.doc_id is not None and candidate.doc_id not in self.candidates
        self.candidates[candidate.doc_id] = candidate
        self.tokens += candidate.tokens
        self._sets.append((candidate.doc_id, self._set(candidate.code)))
        for shingle in self._prefix(self._sets[-1][1]):
            self._index[shingle].append(len(self._sets) - 1)

    def nearest(self, code: str) -> tuple[str | None, float]:
        """The accepted document most like `code` (the first of equals) with at least the threshold, and its
        Jaccard."""
        from neve.corpus.duplicates import shingles

        mine, best, nearest = self._set(code), 0.0, None
        for i in sorted({i for shingle in self._prefix(mine) for i in self._index.get(shingle, ())}):
            doc_id, theirs = self._sets[i]
            if (value := float(shingles.similarity(mine, theirs))) > best:
                best, nearest = value, doc_id
        return (nearest, best) if best >= self.settings.threshold else (None, best)

    def _set(self, code: str) -> np.ndarray:
        from neve.corpus.duplicates import shingles

        return shingles.of([code], self.settings.ngram)[0]

    def _prefix(self, hashes: np.ndarray) -> list[int]:
        """The first of sorted hashes: two sets alike enough have one of these in common."""
        size = len(hashes) - math.ceil(self.settings.threshold * len(hashes) - 1e-9) + 1
        return hashes[:size].tolist()
