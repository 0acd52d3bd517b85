"""A recipe to start from: of a size that fits a folder of code and this machine.

The whole run is to end within the minutes given: what curation, labels and evaluation take is set aside, and
the rest is the phases'. The largest shape of a table is taken that data and time suffice for, else the
smallest for as long as time allows. The trade-off: speeds are rough and rather low (a core, a
GPU, as measured elsewhere), since a first recipe need only be of the right order; it is there to be changed.

Sources: 20 tokens a weight, Hoffmann et al. 2022 (arXiv 2203.15556); four passes over the same text,
Muennighoff et al. 2023 (2305.16264).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from neve.corpus.ordering import split
from neve.errors import Misuse
from neve.recipe import file, write
from neve.recipe.corpus import Corpus
from neve.run import machine, plan
from neve.run.survey import Survey
from neve.training import costs, settings

FILE = "neve.toml"
"""The recipe of a folder: what `neve run` takes where none is named."""
PACKAGED = Path(__file__).parents[1] / "recipes"
TEMPLATES = {"quickstart": "quickstart.toml", "paper": "arctic-snowcoder-1.3b.toml"}

GPU_FLOPS = 250e12
"""Operations a second that training reaches on a GPU in bf16."""
MINUTES = 10.0
"""How long a run may take where nobody says."""
ASIDE_SECONDS, CURATED = 150.0, 1e6
"""What is not training takes: so many seconds on two cores (kernels compiled once, sources of labels, an
annotator, the evaluation of three models, the report), and one for so many bytes of code on each core."""
BYTES_A_TOKEN = 3.3
SURVIVES = 0.8
"""Share of the bytes of code that curation leaves, where nothing is known."""
PASSES, TOKENS_A_WEIGHT, FEWEST_A_WEIGHT = 4, 20, 5
MIN_TOKENS = 100_000
"""Of fewer unique tokens no model is trained."""
EXEMPLARS_SHARE = 0.25
"""Share of Python from which the exemplars that come with Neve, which are Python, say something."""
QUALITY_SHARE, BEST = 0.24, 0.1
"""The second phase's tokens as a share of the first's, and of the corpus at most, chosen once each."""
REPEATS = 4
HELDOUT = Corpus.model_fields["heldout_share"].default
"""Share of repositories held out by default."""
LEAST_HELDOUT, MOST_HELDOUT = 0.02, 0.5
"""Share of the main language, or of all code, that is enough to measure on, and that training can spare."""
SEEDS, FEW = 50, 100
"""Seeds that are tried for what they hold out, where there are at most so many repositories."""
ANNOTATOR = "ngrams"
"""Of those that come with the quickstart: what selects better there, and is fitted in seconds."""
MIDDLE = 3 / 8
"""Of the peak rate, where the first phase ends and the second goes on from, moments and all."""
END = 0.01
"""Of the peak rate, where the second ends: at 0 its last step would train nothing."""


@dataclass(frozen=True)
class Shape:
    """A model with windows, batch and peak rate that suit it; rates between the quickstart's and the paper's
    are guesses."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    vocab: int
    sequence: int
    batch_tokens: int
    peak: float

    @property
    def model(self) -> settings.Model:
        return settings.Model(
            self.hidden, self.intermediate, self.layers, self.heads, self.heads, 10_000.0, 1e-5, True
        )


SHAPES = (
    Shape(192, 512, 4, 3, 4096, 512, 2048, 8e-3),
    Shape(384, 1024, 8, 6, 8192, 1024, 16_384, 4e-3),
    Shape(768, 2048, 12, 12, 32_768, 2048, 131_072, 2e-3),
    Shape(1024, 2816, 24, 16, 32_768, 4096, 524_288, 1e-3),
    Shape(2048, 5632, 24, 16, 64_000, 8192, 4_194_304, 5.3e-4),
)


def packaged(name: str) -> str:
    """The text of a recipe that comes with Neve; Misuse for a name that it does not have."""
    if name not in TEMPLATES:
        raise Misuse(f"--from {name}: no such recipe; there are {', '.join(TEMPLATES)}")
    return (PACKAGED / TEMPLATES[name]).read_text(encoding="utf-8")


def recipe(found: Survey, name: str, minutes: float = MINUTES) -> tuple[str, list[str]]:
    """A recipe for what was found, as commented TOML, whose run takes about so many minutes; and what there
    is to say of it, a line each."""
    gpu, cores = machine.capability() is not None, len(os.sched_getaffinity(0))
    speed = GPU_FLOPS if gpu else plan.CORE_FLOPS * cores
    seed, out, share = held_out(found)
    unique = int(found.bytes * (1 - share) * SURVIVES / BYTES_A_TOKEN)
    python = found.languages["Python"] / found.bytes
    aside = ASIDE_SECONDS * 2 / cores + found.bytes / (CURATED * cores)
    seconds = max(60 * minutes - aside, 6 * minutes)
    first = 1 / (1 + 2 * QUALITY_SHARE) if python >= EXEMPLARS_SHARE else 1.0
    shape, tokens = fitting(unique, speed * seconds * first)
    data = _corpus(found, name, unique, shape, seed)
    if unique >= MIN_TOKENS:
        data |= _training(shape, tokens)
        if python >= EXEMPLARS_SHARE:
            _quality(data, shape, tokens, min(int(QUALITY_SHARE * tokens), int(BEST * unique * REPEATS)))
        data["evaluate"] = {
            "tasks": ["humaneval"] if python >= EXEMPLARS_SHARE else [],
            "pass_at_1": gpu,
            "heldout_bytes": 1 << 20 if gpu else 1 << 18,
        }
    file.parse(data)
    here = f"{cores} core{'s' * (cores > 1)}, {machine.precision()}, {'a GPU' if gpu else 'no GPU'}"
    flops = costs.flops_per_token(shape.model, shape.vocab, shape.sequence)["palm"]
    trained = sum(phase["tokens"] * (1 + len(phase.get("controls", {}))) for phase in data.get("phase", []))
    takes = (aside + trained * flops / speed) / 60
    said = _said(found, unique, shape, here, takes, data)
    said.insert(1, _kept_back(out, share))
    return write.commented(data, "\n".join([HEAD, *said, TAIL])), said


def fitting(unique: int, flops: float) -> tuple[Shape, int]:
    """(shape, tokens of the first phase) for a number of unique tokens and of floating-point operations.

    >>> fitting(4_000_000, 4e13)[0].hidden, fitting(10**10, 1e18)[0].hidden
    (192, 768)
    """
    for shape in reversed(SHAPES):
        weights = costs.parameters(shape.model, shape.vocab)["all"]
        each = costs.flops_per_token(shape.model, shape.vocab, shape.sequence)["palm"]
        tokens = min(PASSES * unique, TOKENS_A_WEIGHT * weights, int(flops / each))
        if tokens >= FEWEST_A_WEIGHT * weights or shape is SHAPES[0]:
            return shape, max(_round(tokens), shape.batch_tokens)
    raise AssertionError("the smallest shape fits everything")


def _round(tokens: int) -> int:
    """Two digits are enough for a number that a person will change."""
    digits = max(0, len(str(tokens)) - 2)
    return tokens // 10**digits * 10**digits


def held_out(found: Survey) -> tuple[int, list[str], float]:
    """(seed of the run, repositories that it holds out, their share of the code): of the first SEEDS the one
    that holds out least code, but LEAST_HELDOUT of the main language and at most MOST_HELDOUT of it, so that
    it is both learnt and measured; where its code lies in one repository, the same of all code. Among few
    repositories chance may draw the largest."""
    ((main, _),) = found.languages.most_common(1)
    repos = sorted(found.repositories)
    names = pa.array(repos, pa.string())
    best: tuple[tuple[int, float], int, list[str]] = ((3, 0.0), 1, [])
    for seed in range(1, (SEEDS if len(repos) <= FEW else 1) + 1):
        flags = split.heldout(names, seed, HELDOUT)
        chosen = [repo for repo, flag in zip(repos, flags, strict=True) if flag]
        measured = sum(found.code[repo, main] for repo in chosen) / found.languages[main]
        share = _share(found, chosen)
        if LEAST_HELDOUT <= measured <= MOST_HELDOUT:
            worth = (0, share)
        elif LEAST_HELDOUT <= share <= MOST_HELDOUT:
            worth = (1, share)
        else:
            worth = (2, abs(share - LEAST_HELDOUT))
        best = min(best, (worth, seed, chosen))
    _, seed, chosen = best
    return seed, chosen, _share(found, chosen)


def _share(found: Survey, repos: list[str]) -> float:
    """Of all code that is found."""
    among = set(repos)
    return sum(size for (repo, _), size in found.code.items() if repo in among) / found.bytes


def _kept_back(chosen: list[str], share: float) -> str:
    if not chosen:
        return "There is one project alone, so none is held out to be measured on."
    named = ", ".join(chosen[:3]) + (f" and {len(chosen) - 3:,} more" if len(chosen) > 3 else "")
    return f"Held out of training, to be measured on: {named}, {share:.0%} of the code."


def _corpus(found: Survey, name: str, unique: int, shape: Shape, seed: int) -> dict[str, Any]:
    languages = [language for language, size in found.languages.most_common() if size >= 0.01 * found.bytes]
    size = int(found.bytes * SURVIVES)
    return {
        "run": {"name": re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "run", "seed": seed},
        "corpus": {"sources": found.sources, "languages": languages, "licenses": "any", "expected_tokens": unique},
        "tokenizer": {"vocab_size": shape.vocab, "sample_bytes": min(max(size, 1 << 16), 1 << 30)},
    }  # fmt: skip


def _training(shape: Shape, tokens: int) -> dict[str, Any]:
    return {
        "model": {
            "hidden": shape.hidden,
            "intermediate": shape.intermediate,
            "layers": shape.layers,
            "heads": shape.heads,
            "kv_heads": shape.heads,
        },
        "training": {
            "sequence": shape.sequence,
            "batch_tokens": shape.batch_tokens,
            "micro_batch": 4,
            "optimizer": "muon",
            "adamw_lr_factor": 0.5,
        },
        "phase": [{"name": "general", "data": "corpus", "tokens": tokens, "lr": _rate(shape, tokens, 0.1)}],
    }


def _rate(shape: Shape, tokens: int, floor: float) -> dict[str, Any]:
    """The first phase's curve, down to a share of the peak."""
    steps = -(-tokens // shape.batch_tokens)
    return {
        "peak": shape.peak,
        "floor": round(floor * shape.peak, 8),
        "warmup": min(max(1, steps // 12), 1000),
        "shape": "cosine",
    }


def _quality(data: dict[str, Any], shape: Shape, general: int, tokens: int) -> None:
    """Add the second phase: exemplars that come with Neve, an annotator, the best documents, a control."""
    start = tomllib.loads(packaged("quickstart"))
    data["labels"], data["annotators"] = start["labels"], {ANNOTATOR: start["annotators"][ANNOTATOR]}
    tokens = max(_round(tokens), shape.batch_tokens)
    data["phase"][0]["lr"] = _rate(shape, general, MIDDLE)
    data["phase"].append(
        {
            "name": "quality",
            "data": "selection",
            "annotator": ANNOTATOR,
            "tokens": tokens,
            "repeats": REPEATS,
            "start": "general",
            "moments": "keep",
            "controls": {"random": 1},
            "lr": {
                "peak": shape.peak * MIDDLE,
                "floor": round(END * shape.peak, 8),
                "shape": "linear",
            },
        }
    )


HEAD = "A recipe written by `neve init`; change it at will. `neve plan` says what it takes, `neve run` builds it."
TAIL = (
    'A line such as "# seed = 1" is a field at its default: take the mark away to set it. '
    "`neve recipe FIELD` tells what is built again."
)


def _said(
    found: Survey, unique: int, shape: Shape, here: str, minutes: float, data: dict[str, Any]
) -> list[str]:
    """What was found, and what was chosen for it."""
    weights = costs.parameters(shape.model, shape.vocab)["all"]
    seen = "" if found.whole else " (the first of them; there are more)"
    phases = [phase["name"] for phase in data.get("phase", [])]
    chosen = (
        f"a model of {weights / 1e6:,.1f}M weights, {data['phase'][0]['tokens']:,} tokens in its first phase; "
        f"about {minutes:.0f} minutes in all."
        if phases
        else f"about {unique:,} tokens are too few to train on ({MIN_TOKENS:,}): the run ends with the corpus."
    )
    lacking = (
        []
        if "quality" in phases or not phases
        else [
            "There is no second phase: the exemplars that come with Neve are Python. Name code that you think good in "
            '[labels.NAME], an annotator that learns from it, and a phase with data = "selection".'
        ]
    )
    repositories = f"{len(found.repositories):,} repositor{'y' if len(found.repositories) == 1 else 'ies'}"
    return [
        f"Found: {found.files:,} files of code, {found.bytes / 1e6:,.1f} MB, in {repositories}{seen}: "
        f"{_shares(found.languages)}. Licences of the files: {_shares(found.licenses)}.",
        f"This machine: {here}. So: {chosen}",
        *lacking,
    ]


def _shares(counts: Counter[str]) -> str:
    total = sum(counts.values())
    large = [(name, count / total) for name, count in counts.most_common(5) if count >= 0.01 * total]
    more = len(counts) - len(large)
    said = [f"{name} {share:.0%}" for name, share in large]
    return ", ".join([*said, *([f"{more} more"] if more else [])])
