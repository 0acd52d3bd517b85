"""`neve evaluate` and `neve grade`: a model, or samples made elsewhere, to results.json in a folder.

Each benchmark has two journals in the folder, samples and verdicts, and both go on where a killed command was; what is
finished is not done again. A folder belongs to one model and one set of settings: another is refused, so that figures of
two never mix. Benchmarks are graded one after the other, each with all cores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from neve import sandbox
from neve.errors import Fault
from neve.evaluation import bits_per_byte, results, statistics
from neve.evaluation.generation import extraction, generate
from neve.evaluation.generation.sampling import Sampling, seed_of
from neve.evaluation.grading import journal, samples
from neve.evaluation.grading.grade import grade
from neve.evaluation.grading.sample_grade import Grade
from neve.evaluation.grading.samples import Sample
from neve.locks import locked
from neve.store import read_json, write_json
from neve.tasks import benchmarks
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE, Traits

QUESTION = (
    "Write a Python program that does what is asked below. Answer with one block of code that holds all it needs: "
    "imports, helper functions, and the function asked for, under its name.\n\n"
)


ENDPOINT_STOPS = 4
"""Stops that an endpoint is told of, which saves tokens; all of them are looked for here, and some endpoints take four only."""


@dataclass(frozen=True)
class Asked:
    """What is evaluated, and how; the fields are those of the command line."""

    model: str
    tasks: str
    data: Path | None = None
    only: str | None = None
    n: int = 1
    sampling: Sampling = field(default_factory=Sampling)
    ks: tuple[int, ...] = (1,)
    endpoint: str | None = None
    chat: bool = False
    max_new_tokens: int = 512
    heldout: Path | None = None
    packages: Path | None = None
    against: Path | None = None


def named(tasks: str) -> list[Traits]:
    """Benchmarks from names, patterns and paths by commas. Raises Fault for a part that names none."""
    found: dict[str, Traits] = {}
    for pattern in map(str.strip, tasks.split(",")):
        some = [traits for name, traits in TABLE.items() if fnmatchcase(name, pattern)]
        try:
            found |= {traits.name: traits for traits in some or [benchmarks.find(pattern)]}
        except Fault as fault:
            raise Fault(f"--tasks {pattern}: {fault}") from None
    return list(found.values())


def grade_file(
    path: Path,
    name: str,
    out: Path,
    *,
    data: Path | None = None,
    only: str | None = None,
    ks: Sequence[int] = (1, 10, 100),
    packages: Path | None = None,
    against: Path | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Grade the samples of a file or folder into `out`; returns what stands in results.json.

    Raises Fault for a file or benchmark that cannot be read, and where there is no sandbox.
    """
    benchmark = benchmarks.load(name, data)
    name = benchmark.name
    other = results.read(against, {name: benchmark.data_sha256})
    samples.check_patterns([benchmark], only)
    found, digest = samples.read(path, benchmark, only)
    place = _sandbox()
    with locked(out):
        entry = _graded(benchmark, found, digest, out, only, ks, packages, place, seed)
        result = {
            "sandbox": vars(place),
            "benchmarks": {name: entry},
            "bits_per_byte": {},
            **results.against(other, {name: entry}, seed),
        }
        write_json(out / results.RESULTS, result)
    return result


def evaluate(asked: Asked, out: Path) -> dict[str, Any]:
    """Generate, grade and measure bits per byte into `out`; returns what stands in results.json."""
    tests = {traits.name: benchmarks.load(traits, asked.data) for traits in named(asked.tasks)}
    other = results.read(asked.against, {name: test.data_sha256 for name, test in tests.items()})
    samples.check_patterns(list(tests.values()), asked.only)
    if asked.n > 1 and asked.sampling.temperature == 0:
        raise Fault(f"--n {asked.n}: {asked.n} greedy samples would all be the same; give --temperature too")
    if max(asked.ks) > asked.n:
        raise Fault(
            f"--k {max(asked.ks)}: pass@{max(asked.ks)} needs --n {max(asked.ks)} samples a task or more"
        )
    place = _sandbox()
    with locked(out):
        speaker: _Endpoint | _Local = _Endpoint(asked, out) if asked.endpoint else _Local(asked)
        entries = {}
        for name, benchmark in tests.items():
            tasks = _wanted(benchmark, asked.only)
            if not tasks:
                continue
            made = _made(speaker, asked, benchmark, tasks, out)
            entries[name] = _graded(
                benchmark,
                made,
                speaker.identity,
                out,
                asked.only,
                asked.ks,
                asked.packages,
                place,
                asked.sampling.seed,
            )
        result = {
            "sandbox": vars(place),
            "benchmarks": entries,
            "bits_per_byte": speaker.bits_per_byte(tests, out),
            "model": {"name": asked.model, "identity": speaker.identity},
            "generation": _settings(asked),
            **results.against(other, entries, asked.sampling.seed),
        }
        write_json(out / results.RESULTS, result)
    return result


def _sandbox() -> sandbox.Sandbox:
    place = sandbox.probe()
    if place.tier == "none":
        raise Fault(f"code that nobody trusts is not run without a sandbox: {place.detail}")
    return place


def _settings(asked: Asked) -> dict[str, Any]:
    return {
        "n": asked.n,
        **vars(asked.sampling),
        "chat": asked.chat,
        "max_new_tokens": asked.max_new_tokens,
    }


def _wanted(benchmark: Benchmark, only: str | None) -> list[Task]:
    """Tasks asked for: those named, else the test tasks."""
    tasks = samples.chosen(benchmark, only)
    return tasks if only else [task for task in tasks if task.split == "test"]


def _graded(
    benchmark: Benchmark,
    found: Sequence[Sample],
    identity: str,
    out: Path,
    only: str | None,
    ks: Sequence[int],
    packages: Path | None,
    place: sandbox.Sandbox,
    seed: int,
) -> dict[str, Any]:
    """The benchmark's entry in results.json; verdicts that a journal in `out` has are not found again."""
    if benchmark.traits.grading is None:
        raise Fault(f"benchmark {benchmark.name} cannot be graded: its description names no grading")
    header = {
        "benchmark": benchmark.name, "data": benchmark.data_sha256, "samples": identity, "only": only, "tier": place.tier,
        "packages": str(packages) if packages else None,
    }  # fmt: skip
    rows, append = journal.reopen(out / f"verdicts-{benchmark.name}.jsonl", header)
    grades = [Grade(*row) for row in rows]
    rest = [(sample.task_id, sample.program) for sample in found[len(grades) :]]
    grades += grade(
        benchmark, rest, place, label=f"{benchmark.name}: grade", packages=packages,
        done=lambda _, result: append([[result.status, result.detail, result.base]]),
    )  # fmt: skip
    numbers = [(sample.task_id, sample.sample) for sample in found]
    return results.summarize(benchmark, _wanted(benchmark, only), numbers, grades, ks, seed)


def _made(
    speaker: _Local | _Endpoint, asked: Asked, benchmark: Benchmark, tasks: Sequence[Task], out: Path
) -> list[Sample]:
    """n samples of each task, tasks in the benchmark's order; those in the journal are not made again."""
    keys = [(task, number) for task in tasks for number in range(asked.n)]
    header = {
        "benchmark": benchmark.name, "data": benchmark.data_sha256, "model": speaker.identity, "only": asked.only,
        **_settings(asked),
    }  # fmt: skip
    rows, append = journal.reopen(out / f"samples-{benchmark.name}.jsonl", header)
    texts = {(row["task_id"], row["sample"]): row["text"] for row in rows}
    done = {_key(task.task_id, number) for task, number in keys if (task.task_id, number) in texts}
    for group in speaker.say(benchmark.traits, keys, done):
        lines = [
            {"task_id": task.task_id, "sample": number, "text": text, "solution": _program(task, text, asked)}
            for task, number, text in group
        ]
        append(lines)
        texts |= {(line["task_id"], line["sample"]): line["text"] for line in lines}
    return [
        Sample(task.task_id, number, _program(task, texts[task.task_id, number], asked))
        for task, number in keys
    ]


def _key(task_id: str, number: int) -> str:
    return f"{task_id}#{number}"


def _program(task: Task, text: str, asked: Asked) -> str:
    """The program in what a model said."""
    if asked.chat:
        return extraction.answered(text, task.entry_point, generate.given(task.prompt)).program
    return extraction.completed(generate.given(task.prompt), text, task.entry_point).program


def _question(traits: Traits, task: Task) -> str:
    """A task as a question for a chat model; BigCodeBench has words of its own for that."""
    if traits.asks == "instruction":
        return task.instruction
    return f"{QUESTION}```python\n{generate.given(task.prompt)}```"


class _Local:
    """A model in a folder of Llama's shape, read when the first sample is to be made."""

    def __init__(self, asked: Asked) -> None:
        from neve import weights

        self.asked = asked
        folder = weights.resolve(asked.model)
        self.folder = folder / "model" if (folder / "model" / "config.json").exists() else folder
        if not (self.folder / "config.json").exists():
            raise Fault(
                f"{asked.model}: no config.json there; give a Hugging Face folder of Llama's shape, or --endpoint"
            )
        self.identity = weights.digest(self.folder)
        self._loaded: Any = None

    def _model(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch

            from neve.evaluation.generation import model_tokenizer
            from neve.training.model import load

            model = load(self.folder).eval().to("cuda" if torch.cuda.is_available() else "cpu")
            self._loaded = model, model_tokenizer.load(self.folder)
        return self._loaded

    def say(
        self, traits: Traits, keys: Sequence[tuple[Task, int]], done: set[str]
    ) -> Iterator[list[tuple[Task, int, str]]]:
        labels = [_key(task.task_id, number) for task, number in keys]
        if all(label in done for label in labels):
            return
        model, speech = self._model()
        ask: Callable[[Task], str] = (
            (lambda task: speech.chat(_question(traits, task)))
            if self.asked.chat
            else (lambda task: generate.given(task.prompt))
        )
        stops = () if self.asked.chat else traits.stops
        for batch in generate.batches(
            model, speech, [ask(task) for task, _ in keys], labels, max_new_tokens=self.asked.max_new_tokens,
            stops=stops, sampling=self.asked.sampling, done=done, label=f"{traits.name}: generate",
        ):  # fmt: skip
            yield [(*keys[number], text) for number, text in batch]

    def bits_per_byte(self, tests: dict[str, Benchmark], out: Path) -> dict[str, Any]:
        """Bits per byte of the benchmarks' solutions and, where documents are named, of held-out code by language."""
        path = out / "bits.json"
        key = {"model": self.identity, "tests": {n: t.data_sha256 for n, t in tests.items()}, "only": self.asked.only,
               "heldout": str(self.asked.heldout)}  # fmt: skip
        if path.exists() and (kept := read_json(path))["of"] == key:
            return kept["bits_per_byte"]
        model, speech = self._model()
        found: dict[str, Any] = {}
        for name, test in tests.items():
            if tasks := _wanted(test, self.asked.only):
                units = bits_per_byte.solutions(tasks, speech)
                found[name] = _figure(
                    bits_per_byte.measure(model, units, f"{name}: bits"),
                    units,
                    "tasks",
                    self.asked.sampling.seed,
                )
        if self.asked.heldout is not None:
            table = bits_per_byte.heldout(self.asked.heldout, 1 << 20)
            units = bits_per_byte.documents(table, speech)
            bits, languages = (
                bits_per_byte.measure(model, units, "held-out code: bits"),
                np.array(table["language"].to_pylist()),
            )
            groups = {
                str(language): np.flatnonzero(languages == language) for language in np.unique(languages)
            }
            found["heldout"] = {
                language: _figure(
                    bits[rows], [units[row] for row in rows], "documents", self.asked.sampling.seed
                )
                for language, rows in {**groups, "all": np.arange(len(units))}.items()
            }
        write_json(path, {"of": key, "bits_per_byte": found})
        return found


class _Endpoint:
    """A model behind an OpenAI-compatible address ("local": a GGUF file, served on this machine)."""

    def __init__(self, asked: Asked, out: Path) -> None:
        self.asked, self.out = asked, out
        self.identity = asked.model

    def say(
        self, traits: Traits, keys: Sequence[tuple[Task, int]], done: set[str]
    ) -> Iterator[list[tuple[Task, int, str]]]:
        from neve import weights
        from neve.llm import local

        rest = [(task, number) for task, number in keys if _key(task.task_id, number) not in done]
        if not rest:
            return
        if self.asked.endpoint == "local":
            with local.serve(
                weights.resolve(self.asked.model), self.asked.model, context=1024 + self.asked.max_new_tokens
            ) as url:
                texts = asyncio.run(self._ask(url, traits, rest))
        else:
            texts = asyncio.run(self._ask(str(self.asked.endpoint), traits, rest))
        yield [(task, number, text) for (task, number), text in zip(rest, texts, strict=True)]

    async def _ask(self, url: str, traits: Traits, rest: Sequence[tuple[Task, int]]) -> list[str]:
        from neve.llm.client import Client
        from neve.llm.ledger import Ledger
        from neve.progress import bar

        sampling, stops = self.asked.sampling, traits.stops
        common = {
            "model": self.asked.model, "max_tokens": self.asked.max_new_tokens,
            "temperature": sampling.temperature, "top_p": sampling.top_p,
        }  # fmt: skip

        def question(task: Task) -> dict[str, Any]:
            if self.asked.chat:
                return {"messages": [{"role": "user", "content": _question(traits, task)}]}
            return {"prompt": generate.given(task.prompt), "stop": stops[:ENDPOINT_STOPS]}

        with (
            Ledger(self.out / "ledger.sqlite") as ledger,
            bar(f"{traits.name}: ask", len(rest), "samples") as advance,
        ):
            async with Client(url, ledger) as client:

                async def ask(task: Task, number: int) -> str:
                    seed = seed_of(sampling.seed, _key(task.task_id, number)) % (1 << 31)
                    answer = await client.ask({**common, **question(task), "seed": seed})
                    advance(1)
                    return answer.text if self.asked.chat else generate.cut(answer.text, stops)

                return list(await asyncio.gather(*(ask(task, number) for task, number in rest)))

    def bits_per_byte(self, tests: dict[str, Benchmark], out: Path) -> dict[str, Any]:
        """None: an endpoint gives text, not likelihoods."""
        return {}


def _figure(bits: np.ndarray, units: Sequence[bits_per_byte.Text], kind: str, seed: int) -> dict[str, Any]:
    size = np.array([unit.size for unit in units], np.float64)
    interval = statistics.ratio_interval(bits, size, seed=seed, resamples=results.RESAMPLES)
    return {
        "value": float(bits.sum() / size.sum()),
        "interval": list(interval),
        kind: len(units),
        "bytes": int(size.sum()),
    }
