"""A rewrite may resemble its seed, and must change something. Oracle: rewrites by hand."""

from __future__ import annotations

from pathlib import Path

from neve import documents
from neve.corpus.contamination.benchmark_index import Index
from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.recipe.synthesis import Gates
from neve.synthesis import candidates, changes, gates
from neve.synthesis.candidates import Measures
from neve.synthesis.gates import Accepted, Limits
from neve.synthesis.kinds import problem_file, rewrite, style
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.seeds import Seed
from neve.tokens import bpe


def test_the_whole_document_is_shown_where_there_is_room() -> None:
    seed = Seed("0" * 32, "r", "a.py", "Python", "import b\n\nx = 1\n", "x = 1")
    asked = rewrite.prompt(seed, 100)
    assert asked is not None and "```python\nimport b\n\nx = 1\n```" in asked
    assert rewrite.prompt(seed, 10) is None


REWRITTEN = '''\
"""Filename matching with shell patterns."""

import os
import re


def translate(pattern: str) -> str:
    """A shell pattern as a regular expression; * and ? and [seq] and [!seq] are special."""
    parts, i = [], 0
    while i < len(pattern):
        char, end = pattern[i], pattern.find("]", i + 2)
        if char == "[" and end > 0:
            stuff = pattern[i + 1 : end].replace("\\\\", r"\\\\")
            parts.append(f"[^{stuff[1:]}]" if stuff[0] == "!" else f"[{stuff}]")
            i = end
        else:
            parts.append({"*": ".*", "?": "."}.get(char) or re.escape(char))
        i += 1
    return rf"(?s:{''.join(parts)})\\Z"


def filter(names: list[str], pattern: str) -> list[str]:
    """The names that match."""
    matches = re.compile(translate(os.path.normcase(pattern))).match
    return [name for name in names if matches(os.path.normcase(name))]


print(filter(["a.py", "b.txt", "c.pyc"], "*.py"))
'''


def test_resembling_the_seed_is_allowed_and_repeating_it_is_not(inputs: dict[str, Path]) -> None:
    rows = documents.read(inputs["documents"] / "documents").to_pylist()
    row = next(row for row in rows if row["path"] == "fnmatch.py")
    text = row["content"]
    seed = Seed(row["doc_id"], row["repo"], row["path"], "Python", text, "\n".join(text.splitlines()[:9]))
    index, tokenizer = Index.load(["humaneval"]), bpe.load(inputs["tokenizer"])

    def refused(code: str, kind: object) -> str | None:
        answers = [(seed, Answer(f"```python\n{code}```", "stop"))]
        how = Measures(kind.read, lambda seed: "Python", index, tokenizer, {})  # type: ignore[attr-defined]
        made = candidates.measure(answers, how)[0]
        found = gates.first_refusal(kind.GATES, made, Accepted(Lookalikes(Near())), Limits())  # type: ignore[attr-defined]
        return found[0].rule if found else None

    renamed = text.replace("pat", "pattern").replace("name", "file_name").replace("res", "parts")
    assert 0.15 < changes.kept_text(renamed, text, 5) < Gates().rewritten
    assert refused(renamed, rewrite) == "same-code" and refused(renamed, style) is None
    shorter = "import re\n\n\n" + text[text.index("def translate(") :]
    assert refused(shorter, rewrite) == "unchanged"  # what is left out is no rewrite
    assert refused(REWRITTEN, rewrite) is None
    assert refused(renamed, problem_file) in ("seed-copy", "seed-lines")
    assert refused(text, rewrite) == "unchanged"
    assert refused(text.replace("\n\n", "\n"), rewrite) == "unchanged"  # words count, not white space
