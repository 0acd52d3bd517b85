"""Writes docs/filters.md: the tables of signals and rules, as the package has them.

python scripts/make_filters_doc.py            # writes the page
python scripts/make_filters_doc.py --check    # exits with 1 where the page is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

from neve.corpus.signals import lexing, rules
from neve.corpus.signals import table as signal_table

PAGE = Path(__file__).parents[1] / "docs" / "filters.md"

HEAD = """\
# Signals and rules

What Neve measures about a file of code, and which measurements stop it. The page is written by
`scripts/make_filters_doc.py` from the tables in `neve/corpus/signals/`; `neve filters` prints the rules.

A rule compares one signal with one limit, which may differ by language; the first rule of the table that a file breaks is its
verdict, with the value and the limit. At the limit a file passes. Where a rule's signal is not measured for a language, the rule
does not ask; where it should be there and is not, the verdict is `unmeasured`. Nothing is drawn by chance.

A recipe moves limits by name. A number holds for all languages of the rule, its limits by language included; `"rule.Language"` is
for one language and stronger; `false` switches off. A rule that is off has no limit until a recipe gives it one:

    [corpus.filters]
    max_line = 2000
    "max_line.SQL" = false
    test_file = 0

Words are whole: `pass` is not in `password`. Comments and strings are found by a lexer with a table of delimiters for each of
{lexed}.

Where a published limit stopped too much good code, Neve has its own; the source then names both. How often a rule is
wrong, with denominators: [the curation's rules](curation-rules.md).
"""


def page() -> str:
    """The page as it should be."""
    lines = [HEAD.format(lexed=", ".join(lexing.DIALECTS)), "## Rules", ""]
    rows = rules.table()
    lines += _table(
        ["rule", "stops where", "limits by language", "languages", "meaning", "source"],
        [
            [
                r["rule"],
                f"`{r['stops']}`",
                r["by_language"],
                _short(r["languages"]),
                r["meaning"],
                r["source"],
            ]
            for r in rows
        ],
    )
    lines += ["", "## Signals", ""]
    lines += _table(
        ["signal", "unit", "measures", "languages", "source"],
        [
            [f"`{s.name}`", s.unit, s.meaning, _short(", ".join(s.languages or ("all",))), s.source]
            for s in signal_table.SIGNALS
        ],
    )
    return "\n".join(lines) + "\n"


def _short(languages: str) -> str:
    return languages.replace(", ".join(signal_table.LEXED), "with a lexer")


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [head, ["---"] * len(head), *rows]]
    return ["| " + " | ".join(row) + " |" for row in cells]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), "utf-8")
