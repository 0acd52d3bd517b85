"""What a program prints beside its seed. Oracle: pairs whose output is known by hand; some are really run."""

from __future__ import annotations

import pytest

from neve import sandbox
from neve.synthesis import outputs, toolchains

SEED = "def total(values):\n    return sum(values)\n\n\nif __name__ == '__main__':\n    print(total([1, 2]), True, 1 / 3)\n"
SCRIPT = "const total = (v) => v.reduce((a, b) => a + b, 0);\nconsole.log(total([1, 2]), true, 1 / 3);\n"
C = '#include <stdio.h>\nint main(void) {\n  printf("%d true %.2f\\n", 1 + 2, 1.0 / 3);\n  return 0;\n}\n'


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("[1, 2, 3]", "[1 2 3]"),
        ("{'a': 1, 'b': 2}", "{b=2, a=1}"),
        ("True None", "true null"),
        ("3.0", "3"),
        ("3.3333333333333335", "3.33"),
        ("0.1 + 0.2 = 0.30000000000000004", "0.1 + 0.2 = 0.3"),
        ("a\nb\n", "a b"),
    ],
)
def test_the_same_in_another_language(one: str, two: str) -> None:
    assert outputs.alike(one, two) and outputs.alike(two, one)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("[1, 2]", "[1, 3]"),
        ("3.34", "3.33333"),
        ("2", "3"),
        ("1 2", "1 2 2"),
        ("yes", "no"),
        ("2.5", "2"),
        ("1", "-1"),
    ],
)
def test_something_else(one: str, two: str) -> None:
    assert not outputs.alike(one, two) and not outputs.alike(two, one)


def unlike(language: str, text: str, seed: str = SEED) -> str:
    place = sandbox.probe()
    if (
        toolchains.printed(language, {"Python": SEED, "JavaScript": SCRIPT, "C": C}[language], 20.0, place)
        is None
    ):
        pytest.skip(f"nothing runs {language} here")
    return outputs.unlike(language, text, ("Python", seed), 20.0, place)


@pytest.mark.parametrize(("language", "text"), [("Python", SEED), ("JavaScript", SCRIPT), ("C", C)])
def test_programs_are_run_beside_their_seed(language: str, text: str) -> None:
    assert unlike(language, text) == ""
    found = unlike(language, text.replace("1, 2]", "1, 3]").replace("1 + 2", "1 + 3"))
    assert found.startswith("prints '4 ") and "its seed '3 True 0.333" in found
    more = unlike(language, f"{text}print('more')\n") if language == "Python" else "prints other lines: "
    assert more.startswith("prints other lines: ")


@pytest.mark.parametrize(
    "seed",
    [
        "x = 1\n",  # prints nothing
        "print(1)\nraise ValueError\n",
        "print(input())\nopen(input())\n",
        "print({'a', 'b', 'c', 'd'})\nprint(hash('a'))\n",
        "import time\nprint(time.time())\n",
        "import missing\nprint(1)\n",
    ],
)
def test_a_seed_that_says_nothing(seed: str) -> None:
    assert unlike("Python", "print(2)\n", seed) == ""


@pytest.mark.parametrize(("language", "text"), [
    ("Python", "n = int(input('n? '))\nprint(n * n, input())\n"),
    ("C", '#include <stdio.h>\nint main(void) {\n  int n, m;\n  scanf("%d %d", &n, &m);\n  printf("n? %d %d\\n", n * n, m);\n  return 0;\n}\n'),
])  # fmt: skip
def test_programs_that_read_are_given_the_same(language: str, text: str) -> None:
    seed = "n = int(input('n? '))\nprint(n * n, input())\n"
    assert unlike(language, text, seed) == ""
    assert unlike(language, text.replace("n * n", "n + n"), seed).startswith(
        "prints 'n? 14 4', its seed 'n? 49 4'"
    )


def test_a_program_that_prints_by_chance_is_not_judged() -> None:
    assert unlike("Python", "import time\nprint(time.time_ns())\n", "print(2)\n") == ""
