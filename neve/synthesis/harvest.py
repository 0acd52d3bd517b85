"""What becomes of answers: documents and verdicts, written as they come, and counts by all that may matter.

Languages have quotas of accepted tokens; a seed whose language has its own is not tried. What is held in
memory of a document is its identity (and its buckets, neve.synthesis.lookalikes); rows go to Parquet a few
thousand at a time. The trade-off: a killed stage starts its files over, which costs nothing but the gates,
since answers are in the ledger.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from neve import documents
from neve.corpus.languages import detection
from neve.llm.answers import Answer
from neve.store import write_json
from neve.synthesis import gates
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Limits, Refusal
from neve.synthesis.kinds import Kind
from neve.synthesis.seeds import Seed

ROWS = 4096
"""Rows of a file."""
SAMPLES = 3
"""Refused answers kept of each rule, for the report."""
SAMPLE_CHARACTERS = 4000
TENTHS = 10
YIELDS = "yields.parquet"
REFUSALS = "refusals.json"
UNSUITABLE = "unsuitable"
"""Rule of the verdict of a seed that suits none of the kinds asked for."""
NOT_ASKED = Answer("")
"""In place of an answer, for such a seed."""

_text, _count, _share = pa.string(), pa.int64(), pa.float64()
_SEED, _REPAIRED = ("seed_doc_id", _text, False), ("repaired", pa.bool_(), False)
_FIGURES = (
    ("checked", _text, False), ("score", _share, True), ("lint", _share, True), ("tests", _count, True), ("tests_passed", _count, True),
    ("assertions", _count, True), ("branches", _count, True), ("branches_reached", _count, True),
    ("mutants", _count, True), ("mutants_killed", _count, True), ("mended_comments", _count, False),
)  # fmt: skip


def _schema(base: pa.Schema, *fields: tuple[str, pa.DataType, bool]) -> pa.Schema:
    for name, kind, nullable in fields:
        base = base.append(pa.field(name, kind, nullable=nullable))
    return base


DOCUMENTS = _schema(documents.DOCUMENTS, _SEED, ("kind", _text, False), _REPAIRED, *_FIGURES)
"""Synthetic documents, with what checking them showed. `checked`: run, tested, compiled, or "not checked:
why"; `mended_comments`: results in comments, and in tests of the seed, that were replaced by what
running gave."""
VERDICTS = _schema(documents.VERDICTS, _SEED, ("kind", _text, True), _REPAIRED)
"""`kind` is null where the seed suits none."""


class Rows:
    """Rows on their way to Parquet."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder, self._schema = folder, schema
        self._held: list[dict[str, Any]] = []
        self.count = self._files = 0

    def add(self, row: dict[str, Any]) -> None:
        self._held.append(row)
        self.count += 1
        if len(self._held) == ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held, at least one file in all."""
        if self._held or not self._files:
            table = pa.Table.from_pylist(self._held, schema=self._schema)
            documents.write(table, self._folder, self._schema, f"part-{self._files:05}.parquet")
            self._files += 1
            self._held = []


@dataclass
class Harvest:
    """What became of the seeds tried so far, each a document or a verdict."""

    accepted: Accepted
    limits: Limits
    kinds: Mapping[str, Kind]
    quotas: Mapping[str, float]
    """Language -> accepted tokens wanted."""
    out: Path
    answer_tokens: float = 1.0
    """Accepted tokens that a question should give; what it gave counts as it comes."""
    tried: int = 0
    got: Counter[str] = field(default_factory=Counter)
    """Language asked for -> accepted tokens."""

    def __post_init__(self) -> None:
        self.documents = Rows(self.out / "documents", DOCUMENTS)
        self.verdicts = Rows(self.out / "verdicts", VERDICTS)
        self.refused: Counter[str] = Counter()
        self._checked: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._tried: Counter[str] = Counter()
        self._unparsed = self._mended = 0
        self._yields: dict[tuple[str | None, str, int | None, str], list[int]] = {}
        self._samples: dict[str, list[dict[str, Any]]] = {}

    def wanted(self, seed: Seed) -> bool:
        """Whether the language asked for lacks tokens."""
        return self.got[seed.target] < self.quotas.get(seed.target, 0)

    def lacking(self, opened: list[Seed]) -> float:
        """Questions worth asking beside those that are open: an answer that nobody needs costs as much as
        any other."""
        waiting = Counter(seed.target for seed in opened)
        return sum(
            max(0.0, (quota - self.got[language]) / self._each(language) - waiting[language])
            for language, quota in self.quotas.items()
        )

    def _each(self, language: str) -> float:
        """Accepted tokens of a question: what was expected counts as one answer."""
        return (self.answer_tokens + self.got[language]) / (1 + self._tried[language])

    @property
    def full(self) -> bool:
        return all(self.got[language] >= quota for language, quota in self.quotas.items())

    def judge(self, candidate: Candidate, repaired: bool) -> bool:
        """Whether the candidate was accepted."""
        self.tried += 1
        self._tried[candidate.seed.target] += 1
        refused = self._refused(candidate)
        if refused is None:
            self.accepted.add(candidate)
            self._keep(candidate, repaired)
        else:
            self._stop(candidate, repaired, *refused)
        self._count(candidate, "accepted" if refused is None else refused[0])
        return refused is None

    def _refused(self, candidate: Candidate) -> tuple[str, Refusal] | None:
        if candidate.answer is NOT_ASKED:
            return UNSUITABLE, Refusal()
        own = self.kinds[candidate.seed.kind].GATES
        found = gates.first_refusal(own, candidate, self.accepted, self.limits)
        return (found[0].rule, found[1]) if found else None

    def _keep(self, candidate: Candidate, repaired: bool) -> None:
        self.got[candidate.seed.target] += candidate.tokens
        self._kinds[candidate.seed.kind] += 1
        self._unparsed += candidate.unparsed
        check = candidate.check
        how = check.how if check else "not checked: not run"
        self._checked[how.partition(":")[0]] += 1
        mended = check.comments.mended if check and check.comments else 0
        self._mended += mended > 0
        figures: dict[str, Any] = {
            "checked": how, "score": candidate.score, "lint": candidate.lint, "mended_comments": mended
        }  # fmt: skip
        if check is not None and check.tests:
            figures |= {
                "tests": check.tests, "tests_passed": check.passed, "assertions": check.assertions,
                "branches": check.branches[1], "branches_reached": check.branches[0],
                "mutants": check.mutants[1], "mutants_killed": check.mutants[0],
            }  # fmt: skip
        row = {
            **self._about(candidate, repaired), "path": candidate.path, "language": candidate.language,
            "split": "train", "size": len(candidate.code.encode()), "content": candidate.code, **figures,
        }  # fmt: skip
        self.documents.add(row)

    def _stop(self, candidate: Candidate, repaired: bool, rule: str, why: Refusal) -> None:
        seed = candidate.seed
        self.refused[rule] += 1
        rules = [gate.rule for gate in self.kinds[seed.kind].GATES] if seed.kind in self.kinds else []
        later = rule in rules and gates.SYNTAX.rule in rules[: rules.index(rule)]
        unparsed = f"no parser for {seed.target}" if later and candidate.unparsed else None
        row = {
            **self._about(candidate, repaired), "language": candidate.language, "stage": "gates", "rule": rule,
            "path": f"seed-{seed.doc_id}-{seed.turn}{detection.extension(seed.target)}",
            "value": why.value, "limit": why.limit, "kept_doc_id": why.kept_doc_id, "kept_repo": why.kept_repo,
            "kept_path": why.kept_path, "detail": why.detail or unparsed,
        }  # fmt: skip
        self.verdicts.add(row)
        held = self._samples.setdefault(rule, [])
        if len(held) < SAMPLES:
            shown = {key: row[key] for key in ("seed_doc_id", "kind", "language", "value", "limit", "detail")}
            held.append({**shown, "rule": rule, "text": candidate.answer.text[:SAMPLE_CHARACTERS]})

    def _about(self, candidate: Candidate, repaired: bool) -> dict[str, Any]:
        return {
            "source": "synthesis", "repo": self.accepted.repo, "doc_id": candidate.doc_id,
            "seed_doc_id": candidate.seed.doc_id, "kind": candidate.seed.kind or None, "repaired": repaired,
        }  # fmt: skip

    def _count(self, candidate: Candidate, outcome: str) -> None:
        seed = candidate.seed
        tenth = None if seed.quantile is None else min(TENTHS - 1, int(seed.quantile * TENTHS))
        row = self._yields.setdefault((seed.kind or None, seed.target, tenth, outcome), [0, 0, 0, 0])
        row[0] += 1
        row[1] += candidate.answer.usage.get("completion_tokens", 0)
        row[2] += candidate.answer.usage.get("prompt_tokens", 0)
        row[3] += candidate.tokens if outcome == "accepted" else 0

    def close(self) -> dict[str, Any]:
        """Write what is left; returns counts."""
        self.documents.flush()
        self.verdicts.flush()
        names = (
            "kind",
            "language",
            "tenth",
            "outcome",
            "answers",
            "answer_tokens",
            "question_tokens",
            "tokens",
        )
        rows = [
            dict(zip(names, (*key, *row), strict=True)) for key, row in sorted(self._yields.items(), key=str)
        ]
        kinds = [_text, _text, _count, _text, _count, _count, _count, _count]
        schema = pa.schema(list(zip(names, kinds, strict=True)))
        documents.write(pa.Table.from_pylist(rows, schema=schema), self.out, schema, YIELDS)
        write_json(self.out / REFUSALS, self._samples)
        return {
            "seeds_tried": self.tried,
            "accepted": self.documents.count,
            "tokens": self.accepted.tokens,
            "answer_tokens": sum(row[1] for row in self._yields.values()),
            "question_tokens": sum(row[2] for row in self._yields.values()),
            "languages": {
                name: {"wanted": round(quota), "tokens": self.got[name]} for name, quota in sorted(self.quotas.items())
            },
            "refused": dict(self.refused.most_common()),
            "kinds": dict(self._kinds),
            "checked": dict(self._checked),
            "unparsed": self._unparsed,
            "mended": self._mended,
        }  # fmt: skip
