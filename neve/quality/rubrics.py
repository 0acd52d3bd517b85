"""What a judge is asked, and how its answer is read: a rubric is a file, packaged or one's own.

A rubric of kind "score" rates one document on some criteria, one of kind "pair" says which of two is better.
Answers are read leniently, since small models seldom keep to a form: a JSON object anywhere in the text,
else a criterion's name followed by a number, else, with one criterion, the only number there is. What is
outside the scale, or lacks a criterion, is not read: it would be a guess. The trade-off: an answer that
reasons with other numbers before it decides may be read wrongly, so prompts ask for nothing but the result.

Sources: educational value as in FineWeb-Edu (arXiv 2406.17557), in our own words; readability, modularity,
clarity and reusability as in Seed-Coder (arXiv 2506.03524); pairs as in QuRating (arXiv 2402.09739).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from neve.errors import Misuse

PACKAGED = {
    "educational": "prompts/educational.toml",
    "quality": "prompts/quality.toml",
    "pairwise": "prompts/pairwise.toml",
}
"""Rubrics that come with Neve, by name."""
NUMBER = r"(\d++(?:\.\d++)?+)"
"""Whole: taken apart, a long one would be read from each of its digits on."""
_FIELDS = {"score": {"prompt", "criteria", "low", "high"}, "pair": {"prompt"}}
_PLACES = {"score": ("{text}",), "pair": ("{first}", "{second}")}


@dataclass(frozen=True)
class Rubric:
    kind: Literal["score", "pair"]
    prompt: str
    """With {language}, and {text} or {first} and {second}."""
    criteria: tuple[str, ...] = ()
    low: float = 0
    high: float = 1

    @staticmethod
    def load(name: str) -> Rubric:
        """The packaged rubric of that name, or the one in a TOML file. Raises Misuse for anything else."""
        path = Path(__file__).parent / PACKAGED[name] if name in PACKAGED else Path(name).expanduser()
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            known = ", ".join(PACKAGED)
            raise Misuse(f"rubric = {name!r}: {error}; it may be {known}, or a TOML file") from None
        kind = found.pop("kind", None)
        if kind not in _FIELDS or set(found) != _FIELDS[kind]:
            needs = "; ".join(f"{kind}: {', '.join(sorted(fields))}" for kind, fields in _FIELDS.items())
            raise Misuse(f"rubric = {name!r}: needs kind, and by kind exactly these keys: {needs}")
        if missing := [place for place in _PLACES[kind] if place not in found["prompt"]]:
            raise Misuse(f"rubric = {name!r}: its prompt has no {missing[0]}; the document's text goes there")
        if kind == "score":
            found["criteria"] = tuple(map(str, found["criteria"]))
            if not found["criteria"] or not found["low"] < found["high"]:
                raise Misuse(f"rubric = {name!r}: needs a criterion, and low below high")
        return Rubric(kind, **found)

    def ask(self, language: str, *texts: str) -> str:
        """The prompt for one document, or for two."""
        given = dict(zip(("{text}",) if len(texts) == 1 else ("{first}", "{second}"), texts, strict=True))
        places = {"{language}": language, **given}
        return re.sub("|".join(map(re.escape, places)), lambda m: places[m[0]], self.prompt).strip()

    def read(self, answer: str) -> tuple[float, ...] | None:
        """What an answer says: a value for each criterion, or (1.0,) where the first of two is better and
        (0.0,) where the second is; None where it cannot be read.

        >>> Rubric.load("educational").read("Educational value: 3/5, since ...")
        (3.0,)
        """
        if self.kind == "pair":
            return _better(answer)
        found = next((made for made in self._readings(answer) if made is not None), None)
        inside = found is not None and all(self.low <= value <= self.high for value in found)
        return found if inside else None

    def _readings(self, answer: str) -> Iterator[tuple[float, ...] | None]:
        for made in reversed(list(_objects(answer))):
            given = {_plain(str(key)): value for key, value in made.items()}
            yield _all([_number(given.get(_plain(name))) for name in self.criteria])
        said = [_last(rf"{_pattern(name)}\W{{0,20}}{NUMBER}", answer) for name in self.criteria]
        yield _all(said)
        if len(self.criteria) == 1:
            yield _all([_last(rf"(?i)\b(?:score|rating|value)\b[^\d\n]{{0,20}}{NUMBER}", answer)])
            yield _all([_last(rf"(?i)(?<!\d){NUMBER}\s*(?:/|out of)\s*{self.high:g}\b", answer)])
            numbers = set(re.findall(rf"(?<![\w.]){NUMBER}(?![\w.]*\w)", answer))
            yield (float(numbers.pop()),) if len(numbers) == 1 else None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects without objects inside, wherever they stand in a text."""
    for match in re.finditer(r"\{[^{}]*\}", text):
        try:
            made = json.loads(match[0])
        except (ValueError, RecursionError):
            continue
        if isinstance(made, dict):
            yield made


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().lower()


def _pattern(name: str) -> str:
    """A criterion's name as people may write it."""
    return r"(?i)\b" + r"[\W_]*".join(map(re.escape, name.split()))


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        match = re.match(rf"\s*{NUMBER}", value)
        value = float(match[1]) if match else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _last(pattern: str, text: str) -> float | None:
    found = re.findall(pattern, text)
    return float(found[-1]) if found else None


def _all(values: list[float | None]) -> tuple[float, ...] | None:
    return None if None in values else tuple(value for value in values if value is not None)


def _better(answer: str) -> tuple[float] | None:
    """Which of two an answer names: all that its first line says, else the only name in it."""
    names = {"a": 1.0, "1": 1.0, "first": 1.0, "b": 0.0, "2": 0.0, "second": 0.0}
    line = r"\W*(?:(?:file|answer|better|option)\W+){0,2}(a|b|1|2|first|second)\W*(?:[.,:;\n]|$)"
    bare = re.match(line, answer, re.I)
    if bare is not None:
        return (names[bare[1].lower()],)
    said = {
        names[word.lower()] for word in re.findall(r"\b(?:file|the)\W+(a|b|first|second)\b", answer, re.I)
    }
    return (said.pop(),) if len(said) == 1 else None
