"""The gates between a model's answer and a new document: a plain list; the first that fails gives the verdict.

What is dear is measured for many answers at a time (parsing, contamination, tokens); a gate then only looks. Cheap
gates come first, duplicates last, since they alone depend on what was accepted before. Which gates can speak
depends on the language: without a parser for it, code passes the syntax gate if it stood in a fence (text without
a fence is taken for code only if it parses), and a later verdict's detail says that it was not parsed.

A near duplicate is found exactly, among all accepted so far, by prefix filtering: two sets of Jaccard similarity t
or more must share one of the first |x| - ceil(t |x|) + 1 elements in any fixed order (here of their hashes), so only
those are indexed. The price is memory, 8 bytes an n-gram and a dictionary entry for each third; the gain, that no probability is involved.

Source: OSS-Instruct's filters (Magicoder, arXiv 2312.02120): ended by itself, parses, no duplicate, no copy of its
seed; decontamination as in curation. Prefix filtering: Chaudhuri, Ganti and Kaushik, "A primitive operator for
similarity joins" (2006). Sizes and copy limits are our own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from neve import documents
from neve.corpus.duplicates import near_duplicates, shingles
from neve.corpus.signals import rules
from neve.corpus.syntax import parsing
from neve.llm.client import Answer
from neve.recipe.recipe import Near
from neve.synthesis import prompts

if TYPE_CHECKING:
    from neve.corpus.contamination.benchmark_index import Index
    from neve.tokens.bpe import Tokenizer

MIN_BYTES = 100
MIN_LINES = 3
"""Lines that are neither blank nor comment, docstring or import."""
COPY_JACCARD = 0.5
"""Similarity with the seed's snippet, or with its whole document, at and above which an answer is a copy."""
COPY_LINES = 6
"""Consecutive lines, blank ones and indentation aside, that an answer may not share with its seed's document."""


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
        return documents.doc_id(self.code.encode()) if self.code else None

    @property
    def unparsed(self) -> bool:
        return self.seed.language not in parsing.GRAMMARS


@dataclass(frozen=True)
class Refusal:
    """Why a candidate becomes no document; the fields are a verdict's."""

    value: float | None = None
    limit: float | None = None
    detail: str | None = None
    kept_doc_id: str | None = None
    """The accepted document, or the seed, that the candidate is too much like."""


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
        """The accepted document most like `code` (the first of equals) with at least the threshold, and its Jaccard."""
        mine, best, nearest = self._set(code), 0.0, None
        for i in sorted({i for shingle in self._prefix(mine) for i in self._index.get(shingle, ())}):
            doc_id, theirs = self._sets[i]
            if (value := float(shingles.similarity(mine, theirs))) > best:
                best, nearest = value, doc_id
        return (nearest, best) if best >= self.settings.threshold else (None, best)

    def _set(self, code: str) -> np.ndarray:
        return shingles.of([code], self.settings.ngram)[0]

    def _prefix(self, hashes: np.ndarray) -> list[int]:
        """The first of sorted hashes: two sets alike enough have one of these in common."""
        size = len(hashes) - math.ceil(self.settings.threshold * len(hashes) - 1e-9) + 1
        return hashes[:size].tolist()


Gate = Callable[[Candidate, Accepted, float], Refusal | None]


def answered(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    return Refusal(detail=candidate.answer.error) if candidate.answer.error is not None else None


def ended(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    finish = candidate.answer.finish
    return Refusal(detail=f"finish_reason {finish}") if finish != "stop" else None


def has_code(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    return Refusal() if not candidate.code else None


def parses(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    limit = rules.limit("syntax", candidate.seed.language) or 0.0
    if candidate.unparsed or (candidate.parse_errors is not None and candidate.parse_errors <= limit):
        return None
    late = "not parsed in time" if candidate.parse_errors is None else None
    return Refusal(candidate.parse_errors, limit, late)


def large_enough(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    if (size := len(candidate.code.encode())) < MIN_BYTES:
        return Refusal(size, MIN_BYTES, "bytes")
    lines = int(prompts.telling(candidate.code.splitlines()).sum())
    return Refusal(lines, MIN_LINES, "lines of code") if lines < MIN_LINES else None


def no_copy(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    seed, ngram = candidate.seed, accepted.settings.ngram
    value = max(near_duplicates.jaccard(candidate.code, text, ngram) for text in (seed.snippet, seed.text))
    return Refusal(value, COPY_JACCARD, kept_doc_id=seed.doc_id) if value >= COPY_JACCARD else None


def no_lines_of_seed(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    value = common_lines(candidate.code, candidate.seed.text)
    return Refusal(value, COPY_LINES, kept_doc_id=candidate.seed.doc_id) if value >= COPY_LINES else None


def clean(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    if candidate.contamination < share:
        return None
    return Refusal(candidate.contamination, share, candidate.task)


def new(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    doc_id = candidate.doc_id
    return Refusal(kept_doc_id=doc_id) if doc_id in accepted.candidates else None


def no_near_duplicate(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    if not accepted.settings.enabled:
        return None
    kept, value = accepted.nearest(candidate.code)
    return Refusal(value, accepted.settings.threshold, kept_doc_id=kept) if kept else None


GATES: list[tuple[str, Gate]] = [
    ("unanswered", answered),
    ("unfinished", ended),
    ("no-code", has_code),
    ("syntax", parses),
    ("too-small", large_enough),
    ("seed-copy", no_copy),
    ("seed-lines", no_lines_of_seed),
    ("contaminated", clean),
    ("exact-duplicate", new),
    ("near-duplicate", no_near_duplicate),
]
"""(rule, gate): a gate gives None, or why the candidate stops; `share` is the limit of contamination."""


def measure(answers: list[tuple[Seed, Answer]], index: Index, tokenizer: Tokenizer) -> list[Candidate]:
    """What the gates look at, for many answers at a time, in their order."""
    extracted = [prompts.extract(answer.text) for _, answer in answers]
    codes = pa.array([code for code, _ in extracted], pa.large_string())
    errors = parsing.parse_errors(codes, [seed.language for seed, _ in answers])
    shares, tasks = index.check(codes)
    tokens = tokenizer.encode_batch(codes.to_pylist())
    candidates = []
    for i, (seed, answer) in enumerate(answers):
        code, fenced = extracted[i]
        code = code if fenced or errors[i] == 0 else ""
        wrong = None if math.isnan(errors[i]) else float(errors[i])
        candidates.append(
            Candidate(seed, answer, code, wrong, float(shares[i]), tasks[i].as_py(), len(tokens[i]))
        )
    return candidates


def first_refusal(candidate: Candidate, accepted: Accepted, share: float) -> tuple[str, Refusal] | None:
    """The first gate's rule that the candidate fails, and why; None when it passes them all."""
    for rule, gate in GATES:
        if (refusal := gate(candidate, accepted, share)) is not None:
            return rule, refusal
    return None


def common_lines(a: str, b: str) -> int:
    """Longest run of consecutive lines that two texts share, blank lines and white space at line ends aside.

    >>> common_lines("x\\n\\ny\\nz", "  y\\n  z\\nx")
    2
    """
    ours, theirs = ([line.strip() for line in text.splitlines() if line.strip()] for text in (a, b))
    places: dict[str, list[int]] = defaultdict(list)
    for j, line in enumerate(theirs):
        places[line].append(j)
    longest = 0
    before: dict[int, int] = {}
    for line in ours:
        before = {j: before.get(j - 1, 0) + 1 for j in places.get(line, ())}
        longest = max([longest, *before.values()])
    return longest
