"""What was accepted so far. Oracle: two texts that differ in names alone, and a third that does not."""

from __future__ import annotations

from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.synthesis.candidates import Candidate
from neve.synthesis.judging import Accepted, bare
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.seeds import Seed

CODE = (
    "def total(values, start=0):\n    found = start\n    for value in values:\n        if value > 3:\n"
    "            found += value * 2\n    return found\n\n\nprint(total([1, 2, 3, 4]), total([]))\n"
)
SEED = Seed("0" * 32, "r", "a.py", "Python", "x = 1\n", "x = 1")


def candidate(code: str, markup: str | None = None) -> Candidate:
    return Candidate(SEED, Answer(code), code, 0.0, 0.0, None, 10, markup=markup)


def test_what_is_accepted_is_known_by_its_text_and_by_its_code() -> None:
    accepted = Accepted(Lookalikes(Near()), "synthetic/m")
    first = candidate(CODE)
    accepted.add(first)
    assert accepted.tokens == 10 and {each.hex() for each in accepted.doc_ids} == {first.doc_id}
    renamed = candidate(CODE.replace("value", "amount").replace("found", "sum_of").replace("total", "add_up"))
    other = candidate(CODE.replace("> 3", "< 5").replace("* 2", "- 1").replace("4]", "9]"))
    assert accepted.alike.nearest(renamed.code, "") is None
    found = accepted.plain.nearest(bare(renamed), "")
    assert found is not None and (found.doc_id, found.repo, found.jaccard) == (
        first.doc_id,
        "synthetic/m",
        1.0,
    )
    assert accepted.plain.nearest(bare(other), "") is None


def test_of_a_chapter_the_text_alone_is_known() -> None:
    accepted = Accepted(Lookalikes(Near()))
    accepted.add(candidate(CODE, "Markdown"))
    assert (
        accepted.alike.nearest(CODE, "") is not None
        and accepted.plain.nearest(bare(candidate(CODE)), "") is None
    )
