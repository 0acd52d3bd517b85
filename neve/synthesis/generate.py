"""Seeds become new documents: ask, gate, accept in seed order until the token budget is met.

Answers are asked for many at a time and come in any order; they are judged in the order of the seeds, so the accepted
set is the shortest prefix of that order that meets the budget and depends on the answers alone. The ledger keeps
those: after a crash the stage starts over and asks nothing that was answered. The price is that a slow answer holds
up those behind it, which go on being asked up to AHEAD times the concurrency, and that the last few answers are
not needed.

The seeds' texts and the accepted documents are held in memory: a few kilobytes a seed.

Source: Arctic-SnowCoder (arXiv 2409.02326), phase 3; OSS-Instruct (arXiv 2312.02120).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve import documents, weights
from neve.corpus.contamination.benchmark_index import Index
from neve.corpus.languages import detection
from neve.errors import Fault
from neve.hashing import seed_of
from neve.llm import local
from neve.llm.client import Answer, Client
from neve.llm.ledger import Ledger
from neve.progress import bar
from neve.recipe.recipe import Near, Synthesis
from neve.synthesis import gates, prompts
from neve.synthesis.gates import Accepted, Candidate, Refusal, Seed
from neve.tokens import bpe

RULES_VERSION = 1
AHEAD = 2
PROMPT_TOKENS = 1024
"""Room for the question beside the answer, in the context of a local model."""


@dataclass
class Harvest:
    """What became of the seeds tried so far, each a document or a verdict."""

    accepted: Accepted
    verdicts: list[tuple[Candidate, str, Refusal]] = field(default_factory=list)
    tried: int = 0


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `synthesis`: documents/ and verdicts/ with the column seed_doc_id, both in seed order.

    `settings`: synthesis, near, decontaminate (sections of the recipe), seed, ledger (a path), concurrency,
    api_key_env. `inputs`: curate, selection (seeds.parquet in
    seed order), tokenizer. Raises Fault when the endpoint fails; what was answered is not asked again.
    """
    recipe = Synthesis(**settings["synthesis"])
    seeds = read_seeds(inputs["selection"], inputs["curate"] / "documents", recipe.seeds, settings["seed"])
    clean, data = settings["decontaminate"], settings["data"]
    index = Index.load(clean["benchmarks"], Path(data) if data else None, clean["files"])
    share = settings["decontaminate"]["share"]
    tokenizer = bpe.load(inputs["tokenizer"])
    harvest = Harvest(Accepted(Near(**settings["near"])))
    concurrency = settings["concurrency"]

    with (
        Ledger(Path(settings["ledger"])) as ledger,
        _endpoint(recipe, concurrency) as (base, name),
        bar("synthesis", total=recipe.tokens, unit="accepted tokens") as advance,
    ):

        def judge(answers: list[tuple[Seed, Answer]]) -> bool:
            for candidate in gates.measure(answers, index, tokenizer):
                if harvest.accepted.tokens >= recipe.tokens:
                    break
                harvest.tried += 1
                refused = gates.first_refusal(candidate, harvest.accepted, share)
                if refused is not None:
                    harvest.verdicts.append((candidate, *refused))
                else:
                    harvest.accepted.add(candidate)
                advance(0 if refused else candidate.tokens)
            return harvest.accepted.tokens >= recipe.tokens

        async def work() -> None:
            async with Client(
                base, ledger, api_key_env=settings["api_key_env"], concurrency=concurrency
            ) as client:
                questions = [(seed, question(seed, name, recipe, settings["seed"])) for seed in seeds]
                await ask_in_order(client, questions, judge, AHEAD * concurrency)

        asyncio.run(work())
    return _write(harvest, [seed.doc_id for seed in seeds], name, out) | {"endpoint": recipe.endpoint}


def read_seeds(selection: Path, corpus: Path, limit: int, seed: int) -> list[Seed]:
    """The first `limit` seeds of `selection`/seeds.parquet, in its order, with their texts out of `corpus`."""
    seeds = documents.read(selection / "seeds.parquet", ["doc_id", "turn"]).slice(0, limit)
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
            prompts.snippet(row["content"], row["doc_id"], seed, turn), turn,
        )
        for row, turn in zip(rows, seeds["turn"].to_pylist(), strict=True)
    ]  # fmt: skip


def question(seed: Seed, model: str, recipe: Synthesis, run_seed: int) -> dict[str, Any]:
    """The payload that asks `model` for a document: a function of the seed's document and the recipe alone."""
    return {
        "model": model,
        "messages": [{"role": "user", "content": prompts.prompt(seed.language, seed.snippet)}],
        "max_tokens": recipe.max_tokens,
        "temperature": recipe.temperature,
        "top_p": recipe.top_p,
        "stop": prompts.STOP,
        "seed": seed_of(f"synthesis {run_seed} {seed.doc_id} {seed.turn}", bits=31),
    }


async def ask_in_order(
    client: Client,
    questions: list[tuple[Seed, dict[str, Any]]],
    judge: Callable[[list[tuple[Seed, Answer]]], bool],
    ahead: int,
) -> None:
    """Ask up to `ahead` questions beyond the first that is open, and hand answers to `judge` in the questions' order.

    Ends when `judge` says that it has enough, or no question is left. It is called with one or more answers at a time, in
    a thread of its own, so that asking goes on.
    """
    asked: deque[tuple[Seed, asyncio.Task[Answer]]] = deque()
    todo, enough = iter(questions), False
    try:
        while not enough:
            for seed, payload in islice(todo, ahead - len(asked)):
                asked.append((seed, asyncio.create_task(client.ask(payload))))
            if not asked:
                break
            if not asked[0][1].done():
                waiting = [task for _, task in asked if not task.done()]
                finished, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    task.result()  # a Fault ends the work
            ready = []
            while asked and asked[0][1].done():
                seed, task = asked.popleft()
                ready.append((seed, task.result()))
            if ready:
                enough = await asyncio.to_thread(judge, ready)
    finally:
        for _, task in asked:
            task.cancel()
        await asyncio.gather(*(task for _, task in asked), return_exceptions=True)


@contextmanager
def _endpoint(recipe: Synthesis, slots: int) -> Iterator[tuple[str, str]]:
    """Base URL and the model's name, which is its identity in the ledger; "local" is served while the context lasts."""
    if recipe.endpoint != "local":
        yield recipe.endpoint, recipe.model
        return
    file = weights.resolve(recipe.model)
    name = recipe.model
    if name not in weights.PINNED:
        name = f"{file.stem}-{weights.digest(file)[:8]}"
    with local.serve(file, name, slots=slots, context=recipe.max_tokens + PROMPT_TOKENS) as base:
        yield base, name


def _write(harvest: Harvest, seeds: list[str], model: str, out: Path) -> dict[str, Any]:
    """Write documents and verdicts; returns the stage's counts."""
    accepted, verdicts = harvest.accepted, harvest.verdicts
    where = {"source": "synthesis", "repo": f"synthetic/{model}"}
    rows = [
        {
            **where, "doc_id": doc_id, "path": f"{doc_id}{detection.extension(c.seed.language)}",
            "language": c.seed.language, "split": "train", "size": len(c.code.encode()), "content": c.code,
            "seed_doc_id": c.seed.doc_id,
        }
        for doc_id, c in accepted.candidates.items()
    ]  # fmt: skip
    kept = {row["doc_id"]: (row["repo"], row["path"]) for row in rows}
    kept |= {c.seed.doc_id: (c.seed.repo, c.seed.path) for c, _, _ in verdicts}
    order = [rule for rule, _ in gates.GATES]
    stopped = []
    for c, rule, why in verdicts:
        kept_repo, kept_path = kept[why.kept_doc_id] if why.kept_doc_id else (None, None)
        unparsed = c.unparsed and order.index(rule) > order.index("syntax")
        row = {
            **where, "doc_id": c.doc_id, "path": f"seed-{c.seed.doc_id}-{c.seed.turn}{detection.extension(c.seed.language)}",
            "language": c.seed.language, "stage": "gates", "rule": rule, "value": why.value, "limit": why.limit,
            "kept_doc_id": why.kept_doc_id, "kept_repo": kept_repo, "kept_path": kept_path,
            "detail": why.detail or (f"no parser for {c.seed.language}" if unparsed else None),
            "seed_doc_id": c.seed.doc_id,
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
        schema = schema.append(pa.field("seed_doc_id", pa.string(), nullable=False))
        documents.write(pa.Table.from_pylist(made, schema=schema), out / name, schema)
    return {
        "seeds_tried": harvest.tried,
        "accepted": len(rows),
        "tokens": accepted.tokens,
        "refused": {rule: n for rule in order if (n := sum(r == rule for _, r, _ in verdicts))},
        "unparsed": sum(c.unparsed for c in accepted.candidates.values()),
        "model": model,
    }
