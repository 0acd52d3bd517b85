"""Candidates: answers with all that the gates look at, measured for many at a time, whole columns where
there are any.

What is cheap is measured here, for every answer; running a program is left to who has seen that all other
gates let it pass. The trade-off: a batch is the answers that are there, so a fast endpoint's are measured
together and a slow one's nearly one by one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from neve.corpus.syntax.parsing import GRAMMARS
from neve.llm.answers import Answer
from neve.synthesis.seeds import Seed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from neve.corpus.contamination.benchmark_index import Index
    from neve.synthesis.execution import Check
    from neve.synthesis.reading import Reading
    from neve.tokens.bpe import Tokenizer

OTHERS = ("Python", "JavaScript", "TypeScript", "Java", "C", "C++", "C#", "Go", "Rust", "PHP")
"""Languages that an answer is tried as when it is none of the one asked for."""
ECHO_WORDS = 5
_FENCED = re.compile(r"(?ms)^[^\S\n]*```.*?^[^\S\n]*```[^`]*?$")


@dataclass(frozen=True)
class Candidate:
    """A seed's answer with all that the gates look at."""

    seed: Seed
    answer: Answer
    code: str
    """The document; "" where the answer holds none."""
    parse_errors: float | None
    """Share of the program that its parser cannot make sense of; None: no parser, or not parsed in time."""
    contamination: float
    task: str | None
    """The benchmark task that it holds most of."""
    tokens: int
    markup: str | None = None
    """Language of the document, where that is more than code."""
    blocks: str | None = None
    """What is parsed and run, where that is not the whole document."""
    other: str | None = None
    """The language that it is in instead of the one asked for."""
    broken: tuple[str, float | None, float | None] | None = None
    """The corpus's rule that stops it, the value and the limit."""
    lint: float | None = None
    """Ruff's score; None: not Python."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names that a linter refuses, and why: JavaScript, TypeScript, Go."""
    echo: float = 0.0
    """Share of the question's own 5-grams of words, the code it shows aside, that it repeats."""
    score: float | None = None
    """The annotator's, once it was asked."""
    check: Check | None = None
    """What running it showed, once it was run."""

    @property
    def language(self) -> str:
        """The document's."""
        return self.markup or self.seed.target

    @property
    def program(self) -> str:
        """What is parsed and run; nearly always the document."""
        return self.code if self.blocks is None else self.blocks

    @property
    def doc_id(self) -> str | None:
        from neve import documents

        return documents.doc_id(self.code.encode()) if self.code else None

    @property
    def path(self) -> str:
        """Of the document: its identity, and its language's extension."""
        from neve.corpus.languages import detection

        return f"{self.doc_id}{detection.extension(self.language)}"

    @property
    def unparsed(self) -> bool:
        return self.seed.target not in GRAMMARS


@dataclass(frozen=True)
class Measures:
    """What measuring needs."""

    read: Callable[[str, Seed], Reading]
    """(answer, seed) -> the code in it."""
    document: Callable[[Seed], str]
    """Language of the documents that a seed's kind makes."""
    index: Index
    tokenizer: Tokenizer
    filters: Mapping[str, float | bool | str]
    """[corpus.filters]."""


def measure(answers: list[tuple[Seed, Answer]], how: Measures) -> list[Candidate]:
    """Candidates for answers, in their order; nothing is run."""
    import pyarrow as pa

    from neve.corpus.syntax import parsing
    from neve.synthesis import linting
    from neve.synthesis import names as naming

    seeds = [seed for seed, _ in answers]
    readings = [how.read(answer.text, seed) for seed, answer in answers]
    programs = [r.code if r.program is None else r.program for r in readings]
    asked = [seed.target for seed in seeds]
    errors = parsing.parse_errors(pa.array(programs, pa.large_string()), asked)
    held = [r.fenced or errors[i] == 0 for i, r in enumerate(readings)]
    texts = pa.array([r.code if held[i] else "" for i, r in enumerate(readings)], pa.large_string())
    languages = [how.document(seed) for seed in seeds]
    shares, tasks = how.index.check(texts)
    broken = _broken(texts, languages, how.filters)
    tokens = how.tokenizer.encode_batch(texts.to_pylist())
    lint = linting.scores(
        [p if held[i] and asked[i] == "Python" and errors[i] == 0 else "" for i, p in enumerate(programs)]
    )
    others = _others(programs, asked, errors, [r.word if held[i] else "" for i, r in enumerate(readings)])
    return [
        Candidate(
            seed, answer, texts[i].as_py(), _told(errors[i]), float(shares[i]), tasks[i].as_py(), len(tokens[i]),
            None if languages[i] == seed.target else languages[i], readings[i].program if held[i] else None,
            others[i], broken[i], lint[i], naming.wrong(programs[i], asked[i]) if held[i] and errors[i] == 0 else {},
            echo(seed, texts[i].as_py()),
        )
        for i, (seed, answer) in enumerate(answers)
    ]  # fmt: skip


def mended(candidate: Candidate, program: str, how: Measures) -> Candidate | None:
    """The candidate with `program`, which differs in comments alone, in place of its own.

    None where lines of the program are not lines of the document as they are.
    """
    lines, place = candidate.code.split("\n"), 0
    for old, now in zip(candidate.program.split("\n"), program.split("\n"), strict=True):
        if not (bare := old.strip()):
            continue  # a chapter has other lines between those of its program, and may indent or quote them
        found = next((i for i in range(place, len(lines)) if lines[i].endswith(bare)), None)
        if found is None:
            return None
        lines[found] = lines[found].removesuffix(bare) + now.strip()
        place = found + 1
    code = "\n".join(lines)
    tokens = len(how.tokenizer.encode_batch([code])[0])
    return replace(candidate, code=code, blocks=candidate.blocks and program, tokens=tokens)


def _broken(
    texts: pa.Array, languages: list[str], filters: Mapping[str, float | bool | str]
) -> list[tuple[str, float | None, float | None] | None]:
    """The first rule of the corpus that stops each text, with what was compared where the rule says."""
    import pyarrow as pa

    from neve.corpus.languages import detection
    from neve.corpus.signals import measurement, rules

    paths = pa.array([f"document{detection.extension(language)}" for language in languages])
    names = pa.array(languages, pa.string())
    stopped, values, limits = rules.apply(measurement.measure(texts, names, paths), names, filters)
    return [
        None if rule is None else (rule, _told(values[i]), _told(limits[i]))
        for i, rule in enumerate(stopped.to_pylist())
    ]


def _told(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _others(programs: list[str], asked: list[str], errors: np.ndarray, words: list[str]) -> list[str | None]:
    """The language of each program that is in another than was asked for: by its fence's word, or since it
    parses as another and not as that one."""
    from neve.corpus.languages import detection
    from neve.corpus.signals import rules
    from neve.corpus.syntax import parsing

    found: list[str | None] = [None] * len(programs)
    for i, word in enumerate(words):
        named = detection.spelled(word) if word else ""
        if named in _languages() and named != asked[i]:
            found[i] = named
    doubtful = [
        i for i, program in enumerate(programs)
        if found[i] is None and program and errors[i] > (rules.limit("syntax", asked[i]) or 0.0)
    ]  # fmt: skip
    for name in OTHERS:
        tried = [i for i in doubtful if asked[i] != name and found[i] is None]
        for i, share in zip(
            tried,
            parsing.parse_errors([programs[i].encode() for i in tried], [name] * len(tried)),
            strict=True,
        ):
            if share == 0:
                found[i] = name
    return found


@cache
def _languages() -> frozenset[str]:
    from neve.corpus.languages import detection

    return frozenset(name for name in detection.names() if detection.kind(name) == "programming")


def echo(seed: Seed, text: str) -> float:
    """Share of the question's own words, the code it shows aside, that stand in `text`, five at a time."""
    own = _FENCED.sub("\n", seed.prompt)
    for shown in (seed.text.strip("\n"), seed.snippet):
        own = own.replace(shown, "\n") if shown else own
    asked = _grams(own)
    return len(asked & _grams(text)) / len(asked) if asked else 0.0


def _grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + ECHO_WORDS]) for i in range(len(words) - ECHO_WORDS + 1)}
