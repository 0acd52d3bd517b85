"""The gates between a model's answer and a new document; a kind lists those that it wants.

A gate only looks: what is expensive is measured before, for many answers at a time
(neve.synthesis.candidates). Cheap gates come first, duplicates last, since they alone depend on what was
accepted before. Which gates can decide depends on the language. Without a parser for it, code passes the
syntax gate if it stood in a fence (text without a fence is taken for code only if it parses), and a later
verdict's detail says that it was not parsed.

Source: OSS-Instruct's filters (Magicoder, arXiv 2312.02120): ended by itself, parses, no duplicate, no copy
of its seed; decontamination as in curation. Sizes and copy limits are our own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from neve.synthesis.candidates import Accepted, Candidate
from neve.synthesis.seeds import Seed, telling

__all__ = ["Accepted", "Candidate", "Gate", "Refusal", "Seed", "first_refusal"]

MIN_BYTES = 100
MIN_LINES = 3
"""Lines that are neither blank nor comment, docstring or import."""
COPY_JACCARD = 0.5
"""Similarity with the seed's snippet, or with its whole document, at and above which an answer is a copy."""
COPY_LINES = 6
"""Consecutive lines, blank ones and indentation aside, that an answer may not share with its seed's
document."""


@dataclass(frozen=True)
class Refusal:
    """Why a candidate becomes no document; the fields are a verdict's."""

    value: float | None = None
    limit: float | None = None
    detail: str | None = None
    kept_doc_id: str | None = None
    """The accepted document, or the seed, that the candidate is too much like."""


class Gate(NamedTuple):
    rule: str
    """What a verdict calls it."""
    refuse: Callable[[Candidate, Accepted, float], Refusal | None]
    """(candidate, accepted so far, limit of contamination) -> why the candidate stops, or None."""


def answered(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    return Refusal(detail=candidate.answer.error) if candidate.answer.error is not None else None


def ended(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    answer = candidate.answer
    return Refusal(detail=f"finish_reason {answer.finish}") if answer.ending != "ended" else None


def has_code(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    return Refusal() if not candidate.code else None


def parses(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    from neve.corpus.signals import rules

    limit = rules.limit("syntax", candidate.seed.language) or 0.0
    if candidate.unparsed or (candidate.parse_errors is not None and candidate.parse_errors <= limit):
        return None
    late = "not parsed in time" if candidate.parse_errors is None else None
    return Refusal(candidate.parse_errors, limit, late)


def large_enough(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
    if (size := len(candidate.code.encode())) < MIN_BYTES:
        return Refusal(size, MIN_BYTES, "bytes")
    lines = int(telling(candidate.code.splitlines()).sum())
    return Refusal(lines, MIN_LINES, "lines of code") if lines < MIN_LINES else None


def unlike_seed(limit: float) -> Callable[[Candidate, Accepted, float], Refusal | None]:
    """A gate's function: the Jaccard similarity with the seed, its snippet or its whole document, is below
    `limit`."""

    def refuse(candidate: Candidate, accepted: Accepted, share: float) -> Refusal | None:
        from neve.corpus.duplicates import near_duplicates

        seed, ngram = candidate.seed, accepted.settings.ngram
        value = max(
            near_duplicates.jaccard(candidate.code, text, ngram) for text in (seed.snippet, seed.text)
        )
        return Refusal(value, limit, kept_doc_id=seed.doc_id) if value >= limit else None

    return refuse


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


SYNTAX = Gate("syntax", parses)
WELL_FORMED = (
    Gate("unanswered", answered),
    Gate("unfinished", ended),
    Gate("no-code", has_code),
    SYNTAX,
    Gate("too-small", large_enough),
)
"""For every kind, first: there is an answer, it is whole, and it holds code that parses."""
SEED_COPY = Gate("seed-copy", unlike_seed(COPY_JACCARD))
SEED_LINES = Gate("seed-lines", no_lines_of_seed)
"""For kinds that may not resemble their seed."""
NEW = (
    Gate("contaminated", clean),
    Gate("exact-duplicate", new),
    Gate("near-duplicate", no_near_duplicate),
)
"""For every kind, last: no benchmark's text, and nothing that was accepted already."""


def first_refusal(
    gates: Sequence[Gate], candidate: Candidate, accepted: Accepted, share: float
) -> tuple[Gate, Refusal] | None:
    """The first gate that the candidate fails, and why; None when it passes them all."""
    for gate in gates:
        if (refusal := gate.refuse(candidate, accepted, share)) is not None:
            return gate, refusal
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
