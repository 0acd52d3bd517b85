"""The kinds of synthesis: what can be asked of a seed.

A kind is a module in this folder that holds the names of the Protocol below. The import list is the table of
kinds: a module named there is one, and nothing else has to know of it. A recipe names kinds with their
shares in [synthesis.kinds]. Gates that several kinds share are in neve.synthesis.gates; a kind lists those
that it wants, in order, and may add its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Protocol, runtime_checkable

from neve.synthesis.gates import Gate
from neve.synthesis.kinds import (  # noqa: F401  the table of kinds, a line each
    problem_file,
    rewrite,
)
from neve.synthesis.reading import Reading
from neve.synthesis.seeds import Seed


@runtime_checkable
class Kind(Protocol):
    """What a kind's module holds."""

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


KINDS = {
    module.NAME: module
    for module in list(vars().values())
    if isinstance(module, ModuleType) and isinstance(module, Kind)
}


def deal(seeds: Iterable[Seed], shares: Mapping[str, float], room: int) -> Iterator[tuple[Seed, str | None]]:
    """Each seed with its kind and its question; None where it suits no kind of `shares` (name -> weight).

    A seed gets, of the kinds that it suits, the one that is furthest behind its share among the seeds of its
    language before it. So the shares hold in every beginning of the order and in each language, and seeds
    keep their kinds when more are added.
    """
    whole = sum(shares.values())
    dealt: dict[str, dict[str, int]] = {}
    for seed in seeds:
        counts = dealt.setdefault(seed.language, dict.fromkeys(shares, 0))
        turn = sum(counts.values()) + 1
        behind = sorted(shares, key=lambda name: counts[name] - shares[name] / whole * turn)
        for name in behind:
            if (prompt := KINDS[name].prompt(seed, room)) is not None:
                counts[name] += 1
                yield replace(seed, kind=name), prompt
                break
        else:
            yield seed, None
