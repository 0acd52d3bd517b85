"""A small exercise and its solution: a function that is named for what the seed's lines are about.

A model of half a billion parameters that is shown lines out of a large program goes on with their names,
which it does not define. Here it sees no code. It is given the name of a function, put together from a verb
and a word of the lines, what the function takes, and a few more of the words; so questions differ, and each
is small enough to be answered right. The calls at the end are run with the file, and an answer that calls
nothing is refused. The trade-off: less of the seed is left than in `problem_file`, documents are short, and
a function that gives a wrong result without an error passes.

Source: exercises whose variety comes from constraints on their names ("Textbooks are all you need", arXiv
2306.11644) and stories from words that are drawn (TinyStories, arXiv 2305.07759). The wording is ours.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re

from neve.hashing import seed_of
from neve.synthesis import gates, scripts
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Gate, Limits, Refusal
from neve.synthesis.reading import longest_block
from neve.synthesis.seeds import Seed

NAME = "exercise"

TEMPLATE = """\
Write a {language} file of 15 to 30 lines with two functions that belong together, each with type annotations \
and a docstring of one sentence, and below them a few lines that call both and print what they return. Answer with a \
single code block, and nothing else.

The functions are `{name}` and one of your own, for a program about {words}. `{name}` takes {taken}. \
End the file with lines that print what `{name}` returns for three examples."""
"""What is the same in each question stands first, so that a server has read it already. The calls are asked
for once more at the end, since a small model forgets them: without that 24 of 131 answers of
Qwen2.5-Coder-0.5B-Instruct (temperature 0.4) called nothing, and 16 had fewer than three lines of code."""

STOP = ("\n```\n",)

OPERATIONS = tuple(
    (verb, taken)
    for taken, verbs in {
        "a string": "parse split encode decode clean reverse shorten check count tokenize",
        "a string and a number": "pad trim repeat wrap indent rotate",
        "two strings": "compare join match replace",
        "a list of strings": "count filter join group number find longest_of index deduplicate",
        "a list of numbers": "sum average largest_of smooth scale difference_of check",
        "a list and a number": "partition rotate take_from chunk find remove",
        "two lists": "merge pair compare interleave common_of",
        "a list of pairs": "sort group unzip swap total_of",
        "a list of dictionaries": "filter group sort_by_key collect summarize",
        "a dictionary of numbers": "rank normalize invert total_of filter",
        "a dictionary of lists": "flatten count invert merge longest_of",
        "a nested list": "flatten transpose rows_of depth_of",
        "a number": "format convert round factors_of digits_of is_valid",
    }.items()
    for verb in verbs.split()
)
"""What the function does, as its name begins, and what it takes."""
WORDS = 4
"""Words of the lines that are told, the function's own among them."""
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}(?![a-z])")
_COMMON = (
    "all and any args are can char const cls data default false for from func function get has into init inline item items "
    "its key keys kwargs may new none not null obj old out over private public self static struct than that the then this "
    "true typename value void when will with you also"
)
_PLAIN = {*(word.lower() for word in (*keyword.kwlist, *dir(builtins))), *_COMMON.split()}
"""Words that say nothing of what a program is about."""


def words(text: str) -> list[str]:
    """Words that names in `text` are made of, those that stand most often first.

    >>> words("def split_graphemes(text: str) -> list[CellSpan]: ...")
    ['split', 'graphemes', 'text', 'cell', 'span']
    """
    found = [word.lower() for word in _WORD.findall(text)]
    return sorted(
        (word for word in dict.fromkeys(found) if word not in _PLAIN), key=lambda word: -found.count(word)
    )


def prompt(seed: Seed, room: int) -> str | None:
    told = words(seed.snippet)[:WORDS]
    if not told:
        return None
    draw, word = divmod(seed_of(f"exercise {seed.doc_id} {seed.turn}", bits=63), len(told))
    verb, taken = OPERATIONS[draw % len(OPERATIONS)]
    about = " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)
    name = f"{verb}_{told[word]}"
    return TEMPLATE.format(language=seed.language, name=name, words=about, taken=taken)


def called(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    """Refuses Python and JavaScript that use none of their functions at their top level, so that running
    them shows nothing."""
    if candidate.seed.target == "JavaScript":
        return None if scripts.called(candidate.program) else Refusal(0, 1, "calls of its functions")
    if candidate.seed.target != "Python":
        return None
    try:
        body = ast.parse(candidate.program).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # running it says so
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    used = {
        node.id
        for part in body
        if part not in functions
        for node in ast.walk(part)
        if isinstance(node, ast.Name)
    }
    return None if used & {node.name for node in functions} else Refusal(0, 1, "calls of its functions")


GATES = (
    *gates.PROGRAM,
    Gate("not-called", called),
    gates.SEED_COPY,
    gates.SEED_LINES,
    *gates.NEW,
    *gates.RUNS,
)


read = longest_block
