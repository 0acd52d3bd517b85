"""Prompts. Oracle: the words that EvalPlus's and BigCodeBench's sources put around a task."""

from __future__ import annotations

import pytest

from neve.errors import Fault
from neve.evaluation.generation import prompts
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

TASK = Task("T/0", "\ndef f(x):\n    return {task}\n\n", "", "f", "", instruction="Write f.\n")


def test_the_field_s_prompts():
    """From `make_raw_chat_prompt` of both: the prefix, the task stripped and fenced, or in words as it is."""
    prefix = "Please provide a self-contained Python script that solves the following problem in a markdown code block:"
    code = f"{prefix}\n```\ndef f(x):\n    return {{task}}\n```\n"
    for name in ("humaneval", "mbpp+", "evoeval-creative", "bigcodebench"):
        traits = TABLE[name]
        assert prompts.question(prompts.named(traits.prompt), traits, TASK) == code
    words = TABLE["bigcodebench-hard-instruct"]
    assert prompts.question(prompts.named(words.prompt), words, TASK) == f"{prefix}\nWrite f.\n"
    opening = "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n```python\n"
    assert {prompts.named(traits.prompt).opening for traits in TABLE.values()} == {opening}
    stops = ("\n```\n", "\nif __name__", "\ndef main(", "\nprint(")  # `EOS` of both, but for tokens
    assert {prompts.named(traits.prompt).stops for traits in TABLE.values()} == {stops}


def test_ours_and_plain():
    traits = TABLE["humaneval"]
    assert prompts.question(prompts.named("plain"), traits, TASK) == TASK.prompt.strip()
    assert f"```python\n{TASK.prompt.strip()}\n```" in prompts.question(prompts.named("neve"), traits, TASK)
    with pytest.raises(Fault, match="there are plain, neve, evalplus"):
        prompts.named("snow")


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "  \n    "])
def test_a_prompt_that_is_continued_ends_in_one_newline(end):
    assert prompts.continued("def f():" + end) == "def f():\n"
