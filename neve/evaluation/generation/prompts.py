"""How chat models are asked: every prompt is an entry of one table, and a result names the one that was
used.

A figure depends on its prompt by several points, so it can only be held against a table that was made with
the same one. Each benchmark names the prompt of the field (`Traits.prompt`), which is the default;
`--prompt` takes another. An `opening` is the beginning of the answer, which the model then continues:
EvalPlus and BigCodeBench put it there, so that the model writes code at once. An endpoint on another machine
gets the question without it, as EvalPlus asks such endpoints, because not every server continues an answer;
the result says which it was.

Base models are given a task's prompt alone, and continue it. Two rules on which scores depend, stated once:
the prompt follows <|endoftext|>, as documents do in training, and ends in exactly one newline, whatever
white space it came with. Neve's tokenizer ends a token at a line's end and starts one at its head, so this
is where a model has learnt to continue (with a vocabulary that joins "\\n    " it is the place where scores
are halved).

Sources: EvalPlus 0.3.1 (`codegen`, `provider/utility`), BigCodeBench 0.2 (`generate`, `provider/utility`).
"""

from __future__ import annotations

from dataclasses import dataclass

from neve.errors import Misuse
from neve.tasks.task import Task
from neve.tasks.traits import Traits

COMPLETION = "completion"
"""What a result calls the way base models are asked."""


@dataclass(frozen=True)
class Prompt:
    """A way of asking a chat model."""

    question: str
    """The user's message; `{task}` stands for the text of the task, without white space around it."""
    opening: str = ""
    """How the answer begins."""
    stops: tuple[str, ...] = ()
    """Where an answer that was begun so has ended."""


_EVALPLUS = "Please provide a self-contained Python script that solves the following problem in a markdown code block:"
_OPENING = (
    "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n"
    "```python\n"
)
_STOPS = ("\n```\n", "\nif __name__", "\ndef main(", "\nprint(")
"""Those of both harnesses: what they cut off is how the function is shown."""

PROMPTS = {
    "plain": Prompt("{task}"),
    "neve": Prompt(
        "Write a Python program that does what is asked below. Answer with one block of code that contains all it "
        "needs: imports, helper functions, and the function asked for, under its name.\n\n```python\n{task}\n```"
    ),
    "evalplus": Prompt(f"{_EVALPLUS}\n```\n{{task}}\n```\n", _OPENING, _STOPS),
    "bigcodebench": Prompt(f"{_EVALPLUS}\n```\n{{task}}\n```\n", _OPENING, _STOPS),
    "bigcodebench-instruct": Prompt(f"{_EVALPLUS}\n{{task}}\n", _OPENING, _STOPS),
}
"""By name."""


def named(name: str) -> Prompt:
    """The prompt of that name. Raises Fault for another."""
    if name not in PROMPTS:
        raise Misuse(f"--prompt {name}: no such prompt; there are {', '.join(PROMPTS)}")
    return PROMPTS[name]


def question(prompt: Prompt, traits: Traits, task: Task) -> str:
    """The user's message for a task."""
    text = task.instruction if traits.asks == "instruction" else task.prompt
    return prompt.question.replace("{task}", text.strip())


def continued(prompt: str) -> str:
    """A task's prompt as a base model gets it, and as its completion is appended to it: with one newline at
    its end."""
    return prompt.rstrip() + "\n"
