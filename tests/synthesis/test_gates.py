"""Each gate with a real example that passes and one that fails; parsing, Jaccard and contamination are the real ones."""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents
from neve.corpus.contamination.benchmark_index import Index
from neve.corpus.duplicates import near_duplicates
from neve.errors import Fault
from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.recipe.synthesis import Gates
from neve.synthesis import candidates, gates, lookalikes
from neve.synthesis.candidates import Measures
from neve.synthesis.execution import Check
from neve.synthesis.gates import Accepted, Candidate, Limits, Seed, common_lines, first_refusal
from neve.synthesis.kinds import problem_file, style
from neve.synthesis.stated import Verdict
from neve.tasks import benchmarks
from neve.tokens import bpe

SHARE = 0.5
GOOD = '''import math


def spiral(turns: int, step: float) -> list[tuple[float, float]]:
    """Points on a spiral that grows by `step` a turn."""
    points = []
    for i in range(turns * 12):
        angle = i * math.pi / 6
        points.append((step * i / 12 * math.cos(angle), step * i / 12 * math.sin(angle)))
    return points


print(spiral(3, 0.5)[-1])
'''


@pytest.fixture(scope="module")
def seed(inputs: dict[str, Path]) -> Seed:
    row = documents.read(inputs["documents"] / "documents").slice(0, 1).to_pylist()[0]
    lines = "\n".join(row["content"].splitlines()[20:30])
    return Seed(row["doc_id"], row["repo"], row["path"], "Python", row["content"], lines)


@pytest.fixture(scope="module")
def judge(inputs: dict[str, Path], seed: Seed) -> Any:
    index, tokenizer = Index.load(["humaneval", "mbpp"]), bpe.load(inputs["tokenizer"])

    def measure(
        text: str, finish: str | None = "stop", language: str = "Python", error: str | None = None
    ) -> Candidate:
        asked = Seed(**vars(seed) | {"language": language})
        answers = [(asked, Answer(text, finish, {}, error))]
        how = Measures(problem_file.read, lambda seed: seed.language, index, tokenizer, {})
        return candidates.measure(answers, how)[0]

    return measure


def fenced(code: str) -> str:
    return f"Here it is:\n```python\n{code}```"


def nothing() -> Accepted:
    return Accepted(lookalikes.Lookalikes(Near()))


def refused(
    candidate: Candidate, accepted: Accepted | None = None, **limits: float | bool
) -> tuple[Any, ...] | None:
    held = Limits(Gates(**limits))
    found = first_refusal(problem_file.GATES, candidate, accepted or nothing(), held)
    return (found[0].rule, found[1].value, found[1].limit, found[1].detail) if found else None


def test_a_good_answer_passes_fenced_or_not(judge: Any) -> None:
    assert refused(judge(fenced(GOOD))) is None
    assert refused(judge(GOOD)) is None
    assert judge(fenced(GOOD)).code == GOOD == judge(GOOD).code
    assert judge(GOOD).tokens > 50


def test_no_answer_an_unfinished_one_and_none_that_is_code(judge: Any) -> None:
    assert refused(judge("", None, error="status 400")) == ("unanswered", None, None, "status 400")
    assert refused(judge(fenced(GOOD), "length")) == ("unfinished", None, None, "finish_reason length")
    assert refused(judge("I cannot write this file for you.")) == ("no-code", None, None, None)
    assert judge("I cannot write this file for you.").doc_id is None
    assert refused(judge(""))[0] == "no-code"  # type: ignore[index]


def test_code_that_does_not_parse(judge: Any) -> None:
    rule, value, limit, _ = refused(judge(fenced(GOOD.replace("return points", "return (points"))))  # type: ignore[misc]
    assert rule == "syntax" and value > 0 and limit == 0


def test_without_a_parser_a_fence_has_to_do(judge: Any) -> None:
    query = "".join(f"SELECT name, city FROM people_{i} WHERE age > {i} ORDER BY name;\n" for i in range(8))
    assert refused(judge(f"```sql\n{query}```", language="SQL")) is None
    assert judge(f"```sql\n{query}```", language="SQL").unparsed
    assert refused(judge(query, language="SQL"))[0] == "no-code"  # type: ignore[index]


def test_too_small(judge: Any) -> None:
    assert refused(judge(fenced("print('hi')\n"))) == ("too-small", 12, gates.MIN_BYTES, "bytes")
    again = "total = sum(range(10)) * 2 + 1\n" * 8 + "print(total)\n"
    assert refused(judge(fenced(again))) == ("too-small", 2, gates.MIN_LINES, "lines of code")
    macros = "".join(f"#define LIMIT_OF_PART_{i} ((size_t){i} << 4)\n" for i in range(8))
    assert refused(judge(f"```c\n{macros}```", language="C"))[:2] == ("too-small", 0)  # type: ignore[index]
    notes = "# A program that converts seconds to minutes and hours, and back to seconds.\n" * 3 + "x = 1\n"
    assert refused(judge(fenced(notes))) == ("too-small", 1, gates.MIN_LINES, "lines of code")
    hollow = "".join(
        f'def part_{name}():\n    """The part of the program that does what {name} asks."""\n    pass\n\n\n'
        for name in "ab"
    )
    assert refused(judge(fenced(hollow))) == ("too-small", 2, gates.MIN_LINES, "lines of code")


def test_a_copy_of_the_seed(judge: Any, seed: Seed) -> None:
    rule, value, limit, _ = refused(judge(fenced(seed.text)))  # type: ignore[misc]
    assert (rule, value, limit) == ("seed-copy", 1.0, Gates().seed_jaccard)
    snippet = judge(fenced(seed.snippet + "\n"))
    assert near_duplicates.jaccard(snippet.code, seed.text) < Gates().seed_jaccard
    assert gates.SEED_COPY.refuse(snippet, nothing(), Limits()) is not None  # all of it is the seed's


def test_a_copy_of_the_seed_under_other_names(judge: Any, seed: Seed) -> None:
    names = sorted(set(re.findall(r"\b[a-z_]{1,12}\b", seed.text)) - set(keyword.kwlist) - set(dir(builtins)))
    renamed = re.sub(r"(?<![.\w])(\w+)\b", lambda m: f"{m[1]}_own" if m[1] in names else m[1], seed.text)
    renamed = renamed.replace("import_own", "import").replace("__name___own", "__name__")
    found = gates.SEED_COPY.refuse(judge(fenced(renamed)), nothing(), Limits())
    assert found is not None and (found.limit, found.kept_doc_id) == (Gates().recoded, seed.doc_id)
    assert gates.likeness(judge(fenced(renamed)), Limits()) < Gates().seed_jaccard
    assert gates.SEED_COPY.refuse(judge(fenced(GOOD)), nothing(), Limits()) is None


def test_consecutive_lines_of_the_seed(judge: Any, seed: Seed) -> None:
    lines = seed.text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def insort_right"))
    stop = next(i for i, line in enumerate(lines) if i > start and line.startswith("def "))
    whole = GOOD + "\n\n" + "\n".join(lines[start:stop]) + "\n"
    rule, value, limit, _ = refused(judge(fenced(whole)), lint=0)  # type: ignore[misc]
    assert rule == "seed-lines" and value >= Gates().seed_lines == limit
    few = GOOD + "\n\n" + "\n".join(lines[start : start + 1]) + "\n    return None\n"
    assert refused(judge(fenced(few)), lint=0) is None


def test_contaminated(judge: Any) -> None:
    try:
        task = benchmarks.load("humaneval").tasks[0]
    except Fault as error:
        pytest.skip(f"HumanEval is not at hand: {error}")
    rule, value, limit, detail = refused(judge(fenced(task.prompt + task.solution)))  # type: ignore[misc]
    assert rule == "contaminated" and value >= limit == SHARE and "0" in detail


def test_duplicates_of_what_was_accepted(judge: Any) -> None:
    accepted = nothing()
    first = judge(fenced(GOOD))
    accepted.add(first)
    gate, why = first_refusal(problem_file.GATES, judge(GOOD), accepted, Limits())  # type: ignore[misc]
    assert (gate.rule, why.kept_doc_id, why.kept_path) == ("exact-duplicate", first.doc_id, first.path)
    gate, why = first_refusal(problem_file.GATES, judge(GOOD + "print(2)\n"), accepted, Limits())  # type: ignore[misc]
    assert gate.rule == "near-duplicate" and why.kept_doc_id == first.doc_id and why.limit == 0.7
    assert why.value == lookalikes.alike(GOOD, GOOD + "print(2)\n", 5) >= 0.7
    renamed = re.sub(r"\b(spiral|points|step|turns|angle|i)\b", r"\1_own", GOOD).replace(
        '"""Points', '"""All places'
    )
    assert lookalikes.alike(GOOD, renamed, 5) < 0.7
    gate, why = first_refusal(problem_file.GATES, judge(renamed), accepted, Limits())  # type: ignore[misc]
    assert gate.rule == "near-duplicate" and (why.kept_doc_id, why.limit) == (first.doc_id, Gates().recoded)
    other = "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        self.items.append(item)\n\n    def peek(self, default=None):\n        return self.items[-1] if self.items else default\n"
    assert refused(judge(other), accepted) is None


def test_another_language(judge: Any) -> None:
    script = (
        "function add(a, b) {\n  const total = a + b;\n  return total;\n}\nconsole.log(add(1, 2), add(3, 4));\n"
        * 2
    )
    assert refused(judge(f"```javascript\n{script}```"))[3] == "JavaScript, not Python"  # type: ignore[index]
    assert refused(judge(f"```\n{script}```"))[0] == "language"  # type: ignore[index]


def test_a_rule_of_the_corpus_and_its_figure(judge: Any) -> None:
    data = (
        "TABLE = [\n"
        + "".join(f"    0x{i * 7919:06x},\n" for i in range(200))
        + "]\nFIRST = TABLE[0]\nLAST = TABLE[-1]\n"
    )
    rule, value, limit, detail = refused(judge(fenced(data)))  # type: ignore[misc]
    assert (rule, detail, limit) == ("filters", "digits", 0.5) and value > limit


def test_lint_is_a_score(judge: Any) -> None:
    assert judge(fenced(GOOD)).lint == 1.0
    bad = GOOD.replace("math.pi", "maths.pi").replace("points.append", "point.append")
    rule, value, limit, _ = refused(judge(fenced(bad)))  # type: ignore[misc]
    assert (rule, limit) == ("lint", 0.7) and 0 <= value < 0.7


SCRIPT = """\
export function smallest(object, by) {
  const found = Object.values(object).map((each) => ({ each, key: by(each) }));
  found.sort((a, b) => a.key - b.key);
  return HELPER(found)[0].each;
}
"""


def test_names_that_nothing_declares_are_refused_and_a_style_rewrite_may_keep_its_seeds(judge: Any) -> None:
    answer = judge(f"```js\n{SCRIPT}```", language="JavaScript")
    assert refused(answer) == ("lint", 0.0, 0.7, "HELPER is not declared (line 4)")
    assert refused(answer, lint=0) is None
    assert refused(judge(f"```js\n{SCRIPT.replace('HELPER', '')}```", language="JavaScript")) is None
    seed, held = Seed(**vars(answer.seed) | {"text": "export const g = (x) => HELPER(x);\n"}), Limits()
    assert first_refusal(style.GATES, replace(answer, seed=seed), nothing(), held) is None
    assert first_refusal(style.GATES, answer, nothing(), held) is not None


def test_the_question_again(judge: Any, seed: Seed) -> None:
    candidate = replace(judge(fenced(GOOD)), echo=0.8)
    assert refused(candidate) == ("echo", 0.8, 0.5, None)


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        (Check("run"), None),
        (Check("not checked: no compiler"), None),
        (Check("run", "NameError: x"), "does-not-run"),
        (Check("run", comments=Verdict("", wrong="line 2 states '5', running gives '4'")), "wrong-result"),
        (Check("tested", tests=4, passed=3, asserting=4, failure="test_a: no"), "tests-fail"),
        (Check("tested", tests=4, passed=4, asserting=3), "tests-assert-nothing"),
        (Check("tested", tests=4, passed=4, asserting=4, mutants=(0, 6)), "tests-notice-nothing"),
        (Check("tested", tests=4, passed=4, asserting=4, mutants=(1, 6)), None),
    ],
)
def test_what_running_showed(judge: Any, check: Check, rule: str | None) -> None:
    found = refused(replace(judge(fenced(GOOD)), check=check))
    assert (found[0] if found else None) == rule


def test_what_was_not_checked_passes_unless_the_recipe_says_otherwise(judge: Any) -> None:
    candidate = replace(judge(fenced(GOOD)), check=Check("not checked: needs numpy"))
    assert refused(candidate) is None
    found = refused(candidate, unchecked=False)
    assert found == ("not-checked", None, None, "not checked: needs numpy")


def test_a_package_that_is_not_here_has_to_be_one_that_the_corpus_imports(judge: Any) -> None:
    candidate = replace(judge(fenced(GOOD)), check=Check("not checked: needs yaml", missing="yaml.nodes"))
    for packages, rule in (
        (None, None),
        ({"Python": {"yaml"}}, None),
        ({"Python": {"os"}, "Ruby": {"yaml"}}, "unknown-package"),
        ({}, "unknown-package"),
    ):
        found = first_refusal(problem_file.GATES, candidate, nothing(), Limits(packages=packages))
        assert (found[0].rule if found else None) == rule
    checked = replace(candidate, check=Check("run"))
    assert first_refusal(problem_file.GATES, checked, nothing(), Limits(packages={})) is None


@pytest.mark.parametrize(
    ("language", "text", "check", "rule"),
    [
        ("Go", 'import "fmt"\n', "not checked: go is not installed", None),
        ("Go", 'import "pandas"\n', "not checked: go is not installed", "unknown-package"),
        ("TypeScript", "import { a } from './a';\n", None, "unknown-package"),
        ("JavaScript", "function f() { return require('nonesuch'); }\n", "run", "unknown-package"),
        ("C", '#include "here.h"\n', "compiled", None),
        ("Python", "import nonesuch\n", "run", None),
        ("COBOL", "import nonesuch\n", None, None),
    ],
)
def test_imports_that_nothing_ran_or_compiled_have_to_exist(
    judge: Any, language: str, text: str, check: str | None, rule: str | None
) -> None:
    candidate = judge(fenced(GOOD))
    seen = replace(
        candidate,
        seed=replace(candidate.seed, language=language), code=text, check=check and Check(check),
    )  # fmt: skip
    found = gates.knows_packages(seen, nothing(), Limits(packages={}))
    assert (found is not None) == (rule == "unknown-package")
    assert gates.knows_packages(seen, nothing(), Limits(packages=None)) is None


def test_style_may_keep_what_its_seed_imports_of_its_project(judge: Any) -> None:
    candidate = judge(fenced(GOOD))
    seed = replace(candidate.seed, language="Go", text='import "own/part"\n')
    for text, refused in (('import "own/part"\n', False), ('import "own/other"\n', True)):
        seen, limits = replace(candidate, seed=seed, code=text), Limits(packages={})
        rules = {gate.rule: gate.refuse for gate in style.GATES}
        assert (rules["unknown-package"](seen, nothing(), limits) is not None) == refused
        assert gates.knows_packages(seen, nothing(), limits) is not None


def test_the_share_of_tests_is_the_recipes(judge: Any) -> None:
    candidate = replace(judge(fenced(GOOD)), check=Check("tested", tests=4, passed=3, asserting=4))
    assert refused(candidate, tests_passed=0.75) is None


@given(st.lists(st.sampled_from("abc"), max_size=10), st.lists(st.sampled_from("abc"), max_size=10))
@settings(max_examples=150)
def test_common_lines_is_the_longest_common_substring(a: list[str], b: list[str]) -> None:
    """Oracle: all pairs of starts, tried one by one."""
    slow = max(
        (n for n in range(1, len(a) + 1) for i in range(len(a) - n + 1) for j in range(len(b) - n + 1)
         if a[i : i + n] == b[j : j + n]), default=0,
    )  # fmt: skip
    assert common_lines("\n\n".join(a), "  \n".join(b)) == slow
