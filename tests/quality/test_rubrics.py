"""neve.quality.rubrics. Oracle: what each answer says, read by a person."""

import pytest

from neve.errors import Misuse
from neve.quality.rubrics import PACKAGED, Rubric

ONE, FOUR, PAIR = (Rubric.load(name) for name in PACKAGED)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"educational value": 4}', (4.0,)),
        ('Sure!\n```json\n{"Educational_Value": "2 of 5"}\n```', (2.0,)),
        ("**Educational value:** 3", (3.0,)),
        ("Score: 5. It is clear.", (5.0,)),
        ("I would say 1 out of 5.", (1.0,)),
        ("2", (2.0,)),
        ("3.5", (3.5,)),
        ('First {"educational value": 1}, no: {"educational value": 2}', (2.0,)),
        ("Between 2 and 4.", None),
        ("Educational value: 7", None),
        ("educational value: high", None),
        ('{"educational value": true}', None),
        ('{"educational value": [3]}', (3.0,)),
        ("A file about utf8 and md5.", None),
        ("", None),
    ],
)
def test_one_number(answer: str, said: tuple | None) -> None:
    assert ONE.read(answer) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"readability": 7, "modularity": 5, "clarity": 6, "reusability": 2}', (7.0, 5.0, 6.0, 2.0)),
        ("Readability: 7/10\nModularity - 5\nClarity = 6\nReusability: 2", (7.0, 5.0, 6.0, 2.0)),
        ('{"readability": 7, "modularity": 5, "clarity": 6}', None),
        ("8", None),
        ('{"readability": 7, "modularity": 5, "clarity": 6, "reusability": 12}', None),
    ],
)
def test_four_numbers_or_none(answer: str, said: tuple | None) -> None:
    assert FOUR.read(answer) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("A", 1.0),
        ("b.", 0.0),
        ("**File B** is clearer.", 0.0),
        ("Answer: A", 1.0),
        ("The second file is better.", 0.0),
        ("I prefer file A, since it is short.", 1.0),
        ("File A is short, file B is long.", None),
        ("Both file A and file B are fine.", None),
        ("Neither.", None),
        ("", None),
    ],
)
def test_one_of_two(answer: str, said: float | None) -> None:
    assert PAIR.read(answer) == (None if said is None else (said,))


def test_text_that_looks_like_a_place_stays_as_it_is() -> None:
    asked = PAIR.ask("C", "{second} {language}", "two")
    assert "File A:\n```\n{second} {language}\n```" in asked and asked.count("two") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind = 3", "needs kind"),
        ('kind = "pair"\nprompt = "{first}"', r"no \{second\}"),
        ('kind = "score"\nprompt = "{text}"\ncriteria = []\nlow = 0\nhigh = 5', "needs a criterion"),
        ('kind = "score"\nprompt = "{text}"\ncriteria = ["x"]\nlow = 5\nhigh = 5', "low below high"),
        ('kind = "score"\nprompt = "{text}"\ncriteria = ["x"]\nlow = 0\nhigh = 5\nscale = 2', "exactly these keys"),
        ("{", "rubric = .*may be educational, quality, pairwise"),
    ],
)  # fmt: skip
def test_a_rubric_of_ones_own_is_checked(tmp_path, text: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(Misuse, match=said):
        Rubric.load(str(tmp_path / "mine.toml"))
    with pytest.raises(Misuse, match="no-such"):
        Rubric.load("no-such")


@pytest.mark.parametrize("unit", ["1", "1.", " ", "{", '{"', "value ", "Educational ", "the ", "_"])
@pytest.mark.parametrize("tail", ["", "a", "."])
def test_hostile_answers_take_linear_time(unit: str, tail: str, linear) -> None:
    for name in ("educational", "quality", "pairwise"):
        read = Rubric.load(name).read
        linear(lambda size, read=read: read(unit * (size // len(unit)) + tail), 32_000)
