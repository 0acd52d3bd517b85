"""Code out of answers. Oracle: the program that a person would copy out of each answer, and Python's own parser."""

from __future__ import annotations

import ast
import json
import textwrap
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.evaluation.generation import extraction
from neve.evaluation.generation.extraction import answered, completed, longest_program

GOOD = "import math\n\nK = 2\n\ndef helper(x):\n    return K * x\n\ndef f(x):\n    return helper(math.floor(x))\n"
BARE = GOOD.replace("\n\n", "\n")
DRAFT = "def f(x):\n    return 0\n"
FINAL = "def f(x):\n    return 1\n"


def fence(code: str) -> str:
    return f"```python\n{code}```\n"


def indented(text: str, by: str) -> str:
    return "".join(by + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "text",
    [
        fence(FINAL),
        f"<think>\n{fence(DRAFT)}No.\n</think>\n\n{fence(FINAL)}",
        f"<think>\n{fence(DRAFT)}and nothing to show\n</think>\nHere:\n{FINAL}",
        f"I draft:\n{fence(DRAFT)}Wrong. That</think>{fence(FINAL)}",
        f"[THINK]{fence(DRAFT)}[/THINK]{fence(FINAL)}",
        f"<|channel|>analysis<|message|>{fence(DRAFT)}<|end|><|start|>assistant<|channel|>final<|message|>{fence(FINAL)}",
        f"<|START_THINKING|>\n{DRAFT}<|END_THINKING|><|START_RESPONSE|>\n{FINAL}<|END_RESPONSE|>",
        f"<|thinking|>\n{fence(DRAFT)}<|/thinking|>\n{FINAL}",
        f"<|begin_of_thought|>\n{fence(DRAFT)}<|end_of_thought|>\n<|begin_of_solution|>\n{fence(FINAL)}<|end_of_solution|>",
        f"<|inner_prefix|>{fence(DRAFT)}<|inner_suffix|>{FINAL}",
        f"<|channel>thought\n{fence(DRAFT)}<channel|>{FINAL}",
        f"<unused94>thought\n{fence(DRAFT)}<unused95>{FINAL}",
        f'<think duration="3">\n{fence(DRAFT)}</think>\n{FINAL}',
        f"<thinking>\n{fence(DRAFT)}<reflection>bad</reflection>\n{fence(DRAFT)}</thinking>\n<output>\n{FINAL}</output>",
        f"<think>{fence(DRAFT)}\n<answer>\n{fence(FINAL)}</answer>",
        f"Sure. <think>\n{DRAFT}</think>\n<answer>{FINAL}</answer>",
        f"{fence(FINAL)}<think>\nIs it right?\n{fence(DRAFT)}</think>\nYes.",
        f"<|start|>assistant<|channel|>analysis<|message|>{fence(DRAFT)}<|end|><|start|>assistant<|channel|>commentary<|message|>"
        f"{fence(DRAFT)}<|end|><|start|>assistant<|channel|>final<|message|>{FINAL}<|return|>",
        f"analysisWe need f.\n{fence(DRAFT)}So done.assistantfinal{FINAL}",
        f"{fence(FINAL)}<|im_end|>\n<|im_start|>user\n{fence(DRAFT)}",
        f"```python\n{FINAL}```<|eot_id|>",
        f"{FINAL.rstrip()}</s>",
        f"{FINAL.rstrip()}<｜end▁of▁sentence｜>",
        f"[PYTHON]\n{FINAL}[/PYTHON]\n[TESTS]\nassert f(1) == 1\n[/TESTS]",
        f'<pre><code class="language-python">{FINAL}</code></pre>',
        f"\\begin{{verbatim}}\n{FINAL}\\end{{verbatim}}",
        f".. code-block:: python\n\n{indented(FINAL, '    ')}\nDone.",
        f"Here: ```python\n{FINAL}```\nDone.",
        f"```python\n{FINAL.rstrip()}```\nDone.",
        f"````markdown\nSo:\n{fence(FINAL)}````\n",
        fence(FINAL).replace("python", "{.python .numberLines}"),
        fence(FINAL).replace("python", 'PYTHON title="a.py"'),
        f"```pycon\n{''.join(f'{mark} {line}' for mark, line in zip(('>>>', '...'), FINAL.splitlines(True), strict=True))}>>> f(2)\n1\n```",
        f"{FINAL}\nComplexity: O(n)\nSpace: constant\n",
        f"{FINAL}\n- simple\n- correct\n",
        f"\ufeff{FINAL}",
        f"First:\n{fence(DRAFT)}Better:\n{fence(FINAL)}",
        f"{fence(FINAL)}\nUsage:\n{fence('print(f(3))' + chr(10))}",
        f"{fence(FINAL)}\nTests:\n{fence('from solution import f' + chr(10) + 'assert f(3) == 1' + chr(10))}",
        f"{fence(FINAL)}\nIt could also begin so:\n```python\ndef f(x):\n    return (",
        f"{fence(FINAL)}\nOr, cut off:\n```python\n{DRAFT}",
        "```python\n" + FINAL,
        "```python\n" + FINAL + "\nprint(f(",
        indented(fence(FINAL), "   "),
        f"1. So:\n\n{indented(fence(FINAL), '   ')}\n2. Done.",
        f"- So:\n\n{indented(fence(FINAL), '      ')}",
        f"- a\n  - b\n\n{indented(fence(FINAL), '    ')}",
        f"So:\n{indented(fence(FINAL), '> ')}",
        f"Here it is.\n\n{FINAL}\nIt returns one.",
        f"Draft:\n\n{DRAFT}\nNo, it is:\n\n{FINAL}\nThat is all.",
        f"As indented code:\n\n{indented(FINAL, '    ')}\nDone.",
        f"~~~py\n{FINAL}~~~\n",
        f"```python\n!pip install numpy\n{FINAL}```\n",
        fence(FINAL).replace("\n", "\r\n"),
        fence(FINAL).replace("\n", "\r"),
        "python\n" + FINAL,
        f"<|python_tag|>{FINAL}<|eom_id|>",
        "".join(
            f"{mark} {line}"
            for mark, line in zip(("In [1]:", "   ...:"), FINAL.splitlines(True), strict=True)
        ),
        json.dumps({"code": FINAL, "language": "python"}),
        f"```json\n{json.dumps({'draft': DRAFT, 'solution': FINAL}, indent=1)}\n```",
        f"<tool_call>\n{json.dumps({'name': 'python', 'arguments': {'code': FINAL}})}\n</tool_call>",
    ],
)
def test_the_answer_is_the_last_complete_one(text: str) -> None:
    assert answered(text, "f").program == FINAL


def test_what_is_only_thought_is_no_answer() -> None:
    for text in (f"<think>\n{fence(DRAFT)}", f"<think>{fence(DRAFT)}</think>\nSorry."):
        assert "def f" not in answered(text, "f").program


@pytest.mark.parametrize(
    "line",
    [
        'text.replace("<think>", "")',
        'text.replace("</think>", "").split("<|im_end|>")',
        "re.sub(r'<think>.*?</think>', '', text)",
        '"a<think>b</think>c" + text',
        '"ends at `</think>`" and text',
    ],
)
def test_a_tag_within_code_is_code(line: str) -> None:
    code = f"def f(text):\n    return {line}\n"
    assert answered(fence(code), "f").program == code
    assert answered(f"Here:\n\n{code}\nDone.", "f").program == code


@pytest.mark.parametrize(
    "text", ["```def f(x): return 1```", "```python def f(x): return 1```", "It is `def f(x): return 1`"]
)
def test_a_program_of_one_line_between_backticks(text: str) -> None:
    assert ("def f(x): return 1\n" in answered(text, "f").program) is not text.startswith("It")


def test_prose_that_parses_is_no_program() -> None:
    """Only what nothing binds: a program's own statements stay, though they look alike."""
    code = "K = 1\nx: int\nK\n-K\ndef f(x):\n    return K\n"
    assert answered(fence(code), "f").program == code.replace("\nK\n", "\n")
    star = "from math import *\nfloor\ndef f(x):\n    return floor(x)\n"
    assert "from math import *" in answered(fence(star), "f").program


OWN_NAME = [
    "def f(lines):\n    found = []\n    for line in lines:\n        f = len(line)\n        found.append(f)\n    return found\n",
    'def f(n):\n    """Terms.\n\nf(0) = 1\n"""\n    f = [1]\n    while len(f) < n:\n        f.append(2 * f[-1])\n    return f\n',
    "def f(n):\n    def f(k):\n        return k + 1\n    return f(n)\n",
    "    def f(n):\n        f = n + 1\n        return f\n",
]
"""Programs with a variable or a function within `f` that has its name."""


@pytest.mark.parametrize("program", OWN_NAME)
@pytest.mark.parametrize(
    "around", ["{}", "Here it is:\n\n{}\nDone.\n", "```python\n{}", "{}```\n", "{}\nassert f("]
)
def test_a_variable_of_the_function_s_own_name_is_not_the_function(program: str, around: str) -> None:
    """114 of 18,454 real answers lost their function to such a variable, all without a fence."""
    assert ast.dump(ast.parse(answered(around.format(program), "f").program)) == ast.dump(
        ast.parse(textwrap.dedent(program))
    )


def test_the_block_that_defines_the_function_is_taken() -> None:
    text = f"First:\n```\nprint(1)\n```\nThen:\n```python\n{GOOD}```\nTest it:\n```python\nassert f(1) == 2\n```\n"
    assert answered(text, "f").program == BARE


def test_what_a_block_takes_from_an_earlier_one_comes_with_it() -> None:
    parts = GOOD.partition("def helper")[0], "def helper(x):\n    return K * x\n", GOOD[GOOD.index("def f") :]
    text = "\n".join(f"Step:\n{fence(part)}" for part in parts) + fence("assert f(2) == 4\n")
    assert answered(text, "f").program == BARE
    first, helper, last = parts
    assert answered(f"{fence(first + last)}where\n{fence(helper)}", "f").program == (
        helper + first + last
    ).replace("\n\n", "\n")
    draft = "def helper(x):\n    return 7\n\ndef f(x):\n    return helper(x)\n"
    assert answered(fence(draft) + fence(FINAL), "f").program == FINAL, (
        "an earlier version is not taken along"
    )


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (fence(FINAL), True),
        ("```python\n" + FINAL, False),
        ("```python\n" + FINAL + "\nprint(f(2))\n", True),
        (FINAL, False),
        (FINAL + "\nThat is it.", True),
        ("```python\ndef f(x):\n    y = [", False),
        ("<think>so", False),
    ],
)
def test_whether_the_function_was_whole(text: str, whole: bool) -> None:
    assert answered(text, "f").whole is whole
    if "```" not in text:
        assert completed("", text, "f").whole is (whole and text.startswith("def"))


def test_a_completion_is_cut_where_it_stops_to_parse() -> None:
    prompt = 'def f(x):\n    """Adds."""\n'
    for tail in (
        "\ndef g(:\n",
        "\ndef g(x):\n    return x\n",
        "\nx = f(\n",
        "\nx = f(absent)\n",
        "\ndef f(x):\n    return 0\n",
    ):
        assert completed(prompt, "    return x + 1\n" + tail, "f").program == prompt + "    return x + 1\n"
    assert completed(prompt, "    return (\n", "f").program == prompt + "    return (\n"
    ast.parse(completed(prompt, "    y = x\n    return y +", "f").program)
    assert completed(prompt, "    return x + 1\r\n    # r\r", "f").program.startswith(
        prompt + "    return x + 1\n"
    )


def test_a_completion_keeps_what_its_function_needs() -> None:
    prompt = 'def f(x):\n    """Adds."""\n'
    body = "    return TABLE[x] + helper(x)\n"
    tail = "TABLE = {}\nfor k in range(9):\n    TABLE[k] = k\ndef helper(x):\n    return x\nimport absent\n"
    kept = "TABLE = {}\nfor k in range(9):\n    TABLE[k] = k\ndef helper(x):\n    return x\n"
    assert completed(prompt, body + tail, "f").program == prompt + body + kept


def test_a_body_alone_goes_after_the_prompt() -> None:
    prompt = 'def f(x):\n    """Adds."""\n'
    assert answered("```python\n    return x + 1\n```", "f", prompt).program == prompt + "    return x + 1\n"


def test_nothing_is_mended() -> None:
    assert answered("I cannot.", "f").program == "I cannot."
    assert answered(fence("def f(x)\n    return 1\n"), "f").program == "def f(x)\n    return 1\n"


DEEP: dict[str, Callable[[int], str]] = {
    "sum": lambda n: " + ".join(["x"] * n),
    "not": lambda n: "not " * n + "x",
    "items": lambda n: "x" + "[0]" * n,
    "ternary": lambda n: "1 if x else " * n + "2",
    "chain": lambda n: "x" + ".a()" * (n // 2),
    "brackets": lambda n: "[" * n + "]" * n,
    "lambda": lambda n: "lambda: " * n + "1",
    "calls": lambda n: "abs(" * n + "x" + ")" * n,
    "texts": lambda n: " + ".join(["'a'"] * n),
    "powers": lambda n: "**".join(["x"] * n),
    "dicts": lambda n: "{1: " * n + "x" + "}" * n,
}


@pytest.mark.parametrize("size", [400, 2900, 5000])
@pytest.mark.parametrize("shape", DEEP)
def test_deep_nesting_ends_nothing(shape: str, size: int) -> None:
    """What Python itself compiles comes out as the same function; the rest comes out unread. In a thread of its own."""
    code = f"def f(x):\n    return {DEEP[shape](size)}\n"
    found = []

    def ask() -> None:
        for text in (fence(code + "print(f(2))\n"), code + "\nprint(f(2))\n"):
            found.append(answered(text, "f").program)
        found.append(completed("", code + "print(f(2))\n", "f").program)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert len(found) == 3
    try:
        compile(code, "<f>", "exec")
    except (SyntaxError, RecursionError, MemoryError):
        return
    assert all(program.startswith(code) for program in found)


def test_a_program_longer_than_most_is_taken_whole() -> None:
    branches = "".join(f"    elif x == {k}:\n        return {k}\n" for k in range(1, 900))
    code = f"def f(x):\n    if x == 0:\n        return 0\n{branches}    return -1\n"
    for text in (fence(code), f"Here:\n\n{code}\nThat is all.\n"):
        assert answered(text, "f").program == code
    assert completed("", code + "\nprint(f(2))\n", "f").program == code


PIECES = ["def f(x):\n", "    return 1\n", "x = (\n", ")\n", '"""\n', "'''", "if x:\n", "  y = f'{a b}'\n", "\tz\n", "\\\n", "x = [1,\n", "]\n",
          "class A:\n", "    '''doc\n", "    '''\n", "\0\n", "print(1)\n", "é = 'ü'\n", "f(a b)\n", "    f'''{\n", "a b\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@settings(max_examples=300, deadline=None)
def test_the_longest_program_is_the_longest(pieces: list[str]) -> None:
    """Oracle: every run of lines, tried from the longest on."""
    lines = "".join(pieces).splitlines(keepends=True)

    def parses(text: str) -> bool:
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
        return True

    slow = next(
        ("".join(lines[:end]) for end in range(len(lines), 0, -1) if parses("".join(lines[:end]))), ""
    )
    assert longest_program("".join(lines)) == slow


@given(st.text(alphabet="`~>-1. \n\t<think/>def f(x):=[]'\"#", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(answered(text, "f", "def f(x):\n").program, str)
    assert isinstance(completed("def f(x):\n", text, "f").program, str)


def test_long_answers_take_no_time() -> None:
    for text in (
        "x = (\n" * 5000,
        "def f(x):\n" * 3000,
        "<think>" * 20_000,
        fence("a b\n") * 2000,
        "prose\n" * 900 + FINAL,
    ):
        extraction.answered(text, "f")


@pytest.mark.parametrize(
    ("piece", "times"),
    [("g{i} = lambda: g{j}\n", 4_000), ("a{i} = a{j}\n", 4_000), ("    if i: break\n", 4_000), ("(\n", 4_000), ("```python\ny = 1\n```\n", 1_500), ("  def f(x:\n", 4_000)],
)  # fmt: skip
def test_hostile_answers_take_linear_time(piece: str, times: int, linear) -> None:
    def work(size: int) -> None:
        body = "".join(piece.format(i=i, j=i - 1) for i in range(size))
        answered(f"```python\ndef f(x): return x\nfor i in x:\n    pass\n{body}```\n", "f")

    linear(work, times)


def test_backticks_in_a_line_take_linear_time(linear) -> None:
    linear(lambda size: answered(f"def f(x):\n    return 1\na{'`' * size}b\n", "f"), 200_000)
