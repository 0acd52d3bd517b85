"""The gates between a model's answer and a new document, in order of cost; a kind lists those that it wants.

A gate only looks: what is expensive is measured before, for many answers at a time
(neve.synthesis.candidates), the annotator scores only what the cheaper gates let pass
(neve.synthesis.scoring), and running is left to answers that all other gates let pass. Duplicates are
looked for late, since they alone depend on what was accepted before. Which gates can decide depends on
the language. Without a parser for it, code passes the syntax gate if it stood in a fence (text without a
fence is taken for code only if it parses); what was not parsed, or not run, says so.

Source: OSS-Instruct's filters (Magicoder, arXiv 2312.02120): ended by itself, parses, no duplicate, no copy
of its seed; SwallowCode (arXiv 2505.02881): a linter's score; decontamination as in curation. Sizes and
limits are our own (neve.recipe.synthesis).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from neve.synthesis.candidates import Candidate
from neve.synthesis.judging import SAME_WORDS, Accepted, Limits, Refusal, bare
from neve.synthesis.seeds import Seed, telling

__all__ = ["Accepted", "Candidate", "Gate", "Limits", "Refusal", "Seed", "first_refusal"]

MIN_BYTES = 100
MIN_LINES = 3
"""Lines that are neither blank nor comment, docstring, import or directive, nor hollow, each once."""
MAX_UNWRITTEN = 0.5
"""Share of its functions that a program may leave to be written."""
_HOLLOW = re.compile(r"pass|\W*")
"""A line that does nothing: brackets alone, `...`, `pass`."""


def like_seed(value: float, limit: float, seed: Seed) -> Refusal:
    """Of a candidate that is too much like its seed."""
    return Refusal(value, limit, None, seed.doc_id, seed.repo, seed.path)


class Gate(NamedTuple):
    rule: str
    """What a verdict calls it."""
    refuse: Callable[[Candidate, Accepted, Limits], Refusal | None]
    """(candidate, accepted so far, limits) -> why the candidate stops, or None."""


def answered(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    return Refusal(detail=candidate.answer.error) if candidate.answer.error is not None else None


def ended(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    answer = candidate.answer
    if answer.ending == "ended":
        return None
    return Refusal(answer.usage.get("completion_tokens"), detail=f"finish_reason {answer.finish}")


def has_code(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    return Refusal() if not candidate.code else None


def in_language(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    if candidate.other is None:
        return None
    return Refusal(candidate.parse_errors, detail=f"{candidate.other}, not {candidate.seed.target}")


def parses(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.corpus.signals import rules

    limit = rules.limit("syntax", candidate.seed.target) or 0.0
    if candidate.unparsed or (candidate.parse_errors is not None and candidate.parse_errors <= limit):
        return None
    late = "not parsed in time" if candidate.parse_errors is None else None
    return Refusal(candidate.parse_errors, limit, late)


def large_enough(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.synthesis import linting

    if (size := len(candidate.code.encode())) < MIN_BYTES:
        return Refusal(size, MIN_BYTES, "bytes")
    told = compress(candidate.program.splitlines(), telling(candidate.program.splitlines()))
    lines = len(
        {
            line.strip()
            for line in told
            if not line.lstrip().startswith("#") and not _HOLLOW.fullmatch(line.strip())
        }
    )
    if lines < MIN_LINES:
        return Refusal(lines, MIN_LINES, "lines of code")
    if candidate.seed.target == "Python" and (share := linting.unwritten(candidate.program)) > MAX_UNWRITTEN:
        return Refusal(share, MAX_UNWRITTEN, "functions without a body")
    return None


def as_the_corpus(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    if candidate.broken is None:
        return None
    rule, value, limit = candidate.broken
    return Refusal(value, limit, rule)


def well_written(
    candidate: Candidate, accepted: Accepted, limits: Limits, beside: Collection[str] = ()
) -> Refusal | None:
    """`beside`: names that other files of its project declare."""
    limit = limits.gates.lint
    if candidate.lint is not None and candidate.lint < limit:
        return Refusal(candidate.lint, limit)
    said = [why for name, why in candidate.names.items() if name not in beside]
    return Refusal(0.0, limit, said[0]) if limit and said else None


def well_written_as_seed(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.synthesis import names

    beside = names.wrong(candidate.seed.text, candidate.seed.target) if candidate.names else ()
    return well_written(candidate, accepted, limits, beside)


def likeness(candidate: Candidate, limits: Limits) -> float:
    """Jaccard similarity with the seed, its snippet or its whole document, whichever is more."""
    from neve.corpus.duplicates import near_duplicates

    seed, ngram = candidate.seed, limits.near.ngram
    return max(near_duplicates.jaccard(candidate.code, text, ngram) for text in (seed.snippet, seed.text))


def no_copy(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.synthesis import changes

    value, limit, seed = likeness(candidate, limits), limits.gates.seed_jaccard, candidate.seed
    if value < limit:  # nor under other names
        value, limit = (
            changes.kept_code(candidate.program, seed.text, seed.target, SAME_WORDS),
            limits.gates.recoded,
        )
    return like_seed(value, limit, seed) if value >= limit else None


def rewritten(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.synthesis import changes

    seed, limit = candidate.seed, limits.gates.rewritten
    value = changes.kept_text(candidate.code, seed.text, limits.near.ngram)
    return like_seed(value, limit, seed) if value >= limit else None


def recoded(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.synthesis import changes

    seed, limit = candidate.seed, limits.gates.recoded
    value = changes.kept_code(candidate.program, seed.text, seed.target, limits.near.ngram)
    return like_seed(value, limit, seed) if value >= limit else None


def no_lines_of_seed(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    value, limit = common_lines(candidate.code, candidate.seed.text), limits.gates.seed_lines
    return like_seed(value, limit, candidate.seed) if value >= limit else None


def no_echo(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    limit = limits.gates.echo
    return Refusal(candidate.echo, limit) if candidate.echo >= limit else None


def clean(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    if candidate.contamination < limits.share:
        return None
    return Refusal(candidate.contamination, limits.share, candidate.task)


def new(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    doc_id = candidate.doc_id
    known = doc_id is not None and bytes.fromhex(doc_id) in accepted.doc_ids
    return Refusal(1.0, 1.0, None, doc_id, accepted.repo, candidate.path) if known else None


def no_near_duplicate(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    found, limit = accepted.alike.nearest(candidate.code, candidate.seed.doc_id), limits.near.threshold
    if found is None and candidate.markup is None and limits.near.enabled:  # nor under other names
        found, limit = accepted.plain.nearest(bare(candidate), ""), limits.gates.recoded
    return Refusal(found.jaccard, limit, None, found.doc_id, found.repo, found.path) if found else None


def good_enough(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    limit = limits.scores.get(candidate.language)
    if limit is None or candidate.score is None or candidate.score >= limit:
        return None
    return Refusal(candidate.score, limit)


def runs(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check = candidate.check
    return Refusal(detail=check.error) if check is not None and check.error else None


def states_results(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    comments = candidate.check.comments if candidate.check is not None else None
    return Refusal(detail=comments.wrong) if comments is not None and comments.wrong else None


def prints_as_seed(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    unlike = candidate.check.unlike if candidate.check is not None else ""
    return Refusal(detail=unlike) if unlike else None


def knows_packages(
    candidate: Candidate, accepted: Accepted, limits: Limits, beside: Collection[str] = ()
) -> Refusal | None:
    """`beside`: what it may import of its own project."""
    from neve.synthesis import imports

    check, language, packages = candidate.check, candidate.seed.target, limits.packages
    if packages is None or (check is not None and check.how == "compiled"):
        return None
    if check is not None and check.missing and not imports.there(language, check.missing, packages):
        return Refusal(detail=f"{check.missing}: no document of the corpus imports it")
    unknown = imports.unknown(language, candidate.program, packages, beside)
    return Refusal(detail=unknown) if unknown else None


def knows_packages_or_seed_does(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    from neve.synthesis import imports

    seed = candidate.seed
    beside = imports.written(seed.target, seed.text) if seed.target in imports.LANGUAGES else ()
    return knows_packages(candidate, accepted, limits, beside)


def was_checked(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check = candidate.check
    if check is None or limits.gates.unchecked or not check.how.startswith("not checked"):
        return None
    return Refusal(detail=check.how)


def passes_tests(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check, limit = candidate.check, limits.gates.tests_passed
    if check is None or not check.tests or (share := check.passed / check.tests) >= limit:
        return None
    return Refusal(share, limit, check.failure)


def tests_assert(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check, limit = candidate.check, limits.gates.asserting
    if check is None or not check.tests or (share := check.asserting / check.tests) >= limit:
        return None
    return Refusal(share, limit, "tests that assert something")


def tests_notice(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check, limit = candidate.check, limits.gates.mutants_killed
    if check is None or not check.mutants[1] or (share := check.mutants[0] / check.mutants[1]) >= limit:
        return None
    return Refusal(share, limit, f"{check.mutants[0]} of {check.mutants[1]} mutants noticed")


SYNTAX = Gate("syntax", parses)
WELL_FORMED = (
    Gate("unanswered", answered),
    Gate("unfinished", ended),
    Gate("no-code", has_code),
    Gate("language", in_language),
    SYNTAX,
    Gate("too-small", large_enough),
    Gate("filters", as_the_corpus),
)
"""For every kind, first: there is an answer, it is whole, and it holds code as the corpus has it."""
PROGRAM = (*WELL_FORMED, Gate("lint", well_written))
"""The same for kinds whose documents are whole programs: names that they use are there."""
PROGRAM_AS_SEED = (*WELL_FORMED, Gate("lint", well_written_as_seed))
"""The same for kinds that leave what the seed has of its project as it is."""
SEED_COPY = Gate("seed-copy", no_copy)
SEED_LINES = Gate("seed-lines", no_lines_of_seed)
"""For kinds that may not resemble their seed."""
UNCHANGED = Gate("unchanged", rewritten)
"""For kinds that rewrite it, be it in names, types and comments alone."""
SAME_CODE = Gate("same-code", recoded)
"""For kinds that are about more than those."""
NEW = (
    Gate("echo", no_echo),
    Gate("contaminated", clean),
    Gate("exact-duplicate", new),
    Gate("near-duplicate", no_near_duplicate),
    Gate("score", good_enough),
)
"""For every kind: neither the question nor a benchmark's text, nothing that is there already, and as good as
the selection where that is asked."""
RUNS = (
    Gate("does-not-run", runs),
    Gate("wrong-result", states_results),
    Gate("unknown-package", knows_packages),
    Gate("not-checked", was_checked),
    Gate("tests-fail", passes_tests),
    Gate("tests-assert-nothing", tests_assert),
    Gate("tests-notice-nothing", tests_notice),
)
"""For kinds whose documents are programs, last: a program is run only where a kind lists the first of these.
"""
RUNS_AS_SEED = tuple(
    Gate(gate.rule, knows_packages_or_seed_does) if gate.refuse is knows_packages else gate for gate in RUNS
)
"""The same for kinds that leave the imports of the seed's project as they are."""
PRINTS_AS_SEED = Gate("other-output", prints_as_seed)
"""For kinds whose documents do what their seeds do."""
MENDABLE = (
    "syntax",
    "lint",
    "does-not-run",
    "wrong-result",
    "other-output",
    "unknown-package",
    "tests-fail",
    "tests-assert-nothing",
    "tests-notice-nothing",
)
"""Rules that say something a model can mend."""


def first_refusal(
    gates: Sequence[Gate], candidate: Candidate, accepted: Accepted, limits: Limits
) -> tuple[Gate, Refusal] | None:
    """The first gate that the candidate fails, and why; None when it passes them all."""
    for gate in gates:
        if (refusal := gate.refuse(candidate, accepted, limits)) is not None:
            return gate, refusal
    return None


def common_lines(a: str, b: str) -> int:
    """Longest run of consecutive lines that two texts share, blank lines and white space at line ends aside.

    >>> common_lines("x\\n\\ny\\nz", "  y\\n  z\\nx")
    2
    """
    ours, theirs = ([line.strip() for line in text.splitlines() if line.strip()] for text in (a, b))
    known: dict[str, int] = {}
    runs = [np.array([known.setdefault(line, len(known)) for line in (*ours, "", *theirs)], np.int64)]
    cut = len(ours)

    def shared(length: int) -> bool:
        """Whether there is a run that long: the first and the last 2^k of its lines name it."""
        whole = runs[length.bit_length() - 1]
        count = len(runs[0]) - length + 1
        names = whole[:count] * len(runs[0]) + whole[len(whole) - count :]
        return bool(np.isin(names[: max(0, cut - length + 1)], names[cut + 1 :]).any())

    while shared(1 << (len(runs) - 1)):
        whole, size = runs[-1], 1 << (len(runs) - 1)
        runs.append(np.unique(whole[:-size] * len(runs[0]) + whole[size:], return_inverse=True)[1])
    low, high = 1 << (len(runs) - 1) >> 1, 1 << (len(runs) - 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if shared(middle) else (low, middle)
    return low
