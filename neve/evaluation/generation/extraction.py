"""The program in what a model said: by parsers, not by regular expressions.

Where is the code? A chat model thinks, drafts, corrects itself, shows how to call what it wrote. So thinking
between its tags is left out, and of the fenced blocks the *last* complete one that defines the function is
the answer; what that one takes from other blocks (an import, a helper) comes with it. Without fences it is
the last stretch of lines that parses and defines the function. A base model continues the prompt and goes on
after its function, so the longest beginning that parses is taken. What of the code is the solution, and what
is a test or output, `top_level` decides.

The trade-off: nothing is mended. An answer whose function does not parse stays as it is, and fails; one that
is nested deeper than Python follows is handed on unread, and Python decides. Call this from a thread of its
own: what can be parsed depends on how deep the caller's stack is.

Sources: CommonMark 0.31 for blocks (`llm.fences`); the tags that models think between, from their chat
templates.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import NamedTuple

from neve.evaluation.generation import presentation
from neve.evaluation.generation.top_level import binds, defines, needed, parse, unbound
from neve.llm.fences import Fence, fences

MAX_LINES = 10_000
"""Lines of an answer that are looked at."""
TRIES = 300
"""Runs of lines that are tried at most: each costs a parse."""
LOOK_BACK = 200
"""Lines before a definition, without fences, that may belong to its program."""

_WORDS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|inner_monologue|seed:think"
_FINAL = r"<\|channel\|>final[^<>\n]*(?:<\|constrain\|>\w*)?<\|message\|>"
_OPEN = (
    rf"<(?P<word>{_WORDS})(?:\s[^<>\n]*)?>|<\|(?:begin_of_|start_)?(?:{_WORDS})\|>|\[THINK(?:ING)?\]|◁think▷|<\|inner_prefix\|>|"
    r"(?:<\|start\|>\w+)?<\|channel\|>(?:analysis|commentary)[^<>\n]*<\|message\|>|<\|channel>thought\b|<unused94>(?:thought\b)?"
)
_OTHER = rf"<\|(?:/|end_of_|end_)(?:{_WORDS})\|>|\[/THINK(?:ING)?\]|◁/think▷|<\|inner_suffix\|>|<channel\|>|<unused95>|<\|answer\|>|{_FINAL}"
"""Ends of what does not begin as `<word>`; harmony's analysis ends where its final channel begins."""
_CODE = r"(?<![\"'])(?<!(?<!`)`)"
"""Not right after a quote or a single backtick: there a tag is code."""
_FLAGS = re.DOTALL | re.MULTILINE | re.IGNORECASE
_THINKING = re.compile(
    rf"^[ \t]*(?:{_OPEN}).*?(?:(?(word)</(?P=word)>|(?:{_OTHER}|</(?:{_WORDS})>))|^(?=<answer>)|\Z)|\Aanalysis.*?assistantfinal",
    _FLAGS,
)
_END = re.compile(
    rf"^(?:(?!<(?:{_WORDS})\b)[^\n])*?{_CODE}(?:{_OTHER}|</(?:{_WORDS})>)(?![\"'])", _FLAGS & ~re.DOTALL
)
"""An end whose beginning the chat template has written: all before it is left out. In quotes, and after its
beginning on one line, it is code."""
_TURN = re.compile(
    rf"{_CODE}(?:<\|(?:im_end|eot_id|eom_id|end|return|call|endoftext|end_of_text|end_of_turn|end_of_solution|end_response|"
    r"eos|im_start|user)\|>|</s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>)(?![\"']).*",
    re.DOTALL | re.IGNORECASE,
)
"""A token that ends a turn, where a server hands it on as text, and what follows."""
_WRAP = re.compile(
    r"^\s*(?:<\|?[a-z][^<>]*>|`+(?:py(?:thon)?\d?\b)?)+\s*|(?:</[a-z]+>|(?<!`)`++)\s*$", re.IGNORECASE
)
"""What stands around code on its own line, outside of any fence."""
_TYPED = re.compile(r"(?:>>>|\.\.\.|In \[\d+\]:|[ ]+\.\.\.:)(?: (.*)|$)")
"""A line that somebody typed in an interactive session, Python's or IPython's."""
_LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
"""A string as JSON writes it."""


class Extracted(NamedTuple):
    program: str
    whole: bool
    """Whether more came after the function, or its block was closed; else an answer cut at its length may be
    half."""


def answered(text: str, name: str, prompt: str = "") -> Extracted:
    """The program in a chat answer that defines `name`; `prompt` goes before a block that only
    continues it."""
    text = _spoken(lines_end_in_newlines(text))
    found = _defined(text, name)
    presented = found is None or (
        presentation.ENTITY.search(text) and unbound(found.program, name) & presentation.NAMES
    )
    if presented and (plain := presentation.plain(text)) != text:
        found = _defined(plain, name) or found
    return found or _otherwise(text, name, prompt)


def _defined(text: str, name: str) -> Extracted | None:
    """The program of a block, else of a stretch of lines, that defines the function."""
    blocks = fences(text)
    for wanted in (_complete, _begun):
        for place in reversed(range(len(blocks))):
            if (program := wanted(blocks[place], name)) is not None:
                whole = blocks[place].closed or _goes_on(blocks[place].code, name)
                others = [*blocks[place + 1 :], *blocks[:place]]
                return Extracted(needed(_with_others(program, others, name), name), whole)
    parts = [*(block.code for block in reversed(blocks)), text]
    for part in [*parts, *map(_session, parts), *_in_json(text, name)]:
        if (found := _among_prose(part, name)) is not None:
            return Extracted(needed(found, name), _goes_on(text, name))
    return None


def _otherwise(text: str, name: str, prompt: str) -> Extracted:
    """What continues the prompt, else the longest block, as it is."""
    blocks = fences(text)
    for block in blocks or [Fence("", text, True)]:
        if prompt and len(joined := longest_program(prompt + block.code)) > len(prompt):
            return Extracted(needed(joined, name, continued=True), block.closed)
    return Extracted(max((block.code for block in blocks), key=len, default=text), False)


def completed(prompt: str, completion: str, name: str) -> Extracted:
    """The program of a base model: the prompt and as much of what follows as parses, without what is not
    `name`'s."""
    text = prompt + _TURN.sub("", lines_end_in_newlines(completion))
    program = longest_program(text)
    if len(program) <= len(prompt):
        return Extracted(text, False)
    return Extracted(needed(program, name, continued=True), _goes_on(text, name))


def _spoken(text: str) -> str:
    """An answer without what its model thought, and without what follows its turn."""
    text = _THINKING.sub("", text.removeprefix("\ufeff"))
    if (end := _END.search(text)) is not None:
        text = text[end.end() :]
    return _TURN.sub("", text)


def lines_end_in_newlines(text: str) -> str:
    r"""Text whose lines end in \n alone, as Python reads source."""
    return re.sub(r"\r\n?", "\n", text)


def longest_program(text: str) -> str:
    """The longest run of whole lines from the first on that parses; empty if not even one line does.

    Where the parser stops, no longer run can parse, so few runs are tried. What is nested too deep is not
    tried further: the text comes back as it is.
    """
    lines = text.split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    end = min(len(lines), MAX_LINES)
    for _ in range(TRIES):
        if end <= 0:
            break
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse("".join(lines[:end]))
        except SyntaxError as error:
            end = min(end, error.lineno or end) - 1
        except (RecursionError, MemoryError):
            return text
        except ValueError:  # a null byte
            end -= 1
        else:
            return "".join(lines[:end])
    return ""


def _complete(block: Fence, name: str) -> str | None:
    """A closed block that parses as a whole and defines the function."""
    tree = parse(block.code) if block.closed else None
    return block.code if tree is not None and defines(tree, name) else None


def _begun(block: Fence, name: str) -> str | None:
    """Any block whose beginning parses and defines the function, or that is nested too deep to tell."""
    tree = parse(program := longest_program(block.code))
    if program and tree is None:
        return program if re.search(rf"\b{re.escape(name)}\b", program) else None
    return program if tree is not None and defines(tree, name) else None


def _with_others(program: str, others: list[Fence], name: str) -> str:
    """A program, after those other blocks that bind what it reaches and does not bind itself."""
    for block in reversed(others):
        missing = unbound(program, name)
        if missing & binds(block.code):
            program = f"{block.code}\n{program}"
    return program


def _among_prose(text: str, name: str) -> str | None:
    """The last stretch of lines that parses and defines the function, with as much before it as parses with
    it."""
    lines = [_unwrapped(line) for line in text.split("\n")[:MAX_LINES]]
    opening = re.compile(
        rf"(?P<indent>[ \t]*)(?:(?:async )?def {re.escape(name)}\b|class {re.escape(name)}\b|{re.escape(name)} *=)"
    )
    found = [(place, match["indent"]) for place, line in enumerate(lines) if (match := opening.match(line))]
    found = found[-TRIES:]
    for last, (place, indent) in reversed(list(enumerate(found))):
        if (stop := _stretch(lines, place, indent, name)) is None:
            continue
        for outer, less in found[:last]:  # a variable of the function may have its name
            if len(less) < len(indent) and (end := _stretch(lines, outer, less, name) or 0) > place:
                place, indent, stop = outer, less, end
                break
        return _with_before(lines, place, indent, stop)
    return None


def _stretch(lines: list[str], place: int, indent: str, name: str) -> int | None:
    """Where the lines end that parse from a definition on, none of them further left; None if they do not
    define the function."""
    end = next((k for k in range(place, len(lines)) if not _within(lines[k], indent)), len(lines))
    program = longest_program("\n".join(line.removeprefix(indent) for line in lines[place:end]))
    tree = parse(program)
    if tree is None or not defines(tree, name):
        return None
    return place + program.rstrip("\n").count("\n") + 1


def _with_before(lines: list[str], place: int, indent: str, stop: int) -> str:
    """The lines from a definition to its stop, with as many before it as parse with it."""
    start = place
    bare = [line.removeprefix(indent) for line in lines[:stop]]
    for first in range(place - 1, max(-1, place - LOOK_BACK), -1):
        if not _within(lines[first], indent):
            break
        if bare[first].strip() and parse("\n".join(bare[first:])) is not None:
            start = first
    return "\n".join(bare[start:]) + "\n"


def _within(line: str, indent: str) -> bool:
    return not line.strip() or line.startswith(indent)


def _unwrapped(line: str) -> str:
    """A line of code without the tags and backticks around it; a line of those alone stays."""
    bare = _WRAP.sub("", line)
    return bare if bare.strip() else line


def _session(text: str) -> str:
    """What somebody typed in an interactive session; nothing of other text."""
    typed = (match for line in text.split("\n")[:MAX_LINES] if (match := _TYPED.match(line)))
    return "\n".join(match[1] or "" for match in typed)


def _in_json(text: str, name: str) -> list[str]:
    """Programs in the strings of a structured answer or of a call of a tool, the last first."""
    if f"def {name}" not in text:
        return []
    found = []
    for literal in reversed(_LITERAL.findall(text)):
        try:
            found.append(json.loads(literal))
        except ValueError:
            continue
    return [program for program in found if f"def {name}" in program]


def _goes_on(text: str, name: str) -> bool:
    """Whether a line after the function begins at the margin: then the function was not cut."""
    tree = parse(longest_program(text))
    ends = [node.end_lineno or 0 for node in tree.body if getattr(node, "name", "") == name] if tree else []
    after = text.split("\n")[ends[-1] :] if ends else []
    return any(line[:1].strip() for line in after)
