"""What curation left, said to a person: the rules that stopped files, and which field of the recipe admits
them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.store import read_json

REMEDIES = {
    "opt-out": "corpus.opt_out names the list that they stand on",
    "languages": "corpus.languages names the languages kept, empty: all (neve curate: --languages any)",
    "licenses": 'corpus.licenses = "any" (neve curate: --licenses any) admits files without a known or admitted licence',
    "decontaminate": "corpus.decontaminate.benchmarks names the benchmarks searched for",
    "exact": "copies of one text count once; nothing admits them",
    "near": "corpus.near.threshold is the similarity at which a document is dropped; corpus.near.enabled = false keeps all",
    "secrets": 'corpus.secrets.action = "redact" keeps files with secrets',
    "split": "corpus.heldout_share is the share of repositories held out",
    "curate": "such files cannot be read as text",
    "sources": "such files are refused before they are read; `neve why` says why of each",
}
"""Stage of a verdict -> the field of the recipe that admits such files."""


def remedy(stage_rule: str) -> str:
    """What admits files that a rule stopped.

    >>> remedy("filters/max_line")
    'corpus.filters.max_line = false switches the rule off, a number moves its limit'
    """
    stage, _, rule = stage_rule.partition("/")
    if stage in ("filters", "syntax"):
        return f"corpus.filters.{rule} = false switches the rule off, a number moves its limit"
    return REMEDIES.get(stage, "`neve why` says of each file what stopped it")


def lines(counts: dict[str, Any]) -> list[str]:
    """The rules that stopped files, most first, as lines for a terminal."""
    by_rule = sorted(counts["by_rule"].items(), key=lambda item: (-item[1], item[0]))
    width = max((len(rule) for rule, _ in by_rule), default=0)
    return [f"  {rule:<{width}}  {files:>9,}" for rule, files in by_rule]


def page(stage: Path, title: str) -> Path:
    """The page of a run's curation, in the folder of its stage; made unless it is there."""
    made = stage / "index.html"
    if not made.exists():
        from neve.report.corpus import write_page

        write_page(stage, title, read_json(stage / "timings.json"))
    return made


def check(counts: dict[str, Any]) -> None:
    """Raises Fault where no document is left: it names the rule that stopped most, and what admits such
    files."""
    if counts["documents"]:
        return
    if not counts["entering"]:
        raise Fault("no file entered: corpus.sources gave none; are its paths right?")
    rule, files = max(counts["by_rule"].items(), key=lambda item: (item[1], item[0]))
    raise Fault(
        f"no document is left of {counts['entering']:,} files; {rule} stopped most, {files:,}: {remedy(rule)}"
    )
