"""Seeds become new documents: ask, gate, accept in seed order until each language has its tokens.

Answers are asked for many at a time and come in any order; they are judged in the order of the seeds, so
of each language the accepted set is the shortest prefix of that order that meets its quota, and depends
on the answers alone. The ledger keeps those: after a crash the stage starts over and asks nothing that
was answered. No more is asked for than the tokens that are lacking should need. The price is that a slow
answer holds up those after it, and that the last answers come few at a time.

An answer with a fault that a model can mend (it does not parse, run, or pass its own tests) may be shown the
error once and asked for again; the second answer takes the first one's place.

The seeds' texts are held in memory: a few kilobytes a seed.

Source: Arctic-SnowCoder (arXiv 2409.02326), phase 3; OSS-Instruct (arXiv 2312.02120).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from neve import sandbox, weights
from neve.corpus.contamination.benchmark_index import Index
from neve.errors import Fault
from neve.hashing import seed_of
from neve.llm import costs, local
from neve.llm.answers import Answer
from neve.llm.budget import Budget
from neve.llm.client import Client, in_order
from neve.llm.endpoint import Address
from neve.llm.ledger import Ledger
from neve.progress import bar
from neve.recipe.synthesis import Synthesis
from neve.store import write_json
from neve.synthesis import candidates, draws, execution, gates, imports, kinds, scoring, seeds
from neve.synthesis.candidates import Candidate, Measures
from neve.synthesis.gates import Accepted, Limits
from neve.synthesis.harvest import NOT_ASKED, Harvest
from neve.synthesis.kinds import Kind
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.scoring import Scorer
from neve.synthesis.seeds import Seed
from neve.synthesis.settings import Settings
from neve.synthesis.stated import Verdict
from neve.tokens import bpe

CHARACTERS = 3
"""Characters of code that a token stands for, at least: a prompt of 3 characters a token has room."""
_LOST = Verdict("", wrong="comments that state a wrong result are not found again in the chapter")
REPAIR = """\
That answer has a fault: {fault}

Answer once more with the whole corrected {language} file in a single code block, and nothing else."""


@dataclass(frozen=True)
class Work:
    """What a stage works with."""

    settings: Settings
    kinds: Mapping[str, Kind]
    measures: Measures
    seeds: list[Seed]
    quotas: Mapping[str, float]
    limits: Limits = field(default_factory=Limits)
    scorer: Scorer | None = None
    """Scores answers, where a gate asks for it."""

    @classmethod
    def load(cls, settings: Settings, inputs: dict[str, Path]) -> Work:
        recipe, clean = settings.synthesis, settings.decontaminate
        named = kinds.named(recipe.kinds)
        place = inputs["documents"] / "documents"
        chosen = seeds.read(inputs["seeds"], place, recipe.seeds, settings.seed)
        data = Path(settings.data) if settings.data else None
        measures = Measures(
            lambda text, seed: named.get(seed.kind, kinds.KINDS["problem-file"]).read(text, seed),
            lambda seed: kinds.document(named[seed.kind], seed) if seed.kind in named else seed.target,
            Index.load(clean.benchmarks, data, [file.model_dump() for file in clean.files]),
            bpe.load(inputs["tokenizer"]),
            settings.filters,
        )
        return cls(settings, named, measures, chosen, quotas(chosen, recipe.tokens))

    def judging(self, inputs: dict[str, Path]) -> Work:
        """The same with what answers are judged by: limits out of the corpus and the selection, and what
        scores."""
        corpus, clean, least = inputs["documents"] / "documents", self.settings.decontaminate, {}
        asked = self.settings.synthesis.gates
        if asked.score:
            least = scoring.limits(inputs["selection"], inputs["scores"], corpus, asked.score)
        packages = imports.known(corpus) if asked.known_packages else None
        return replace(
            self,
            limits=Limits(asked, self.settings.near, clean.share, least, packages),
            scorer=Scorer(inputs["annotator"], least) if asked.score else None,
        )

    def refusal(self, candidate: Candidate, accepted: Accepted) -> tuple[gates.Gate, gates.Refusal] | None:
        """By the gates of its kind."""
        return gates.first_refusal(self.kinds[candidate.seed.kind].GATES, candidate, accepted, self.limits)

    def drawn(self, number: int) -> Work:
        """The same for a further draw of the answers: other sampling seeds, of one of the recipe's draws."""
        recipe = self.settings.synthesis
        own = recipe.model_copy(update={"draw": recipe.draw + number - 1})
        return replace(self, settings=replace(self.settings, synthesis=own))

    def asked(self) -> Iterator[Seed]:
        """The seeds, each with its kind and its question, or without one."""
        recipe = self.settings.synthesis
        shares = list(zip(self.kinds.values(), recipe.kinds.values(), strict=True))
        return kinds.deal(self.seeds, shares, CHARACTERS * recipe.prompt_tokens, list(self.quotas))

    def payload(self, seed: Seed, model: str) -> dict[str, Any]:
        """What asks `model` for a document: a function of the seed's document and the recipe alone."""
        recipe = self.settings.synthesis
        draw = f" {recipe.draw}" if recipe.draw > 1 else ""
        return {
            "model": model,
            "messages": [{"role": "user", "content": seed.prompt}],
            "max_tokens": recipe.max_tokens,
            "temperature": recipe.temperature,
            "top_p": recipe.top_p,
            "stop": list(self.kinds[seed.kind].STOP),
            "seed": seed_of(f"synthesis {self.settings.seed} {seed.doc_id} {seed.turn}{draw}", bits=31),
        }


def quotas(seeds: list[Seed], tokens: int) -> dict[str, float]:
    """Accepted tokens wanted of each language, in the proportions of its seeds, which are the recipe's
    shares."""
    counts = Counter(seed.language for seed in seeds)
    return {name: tokens * count / len(seeds) for name, count in sorted(counts.items())}


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `synthesis`: documents/ and verdicts/ in seed order, yields.parquet, refusals.json; of each
    further draw of the answers the same in a folder of its own (`draws`). Returns the first draw's counts.

    `inputs`: documents, seeds (seeds.parquet in seed order), tokenizer; with `gates.score` also selection,
    scores and annotator. All draws are asked for together, since the last answers of one leave most of a
    server idle. Raises Fault when the endpoint fails or a budget is used up; what was answered is not asked
    again.
    """
    work, recipe = Work.load(settings, inputs).judging(inputs), settings.synthesis
    place = sandbox.probe() if recipe.gates.run and settings.sandbox != "none" else None
    corpus = inputs["documents"] / "documents" if recipe.gates.corpus else None
    known = Lookalikes(settings.near, corpus, out)
    with (
        Ledger(Path(settings.ledger)) as ledger,
        served(recipe) as (addresses, name),
        bar("synthesis", total=settings.draws * recipe.tokens, unit="accepted tokens") as advance,
        ThreadPoolExecutor(1) as judges,
    ):
        each = recipe.max_tokens * recipe.budget.expected_yield
        asking = [
            Draw(
                work.drawn(number),
                Harvest(
                    Accepted(known.beside(), f"synthetic/{name}"), work.limits, work.kinds, work.quotas,
                    draws.folder(out, number), each,
                ),
                name, place, advance, judges,
            )
            for number in range(1, 1 + settings.draws)
        ]  # fmt: skip
        asyncio.run(_ask(asking, addresses, ledger, _bounds(recipe, ledger, name)))
    endpoint = (
        " ".join(a.url for a in addresses) if recipe.endpoint != "local" or recipe.endpoints else "local"
    )
    made = [draw.harvest.close() | {"model": name, "endpoint": endpoint} for draw in asking]
    for number, counts in enumerate(made, 1):
        if counts["seeds_tried"] != counts["accepted"] + sum(counts["refused"].values()):
            raise Fault(f"synthesis: the seeds tried do not add up to documents and verdicts: {counts}")
        if number > 1:
            write_json(draws.folder(out, number) / draws.COUNTS, counts)
    return made[0]


async def _ask(asking: list[Draw], addresses: list[Address], ledger: Ledger, bounds: dict[str, Any]) -> None:
    async with Client(addresses, ledger, **bounds) as client:
        tasks = [asyncio.create_task(draw.ask(client)) for draw in asking]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Draw:
    """One draw of the answers: what is asked, and what becomes of it."""

    work: Work
    harvest: Harvest
    model: str
    place: sandbox.Sandbox | None
    advance: Callable[[int], None]
    judges: Executor
    """One thread: parsers and indexes are not made for two. Its own, since the ledger needs the others to
    answer a judge who asks again."""

    async def ask(self, client: Client) -> None:
        """Ask until each language has its tokens, or nothing is left to ask."""
        loop, work, harvest = asyncio.get_running_loop(), self.work, self.harvest

        def again(payloads: list[dict[str, Any]]) -> list[Answer]:
            asked = [asyncio.run_coroutine_threadsafe(client.ask(p), loop) for p in payloads]
            return [future.result() for future in asked]

        def judge(answers: list[tuple[Seed, Answer]]) -> bool:
            pairs = [pair for pair in answers if harvest.wanted(pair[0])]
            made = [(each, False) for each in assess(work, pairs, harvest.accepted, self.place)]
            if work.settings.synthesis.repair:
                asks = partial(_asks, work, self.model, again)
                made = repaired(work, made, harvest.accepted, self.place, asks)
            for candidate, mended in made:
                if harvest.wanted(candidate.seed):
                    self.advance(candidate.tokens if harvest.judge(candidate, mended) else 0)
            return harvest.full

        questions = (
            (seed, partial(client.ask, work.payload(seed, self.model)) if seed.prompt else _nothing)
            for seed in work.asked()
            if harvest.wanted(seed)
        )
        await in_order(client, questions, judge, harvest.lacking, self.judges)


async def _nothing() -> Answer:
    return NOT_ASKED


def assess(
    work: Work, answers: list[tuple[Seed, Answer]], accepted: Accepted, place: sandbox.Sandbox | None
) -> list[Candidate]:
    """Candidates for answers; those that all cheaper gates let pass are scored, where a limit asks for it,
    and then run, where the kind does."""
    made = candidates.measure(answers, work.measures) if answers else []

    def passing() -> list[int]:
        return [
            i for i, candidate in enumerate(made)
            if candidate.answer is not NOT_ASKED and work.refusal(candidate, accepted) is None
        ]  # fmt: skip

    if work.scorer is not None:
        chosen = passing()
        for i, candidate in zip(chosen, work.scorer.scored([made[i] for i in chosen]), strict=True):
            made[i] = candidate
    if place is None:
        return made
    runs = [i for i in passing() if gates.RUNS[0] in work.kinds[made[i].seed.kind].GATES]
    programs = [
        execution.Program(
            made[i].seed.target,
            made[i].program,
            kinds.beside(work.kinds[made[i].seed.kind], made[i].seed),
            (made[i].seed.language, made[i].seed.text)
            if gates.PRINTS_AS_SEED in work.kinds[made[i].seed.kind].GATES
            else None,
        )
        for i in runs
    ]
    checks = execution.check(programs, work.settings.synthesis.gates, place) if programs else []
    for i, check in zip(runs, checks, strict=True):
        made[i] = replace(made[i], check=check)
        if check.comments is not None and check.comments.mended:
            new = candidates.mended(made[i], check.comments.text, work.measures)
            made[i] = new or replace(made[i], check=replace(check, comments=_LOST))
    return made


def repaired(
    work: Work,
    made: list[tuple[Candidate, bool]],
    accepted: Accepted,
    place: sandbox.Sandbox | None,
    asks: Any,
) -> list[tuple[Candidate, bool]]:
    """`made` with second answers for those that a mendable gate refuses; `asks([(candidate, fault)])` gets
    them."""
    faults = []
    for i, (candidate, _) in enumerate(made):
        if candidate.answer is NOT_ASKED:
            continue
        found = work.refusal(candidate, accepted)
        if found is not None and found[0].rule in gates.MENDABLE:
            faults.append((i, said(candidate, found[0].rule, found[1])))
    answers = asks([(made[i][0], fault) for i, fault in faults])
    seconds = assess(
        work, [(made[i][0].seed, a) for (i, _), a in zip(faults, answers, strict=True)], accepted, place
    )
    for (i, _), second in zip(faults, seconds, strict=True):
        made[i] = (second, True)
    return made


def _asks(work: Work, model: str, again: Any, faults: list[tuple[Candidate, str]]) -> list[Answer]:
    payloads = []
    for candidate, fault in faults:
        payload = work.payload(candidate.seed, model)
        turn = REPAIR.format(fault=fault, language=candidate.seed.target)
        payload["messages"] += [
            {"role": "assistant", "content": candidate.answer.text},
            {"role": "user", "content": turn},
        ]
        payloads.append(payload)
    return again(payloads)


def said(candidate: Candidate, rule: str, why: gates.Refusal) -> str:
    """A refusal as it is told to the model."""
    if rule == "syntax" and candidate.seed.target == "Python":
        try:
            compile(candidate.program, "answer.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            return f"{type(error).__name__}: {error}"
    what = {
        "syntax": "it does not parse", "lint": "a linter finds undefined or unused names",
        "tests-assert-nothing": "some of its tests assert nothing",
        "unknown-package": "it imports a package that may not exist",
        "other-output": "it prints something else than the file it was made of",
        "tests-notice-nothing": "its tests pass whatever the code does",
    }.get(rule, rule.replace("-", " "))  # fmt: skip
    return f"{what}: {why.detail}" if why.detail else what


def _bounds(recipe: Synthesis, ledger: Ledger, model: str) -> dict[str, Any]:
    """What the client is held to: its concurrency, and the budget with what the ledger spent on the
    model."""
    budget = recipe.budget
    limited = budget.tokens is not None or budget.money is not None
    spent = costs.report(ledger).get(model, {}) if limited else {}
    alone = recipe.endpoint == "local" and not recipe.endpoints
    return {
        "concurrency": recipe.concurrency or (local.SLOTS if alone else None),
        "total_s": None if budget.hours is None else 3600 * budget.hours,
        "budget": Budget(
            budget.tokens, budget.money, budget.input_price, budget.output_price,
            spent.get("input_tokens", 0), spent.get("output_tokens", 0),
        ),
    }  # fmt: skip


@contextmanager
def served(recipe: Synthesis) -> Iterator[tuple[list[Address], str]]:
    """The endpoints, and the model's name, which is its identity in the ledger; "local" is served while the
    context lasts."""
    if recipe.endpoints:
        yield [Address(e.url, e.weight, e.api_key_env) for e in recipe.endpoints], recipe.model
    elif recipe.endpoint != "local":
        yield [Address(recipe.endpoint, api_key_env=recipe.api_key_env)], recipe.model
    else:
        file = weights.resolve(recipe.model)
        name = weights.identity(recipe.model, file)
        context = recipe.prompt_tokens + recipe.max_tokens * (2 if recipe.repair else 1)
        slots = recipe.concurrency or local.SLOTS
        with local.serve(file, name, slots=slots, context=context) as base:
            yield [Address(base, timeout_s=local.ANSWER_SECONDS)], name
