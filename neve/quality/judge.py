"""A language model says how good documents are, over any OpenAI-compatible endpoint.

It either rates each document on the criteria of a rubric, or says of pairs which is the better one. Ratings
are cheap and drift towards the same few numbers; pairs cost two questions each and say more about small
differences. Every pair is asked in both orders, since models prefer a place: what is said twice counts, what
follows the place is a draw and is counted. Pairs lie within a language, as ranks do, and become one number
by the Bradley-Terry model.

Every answer goes through the ledger: a killed judge asks only what it has not asked, and the same answers
give the same labels. The trade-off: a judge reads the beginning of a document, `characters` of it, since its
price is what it reads.

Sources: Bradley, Terry, "Rank analysis of incomplete block designs" (1952); Hunter, "MM algorithms for
generalized Bradley-Terry models" (2004).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neve import weights
from neve.errors import Fault
from neve.llm import local
from neve.llm.answers import Answer
from neve.llm.client import Client, in_order
from neve.llm.endpoint import Address
from neve.llm.ledger import Ledger
from neve.progress import bar
from neve.quality.annotator import Documents
from neve.quality.rubrics import Rubric
from neve.recipe.annotators import Judge

FRAME_TOKENS = 800
"""Tokens of a prompt beside the documents, at most."""
LEAST_CHARACTERS = 2
"""Characters of code that a token stands for, at least."""
PRIOR = 0.5
"""Bradley-Terry: draws with an average document that each document starts from, so that one that won every
time has a finite strength."""
ROUNDS = 200

Question = tuple[tuple[str, str], str]
"""(doc_id, the other's or ""), and the prompt."""


@dataclass
class Judged:
    """What a judge said."""

    doc_ids: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """The second document of a pair; "" where one is rated."""
    answers: list[str] = field(default_factory=list)
    values: list[tuple[float, ...] | None] = field(default_factory=list)
    """As the rubric reads them; None: could not be read, or no answer came."""
    counts: Counter[str] = field(default_factory=Counter)
    """Questions asked, unparsed, failed (no answer came) and cut (at the limit of tokens)."""

    def add(self, key: tuple[str, str], answer: Answer, rubric: Rubric) -> None:
        value = rubric.read(answer.text) if answer.error is None else None
        self.doc_ids.append(key[0])
        self.others.append(key[1])
        self.answers.append(answer.text if answer.error is None else f"({answer.error})")
        self.values.append(value)
        failed = answer.error is not None
        self.counts.update(
            asked=1, failed=failed, unparsed=value is None and not failed, cut=answer.ending == "cut"
        )

    def table(self) -> pa.Table:
        """For people: doc_id, other, answer, values."""
        return pa.table(
            {
                "doc_id": pa.array(self.doc_ids, pa.string()),
                "other": pa.array(self.others, pa.string()),
                "answer": pa.array(self.answers, pa.string()),
                "values": pa.array(self.values, pa.list_(pa.float64())),
            }
        )


def judge(
    documents: Documents, table: Judge, ledger: Path, work: str = "judge"
) -> tuple[dict[str, float], Judged]:
    """How good each document is, by doc_id: 0 to 1; documents of which no answer could be read are left out.

    Raises Fault where the endpoint fails, or not one answer can be read; what was answered is not asked
    again.
    """
    rubric = Rubric.load(table.rubric)
    pairs = rubric.kind == "pair"
    questions = _pairs(documents, rubric, table) if pairs else _single(documents, rubric, table)
    judged = _ask(questions, rubric, table, ledger, work)
    if not any(value is not None for value in judged.values) and judged.values:
        raise Fault(
            f"judge: none of {len(judged.values)} answers of {table.model} can be read, e.g. "
            f"{judged.answers[0][:120]!r}; take another model, or a rubric that asks for less"
        )
    return (_strengths(judged) if pairs else _ratings(judged, rubric)), judged


def _single(documents: Documents, rubric: Rubric, table: Judge) -> Iterator[Question]:
    """One question a document; a loop over documents, since each is a prompt of its own."""
    for batch in documents.batches():
        rows = zip(batch.doc_ids.tolist(), batch.languages, batch.texts, strict=True)
        for doc_id, language, text in rows:
            yield (doc_id.decode(), ""), rubric.ask(language, text[: table.characters])


def _pairs(documents: Documents, rubric: Rubric, table: Judge) -> Iterator[Question]:
    """Each document beside the next `pairs` ones of its language, in a ring of doc_ids, in both orders.

    The beginnings of all documents are held in memory.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for batch in documents.batches():
        rows = zip(batch.doc_ids.tolist(), batch.languages, batch.texts, strict=True)
        for doc_id, language, text in rows:
            found.setdefault(language, []).append((doc_id.decode(), text[: table.characters]))
    for language, members in sorted(found.items()):
        members.sort()
        size = len(members)
        for step in range(1, min(table.pairs, (size - 1) // 2 or size - 1) + 1):
            for at in range(size if size > 2 else 1):
                one, two = members[at], members[(at + step) % size]
                for first, second in ((one, two), (two, one)):
                    yield (first[0], second[0]), rubric.ask(language, first[1], second[1])


def _ask(questions: Iterator[Question], rubric: Rubric, table: Judge, ledger: Path, label: str) -> Judged:
    judged = Judged()
    with (
        Ledger(ledger) as book,
        _endpoint(table, 2 if rubric.kind == "pair" else 1) as (address, name),
        bar(label, unit="answers") as advance,
    ):

        def take(answers: list[tuple[tuple[str, str], Answer]]) -> bool:
            for key, answer in answers:
                judged.add(key, answer, rubric)
            advance(len(answers))
            return False

        async def work() -> None:
            async with Client([address], book, concurrency=table.concurrency) as client:
                asks: Iterator[tuple[tuple[str, str], Callable[[], Coroutine[Any, Any, Answer]]]] = (
                    (key, partial(client.ask, _payload(prompt, name, table))) for key, prompt in questions
                )
                await in_order(client, asks, take)

        asyncio.run(work())
    return judged


def _payload(prompt: str, model: str, table: Judge) -> dict[str, Any]:
    """The question as it is sent; the likeliest answer is asked for, so that nothing is drawn."""
    return {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": table.max_tokens,
        "temperature": 0.0,
    }


@contextmanager
def _endpoint(table: Judge, texts: int) -> Iterator[tuple[Address, str]]:
    """Address and the model's name, which is its identity in the ledger; "local" is served meanwhile."""
    if table.endpoint != "local":
        yield Address(table.endpoint, api_key_env=table.api_key_env), table.model
        return
    file = weights.resolve(table.model)
    name = weights.identity(table.model, file)
    context = texts * table.characters // LEAST_CHARACTERS + FRAME_TOKENS + table.max_tokens
    with local.serve(file, name, slots=table.concurrency, context=context) as base:
        yield Address(base, timeout_s=local.ANSWER_SECONDS), name


def _ratings(judged: Judged, rubric: Rubric) -> dict[str, float]:
    """The mean over the criteria, on a scale of 0 to 1."""
    return {
        doc_id: (sum(value) / len(value) - rubric.low) / (rubric.high - rubric.low)
        for doc_id, value in zip(judged.doc_ids, judged.values, strict=True)
        if value is not None
    }


def _strengths(judged: Judged) -> dict[str, float]:
    """The chance of each document to beat an average one. Adds to the counts how many pairs were said the
    same way in both orders, and how many followed the place."""
    said = {
        (one, two): value[0]
        for one, two, value in zip(judged.doc_ids, judged.others, judged.values, strict=True)
        if value is not None
    }
    ids = sorted({doc_id for pair in said for doc_id in pair})
    place = {doc_id: row for row, doc_id in enumerate(ids)}
    wins = np.full(len(ids), PRIOR)
    met = [(one, two) for one, two in said if one < two and (two, one) in said]
    for one, two in met:
        won = (said[one, two] + 1 - said[two, one]) / 2
        wins[place[one]] += won
        wins[place[two]] += 1 - won
        judged.counts["both orders"] += won != 0.5
        judged.counts["by place"] += won == 0.5
        judged.counts["first place"] += int(said[one, two] == 1 == said[two, one])
    left, right = (np.array([place[pair[k]] for pair in met], dtype=np.int64) for k in (0, 1))
    return dict(zip(ids, bradley_terry(wins, left, right).tolist(), strict=True))


def bradley_terry(wins: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The chance of each of n things to beat an average one, float64 [n], from its wins (PRIOR among them)
    and the pairs that met, once each.

    >>> bradley_terry(np.array([1.5, 0.5]), np.array([0]), np.array([1])).round(2)
    array([0.69, 0.31])
    """
    strength = np.ones(len(wins))
    for _ in range(ROUNDS):
        shared = 1 / (strength[left] + strength[right])
        met = np.bincount(left, shared, len(wins)) + np.bincount(right, shared, len(wins))
        strength = wins / (met + 2 * PRIOR / (strength + 1))
    return strength / (strength + 1)
