"""[corpus] and the tables inside it. Oracle: the rules as stated, and Linguist's names."""

import json
from pathlib import Path

import pytest

import neve
from neve.recipe.corpus import LANGUAGES, BenchmarkFile


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["corpus"].update(heldout_share=1.5), "corpus.heldout_share = 1.5: must be less than 1"),
        (lambda d: d["corpus"].update(licenses=7), "corpus.licenses = 7: must be 'permissive' or 'any' or a list, in [ ]"),
        (lambda d: d["corpus"].update(filters={"short": [1]}), "corpus.filters.short = [1]: must be a number or true or false or a text, in quotes"),
        (lambda d: d["corpus"].update(sources=[]), "corpus.sources = []: must have at least 1"),
        (lambda d: d["corpus"].update(near={"threshold": 0}), "corpus.near.threshold = 0: must be more than 0"),
        (lambda d: d["corpus"].update(secrets={"action": "hide"}), "corpus.secrets.action = \"hide\": must be 'redact', 'drop' or 'keep'"),
        (lambda d: d["corpus"].update(decontaminate={"files": [{"name": "own", "path": "own.jsonl"}]}), "benchmark 'own' needs prompt or solution"),
        (lambda d: d["corpus"].update(decontaminate={"benchmarks": ["humanevil"]}), "humaneval"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(mistake, change, said: str) -> None:
    assert said in mistake(change)


def test_the_papers_languages_are_linguists() -> None:
    known = json.loads((Path(neve.__file__).parent / "corpus" / "languages" / "linguist.json").read_text())
    assert len(set(LANGUAGES)) == 18 and all(json.dumps(name) in json.dumps(known) for name in LANGUAGES)


def test_one_field_is_enough_for_a_benchmark_of_ones_own() -> None:
    for field in ("prompt", "solution"):
        assert BenchmarkFile.model_validate({"name": "own", "path": "own.jsonl", field: "text"}).test is None
