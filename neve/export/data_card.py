"""What stands beside a data set's tables: its card, and the draft of the training-content summary that the
EU asks for.

The trade-off: what a run does not know (who publishes, under which terms, what the law asks of them) is
marked as to be filled in, and never guessed.

Source: the European Commission's template for the public summary of training content (July 2025), after
Article 53(1)(d) of Regulation (EU) 2024/1689.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from neve.export.data import COLUMNS, SPLITS, SYNTHETIC, Tally
from neve.export.markdown import code, escaped, head, share, table
from neve.export.model import LISTED, described

OPEN = "*to be filled in by the provider*"
SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"), (10**9, "100M<n<1B"),
)  # fmt: skip
"""The hub's words for a number of rows."""
SECRETS = {"redact": "replaced by sentinels", "drop": "files that hold any dropped", "keep": "left alone"}
RANGES = ((10**9, "less than 1 billion tokens"), (10**13, "1 billion to 10 trillion tokens"))
"""The template's ranges for text."""


def card(recipe: Mapping[str, Any], counts: Mapping[str, Any], tally: Tally, version: str) -> str:
    """The card as Markdown; `counts` are curation's."""
    rows = sum(tally.splits[split] for split in SPLITS)
    kinds = [name for name in (*SPLITS, SYNTHETIC) if tally.splits[name]]
    files = [{"split": name, "path": f"data/{name}-*.parquet"} for name in kinds if name != SYNTHETIC]
    configs: list[dict[str, Any]] = [{"config_name": "default", "data_files": files, "default": True}]
    if SYNTHETIC in kinds:
        grown = [{"split": "train", "path": f"data/{SYNTHETIC}-*.parquet"}]
        configs.append({"config_name": SYNTHETIC, "data_files": grown})
    metadata = {
        "license": "other",
        "license_name": "by-file",
        "license_link": "README.md",
        "language": ["code"],
        "task_categories": ["text-generation"],
        "tags": ["code", "neve", "croissant"],
        "size_categories": [next((name for most, name in SIZES if rows < most), "n>1B")],
        "configs": configs,
    }
    filters = recipe["corpus"]
    parts = [
        head(metadata),
        f"# {escaped(recipe['run']['name'])}: the corpus\n",
        f"Source code that Neve {version} curated: {rows:,} documents of {counts['entering']:,} files, "
        f"{len(tally.repositories):,} repositories. Each is under its own licence, in the column `license`.\n",
        table(("split", "documents", "bytes"), ((name, tally.splits[name], tally.sizes[name]) for name in kinds)),
        "```python\nfrom datasets import load_dataset\n\n"
        'train = load_dataset("FOLDER", split="train")  # also heldout, and the configuration "synthetic"\n```\n',
        "pandas, Polars and DuckDB read `data/train-*.parquet`. `croissant.json` describes the same in Croissant 1.1.\n",
        "## Columns\n",
        table(("column", "meaning"), ((code(name), escaped(said)) for name, said in COLUMNS.items())),
        "## What it holds\n",
        table(("language", "documents"), ((escaped(n), d) for n, d in tally.languages.most_common())),
        _licenses(tally, rows),
        "## How it was made\n",
        f"- Sources: {_sources(recipe)}.\n"
        f"- Licences admitted: {_admitted(filters['licenses'])}. They were read by rules from the files and their "
        "repositories; some are wrong.\n"
        f"- Text of these benchmarks was taken out: {', '.join(map(code, filters['decontaminate']['benchmarks'])) or 'none'}.\n"
        f"- Keys, passwords, e-mail and IP addresses: {SECRETS[filters['secrets']['action']]}.\n"
        f"- Opt-out: {_opted(counts, tally)}\n"
        "- What each rule stopped, in files:\n",
        table(("rule", "files"), ((code(name), n) for name, n in sorted(counts["by_rule"].items(), key=lambda r: -r[1]))),
        "## Limits\n",
        "- Some licences, languages and secrets were told wrongly; Neve's documentation has the measured shares.\n"
        "- Copies of a file that somebody opted out may remain under another name or in another repository.\n"
        "- Nothing was filtered for what the code does: some of it may be insecure or harmful.\n"
        f"- Who publishes the set, and how to ask for a removal: {OPEN}.\n",
    ]  # fmt: skip
    return "\n".join(parts)


def _licenses(tally: Tally, rows: int) -> str:
    found = tally.licenses.most_common()
    rest = sum(n for _, n in found[LISTED:])
    shown = [(escaped(name), n, share(n, rows)) for name, n in found[:LISTED]]
    more = [(f"{len(found) - LISTED} others", rest, share(rest, rows))] if rest else []
    return table(("licence, as found", "documents", "of all"), shown + more)


def _sources(recipe: Mapping[str, Any]) -> str:
    names = [described(source) for source in recipe["corpus"]["sources"]]
    more = f", and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _admitted(licenses: str | list[str]) -> str:
    if isinstance(licenses, list):
        return ", ".join(map(escaped, licenses))
    return {"any": "all, unknown ones too", "permissive": "permissive ones"}[licenses]


def _opted(counts: Mapping[str, Any], tally: Tally) -> str:
    before = counts["by_rule"].get("opt-out/opted-out", 0)
    return f"{before:,} files left out by curation, {tally.opted_out:,} documents more when this was written."


def summary(
    recipe: Mapping[str, Any],
    counts: Mapping[str, Any],
    tally: Tally,
    made: Mapping[str, Any],
    publisher: str,
) -> str:
    """The draft, in the template's three sections; `made` has the counts of the run's stages."""
    tokens = made.get("tokens", {}).get("tokens")
    ranges = next(
        (said for most, said in RANGES if tokens is not None and tokens < most), "more than 10 trillion"
    )
    kinds = Counter(source["kind"] for source in recipe["corpus"]["sources"])
    public = [described(s) for s in recipe["corpus"]["sources"] if s["kind"] in ("hub", "table")]
    fetched = [described(s) for s in recipe["corpus"]["sources"] if s["kind"] in ("git", "sdist", "archive")]
    own = kinds["directory"]
    lines = [
        "# Summary of training content: a draft\n",
        "In the order of the European Commission's template for Article 53(1)(d) of Regulation (EU) 2024/1689. What the "
        "run recorded is filled in; the rest is left to the provider. It covers what Neve trained on, and not what "
        "other weights, such as a start from outside, were trained on. Not legal advice.\n",
        "## 1. General information\n",
        f"- Provider and contact: {escaped(publisher) if publisher else OPEN}. Authorised representative: {OPEN}.",
        f"- Model: {escaped(recipe['run']['name'])}. Model it depends on: {_starts(recipe)}. "
        f"Date of placing on the market: {OPEN}.",
        f"- Modality: text (source code). Size: {ranges if tokens is not None else OPEN}"
        + (f" ({tokens:,} tokens, each counted once)" if tokens is not None else "")
        + f"; {tally.splits['train']:,} documents, {tally.sizes['train']:,} bytes.",
        f"- Types of content: source code in {len(tally.languages)} programming languages "
        f"({', '.join(escaped(n) for n, _ in tally.languages.most_common(8))}); its comments are in natural languages that "
        "were not told apart.",
        f"- Latest date of collection: {OPEN}.\n",
        "## 2. Data sources\n",
        f"- 2.1 Publicly available data sets: {', '.join(public[:LISTED]) or 'none'}.",
        f"- 2.2 Private data sets of third parties: {OPEN if own else 'none recorded'}"
        + (f" ({own} folders of this machine were read)." if own else "."),
        f"- 2.3 Crawled and scraped: no web pages. Fetched by name: {len(fetched):,} packages, archives or repositories: "
        f"{', '.join(fetched[:LISTED]) or 'none'}{'; more in the recipe' if len(fetched) > LISTED else ''}.",
        "- 2.4 User data: none.",
        f"- 2.5 Synthetic data: {_synthetic(made)}",
        "- 2.6 Other sources: instruction sets or exemplars that annotators learnt from are named in the recipe; no "
        "phase trained on them as such.\n",
        "## 3. Processing\n",
        f"- 3.1 Reservations of rights: licences admitted were {_admitted(recipe['corpus']['licenses'])}; {_opted(counts, tally)} "
        f"Other measures, such as robots.txt where sources were collected: {OPEN}.",
        "- 3.2 Illegal content: keys, passwords, e-mail and IP addresses were looked for "
        f"({SECRETS[recipe['corpus']['secrets']['action']]}): "
        + (", ".join(f"{kind} {row['found']:,}" for kind, row in counts["secrets"].items()) or "none found")
        + f". Other measures: {OPEN}.",
        f"- 3.3 Other: {counts['entering']:,} files became {counts['documents']:,} documents by the rules that the card "
        "lists.",
    ]
    return "\n".join(lines) + "\n"


def _starts(recipe: Mapping[str, Any]) -> str:
    outside = [row["start"].rstrip("/").rpartition("/")[2] for row in recipe["phase"] if "/" in row["start"]]
    return ", ".join(map(code, outside)) or "none, trained from scratch"


def _synthetic(made: Mapping[str, Any]) -> str:
    if "synthesis" not in made:
        return "none."
    counts = made["synthesis"]
    return (
        f"{counts['accepted']:,} documents, {counts['tokens']:,} tokens, written by {code(counts['model'])} from documents of "
        "this corpus."
    )
