"""Recipes to start from. Oracles: the folders of the test, git, and the plan of the recipe written."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from neve.corpus.ordering import split
from neve.errors import Misuse
from neve.recipe.file import parse
from neve.run import start, survey
from neve.run.plan import plan


def test_the_recipe_fits_what_was_found(clones: Path) -> None:
    found = survey.look(clones, clones / "neve.toml")
    text, said = start.recipe(found, "my code!")
    recipe = parse(tomllib.loads(text))
    assert recipe.run.name == "my-code" and [phase.name for phase in recipe.phase] == ["general", "quality"]
    assert recipe.corpus.languages == ["Python"] and recipe.evaluate.tasks == ["humaneval"]
    assert [*recipe.annotators] == ["ngrams"] and recipe.phase[1].moments == "keep"
    assert recipe.phase[1].lr.peak == pytest.approx(recipe.phase[0].lr.floor)
    rows = plan(recipe, recipe.tokenizer.vocab_size)["phases"]
    assert not any(row["wasted_steps"] for row in rows), "a step at rate 0 trains nothing"
    assert recipe.phase[0].tokens <= start.PASSES * recipe.corpus.expected_tokens
    assert recipe.phase[1].tokens <= recipe.phase[0].tokens
    assert "Python" in said[0] and "2 more" not in said[0] and "\n# " + said[0][:40] in text


def test_little_code_is_not_trained_on_and_other_languages_have_no_exemplars(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "a.c").write_text("int x;\n" * 30)
    found = survey.look(tmp_path / "c", tmp_path / "neve.toml")
    text, said = start.recipe(found, "c")
    assert parse(tomllib.loads(text)).phase == [] and "too few" in said[2] and "\n# [[phase]]\n" in text
    found.bytes, found.languages["C"] = 5_000_000, 5_000_000
    recipe = parse(tomllib.loads(start.recipe(found, "c")[0]))
    assert [phase.name for phase in recipe.phase] == ["general"] and recipe.evaluate.tasks == []


@pytest.mark.parametrize(
    ("unique", "flops", "hidden"), [(10**6, 1e13, 192), (3 * 10**8, 1e17, 384), (10**12, 1e23, 2048)]
)
def test_larger_data_and_machines_have_larger_models(unique: int, flops: float, hidden: int) -> None:
    shape, tokens = start.fitting(unique, flops)
    assert shape.hidden == hidden and tokens <= 4 * unique


def test_a_template_that_is_not_there_is_a_line() -> None:
    with pytest.raises(Misuse, match="--from tiny: no such recipe; there are quickstart, paper"):
        start.packaged("tiny")


@pytest.mark.parametrize(("minutes", "size"), [(10, 20_000_000), (10, 200_000_000), (120, 20_000_000)])
def test_a_run_fits_the_minutes(clones: Path, monkeypatch, minutes: float, size: int) -> None:
    """Training, by the plan's own count, and what is set aside; on two cores without a GPU."""
    monkeypatch.setattr(start.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(start.machine, "capability", lambda: None)
    found = survey.look(clones, clones / "neve.toml")
    found.bytes = found.languages["Python"] = size
    text, said = start.recipe(found, "c", minutes)
    recipe = parse(tomllib.loads(text))
    figures = plan(recipe, recipe.tokenizer.vocab_size, None, cores=2)
    seconds = 3600 * figures["with_controls"]["hours"] + start.ASIDE_SECONDS + size / (2 * start.CURATED)
    assert 0.8 * 60 * minutes <= seconds <= 60 * minutes and f"about {seconds / 60:.0f} minutes" in said[2]


def test_the_largest_of_few_repositories_is_not_held_out(clones: Path) -> None:
    """Oracle: the split itself, and the code counted by repository."""
    found = survey.look(clones, clones / "neve.toml")
    size = {repo: sum(n for (one, _), n in found.code.items() if one == repo) for repo in found.repositories}
    assert sum(size.values()) == found.bytes
    seed, chosen, share = start.held_out(found)
    repos = pa.array(sorted(size))
    assert chosen == repos.filter(pa.array(split.heldout(repos, seed, 0.03))).to_pylist()
    assert chosen == [min(size, key=lambda repo: found.code[repo, "Python"])]
    assert share == pytest.approx(size[chosen[0]] / found.bytes)
    alone = survey.look(clones / "one", clones / "neve.toml")
    assert start.held_out(alone)[1:] == ([], 0.0)


def found_of(code: dict[tuple[str, str], int]) -> survey.Survey:
    languages: Counter[str] = Counter()
    for (_, language), size in code.items():
        languages[language] += size
    return survey.Survey(
        [], bytes=sum(code.values()), repositories={repo for repo, _ in code}, languages=languages,
        code=Counter(code),
    )  # fmt: skip


def test_a_language_that_one_repository_has_alone_stays_in_training() -> None:
    """Six projects of six languages: the largest is the main language's only one, so the smallest that is
    large enough is held out. With a second repository of the main language it is learnt and measured."""
    sizes = {"j": 2_000_000, "p": 1_100_000, "r": 700_000, "g": 700_000, "s": 600_000, "c": 300_000}
    alone = {(name, name.upper()): size for name, size in sizes.items()}
    assert start.held_out(found_of(alone))[1:] == (["c"], 300_000 / 5_400_000)
    assert start.held_out(found_of(alone | {("c", "J"): 60_000}))[1] == ["c"]
    assert start.held_out(found_of(alone | {("k", "J"): 60_000}))[1] == ["k"]
    assert start.held_out(found_of({("a", "J"): 990_000, ("b", "C"): 10_000}))[1] == ["b"]
