"""Results that comments state. Oracle: programs of a line or two whose output is known by hand; which comments
describe and which state was decided by reading them."""

from __future__ import annotations

import pytest

from neve.synthesis import stated

STATED = [
    ("print(f(3))  # Output: 10", "9", "print(f(3))  # Output: 9"),
    ("print(f(3))  # output: 10", "9", "print(f(3))  # output: 9"),
    ("print(f(3))  # Expected output: [1, 2]", "[1]", "print(f(3))  # Expected output: [1]"),
    ("print(f(3))  # prints 10", "9", "print(f(3))  # prints 9"),
    ("print(f(3))  # Should print True", "False", "print(f(3))  # Should print False"),
    ("print(f(3))  # => 10", "9", "print(f(3))  # => 9"),
    ("print(f(3))  # 10", "9", "print(f(3))  # 9"),
    ('print(trim(s))  # Output: "Hello, w"', ", world!", 'print(trim(s))  # Output: ", world!"'),
    ("print(join(a))  # Output: apple pi", "apple pie", "print(join(a))  # Output: apple pie"),
    ("print(find(s))  # Output: banana", "None", "print(find(s))  # Output: None"),
    ("print(f(3))  # Output: 10 (the square)", "9", "print(f(3))  # Output: 9"),
    ("print('Sum:', f(3))  # Output: 10", "Sum: 9", "print('Sum:', f(3))  # Output: Sum: 9"),
    ("print(a, b)  # Output: 1 3", "1 2", "print(a, b)  # Output: 1 2"),
    ("print(f(3))\n# Output: 10", "9", "print(f(3))\n# Output: 9"),
    ("print(f(3))\n# Output:\n# 1\n# 3", "1\n2", "print(f(3))\n# Output:\n# 1\n# 2"),
    ("print(\n    f(3),\n)  # Output: 10", "9", "print(\n    f(3),\n)  # Output: 9"),
    ("print(mean(a))  # Output: 3.34", "3.3333333333333335", "print(mean(a))  # Output: 3.3333333333333335"),
    ("print(half(4))  # Output: 2", "2.0", "print(half(4))  # Output: 2.0"),
]
LEFT = [
    ("print(f(3))  # Output: the list of primes", "[2, 3]"),
    ("print(f(3))  # Output: list", "[2, 3]"),
    ("print(f(3))  # prints the sum of both", "9"),
    ("print(f(3))  # Output: 9 (three times three)", "9"),
    ("print(f(3))  # Output: 9, since 3 * 3 is 9", "9"),
    ("print(f(3))  # Output: about 10", "9"),
    ("print(f(3))  # Output depends on the order", "9"),
    ('print(join(a))  # Output: "apple"', "apple"),
    ("print(d)  # Output: {'b': 2, 'a': 1}", "{'a': 1, 'b': 2}"),
    ("print(mean(a))  # Output: 3.33", "3.3333333333333335"),
    ("print(long(a))  # Output: [1, 2, ...", "[1, 2, 3]"),
    ("print('Sum:', f(3))  # Output: 9", "Sum: 9"),
    ("print(f(3))\n# print(f(4))  # Output: 16", "9"),
    ("print(f(3))\n# result = f(4)", "9"),
    ("print(f(3))\n# Returns of the second kind come next", "9"),
    ("print(f(3))  # TODO: 10", "9"),
    ("print(f(3))  # the third case", "9"),
]


@pytest.mark.parametrize(("line", "printed", "mended"), STATED)
def test_a_wrong_result_gives_way_to_what_came_out(line: str, printed: str, mended: str) -> None:
    found = stated.claims(f"{line}\n")
    seen = {"0": [[f"{printed}\n", None]]}
    assert stated.mend(f"{line}\n", found, seen, seen) == stated.Verdict(f"{mended}\n", 1)
    again = stated.claims(f"{mended}\n")
    assert not stated.wrong(again, seen)  # what was mended is right


@pytest.mark.parametrize(("line", "printed"), LEFT)
def test_what_is_right_or_describes_is_left(line: str, printed: str) -> None:
    assert not stated.wrong(stated.claims(f"{line}\n"), {"0": [[f"{printed}\n", None]]})


@pytest.mark.parametrize(
    ("line", "value", "mended"),
    [
        ("r = f(2)  # 5", "4", "r = f(2)  # 4"),
        ("f(2)  # => 5", "4", "f(2)  # => 4"),
        ("f(2)  # returns [1]", "[2]", "f(2)  # returns [2]"),
        ("r = 4  # 5", "4", None),  # no call: a note, and no result
        ("go(2)  # 5", "None", None),  # a number of something
        ("r = f(2)  # returns the sum", "4", None),
    ],
)
def test_values_of_expressions_and_names(line: str, value: str, mended: str | None) -> None:
    seen = {"0": [["", value]]}
    assert stated.mend(line, stated.claims(line), seen, seen).text == (mended or line)


def test_what_cannot_be_mended_is_told() -> None:
    line, first = "print(f(3))  # Output: ['b', 'a']", {"0": [["{'a', 'b'}\n", None]]}
    found = stated.claims(line)
    for text, second in (
        (line, {"0": [["{'b', 'a'}\n", None]]}),  # another order in another run
        (line, {}),  # the second run did not get there
        (f"import random\n{line}", first),
    ):
        verdict = stated.mend(text, stated.claims(text), first, second)
        assert verdict.mended == 0 and verdict.text == text
        assert verdict.wrong.endswith("""states "['b', 'a']", running gives "{'a', 'b'}\"""")
    for printed in ("x" * 101, "a\tb", "<document.Own object at 0x7f4cdeafea50>"):
        seen = {"0": [[f"{printed}\n", None]]}
        assert stated.mend(line, found, seen, seen).wrong


def test_a_statement_that_gives_several_results_or_none_is_not_judged() -> None:
    found = stated.claims("print(i)  # Output: 7\n")
    for times in ([], [["1\n", None], ["2\n", None]], [["", None]], [["1\n2\n", None]]):
        assert not stated.wrong(found, {"0": times})
    assert stated.claims("def f(:  # Output: 7\n") == []


@pytest.mark.parametrize(
    "said",
    [
        "1," * 90 + "x",
        "1 " * 90 + "x",
        "[" * 190,
        "(" * 190,
        "Sum" + " :=" * 60,
        " " * 190 + "x",
        "'" * 190,
        "9" * 150000,
    ],
)
def test_no_comment_takes_long(said: str, linear) -> None:
    def work(size: int) -> None:
        stated.wrong(stated.claims(f"print(f(3))  # Output: {said[:size]}\n"), {"0": [["Sum: " * 400, None]]})

    linear(work, len(said))
