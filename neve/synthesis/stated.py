"""Results that comments state, beside what running the program gave: `print(f(3))  # Output: 10`.

A small model runs nothing, so it guesses, and of what it states about a third is wrong. Running gives the
value, so the comment is *mended*: the value takes the guess's place, and the document says how many were
(`mended_comments`). Refusing instead would lose a third of the documents, among them those whose code is
right, and a comment that is sure to be right is worth more to who learns than none. What cannot be mended,
since two runs differ (an order, an address, a clock), or since the value is long or many lines, is refused.

Read are comments at the end of a statement, and comment lines right below one: after a word that promises a
result (`# Output: 5`, `# => 5`, `# returns 5`), or a literal and nothing else (`# [1, 2]`). A statement
that gives other values each time it runs is not judged, nor one that never runs, nor words that describe
("# Output: the sorted list"). The trade-off: whether words describe or state is told by their likeness to
what was printed, so a wrong statement in words that are like nothing passes. Doctests are tests, and judged
as such; what is stated in prose is not read. Which comments other languages have, and how what they
print is seen: `remarks`.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LONGEST = 100
"""Characters of a value that is written into a comment, at most."""
LIKE = 0.5
"""Likeness (difflib) with what was printed, from which words state it and do not describe it."""
TOLD = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)
_PROMISE = re.compile(
    r"""(?:\#+|//+|/\*+)\s*(?:
        (?:(?:expected|sample|actual|example)\s+)?(?:outputs?|results?|prints?|printed|returns?|expected|gives)
        | (?:should|will|would)\s+(?:print|output|return|be|give)
        | evaluates\s+to
        )\b (?:\s+(?:is|will\s+be|should\s+be))? \s*[:=]?[=-]?>?\s*(?P<said>.*)
    | (?:\#+|//+|/\*+)\s*(?:=+>|-+>|→|==)\s*(?P<pointed>.*)
    | (?:\#+|//+|/\*+)\s*(?P<plain>.*)""",
    re.X | re.I | re.S,
)
_HEDGE = re.compile(
    r"(?i)\b(?:about|any|approx\w*|depends?|differs?|e\.g|example|or|order|random\w*|similar|some\w*|var(?:y|ies))\b|~|≈"
)
_EXPLAINED = re.compile(r"\s*[(;#]|\s+(?:-|–|—|since|because|as|which)\s|\s*,\s+(?:since|because|as|which)\s")
_NUMBERS = re.compile(r"[-+]?\d[^\s,A-Za-z]*(?:e[-+]?\d+)?j?(?:[\s,]+[-+]?\d[^\s,A-Za-z]*)*")
_SHAPED = re.compile(r"""[rbf]?'.*'|[rbf]?".*"|\[.*\]|\{.*\}|\(.*\)|<.*>|[A-Za-z_][\w.]*\(.*\)""", re.S)
_UNSTEADY = re.compile(
    r"^[^\S\n]*(?:from|import)\s+(?:getpass|os|platform|psutil|random|secrets|socket|tempfile|threading|time|uuid)\b"
    r"|\b(?:now|today|utcnow)\(",
    re.M,
)
"""What makes a value another one tomorrow, or on another machine."""
_WORDS = ("true", "false", "null", "nil", "undefined")
"""Literals of other languages."""
_PLACE = re.compile(r"\b0x[0-9a-f]{6,}|/tmp/|\bdocument\.")
"""Traces of where the program was run."""
_TYPES = re.compile(
    "array|bool|boolean|bytes|dict|dictionary|error|exception|float|int|integer|list|nothing|number|object|set|str"
    "|string|tuple|value"
)


@dataclass(frozen=True)
class Claim:
    """A result that a comment states."""

    place: tuple[int, int]
    """Line and column of the statement."""
    prints: bool
    """Whether the statement is a call of `print`."""
    promised: bool
    """Whether a word promises a result; else the comment is a literal alone."""
    said: tuple[tuple[int, int, str], ...]
    """(line, column, text) of what is stated, of one comment line or of several."""
    loose: bool = False
    """Whether the language has its own ways to write a value: white space and quotes are no difference."""


def claims(program: str) -> list[Claim]:
    """What comments of a Python program state, in the order of their lines; nothing of one that cannot be
    read."""
    try:
        tree = ast.parse(program)
        tokens = list(tokenize.generate_tokens(io.StringIO(program).readline))
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return []
    ends: dict[int, ast.stmt] = {}
    for each in ast.walk(tree):
        if isinstance(each, TOLD) and _tells(each):
            before = ends.get(each.end_lineno or 0)
            if before is None or before.col_offset < each.col_offset:
                ends[each.end_lineno or 0] = each
    comments = {t.start[0]: t for t in tokens if t.type == tokenize.COMMENT}
    found, taken = [], set()
    for line, token in comments.items():
        if line in taken:
            continue
        alone, block = _alone(token), [token]
        node = None if alone and line - 1 in comments else ends.get(line - 1 if alone else line)
        if node is None or (alone and _code(token.string)):
            continue
        while alone and (below := comments.get(line + len(block))) and _alone(below):
            block.append(below)
        texts = [(*each.start, each.string) for each in block]
        if (claim := claimed((node.lineno, node.col_offset), _prints(node), texts, alone)) is not None:
            found.append(claim)
            taken |= {each.start[0] for each in block}
    return found


def _alone(token: tokenize.TokenInfo) -> bool:
    """Whether a comment has its line to itself."""
    return not token.line[: token.start[1]].strip()


def _tells(node: ast.stmt) -> bool:
    """Whether a statement may have a result that a comment states."""
    value = getattr(node, "value", None)
    if isinstance(node, ast.Expr):
        return not isinstance(value, ast.Constant)
    return value is not None and any(isinstance(each, ast.Call) for each in ast.walk(value))


def _prints(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "print"
    )


def claimed(
    place: tuple[int, int],
    prints: bool,
    block: Sequence[tuple[int, int, str]],
    alone: bool,
    loose: bool = False,
) -> Claim | None:
    """What comments state of the statement at `place`; `block` is (line, column, text) of each, `alone`
    whether they have their lines to themselves. None where they state nothing."""
    line, column, whole = block[0]
    first = _PROMISE.fullmatch(whole)
    assert first is not None  # the last alternative is any comment
    group = next(name for name in ("said", "pointed", "plain") if first.start(name) >= 0)
    promised = group != "plain"
    text = first[group].rstrip()
    if not promised and (alone or not _literal(text)):
        return None
    said = [(line, column + first.start(group), text)] if text or not block[1:] else []
    for line, column, whole in block[1:]:
        bare = whole.lstrip("#/*")
        said.append((line, column + len(whole) - len(bare.lstrip()), bare.strip()))
    if not any(words for _, _, words in said) or any(len(words) > 2 * LONGEST for _, _, words in said):
        return None
    return Claim(place, prints, promised, tuple(said), loose)


def _code(comment: str) -> bool:
    """Whether a comment is a statement that was taken out."""
    try:
        body = ast.parse(comment.lstrip("# ")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        isinstance(node, ast.Assign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        for node in body
    )


@dataclass(frozen=True)
class Verdict:
    """What became of a program's comments."""

    text: str
    """The program with its comments mended."""
    mended: int = 0
    """Comments that were."""
    wrong: str = ""
    """The first that states something else and cannot be mended; "" where there is none."""


Seen = Mapping[str, Sequence[Sequence[str | None]]]
"""Number of a claim -> what its statement printed and its value, as often as those differ."""


def wrong(found: Sequence[Claim], seen: Seen) -> dict[int, list[str]]:
    """Claims, by their number, that state another result than there was -> that result, by lines."""
    differ = {}
    for number, claim in enumerate(found):
        lines = _result(claim, seen.get(str(number), ()))
        if lines is not None and not all(
            _agrees(was, text, claim) for was, (_, _, text) in zip(lines, claim.said, strict=False)
        ):
            differ[number] = lines
    return differ


def mend(
    program: str,
    found: Sequence[Claim],
    first: Seen,
    second: Seen,
    chance: re.Pattern[str] = _UNSTEADY,
) -> Verdict:
    """The program with the results of two runs that agree in place of those that its comments state."""
    lines = program.split("\n")
    differ, again = wrong(found, first), wrong(found, second)
    mended, fault = 0, ""
    by_chance = bool(differ) and chance.search(program) is not None
    for number, results in differ.items():
        claim = found[number]
        steady = again.get(number) == results and not by_chance
        if not steady or not all(writable(each) for each in results):
            line, _, text = claim.said[0]
            fault = fault or f"line {line} states {text[:60]!r}, running gives {' '.join(results)[:60]!r}"
            continue
        for was, (line, column, text) in zip(results, claim.said, strict=False):
            if not _agrees(was, text, claim):
                before, after = lines[line - 1][:column], lines[line - 1][column + len(text) :]
                lines[line - 1] = before + _written(was, text) + after
        mended += 1
    return Verdict("\n".join(lines), mended, fault)


def _result(claim: Claim, times: Sequence[Sequence[str | None]]) -> list[str] | None:
    """What the statement gave, line by line as it is stated; None where that cannot be compared."""
    if len(times) != 1:
        return None
    printed, value = times[0]
    if claim.prints or (printed and value in (None, "None")):
        lines = (printed or "").removesuffix("\n").split("\n") if printed else []
    else:
        lines = [value] if value is not None and value != "None" else []
    if claim.loose and len(claim.said) == 1 and lines and lines[0][:1] in ("[", "{"):
        lines = [" ".join(line.strip() for line in lines)]  # what is long is broken
    begun = len(lines) == 1 and bool(claim.said[0][2])  # lines below may say something else
    return lines if begun or len(lines) == len(claim.said) else None


def _agrees(was: str, said: str, claim: Claim) -> bool:
    """Whether what is stated is the result, or is not meant as one."""
    was, said = was.strip(), said.strip()
    if claim.loose and _squeezed(was) == _squeezed(said):
        return True
    if _same(was, said) or (was and said.startswith(was) and _EXPLAINED.match(said[len(was) :])):
        return True
    label = was.removesuffix(said)
    labelled = label != was and label[-1:] in (" ", "\t", ":", "=") and re.search("[A-Za-z]", label)
    if labelled or (_HEDGE.search(said) and not _literal(said)):
        return True
    return not _states(was, said, claim)


def _same(was: str, said: str) -> bool:
    """Whether two texts are one value: as written, without quotes, as literals, or rounded as stated."""
    cut = len(said) > 4 and said.endswith("...") and was.startswith(said[:-3])
    if cut or was in (said, said.rstrip(".")):
        return True
    ours, theirs = _read(was), _read(said)
    if theirs is not None and theirs[0] == was:
        return True
    if ours is None or theirs is None:
        return False
    if type(ours[0]) is float and isinstance(theirs[0], float) and "e" not in said:
        return round(ours[0], len(said.partition(".")[2])) == theirs[0]
    return bool(ours[0] == theirs[0]) and type(ours[0]) is type(theirs[0])


def _squeezed(text: str) -> str:
    return re.sub(r"[\s'\"`]|\.$", "", text)


def _read(text: str) -> tuple[object] | None:
    """A literal's value, in a tuple of its own."""
    try:
        return (ast.literal_eval(text),)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _literal(text: str) -> bool:
    return text in _WORDS or _read(text) is not None


def _states(was: str, said: str, claim: Claim) -> bool:
    """Whether words are meant as a result, and do not describe one."""
    if not said or said.endswith("..."):
        return False
    if _literal(said) or _NUMBERS.fullmatch(said) or _SHAPED.fullmatch(said):
        return True
    beginning = _EXPLAINED.split(said, maxsplit=1)[0]
    if beginning != said and _literal(beginning):
        return True
    if not claim.prints or not claim.promised or _TYPES.fullmatch(said.lower().strip(".")):
        return False
    if re.fullmatch(r"\S+", said):
        return re.fullmatch(r"\S+", was) is not None
    alike = difflib.SequenceMatcher(None, was, said, autojunk=False)
    bounds = (alike.real_quick_ratio, alike.quick_ratio, alike.ratio)  # the dear one last
    return all(bound() >= LIKE for bound in bounds)


def unsteady(program: str) -> bool:
    """Whether a program's values may be others tomorrow, or on another machine."""
    return _UNSTEADY.search(program) is not None


def writable(text: str) -> bool:
    """Whether a value may stand in a program: short, and without traces of where it was run."""
    return len(text) <= LONGEST and text.isprintable() and not _PLACE.search(text)


def _written(was: str, said: str) -> str:
    """A result as a comment has it: in quotes where those were stated, or where there would be nothing."""
    quote = said[:1] if said[:1] in ("'", '"') and said[:1] == said[-1:] else ""
    if quote and quote not in was and "\\" not in was and was[:1] not in ("'", '"'):
        return f"{quote}{was}{quote}"
    return was.strip() or "''"
