"""What becomes of candidates. Oracles: rows counted; quotas worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents
from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.store import read_json
from neve.synthesis import gates, harvest, kinds
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Limits
from neve.synthesis.harvest import Harvest
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.seeds import Seed


def candidate(n: int, language: str = "Python", finish: str = "stop", quantile: float = 0.05) -> Candidate:
    seed = Seed(f"{n:032x}", "r", f"{n}.py", language, "seed " * 20, "seed", quantile=quantile)
    text = "".join(f"def part_{n}_{i}(value):\n    return value * {n} + {i}\n\n" for i in range(9))
    answer = Answer(text, finish, {"completion_tokens": 50})
    return Candidate(seed, answer, text, 0.0, 0.0, None, 40)


def nothing() -> Accepted:
    return Accepted(Lookalikes(Near()), "synthetic/m")


def test_a_language_that_has_its_tokens_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest, "ROWS", 2)
    found = Harvest(nothing(), Limits(), kinds.KINDS, {"Python": 70, "Go": 30}, tmp_path)
    for n, language in enumerate(["Python", "Python", "Python", "Go", "Go"]):
        made = candidate(n, language, quantile=n / 10)
        if found.wanted(made.seed):
            assert found.judge(made, repaired=n == 1)
    assert found.full and not found.wanted(candidate(9).seed)
    refused = Harvest(nothing(), Limits(), kinds.KINDS, {"Python": 1}, tmp_path / "other")
    assert not refused.judge(candidate(1, finish="length"), repaired=False)
    counts = found.close()
    assert counts["languages"] == {"Go": {"wanted": 30, "tokens": 40}, "Python": {"wanted": 70, "tokens": 80}}
    assert (counts["accepted"], counts["tokens"], counts["seeds_tried"]) == (3, 120, 3)
    rows = documents.read(tmp_path / "documents").to_pylist()
    assert [row["seed_doc_id"][-1] for row in rows] == ["0", "1", "3"]  # over two files, in seed order
    assert [row["repaired"] for row in rows] == [False, True, False]
    assert {row["checked"] for row in rows} == {"not checked: not run"}


def test_questions_are_worth_asking_for_the_tokens_that_are_lacking(tmp_path: Path) -> None:
    """Oracle, by hand: 100 tokens are wanted of each language, 50 expected of an answer; then two answers of 40 in
    Python make 43 of each, and 20 are lacking."""
    found = Harvest(nothing(), Limits(), kinds.KINDS, {"Python": 100, "Go": 100}, tmp_path, answer_tokens=50)
    assert found.lacking([]) == pytest.approx(2 * 100 / 50)
    assert found.lacking([candidate(0).seed]) == pytest.approx(2 * 100 / 50 - 1)
    for n in range(2):
        assert found.judge(candidate(n), repaired=False)
    assert found.lacking([candidate(0, "Go").seed] * 5) == pytest.approx(20 / (130 / 3))
    found.judge(candidate(3), repaired=False)
    assert found.lacking([candidate(0, "Go").seed] * 3) == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["Python", "Go", "C"]), st.integers(1, 90), st.booleans()), max_size=40
    ),
    st.dictionaries(st.sampled_from(["Python", "Go"]), st.integers(1, 300), min_size=1),
)
@settings(max_examples=60, deadline=None)
def test_quotas_are_of_accepted_tokens(answers: list[tuple[str, int, bool]], quotas: dict[str, int]) -> None:
    """Each language takes documents, in order, until its own accepted tokens reach its quota, whatever the others
    do; what is refused counts for nothing, and a language without a quota takes none. Oracle: one language at a
    time, by running sums."""
    ended = SimpleNamespace(GATES=(gates.WELL_FORMED[1],))
    with TemporaryDirectory() as folder:
        accepted = Accepted(Lookalikes(Near(enabled=False)))
        found = Harvest(accepted, Limits(), {"problem-file": ended}, quotas, Path(folder))  # type: ignore[dict-item]
        taken: dict[str, list[int]] = {language: [] for language in ("Python", "Go", "C")}
        for n, (language, tokens, good) in enumerate(answers):
            made = replace(candidate(n, language, "stop" if good else "length"), tokens=tokens)
            if found.wanted(made.seed) and found.judge(made, repaired=False):
                taken[language].append(n)
        counts = found.close()
    for language, chosen in taken.items():
        good = [n for n, (spoken, _, ended) in enumerate(answers) if spoken == language and ended]
        before = [sum(answers[m][1] for m in good[:i]) for i in range(len(good))]
        assert chosen == [n for n, sums in zip(good, before, strict=True) if sums < quotas.get(language, 0)]
        if language in quotas:
            assert counts["languages"][language]["tokens"] == sum(answers[n][1] for n in chosen)
    assert found.full == all(found.got[language] >= quota for language, quota in quotas.items())


def test_yields_and_samples_tell_what_was_refused(tmp_path: Path) -> None:
    found = Harvest(nothing(), Limits(), kinds.KINDS, {"Python": 1000}, tmp_path)
    for n in range(5):
        found.judge(candidate(n, finish="stop" if n == 0 else "length", quantile=0.99), repaired=False)
    counts = found.close()
    assert counts["refused"] == {"unfinished": 4}
    table = documents.read(tmp_path / harvest.YIELDS).to_pylist()
    assert [(row["outcome"], row["tenth"], row["answers"], row["answer_tokens"], row["tokens"]) for row in table] == [
        ("accepted", 9, 1, 50, 40), ("unfinished", 9, 4, 200, 0),
    ]  # fmt: skip
    samples = read_json(tmp_path / harvest.REFUSALS)
    assert (
        len(samples["unfinished"]) == harvest.SAMPLES and "def part_1_0" in samples["unfinished"][0]["text"]
    )
    verdict = documents.read(tmp_path / "verdicts").to_pylist()[0]
    assert (verdict["rule"], verdict["value"], verdict["detail"]) == (
        "unfinished",
        50.0,
        "finish_reason length",
    )
