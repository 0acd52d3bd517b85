"""Results that comments of other languages state. Oracle: programs of a few lines whose output is known by
hand; where a tool is here, they are really built and run."""

from __future__ import annotations

import shutil

import pytest

from neve import sandbox
from neve.recipe.synthesis import Gates
from neve.synthesis import execution, remarks, stated, toolchains

SCRIPT = """\
function twice(x) {
  return x * 2;
}
const a = twice(2) // 5
console.log(a); /* => 6 */
console.log([twice(1), twice(2)]); // Output: [2, 5]
console.log("x"); // Output: the letter
twice(3); // returns 7
console.log(twice(2) > 3); // false
console.log({ a: 1, b: [1, 2] }); // Output: {"a": 1, "b": [1, 2]}
console.log("sum", a);
// Output: sum 5
for (const n of [1, 2]) {
  console.log(n); // 5
}
if (a) console.log(4); // 5
// console.log(twice(4)); // Output: 9
"""
RIGHT = """\
function twice(x) {
  return x * 2;
}
const a = twice(2) // 4
console.log(a); /* => 4 */
console.log([twice(1), twice(2)]); // Output: [ 2, 4 ]
console.log("x"); // Output: the letter
twice(3); // returns 6
console.log(twice(2) > 3); // true
console.log({ a: 1, b: [1, 2] }); // Output: {"a": 1, "b": [1, 2]}
console.log("sum", a);
// Output: sum 4
for (const n of [1, 2]) {
  console.log(n); // 5
}
if (a) console.log(4); // 5
// console.log(twice(4)); // Output: 9
"""
OTHERS = {
    "C": '#include <stdio.h>\nint main(void) {\n  printf("é %d\\n", 2 * 3); // Output: é 7\n  puts("a"); /* a */\n  return 0;\n}\n',
    "C++": '#include <iostream>\nint main() {\n  std::cout << "Sum: " << 4 << std::endl; // Output: Sum: 5\n}\n',
    "Go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println(2 * 3) // Output: 7\n}\n',
    "Java": 'class A {\n  public static void main(String[] a) {\n    System.out.println(2 * 3); // 7\n  }\n}\n',
}  # fmt: skip
MENDED = {"C": "é 7|é 6", "C++": "Sum: 5|Sum: 4", "Go": "Output: 7|Output: 6", "Java": "// 7|// 6"}


def check(language: str, text: str) -> execution.Check:
    if (
        toolchains.printed(language, {"JavaScript": "1;\n", **OTHERS}[language], 20.0, sandbox.probe())
        is None
    ):
        assert (
            sandbox.probe().tier == "none" or shutil.which(toolchains.TOOLCHAINS[language].command[0]) is None
        )
        pytest.skip(f"nothing runs {language} here")
    return execution.check([execution.Program(language, text, {})], Gates(seconds=20), sandbox.probe())[0]


def test_what_javascript_gives_takes_the_place_of_what_it_says() -> None:
    found = check("JavaScript", SCRIPT)
    assert found.error == "" and found.comments is not None
    assert (found.comments.text, found.comments.mended, found.comments.wrong) == (RIGHT, 6, "")
    assert check("JavaScript", RIGHT).comments is None  # what was mended is right


@pytest.mark.parametrize("language", OTHERS)
def test_what_compiled_programs_print(language: str) -> None:
    found = check(language, OTHERS[language])
    assert found.comments is not None and found.comments.mended == 1
    assert found.comments.text == OTHERS[language].replace(*MENDED[language].split("|"))


def test_what_another_run_does_not_give_is_told() -> None:
    found = check(
        "JavaScript", "const a = [Math.random()];\nconsole.log(a.length); // Output: 2\nconsole.log(1);\n"
    )
    assert found.comments is not None and found.comments.mended == 0
    assert found.comments.wrong == "line 2 states '2', running gives '1'"  # any of it may be chance


@pytest.mark.parametrize("language", OTHERS)
def test_a_program_with_marks_is_the_same_but_for_them(language: str) -> None:
    text = OTHERS[language]
    found = remarks.claims(language, text)
    marked = remarks.watched(language, text, found)
    assert (
        len(found) in (1, 2) and marked.count("\n") == text.count("\n") and remarks.claims(language, "") == []
    )
    for claim in found:
        assert text.encode()[claim.place[0] : claim.place[1]].decode() in marked


def test_marks_are_read_though_they_nest_and_stand_in_a_line() -> None:
    one = stated.Claim((0, 1), True, True, ((1, 0, "x"),))
    output = "a\x01<0\nb\x01<1\nc\n\x01>1\nd\x01>0\ne\x01>7\n\x01<1\nz\x01>1\n"
    assert remarks.seen([one, one], output) == {"0": [["bc\nd", None]], "1": [["c\n", None], ["z", None]]}


def test_languages_without_a_row_state_nothing() -> None:
    assert remarks.claims("Ruby", "puts 1 # => 2\n") == remarks.claims("TypeScript", "f(1); // 2\n") == []


def test_many_comments_are_read_in_linear_time(linear) -> None:
    linear(lambda n: remarks.claims("JavaScript", "console.log(f(1)); // Output: 3\n// more\n" * n), 4000)
    linear(lambda n: remarks.claims("C", "int main(void) {" + "{" * n + "}" * n + "} // 3\n" * n), 3000)
