"""Results that comments state in other languages than Python: `console.log(f(3)); // Output: 10`.

What counts as stated, and what is done about it, is `stated`'s. Here is where such a comment stands, and
how what its statement prints is seen: the same program prints a mark before and after the statement. It is
built and run as any other (`toolchains.printed`), so a language takes a row: how its statements that print
begin, and what prints a mark. Of JavaScript the values of calls and of names that calls are assigned to are
seen too, which need no types. The trade-off: a statement alone under an `if` or a `for`, without braces, is
not looked at, nor what stands in a comment whole, as examples in JSDoc do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from neve.corpus.syntax.parsing import GRAMMARS
from neve.synthesis import names, stated
from neve.synthesis.stated import Claim, Seen

TEXT_BYTES = 1 << 18
"""A longer program is not read."""
HEAD_BYTES = 256
"""Of a statement, where it says whether it prints."""


class Way(NamedTuple):
    """How a language prints."""

    prints: str
    """What a statement that prints begins with; its first group, if any, is what is printed to."""
    mark: str
    """A statement that prints {mark} and ends the line; {to} is that group."""
    value: str = ""
    """Two statements that print {mark} in a line, and the value of {name}."""


_LINES = {
    "C": Way(r"(?:printf|puts|putchar)\s*\(", r'printf("\001{mark}\n");'),
    "C++": Way(r"((?:std::)?)(?:printf|puts|cout)\b", r'{to}cout << "\001{mark}\n";'),
    "Go": Way(r"fmt\.Print(?:ln|f)?\(", r'fmt.Println("\x01{mark}");'),
    "Java": Way(r"System\.out\.print(?:ln|f)?\(", r'System.out.println("\001{mark}");'),
    "JavaScript": Way(
        r"console\.(?:log|info)\(",
        r'console.log("\x01{mark}");',
        r'console.log("\x01{mark}"); console.log("%O", {name});',
    ),
}
_BLOCKS = ("program", "statement_block", "compound_statement", "block", "statement_list", "constructor_body")
_GIVES = {"lexical_declaration": "variable_declarator", "variable_declaration": "variable_declarator"}
_MARK = re.compile(r"\x01([<>])(\d+)\r?\n")
_CODE = re.compile(r"[;{}]\s*(?://.*)?$|^\W*(?:console\.|fmt\.|System\.|print)")
_UNSTEADY = re.compile(
    r"\b(?:Math\.random|Date|performance|hrtime|process|os|crypto|s?rand\w*|random\w*|Random|(?:clock_)?(?:get)?time(?:ofday)?|clock"
    r"|chrono|Instant|SystemTime|nanoTime|currentTimeMillis|UUID|thread\w*|Thread\w*|getpid|getenv)\b"
)
"""What makes a value another one tomorrow, or on another machine."""


def claims(language: str, program: str) -> list[Claim]:
    """What comments of a program that parses state, in the order of their lines; `place` is where the
    statement begins and ends, in bytes."""
    way, data = _LINES.get(language), program.encode("utf-8", "replace")
    if way is None or len(data) > TEXT_BYTES or not re.search(r"//|/\*", program):
        return []
    lines = data.split(b"\n")
    comments: dict[int, Any] = {}
    ends: dict[int, Any] = {}
    for node, above in _nodes(names.parser(GRAMMARS[language][0]).parse(data).root_node):
        if "comment" in node.type:
            if node.start_point[0] == node.end_point[0]:
                comments[node.start_point[0]] = node
        elif above in _BLOCKS and _tells(node, way):
            before = ends.get(_last(node).end_point[0])
            if before is None or before.start_byte < node.start_byte:
                ends[_last(node).end_point[0]] = node
    found, taken = [], set()
    for line, comment in sorted(comments.items()):
        alone, block = _alone(comment, lines), [comment]
        if line in taken or (alone and (line - 1 in comments or _CODE.search(_text(comment)))):
            continue
        while alone and (below := comments.get(line + len(block))) is not None and _alone(below, lines):
            block.append(below)
        node = ends.get(line - 1 if alone else line)
        if node is None or lines[line][comment.end_point[1] :].strip():
            continue
        texts = [(each.start_point[0] + 1, _column(each, lines), _text(each)) for each in block]
        place = node.start_byte, _last(node).end_byte
        if (claim := stated.claimed(place, _prints(node, way), texts, alone, loose=True)) is not None:
            found.append(claim)
            taken |= {each.start_point[0] for each in block}
    return found


def watched(language: str, program: str, found: Sequence[Claim]) -> str:
    """The program with marks around the statements of `found`."""
    way, data = _LINES[language], program.encode("utf-8", "replace")
    marked, place = [], 0
    for number, claim in sorted(enumerate(found), key=lambda each: each[1].place[0]):
        start, end = claim.place
        if start < place:
            continue  # within a statement that is marked
        own = data[start:end].decode()
        to = re.match(way.prints, own)
        told = {"to": (to.groups() or ("",))[0] if to else ""}
        begin, close = (_filled(way.mark, mark=f"{sign}{number}", **told) for sign in "<>")
        if not claim.prints:
            begin, own, close = _valued(own, way, number)
        marked += [data[place:start], f"{begin} {own}; {close}".encode()]
        place = end
    return b"".join([*marked, data[place:]]).decode("utf-8", "replace")


def seen(found: Sequence[Claim], output: str) -> Seen:
    """What each statement of `found` printed, or gave, by what the program with marks printed: at most two
    values, since only one alone is compared with what is stated."""
    claims = {str(number): claim for number, claim in enumerate(found)}
    plain, marks = _MARK.sub("", output), list(_MARK.finditer(output))
    times: dict[str, list[list[str | None]]] = {}
    running: dict[str, int] = {}
    gone = 0
    for mark in marks:
        place = mark.start() - gone
        gone += mark.end() - mark.start()
        if mark[1] == "<":
            running[mark[2]] = place
        elif (start := running.pop(mark[2], None)) is not None and mark[2] in claims:
            if len(times.get(mark[2], ())) > 1:
                continue
            text = plain[start:place]
            value: list[str | None] = (
                [text, None] if claims[mark[2]].prints else ["", text.removesuffix("\n")]
            )
            if value != ["", "undefined"] and value not in times.setdefault(mark[2], []):
                times[mark[2]].append(value)
    return times


def mend(program: str, found: Sequence[Claim], first: Seen, second: Seen) -> stated.Verdict:
    """As `stated.mend`."""
    return stated.mend(program, found, first, second, _UNSTEADY)


def _filled(text: str, **words: str) -> str:
    """`text` with its words; other braces are its own."""
    return re.sub(r"\{(mark|to|name)\}", lambda found: words[found[1]], text)


def _valued(own: str, way: Way, number: int) -> tuple[str, str, str]:
    """(what stands before a statement, the statement, what stands after it), where its value is printed."""
    begin, close = (_filled(way.mark, mark=f"{sign}{number}") for sign in "<>")
    if named := re.match(r"(?:const|let|var)\s+([\w$]+)", own):
        return "", own, f"{_filled(way.value, mark=f'<{number}', name=named[1])} {close}"
    return begin, f'console.log("%O", {own.rstrip("; ")})', close


def _nodes(root: Any) -> Iterator[tuple[Any, str]]:
    """Each node, and the type of that above it; `parent` would walk down to it from the root."""
    todo = [(root, "")]
    while todo:
        node, above = todo.pop()
        yield node, above
        todo += [(child, node.type) for child in reversed(node.children)]


def _last(node: Any) -> Any:
    """The last part of a statement: a comment after it may count as one of its."""
    return next((child for child in reversed(node.children) if "comment" not in child.type), node)


def _tells(node: Any, way: Way) -> bool:
    """Whether a statement may have a result that a comment states."""
    if node.type == "expression_statement":
        kind = node.children[0].type
        return _prints(node, way) or (bool(way.value) and kind == "call_expression")
    parts = [child for child in node.children if child.type == _GIVES.get(node.type)] if way.value else []
    if len(parts) != 1 or parts[0].child_by_field_name("name").type != "identifier":
        return False
    value = parts[0].child_by_field_name("value")
    return value is not None and value.type == "call_expression"


def _prints(node: Any, way: Way) -> bool:
    if node.type != "expression_statement":
        return False
    begin = node.text[:HEAD_BYTES].decode("utf-8", "replace")  # a statement may hold many others
    return re.match(way.prints, begin) is not None


def _text(node: Any) -> str:
    text = node.text.decode("utf-8", "replace")
    return text.removesuffix("*/").rstrip() if text.startswith("/*") else text


def _alone(comment: Any, lines: Sequence[bytes]) -> bool:
    row, column = comment.start_point
    return not lines[row][:column].strip()


def _column(comment: Any, lines: Sequence[bytes]) -> int:
    """In characters."""
    row, column = comment.start_point
    return len(lines[row][:column].decode("utf-8", "replace"))
