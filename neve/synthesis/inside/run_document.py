"""Runs a Python document inside the sandbox: imports it, runs it, runs its own tests, and its mutants.

Standard input is JSON: `program`; `beside` (module name -> text, which it may import); `seconds` for one
run; `mutants`, how many changed copies at most; `watched`, (line, column) of statements whose output and
values are wanted; `seen_only`, whether nothing else is; `mark`, a word that stands before the report on
standard output. Each run is a process of its own, so that one that hangs or dies is only itself. The report
counts what a program says of itself: one that goes out of its way to fake its tests can.

This file runs in the sandbox, as text after `members`, `recording` and `strength`.
"""

import ast
import doctest
import json
import os
import random
import re
import select
import signal
import sys
import time
import traceback
import types
import unittest
from contextlib import suppress
from inspect import Parameter, iscoroutine, isgenerator, signature
from pathlib import Path

from neve.synthesis.inside.hollow import VALUES, guard, hollow, listen, unreached
from neve.synthesis.inside.members import invented
from neve.synthesis.inside.recording import CHARACTERS, TIMES, watch
from neve.synthesis.inside.strength import DOCUMENT, GUARD, assertions, change, loose, parts, reached, sites

WORK = "/tmp/work"
"""The program's folder; the sandbox shows a /tmp of its own."""
FILE = f"{WORK}/{DOCUMENT}.py"
OUTSIDE = ("gaierror", "URLError", "ConnectionRefusedError", "ConnectionError", "TclError", "PermissionError")
"""Errors of programs that want what the sandbox does not have."""


# --- processes


def apart(work, seconds):
    """What `work()` returns, in a process of its own: (result or None, why there is none)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setpgid(0, 0)
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        try:
            data = json.dumps(work()).encode()
        except BaseException:
            os._exit(3)
        while data:
            data = data[os.write(writer, data) :]
        os._exit(0)
    os.close(writer)
    data, end, ended = b"", time.monotonic() + seconds, False
    while (left := end - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            part = os.read(reader, 1 << 16)
            if not part:
                ended = True
                break
            data += part
    os.close(reader)
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not ended:
        return None, "timeout"
    try:
        return json.loads(data), ""
    except ValueError:
        return None, "the process ended without a word"


def told(error):
    """An error in a line, with the line of the document where it happened."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    said = re.sub(r" \(/[^)]*\)", "", " ".join(str(error).split()))[:200]  # without places of this machine
    return f"{type(error).__name__}: {said}" + (f" (line {lines[-1]})" if lines else "")


# --- tests


def load(tree, name):
    """Execute the document as module `name`."""
    module = types.ModuleType(name)
    module.__file__ = FILE
    sys.modules[name] = module
    exec(compile(tree, FILE, "exec", dont_inherit=True), module.__dict__)
    if threading := sys.modules.get("threading"):
        for thread in threading.enumerate():  # as an interpreter waits for them at its end
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    return module


def tests_of(module):
    """(name, function without parameters) of each test: functions, methods, unittest's cases, doctests."""
    found: list = []
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, types.FunctionType) and name.startswith("test") and callable_bare(value):
            found.append((name, value))
        elif isinstance(value, type) and issubclass(value, unittest.TestCase):
            for test in unittest.defaultTestLoader.getTestCaseNames(value):
                found.append((f"{name}.{test}", lambda value=value, test=test: case(value(test))))
        elif isinstance(value, type) and name.startswith("Test"):
            for test in [each for each in vars(value) if each.startswith("test")]:
                found.append((f"{name}.{test}", lambda value=value, test=test: method(value, test)))
    for example in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__):
        if example.examples:
            found.append((f">>> {example.name}", lambda example=example: documented(example)))
    return found


def callable_bare(function):
    given = signature(function).parameters.values()
    return all(
        p.default is not p.empty or p.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD) for p in given
    )


def case(test):
    result = unittest.TestResult()
    test.run(result)
    if result.errors or result.failures:
        raise AssertionError((result.errors + result.failures)[0][1].strip().splitlines()[-1])


def method(kind, name):
    made = kind()
    for before in ("setup_method", "setUp"):
        if hasattr(made, before):
            getattr(made, before)()
            break
    return getattr(made, name)()


def finish(result):
    """Run what a test only began: a coroutine or a generator."""
    if iscoroutine(result):
        import asyncio

        asyncio.run(result)
    elif isgenerator(result):
        for _ in result:
            pass


def documented(example):
    runner = doctest.DocTestRunner(verbose=False)
    output: list = []
    runner.run(example, out=output.append)
    if runner.failures:
        raise AssertionError(f"the doctest of {example.name} gives other output")


def attempt(tree, wanted=None, trace=False, watched=(), every=True):
    """Load the document and run its tests, or those `wanted`: {error, tests: [[name, error]], lines,
    seen, seconds, wrong}; without `every` up to the first that fails. `trace`: what ran is wanted, and what
    was done wrong."""
    lines: dict = {}
    wrong: list = []
    if trace:
        listen(tree, wrong)
        guard(wrong)
    seen = watch(tree, watched).seen if watched else {}
    started = time.monotonic()

    def local(frame, event, argument):
        if event == "line":
            lines.setdefault(Path(frame.f_code.co_filename).name, set()).add(frame.f_lineno)
        return local

    def look(frame, event, argument):
        return local if frame.f_code.co_filename.startswith(f"{WORK}/") else None

    if trace:
        sys.settrace(look)
    try:
        module = load(tree, DOCUMENT)
    except BaseException as error:
        return {"error": told(error), "missing": getattr(error, "name", None) if isinstance(error, ImportError) else None,
                "exit": isinstance(error, (SystemExit, EOFError)), "seen": seen, "wrong": wrong}  # fmt: skip
    if trace and (lacking := invented(tree, module)):
        return {"error": lacking, "missing": None, "exit": False, "seen": seen, "wrong": wrong}
    seen = {number: list(times) for number, times in seen.items()}  # tests may go the same ways
    ran = []
    for name, test in tests_of(module):
        if wanted is not None and name not in wanted:
            continue
        try:
            finish(test())
            ran.append([name, ""])
        except unittest.SkipTest:
            pass
        except BaseException as error:
            ran.append([name, told(error)])
            if not every:
                break
    sys.settrace(None)
    found = {name: sorted(numbers) for name, numbers in lines.items()}
    return {"error": "", "tests": ran, "lines": found, "seen": seen, "seconds": time.monotonic() - started,
            "wrong": wrong}  # fmt: skip


def as_program(tree, watched=()):
    """Run the document as a program that is given no arguments and no input: {error, seen, wrong}."""
    sys.argv = [FILE]
    wrong: list = []
    listen(tree, wrong)
    guard(wrong)
    seen = watch(tree, watched).seen if watched else {}
    try:
        load(tree, GUARD)
    except (SystemExit, EOFError):  # arguments or input are wanted: it runs
        pass
    except BaseException as error:
        return {"error": told(error), "seen": seen, "wrong": []}
    return {"error": "", "seen": seen, "wrong": wrong}


def killed(program, beside, passed, lines, most, seconds):
    """(mutants that the passing tests notice, mutants) of a sample."""
    target = next(iter(beside), DOCUMENT)
    text = beside.get(target, program)
    lines = set(lines.get(f"{target}.py", ()))
    count = len(sites(parts(ast.parse(text)), lines))
    chosen = sorted(random.Random(len(text)).sample(range(count), min(most, count)))
    noticed = 0
    for place in chosen:
        mutant = ast.parse(text)
        change(sites(parts(mutant), lines)[place])
        mutant = ast.fix_missing_locations(mutant)

        result, _ = apart(
            lambda mutant=mutant: changed(program, target, mutant, passed, every=False), seconds
        )
        noticed += result is None or bool(result["error"]) or any(error for _, error in result["tests"])
    return noticed, len(chosen)


def changed(program, target, mutant, names, every):
    """What becomes of tests with a changed copy of the code under test."""
    if target == DOCUMENT:
        return attempt(mutant, names, every=every)
    module = types.ModuleType(target)
    sys.modules[target] = module
    exec(compile(mutant, f"{WORK}/{target}.py", "exec", dont_inherit=True), module.__dict__)
    return attempt(ast.parse(program), names, every=every)


def indifferent(program, beside, names, seconds):
    """Those of the passing tests that pass whatever the code under test gives."""
    target = next(iter(beside), DOCUMENT)
    left = set(names)
    for value in VALUES:
        tree = ast.parse(beside.get(target, program))
        if not left or not hollow(tree, value):
            return set()
        result, _ = apart(
            lambda tree=tree, left=left: changed(program, target, tree, sorted(left), every=True), seconds
        )
        if result is None or result["error"]:
            return set()
        left = {name for name, error in result["tests"] if not error}
    return left


# --- the report


def plain(seen):
    """What a run says that it saw, in the shape that is read outside; the run may be hostile."""
    return {
        str(number): [
            [str(printed)[:CHARACTERS], None if value is None else str(value)[:CHARACTERS]]
            for printed, value in list(times)[:TIMES]
        ]
        for number, times in seen.items()
    }


def report(given):
    program, beside = given["program"], given["beside"]
    tree = ast.parse(program)
    watched = given["watched"]
    first, why = apart(lambda: attempt(ast.parse(program), trace=True, watched=watched), given["seconds"])
    if first is None:
        return {"error": why}
    if first["error"] and not first["exit"]:
        missing = (first["missing"] or "").partition(".")[0]
        missing = "" if missing in sys.stdlib_module_names else missing
        outside = missing or first["error"].startswith(OUTSIDE) or "_tkinter" in first["error"]
        return {"error": first["error"], "outside": bool(outside), "missing": missing}
    seen, wrong = first["seen"], first["wrong"]
    if GUARD in program:
        said, why = apart(lambda: as_program(ast.parse(program), watched), given["seconds"])
        said = {"error": why, "seen": {}, "wrong": []} if said is None else said
        if said["error"]:
            return {"error": said["error"], "outside": said["error"].startswith(OUTSIDE)}
        seen, wrong = said["seen"], wrong + said["wrong"]
    if wrong:
        return {"error": wrong[0]}
    if first["error"]:
        return {
            "error": "",
            "tests": [],
            "assertions": 0,
            "asserting": 0,
            "branches": [0, 0],
            "killed": [0, 0],
            "seen": plain(seen),
        }
    known = assertions(tree, bool(beside))
    ran = [
        [name, error]
        for name, error in first["tests"]
        if error
        or known.get(name, 0)
        or not name.startswith(">>> ")  # else it shows a call and tests nothing
    ]
    target = beside[next(iter(beside))] if beside else program
    lines = first["lines"].get(f"{next(iter(beside), DOCUMENT)}.py", [])
    passed = [name for name, error in ran if not error]
    limit = min(given["seconds"], 1.0 + 5 * first["seconds"])
    asserting = {name for name, _ in ran if known.get(name, 0)}
    hollow_tests = indifferent(program, beside, asserting & set(passed), limit)
    hollow_tests |= unreached(tree, passed, set(first["lines"].get(f"{DOCUMENT}.py", ())), bool(beside))
    return {
        "error": "",
        "tests": ran,
        "seen": plain(seen),
        "assertions": loose(tree) + sum(known.get(name, 0) for name, _ in ran),
        "asserting": len(asserting - hollow_tests),
        "branches": reached(parts(ast.parse(target)), set(lines)),
        "killed": killed(program, beside, passed, first["lines"], given["mutants"], limit)
        if passed
        else [0, 0],
    }


def look(given):
    """What the watched statements printed and gave, and nothing else."""
    program, watched = given["program"], given["watched"]

    def work():
        if GUARD in program:
            return as_program(ast.parse(program), watched)
        return attempt(ast.parse(program), wanted=(), watched=watched)

    result, _ = apart(work, given["seconds"])
    return {"seen": plain(result["seen"]) if result else {}}


def main():
    given = json.loads(sys.stdin.buffer.read())
    Path(WORK).mkdir()
    os.chdir(WORK)
    sys.path.insert(0, WORK)
    for name, text in {**given["beside"], DOCUMENT: given["program"]}.items():
        Path(f"{WORK}/{name}.py").write_text(text, encoding="utf-8")
    sys.setrecursionlimit(2000)
    found = look(given) if given["seen_only"] else report(given)
    print(given["mark"] + json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
