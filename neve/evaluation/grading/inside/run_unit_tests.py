"""Inside the sandbox: a benchmark's unittest class beside a candidate, with a guard between them.

Such tests need the candidate in their own process, so this is a guard and not a wall. There are two
processes. The outer one reads the nonce only after the inner one exists, so no candidate can have seen it.
The inner one runs candidate and tests, and reports with a token that is in one local variable. Four things
are guarded:

- While it runs, an audit hook, which nothing can remove, ends the process when the candidate reaches for
  frames, other code's insides, the collector, tracing, ctypes or the kernel's view of memory.
- What it returns may not bring comparisons of its own, such as an object that equals everything.
- unittest, builtins, json, time and the test class have one fingerprint before, after each call, and at the
  end. A change is the candidate's, since what tests patch they patch around the call.
- The outcome of each test counts, by its name; a skip is no pass.

The limits: a candidate that forges a library class down to its methods, or changes and restores the
framework in another thread between two calls, would not be noticed. The result says that such tests ran
beside the candidate.

The job is eight digits, so many bytes of JSON (program, test, entry_point, allowed, builtins), then the
nonce. Out comes the nonce, a line `verdict` ("ran", or why not) and a line a test: its name, a tab, its
outcome.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import sys
import threading
import types
import unittest
import unittest.mock
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

CAUGHT = 77
"""Exit status of a process whose candidate reached for what it may not have."""
FRAMEWORK = (
    "unittest", "unittest.case", "unittest.result", "unittest.suite", "unittest.loader", "unittest.util", "unittest.mock",
    "unittest.async_case", "builtins", "json", "json.decoder", "json.encoder", "time", "math", "operator", "difflib", "os",
    "sys", "types", "threading", "gc", "inspect", "traceback", "collections",
)  # fmt: skip
"""Modules that a candidate must leave as they are."""
INTROSPECTIVE = {
    "inspect", "dis", "bdb", "pdb", "trace", "traceback", "code", "threading", "functools", "operator",
}  # fmt: skip
"""Modules through which the same things are reached; the candidate that called them counts as the one who
asks."""
NEVER = (
    "sys._getframe", "sys._current_frames", "sys._current_exceptions", "sys.settrace", "sys.setprofile", "gc.get_objects",
    "gc.get_referrers", "gc.get_referents", "code.__new__", "ctypes.", "sys.addaudithook",
)  # fmt: skip
"""Events of the interpreter that no solution has a use for, by how they begin."""
INSIDES = {
    "__code__", "tb_frame", "gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame", "ag_code", "f_code",
}  # fmt: skip
"""Attributes that lead from an object to its code or frame."""
COMPARISONS = (
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__sub__", "__rsub__", "__abs__",
    "__round__", "__class__", "__instancecheck__", "__subclasscheck__", "__getattribute__",
)  # fmt: skip
"""What decides an assertion about an object, beside its data."""
PROGRAMS = Path("/tmp/.programs")
"""Folder of the programs that tests call by name, before those of the system where the sandbox shows them.
"""
LOOKED_AT = 20_000
"""Items of a returned value that are looked at."""


def read(size: int) -> bytes:
    """`size` bytes of standard input and not one more."""
    parts = b""
    while len(parts) < size and (part := os.read(0, size - len(parts))):
        parts += part
    return parts


def foreign_comparison(value: Any, homes: tuple[str, ...], mentions_any: bool) -> str:
    """Name of a class, in a returned value, that brings comparisons of its own; empty where
    there is none."""
    queue, seen = [value], 0
    while queue and seen < LOOKED_AT:
        item = queue.pop()
        seen += 1
        kind = type(item)
        if kind in (int, float, str, bool, bytes, type(None)):
            continue
        if kind is type(unittest.mock.ANY) and not mentions_any:
            return "unittest.mock.ANY"
        for owner in type.mro(kind):
            own = type.__dict__["__dict__"].__get__(owner)
            for name in COMPARISONS:
                if name in own and not at_home(own[name], owner, homes):
                    return f"{owner.__name__}.{name}"
        if kind in (list, tuple, set, frozenset):
            queue.extend(list(item)[:LOOKED_AT])
        elif kind is dict:
            queue.extend([*item.keys(), *item.values()][:LOOKED_AT])
    return ""


def at_home(method: Any, owner: type, homes: tuple[str, ...]) -> bool:
    """Whether a method belongs to its class: built in, or from a file of a library or of the test."""
    kind = type(method)
    if kind is types.FunctionType:
        return method.__code__.co_filename.startswith(homes)
    if kind.__module__ == "unittest.mock" and kind.__name__ == "MagicProxy":
        return True
    module = sys.modules.get(owner.__module__)
    known = getattr(module, owner.__name__, None) is owner or owner.__module__ == "builtins"
    file = getattr(getattr(module, "__spec__", None), "origin", None) or "built-in"
    return known and (file in ("built-in", "frozen") or file.startswith(homes))


def fingerprint(extra: Sequence[type]) -> dict[str, int]:
    """Identities of all parts of the framework, by name: functions, their code, classes and
    their members."""
    found: dict[str, int] = {}
    for name in FRAMEWORK:
        for key, value in sys.modules[name].__dict__.items():
            if isinstance(value, types.FunctionType | types.BuiltinFunctionType | type):
                found[f"{name}.{key}"] = id(value)
            if isinstance(value, types.FunctionType):
                found[f"{name}.{key}()"] = id(value.__code__)
            elif name.startswith("unittest") and isinstance(value, type):
                members_of(value, found)
    for kind in extra:
        members_of(kind, found)
    return found


def members_of(kind: type, found: dict[str, int]) -> None:
    for key, value in type.__dict__["__dict__"].__get__(kind).items():
        if isinstance(
            value, types.FunctionType | property | classmethod | staticmethod | types.GetSetDescriptorType
        ):
            found[f"{kind.__name__}.{key}"] = id(value)
        if isinstance(value, types.FunctionType):
            found[f"{kind.__name__}.{key}()"] = id(value.__code__)


def changed(before: dict[str, int], after: dict[str, int]) -> str:
    """What differs between two fingerprints, in words; empty where nothing does."""
    names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    return f"it changes {min(names)}" if names else ""


def guard(candidate: types.CodeType, homes: tuple[str, ...], allowed: list[str]) -> None:
    """Set the audit hook, which ends the process when code from outside the libraries and the test reaches
    too far."""
    frame_of, leave = sys._getframe, os._exit
    through = tuple(f"/{name}.py" for name in INTROSPECTIVE - set(allowed))
    showing = tuple(
        name for name in through if name != "/traceback.py"
    )  # it shows frames without handing them out
    local = threading.local()

    def asked_by_candidate(through: tuple[str, ...]) -> bool:
        frame: types.FrameType | None = frame_of(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(homes):
                if not file.endswith(through):
                    return False
            else:
                return True
            frame = frame.f_back
        return False

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if getattr(local, "busy", False):
            return
        inside = event in ("object.__getattr__", "object.__setattr__", "object.__delattr__")
        if inside:
            if len(args) < 2 or args[1] not in INSIDES:
                return
        elif event == "open":
            if not str(args[0]).startswith(("/proc", "/program")):
                return
        elif event == "compile":
            if not (isinstance(args[1], str) and args[1].startswith(homes)):
                return
        elif not event.startswith(NEVER):
            return
        local.busy = True
        try:
            if asked_by_candidate(showing if inside else through):
                leave(CAUGHT)
        finally:
            local.busy = False

    sys.addaudithook(hook)


class Outcomes(unittest.TestResult):
    """Outcome of each test by its method's name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def note(self, test: Any, outcome: str) -> None:
        name = test.id().rpartition(".")[2].partition(" ")[0]
        if self.found.get(name, "ok") == "ok":
            self.found[name] = outcome

    def addSuccess(self, test: Any) -> None:
        self.note(test, "ok")

    def addFailure(self, test: Any, err: Any) -> None:
        self.note(test, f"fail {self.brief(err)}")

    def addError(self, test: Any, err: Any) -> None:
        self.note(test, f"error {self.brief(err)}")

    def addSkip(self, test: Any, reason: str) -> None:
        self.note(test, "skip")

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self.note(test, "ok")

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.note(test, "fail unexpected success")

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.note(test, f"fail {self.brief(err)}")

    def brief(self, err: Any) -> str:
        try:
            return " ".join(f"{err[0].__name__}: {err[1]}"[:160].split())
        except BaseException:
            return "an exception that cannot be shown"


def inner(job: dict[str, Any], report: Callable[[str, dict[str, str]], None]) -> None:
    """Run candidate and tests, report what became of them, and do not return."""
    test = compile(job["test"], "<test>", "exec", dont_inherit=True)
    program = compile(job["program"], "<candidate>", "exec", dont_inherit=True)
    packages = (path for path in sys.path if "packages" in path)
    homes = (os.__file__.removesuffix("os.py"), "<test>", "<frozen ", "/program", *packages)
    for name in FRAMEWORK:
        importlib.import_module(name)
    module = types.ModuleType("__test__")
    sys.modules["__test__"] = sys.modules["__main__"] = module
    space = module.__dict__
    space.update(
        {"__builtins__": builtins, "__file__": "__test__.py", "sys": sys, "os": os, "environ": os.environ}
    )
    before = fingerprint(())
    guard(program, homes, job["allowed"])
    try:
        exec(program, space)
        real = space[job["entry_point"]]
    except BaseException as error:
        report(f"it does not run: {type(error).__name__}: {error}"[:200], {})
    if what := changed(before, fingerprint(())):
        report(what, {})
    if shadowed := sorted(set(job["builtins"]) & space.keys() - set(job["allowed"])):
        report(f"it has its own {shadowed[0]}, which the test uses", {})
    kinds: list[type] = []
    if isinstance(real, types.FunctionType):
        space[job["entry_point"]] = watched(real, space, job, homes, kinds, report)
    outcomes = Outcomes()
    try:
        exec(test, space)
        kinds.append(space["TestCases"])
        after = fingerprint(kinds)
        unittest.TestLoader().loadTestsFromTestCase(kinds[0]).run(outcomes)
    except BaseException as error:
        report(f"its tests do not run: {type(error).__name__}: {error}"[:200], {})
    report(changed(after, fingerprint(kinds)) or "ran", outcomes.found)


def watched(
    real: types.FunctionType,
    space: dict[str, Any],
    job: dict[str, Any],
    homes: tuple[str, ...],
    kinds: list[type],
    report: Callable[[str, dict[str, str]], None],
) -> Callable[..., Any]:
    """The candidate's function, each call of it checked for what it changes and what it returns; `kinds` are
    the test's classes, once there are any."""
    words, mentions_any = set(job["builtins"]) - set(job["allowed"]), "ANY" in job["test"]

    def called(*args: Any, **kwargs: Any) -> Any:
        seen = fingerprint(kinds)
        try:
            result = real(*args, **kwargs)
        finally:
            if what := changed(seen, fingerprint(kinds)):
                report(what, {})
            if words & space.keys():
                report("it takes the place of a builtin that the test uses", {})
        if name := foreign_comparison(result, homes, mentions_any):
            report(f"it returns an object with comparisons of its own ({name})", {})
        return result

    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        setattr(called, name, getattr(real, name))
    called.__dict__.update(real.__dict__)
    called.__wrapped__ = real  # type: ignore[attr-defined]
    called.__defaults__ = real.__defaults__ if not real.__defaults__ else None
    return called


def main() -> None:
    job = json.loads(read(int(read(8))))
    token, (source, sink) = os.urandom(16).hex().encode(), os.pipe()
    child = os.fork()
    if child == 0:
        write, leave = os.write, os._exit

        def report(verdict: str, found: dict[str, str]) -> None:
            lines = [" ".join(verdict.split()), *(f"{name}\t{outcome}" for name, outcome in found.items())]
            write(sink, token + "\n".join(lines).encode("utf-8", "replace"))
            leave(0)

        os.close(source)
        nowhere = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        PROGRAMS.mkdir()
        (PROGRAMS / "python").symlink_to(sys.executable)
        os.environ["PATH"] = f"{PROGRAMS}:/usr/bin:/bin"
        inner(job, report)
    os.close(sink)
    nonce = read(64)
    data = b""
    while part := os.read(source, 1 << 16):
        data += part
        if len(data) > 1 << 20:
            break
    if data.startswith(token):
        text = data[len(token) :]
    else:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        text = b"it reaches into the test" if code == CAUGHT else b"it ends before its tests do"
    os.write(1, nonce + b"\n" + text + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main()
