"""A program out of what a model said: by a parser, not by a regular expression.

Two questions. Where is the code? In a chat answer between fences, which are read line by line as CommonMark has them; of
several blocks the one that defines the function asked for. What of it is the solution? A base model goes on
after its function, so the longest beginning that parses is taken and, of its statements, those that the function
asked for needs. The trade-off: an answer whose function does not parse stays as it is and fails; nothing is mended.

Sources: CommonMark 0.31 section 4.5 for fences; Python's own parser.
"""

from __future__ import annotations

import ast
import symtable
import warnings

MAX_LINES = 1000
"""Lines of an answer that are looked at: no solution is longer, and each costs a parse."""


def fenced(text: str) -> list[str]:
    """Contents of the fenced blocks of a Markdown text, in their order; one that is never closed runs to the end."""
    blocks: list[str] = []
    open_fence = ""
    lines: list[str] = []
    for line in text.splitlines():
        bare = line.lstrip(" ")
        mark = bare[:1]
        run = len(bare) - len(bare.lstrip(mark)) if mark in ("`", "~") and mark else 0
        if not open_fence:
            if run >= 3 and not (mark == "`" and "`" in bare[run:]):
                open_fence, lines = mark * run, []
        elif mark == open_fence[0] and run >= len(open_fence) and not bare[run:].strip():
            blocks.append("\n".join(lines) + "\n")
            open_fence = ""
        else:
            lines.append(line)
    if open_fence:
        blocks.append("\n".join(lines) + "\n")
    return blocks


def parse(text: str) -> ast.Module | None:
    """The syntax tree of a program, or None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def longest_program(text: str) -> str:
    """The longest run of whole lines from the first on that parses; empty where not even one line does."""
    lines = text.splitlines(keepends=True)[:MAX_LINES]
    for end in range(len(lines), 0, -1):
        if parse(candidate := "".join(lines[:end])) is not None:
            return candidate
    return ""


def defines(tree: ast.Module, name: str) -> bool:
    """Whether a program binds a name at its top."""
    return any(name in _bound(node) for node in tree.body)


def needed(text: str, name: str) -> str:
    """Of a program, the imports and the definitions that `name` needs, in their order; all of it if `name` is not there.

    What runs at the top besides (tests, examples, prints, input) is left out: it is not the solution.
    """
    tree = parse(text)
    if tree is None or not defines(tree, name):
        return text
    wanted, reached = [name], {name}
    while wanted:
        current = wanted.pop()
        for node in tree.body:
            if current in _bound(node):
                for word in _words(node) - reached:
                    reached.add(word)
                    wanted.append(word)
    kept = [
        node
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) or (_is_definition(node) and _bound(node) & reached)
    ]
    lines = text.splitlines(keepends=True)
    pieces = ["".join(lines[_first_line(node) - 1 : node.end_lineno]) for node in kept]
    return "".join(piece if piece.endswith("\n") else piece + "\n" for piece in pieces)


def completed(prompt: str, completion: str, name: str) -> str:
    """The program of a base model: the prompt and as much of what follows as parses, cut to what `name` needs."""
    whole = longest_program(prompt + completion)
    return needed(whole, name) if len(whole) > len(prompt) else prompt + completion


def answered(text: str, name: str, prompt: str = "") -> str:
    """The program in a chat answer; `prompt` goes in front of a block that is but the body that completes it."""
    blocks = fenced(text) or [text]
    for block in blocks:
        tree = parse(program := longest_program(block))
        if tree is not None and defines(tree, name):
            return needed(program, name)
    for block in blocks:
        if prompt and (program := longest_program(prompt + block)) and len(program) > len(prompt):
            return needed(program, name)
    return max(blocks, key=len)


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _words(node: ast.stmt) -> set[str]:
    """Names of the program's top that a statement uses: not its parameters and locals."""
    tables = [symtable.symtable(ast.unparse(node), "<answer>", "exec")]
    found = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_referenced()}
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found


def _is_definition(node: ast.stmt) -> bool:
    """A function, a class, or an assignment: what makes a name without being run for its effect."""
    kinds = (
        ast.FunctionDef
        | ast.AsyncFunctionDef
        | ast.ClassDef
        | ast.Assign
        | ast.AnnAssign
        | ast.AugAssign
        | ast.Try
    )
    return isinstance(node, kinds)


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
