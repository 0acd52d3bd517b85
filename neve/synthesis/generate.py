"""Seeds become new documents: ask, gate, accept in seed order until the token budget is met.

Answers are asked for many at a time and come in any order; they are judged in the order of the seeds, so the
accepted set is the shortest prefix of that order that meets the budget and depends on the answers alone. The
ledger keeps those: after a crash the stage starts over and asks nothing that was answered. The price is that
a slow answer holds up those after it, which go on being asked up to AHEAD times the concurrency, and that
the last few answers are not needed.

The seeds' texts and the accepted documents are held in memory: a few kilobytes a seed.

Source: Arctic-SnowCoder (arXiv 2409.02326), phase 3; OSS-Instruct (arXiv 2312.02120).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from neve import documents, weights
from neve.corpus.contamination.benchmark_index import Index
from neve.corpus.languages import detection
from neve.errors import Fault
from neve.hashing import seed_of
from neve.llm import local
from neve.llm.answers import Answer
from neve.llm.client import Client, in_order
from neve.llm.ledger import Ledger
from neve.progress import bar
from neve.recipe.synthesis import Synthesis
from neve.synthesis import candidates, gates, kinds, seeds
from neve.synthesis.candidates import Accepted, Candidate
from neve.synthesis.gates import Refusal
from neve.synthesis.reading import Reading
from neve.synthesis.seeds import Seed
from neve.synthesis.settings import Settings
from neve.tokens import bpe

CHARACTERS = 3
"""Characters of code that a token stands for, at least: a prompt of 3 characters a token has room."""
UNSUITABLE = "unsuitable"
"""Rule of the verdict of a seed that suits none of the kinds asked for."""

NOT_ASKED = Answer("")
"""In place of an answer, for such a seed."""


@dataclass
class Harvest:
    """What became of the seeds tried so far, each a document or a verdict."""

    accepted: Accepted
    verdicts: list[tuple[Candidate, str, Refusal]] = field(default_factory=list)
    tried: int = 0

    def judge(self, candidate: Candidate, share: float) -> bool:
        """Whether the candidate was accepted; `share` is the limit of contamination."""
        self.tried += 1
        if candidate.answer is NOT_ASKED:
            self.verdicts.append((candidate, UNSUITABLE, Refusal()))
            return False
        wanted = kinds.KINDS[candidate.seed.kind].GATES
        if (refused := gates.first_refusal(wanted, candidate, self.accepted, share)) is not None:
            gate, refusal = refused
            self.verdicts.append((candidate, gate.rule, refusal))
            return False
        self.accepted.add(candidate)
        return True


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `synthesis`: documents/ and verdicts/ with the columns seed_doc_id and kind, both in seed order.

    `inputs`: documents, seeds (seeds.parquet in seed order), tokenizer. Raises Fault when the endpoint
    fails; what was answered is not asked again.
    """
    recipe = settings.synthesis
    chosen = seeds.read(inputs["seeds"], inputs["documents"] / "documents", recipe.seeds, settings.seed)
    clean, data = settings.decontaminate, settings.data
    index = Index.load(
        clean.benchmarks, Path(data) if data else None, [file.model_dump() for file in clean.files]
    )
    tokenizer = bpe.load(inputs["tokenizer"])
    harvest = Harvest(Accepted(settings.near))
    concurrency = recipe.concurrency

    with (
        Ledger(Path(settings.ledger)) as ledger,
        _endpoint(recipe, concurrency) as (base, name),
        bar("synthesis", total=recipe.tokens, unit="accepted tokens") as advance,
    ):

        def judge(answers: list[tuple[Seed, Answer]]) -> bool:
            for candidate in _measured(answers, index, tokenizer):
                if harvest.accepted.tokens >= recipe.tokens:
                    break
                accepted = harvest.judge(candidate, clean.share)
                advance(candidate.tokens if accepted else 0)
            return harvest.accepted.tokens >= recipe.tokens

        async def work() -> None:
            async with Client(
                base, ledger, api_key_env=recipe.api_key_env, concurrency=concurrency
            ) as client:
                dealt = kinds.deal(chosen, recipe.kinds, CHARACTERS * recipe.prompt_tokens)
                asks = (
                    (seed, partial(client.ask, question(seed, prompt, name, recipe, settings.seed)))
                    if prompt is not None
                    else (seed, _nothing)
                    for seed, prompt in dealt
                )
                await in_order(client, asks, judge)

        asyncio.run(work())
    return _write(harvest, [seed.doc_id for seed in chosen], name, out) | {"endpoint": recipe.endpoint}


async def _nothing() -> Answer:
    return NOT_ASKED


def _measured(answers: list[tuple[Seed, Answer]], index: Index, tokenizer: bpe.Tokenizer) -> list[Candidate]:
    """Candidates in the order of `answers`, each read as its kind says."""

    def read(text: str, seed: Seed) -> Reading:
        return kinds.KINDS[seed.kind].read(text, seed)

    return candidates.measure(answers, read, index, tokenizer)


def question(seed: Seed, prompt: str, model: str, recipe: Synthesis, run_seed: int) -> dict[str, Any]:
    """The payload that asks `model` for a document: a function of the seed's document and the
    recipe alone."""
    return {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": recipe.max_tokens,
        "temperature": recipe.temperature,
        "top_p": recipe.top_p,
        "stop": list(kinds.KINDS[seed.kind].STOP),
        "seed": seed_of(f"synthesis {run_seed} {seed.doc_id} {seed.turn}", bits=31),
    }


@contextmanager
def _endpoint(recipe: Synthesis, slots: int) -> Iterator[tuple[str, str]]:
    """Base URL and the model's name, which is its identity in the ledger; "local" is served while the
    context lasts."""
    if recipe.endpoint != "local":
        yield recipe.endpoint, recipe.model
        return
    file = weights.resolve(recipe.model)
    name = weights.identity(recipe.model, file)
    with local.serve(file, name, slots=slots, context=recipe.max_tokens + recipe.prompt_tokens) as base:
        yield base, name


def _write(harvest: Harvest, seeds: list[str], model: str, out: Path) -> dict[str, Any]:
    """Write documents and verdicts; returns the stage's counts."""
    accepted, verdicts = harvest.accepted, harvest.verdicts
    where = {"source": "synthesis", "repo": f"synthetic/{model}"}
    rows = [
        {
            **where, "doc_id": doc_id, "path": f"{doc_id}{detection.extension(c.seed.language)}",
            "language": c.seed.language, "split": "train", "size": len(c.code.encode()), "content": c.code,
            "seed_doc_id": c.seed.doc_id, "kind": c.seed.kind,
        }
        for doc_id, c in accepted.candidates.items()
    ]  # fmt: skip
    kept = {row["doc_id"]: (row["repo"], row["path"]) for row in rows}
    kept |= {c.seed.doc_id: (c.seed.repo, c.seed.path) for c, _, _ in verdicts}
    stopped = []
    for c, rule, why in verdicts:
        kept_repo, kept_path = kept[why.kept_doc_id] if why.kept_doc_id else (None, None)
        rules = [gate.rule for gate in kinds.KINDS[c.seed.kind].GATES]
        later = rule in rules and rules.index(rule) > rules.index(gates.SYNTAX.rule)
        row = {
            **where, "doc_id": c.doc_id, "path": f"seed-{c.seed.doc_id}-{c.seed.turn}{detection.extension(c.seed.language)}",
            "language": c.seed.language, "stage": "gates", "rule": rule, "value": why.value, "limit": why.limit,
            "kept_doc_id": why.kept_doc_id, "kept_repo": kept_repo, "kept_path": kept_path,
            "detail": why.detail or (f"no parser for {c.seed.language}" if later and c.unparsed else None),
            "seed_doc_id": c.seed.doc_id, "kind": c.seed.kind,
        }  # fmt: skip
        stopped.append(row)
    if sorted(str(row["seed_doc_id"]) for row in rows + stopped) != sorted(seeds[: harvest.tried]):
        raise Fault(
            f"synthesis: {harvest.tried} seeds tried do not add up to {len(rows)} documents and {len(stopped)} verdicts"
        )
    for name, schema, made in (
        ("documents", documents.DOCUMENTS, rows),
        ("verdicts", documents.VERDICTS, stopped),
    ):
        for column in ("seed_doc_id", "kind"):
            schema = schema.append(pa.field(column, pa.string(), nullable=False))
        documents.write(pa.Table.from_pylist(made, schema=schema), out / name, schema)
    return {
        "seeds_tried": harvest.tried,
        "accepted": len(rows),
        "tokens": accepted.tokens,
        "refused": dict(Counter(rule for _, rule, _ in verdicts).most_common()),
        "kinds": dict(Counter(c.seed.kind for c in accepted.candidates.values())),
        "unparsed": sum(c.unparsed for c in accepted.candidates.values()),
        "model": model,
    }
