"""The kinds of synthesis: what can be asked of a seed.

The paper's is `problem_file`. The others came with later work and may resemble their seed: `rewrite` and
`style`, `translation`, `docstrings`, `tests_for_file`, `textbook`.

A kind is a module in this folder that holds the names of the Protocol below, or a prompt file of one's own.
The import list is the table of kinds: a module named there is one, and nothing else has to know of it. A
recipe names kinds with their shares in [synthesis.kinds]. Gates that several kinds share are in
neve.synthesis.gates; a kind lists those that it wants, in order, and may add its own. The trade-off: a file
holds its kind whole, so a few lines (a question that shows the seed's file) stand in several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Protocol, runtime_checkable

from neve.errors import Misuse
from neve.synthesis.gates import Gate
from neve.synthesis.kinds import (  # noqa: F401  the table of kinds, a line each
    docstrings,
    exercise,
    problem_file,
    prompt_file,
    rewrite,
    style,
    tests_for_file,
    textbook,
    translation,
)
from neve.synthesis.reading import Reading
from neve.synthesis.seeds import Seed


@runtime_checkable
class Kind(Protocol):
    """What a kind's module holds. It may also hold `DOCUMENT`, the language of its documents where they are
    more than code; `into(seed, languages)`, the language that the answer is to be in (None: does not
    suit); and `beside(seed)`, modules by name that its programs may import."""

    @property
    def NAME(self) -> str:
        """What recipes and tables call it."""

    @property
    def STOP(self) -> Sequence[str]:
        """Texts at which generation ends; ending there counts as ending by itself."""

    @property
    def GATES(self) -> Sequence[Gate]:
        """What an answer has to pass, in this order; the first that refuses gives the verdict."""

    @property
    def prompt(self) -> Callable[[Seed, int], str | None]:
        """(seed, room in characters) -> the question; None where the seed does not suit this kind."""

    @property
    def read(self) -> Callable[[str, Seed], Reading]:
        """(answer, seed) -> the code that it holds."""


KINDS: dict[str, Kind] = {
    module.NAME: module
    for module in list(vars().values())
    if isinstance(module, ModuleType) and isinstance(module, Kind)
}


def named(names: Iterable[str]) -> dict[str, Kind]:
    """The kinds that a recipe names, by the names that tables have. Raises Misuse for one that is none."""
    found: dict[str, Kind] = {}
    for name in names:
        if name.endswith(".md"):
            kind: Kind = prompt_file.load(name)
        elif name in KINDS:
            kind = KINDS[name]
        else:
            raise Misuse(
                f"synthesis.kinds.{name}: no such kind; there are {', '.join(KINDS)}, or a prompt file"
            )
        if kind.NAME in found:
            raise Misuse(
                f"synthesis.kinds.{name}: another kind is called {kind.NAME!r} too; take another name"
            )
        found[kind.NAME] = kind
    return found


def document(kind: Kind, seed: Seed) -> str:
    """The language of the documents of a kind."""
    return getattr(kind, "DOCUMENT", "") or seed.target


def beside(kind: Kind, seed: Seed) -> Mapping[str, str]:
    """What a program of a kind may import beside the library."""
    return kind.beside(seed) if hasattr(kind, "beside") else {}


def deal(
    seeds: Iterable[Seed], shares: Sequence[tuple[Kind, float]], room: int, languages: Sequence[str] = ()
) -> Iterator[Seed]:
    """Each seed with its kind and its question; without either where it suits no kind of `shares` (kind,
    weight).

    A seed gets, of the kinds that it suits, the one that is furthest behind its share among the seeds of its
    language before it. So the shares hold in every beginning of the order and in each language, and seeds
    keep their kinds when more are added. `languages` are those that may be translated to.
    """
    whole = sum(weight for _, weight in shares)
    dealt: dict[str, list[int]] = {}
    for seed in seeds:
        counts = dealt.setdefault(seed.language, [0] * len(shares))
        turn = sum(counts) + 1
        behind = sorted(range(len(shares)), key=lambda i: counts[i] - shares[i][1] / whole * turn)
        for i in behind:
            if (asked := _asked(shares[i][0], seed, room, languages)) is not None:
                counts[i] += 1
                yield asked
                break
        else:
            yield replace(seed, kind="")


def _asked(kind: Kind, seed: Seed, room: int, languages: Sequence[str]) -> Seed | None:
    """The seed with its question, if it suits the kind."""
    into = kind.into(seed, languages) if hasattr(kind, "into") else seed.language
    if into is None:
        return None
    seed = replace(seed, kind=kind.NAME, into="" if into == seed.language else into)
    prompt = kind.prompt(seed, room)
    return None if prompt is None else replace(seed, prompt=prompt)
