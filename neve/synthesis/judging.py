"""What gates are given beside a candidate, and what they say of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neve.recipe.corpus import Near
from neve.recipe.synthesis import Gates
from neve.synthesis.candidates import Candidate

if TYPE_CHECKING:
    from neve.synthesis.lookalikes import Lookalikes

SAME_WORDS = 8
"""Words of code, names aside, that tell a copy: of 150 functions out of packages one in a hundred had 0.62
of its runs of 8 in one of five large modules, and 0.84 of its runs of 5."""


@dataclass(frozen=True)
class Refusal:
    """Why a candidate becomes no document; the fields are a verdict's."""

    value: float | None = None
    limit: float | None = None
    detail: str | None = None
    kept_doc_id: str | None = None
    """The document, accepted or of the corpus, that the candidate is too much like."""
    kept_repo: str | None = None
    kept_path: str | None = None


@dataclass(frozen=True)
class Limits:
    """What answers are held to: settings alone."""

    gates: Gates = field(default_factory=Gates)
    near: Near = field(default_factory=Near)
    share: float = 0.5
    """Of a benchmark's text, at and above which an answer is contaminated."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Language -> the annotator's score that an answer has to reach."""
    packages: Mapping[str, Collection[str]] | None = None
    """Language -> packages that there are; None: any."""


def _plain() -> Lookalikes:
    from neve.synthesis.lookalikes import Lookalikes

    return Lookalikes(Near(ngram=SAME_WORDS, threshold=Gates().recoded))


@dataclass
class Accepted:
    """What was accepted so far."""

    alike: Lookalikes
    """Accepted documents, and those of the corpus that are not to be repeated."""
    repo: str = ""
    """What accepted documents have for a repository."""
    tokens: int = 0
    doc_ids: set[bytes] = field(default_factory=set)
    plain: Lookalikes = field(default_factory=_plain)
    """Accepted documents without comments, types and names."""

    def add(self, candidate: Candidate) -> None:
        from neve.synthesis.lookalikes import Kept

        assert candidate.doc_id is not None
        self.doc_ids.add(bytes.fromhex(candidate.doc_id))
        self.tokens += candidate.tokens
        kept = Kept(candidate.doc_id, self.repo, candidate.path, candidate.code)
        self.alike.add(kept)
        if candidate.markup is None:
            self.plain.add(kept._replace(text=bare(candidate)))


def bare(candidate: Candidate) -> str:
    from neve.synthesis import changes

    return changes.plain(candidate.program, candidate.seed.target)
