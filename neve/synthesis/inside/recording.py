"""What statements of a document print, and the values that they give, while it runs.

A statement that is watched is wrapped, so that what is written to standard output inside of it, also by
what it calls, is its own. An expression's value is taken as `repr` gives it, and a name's after it was
assigned. A statement may run many times: results that differ are told, up to TIMES. The trade-off: only what
goes through `sys.stdout` is seen.

This file also runs in the sandbox, as text before `run_document`: standard library alone.
"""

import ast
import builtins
import io
import os
import sys

TIMES = 3
"""Results of a statement that are kept; whoever reads them wants to know whether it is always the same."""
CHARACTERS = 2000
"""Of one output or value; a longer one is cut, and nobody states those."""
BEGIN, END, VALUE = "__neve_begin__", "__neve_end__", "__neve_value__"


class Recorder(io.TextIOWrapper):
    """Standard output that goes nowhere and is remembered while statements are watched."""

    def __init__(self):
        nowhere = io.BufferedWriter(io.FileIO(os.devnull, "w"))
        super().__init__(nowhere, encoding="utf-8", errors="replace", write_through=True)
        self.seen = {}  # statement -> [[what it printed, repr of its value or None], ...], each once
        self.running = []

    def write(self, text):
        for record in self.running:
            record[0] += str(text)[: CHARACTERS - len(record[0])]
        return len(text)

    def begin(self, number):
        self.running.append(["", None])

    def end(self, number):
        times = self.seen.setdefault(str(number), [])
        record = self.running.pop()
        if len(times) < TIMES and record not in times:
            times.append(record)

    def value(self, value):
        try:
            self.running[-1][1] = repr(value)[:CHARACTERS]
        except Exception:
            self.running[-1][1] = None
        return value


def watch(tree, places):
    """Wrap the statements of `tree` that begin at `places` (line, column), in their order; what is printed
    goes to the recorder that is returned, which is standard output from now on."""
    recorder = Recorder()
    numbers = {tuple(place): number for number, place in enumerate(places)}
    for node in list(ast.walk(tree)):
        for name in ("body", "orelse", "finalbody"):
            suite = getattr(node, name, None)
            if isinstance(suite, list):
                setattr(node, name, [wrapped(each, numbers) for each in suite])
    ast.fix_missing_locations(tree)
    vars(builtins).update({BEGIN: recorder.begin, END: recorder.end, VALUE: recorder.value})
    sys.stdout = recorder
    return recorder


def wrapped(node, numbers):
    number = numbers.get((getattr(node, "lineno", 0), getattr(node, "col_offset", 0)))
    if number is None or not isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return node
    body = [node]
    if isinstance(node, ast.Expr):
        node.value = call(VALUE, node.value)
    else:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name):
            body.append(ast.Expr(call(VALUE, ast.Name(target.id, ast.Load()))))
    tried = ast.Try(
        [ast.Expr(call(BEGIN, ast.Constant(number))), *body],
        [],
        [],
        [ast.Expr(call(END, ast.Constant(number)))],
    )
    return located(tried, node)


def call(name, argument):
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])


def located(made, node):
    """`made` and what is new in it, where `node` stands."""
    for each in ast.walk(made):
        if "lineno" in each._attributes and not hasattr(each, "lineno"):
            ast.copy_location(each, node)
    return made
