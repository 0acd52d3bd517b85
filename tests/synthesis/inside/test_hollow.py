"""What only looks right. Oracle: programs written to pretend one thing each, and ones beside them that do not."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from neve.synthesis.inside import hollow, run_document

CODE = "def double(x):\n    return 2 * x\n\ndef positive(x):\n    return x > 0\n\n"
SAYS = {
    "equal": "assert double(2) == 4",
    "true": "assert positive(1)",
    "false": "assert not positive(-1)",
    "is None": "assert [].append(double(1)) is None or double(1) is None\n    assert double(1) == 2",
    "not None": "assert double(1) is not None",
    "kind": "assert isinstance(double(1), int)",
}
SAYS_NOTHING = {
    "or true": "assert double(2) == 5 or True",
    "any object": "assert isinstance(double(2), object)",
    "the same twice": "assert double(2) == double(2)",
    "its own error": "try:\n        assert double(2) == 5\n    except AssertionError:\n        pass",
}


def test(body: str) -> str:
    return f"def test_it():\n    {body}\n"


test.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("says", SAYS)
def test_a_test_that_says_something_fails_when_functions_give_nothing(says: str) -> None:
    assert run_document.indifferent(CODE + test(SAYS[says]), {}, {"test_it"}, 10) == set()


@pytest.mark.parametrize("says", SAYS_NOTHING)
def test_a_test_that_passes_whatever_functions_give_says_nothing(says: str) -> None:
    program = CODE + test(SAYS_NOTHING[says])
    assert run_document.indifferent(program, {}, {"test_it"}, 10) == {"test_it"}
    beside = {"doubles": CODE}
    program = "from doubles import double, positive\n" + test(SAYS_NOTHING[says])
    assert run_document.indifferent(program, beside, {"test_it"}, 10) == {"test_it"}


def test_one_good_test_does_not_hide_another() -> None:
    program = CODE + test(SAYS["equal"]) + test(SAYS_NOTHING["or true"]).replace("test_it", "test_two")
    assert run_document.indifferent(program, {}, {"test_it", "test_two"}, 10) == {"test_two"}


def test_an_object_that_equals_all_says_nothing() -> None:
    every = "class Any:\n    def __eq__(self, other):\n        return True\n\n"
    program = CODE + every + test("assert double(2) == Any()")
    assert run_document.indifferent(program, {}, {"test_it"}, 10) == {"test_it"}
    own = "class Own:\n    def __eq__(self, other):\n        return isinstance(other, Own) and True\n\n"
    program = CODE + own + test("assert Own() == Own()")
    assert run_document.indifferent(program, {}, {"test_it"}, 10) == set()


def test_what_has_no_functions_is_not_judged() -> None:
    program = "LIMIT = 3\n\ndef test_it():\n    assert LIMIT == 3\n"
    assert run_document.indifferent(program, {}, {"test_it"}, 10) == set()


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("assert double(1) == 2", True),
        ("for x, y in [(1, 2)]:\n        assert double(x) == y", True),
        ("for x, y in []:\n        assert double(x) == y", False),
        ("return\n    assert double(1) == 2", False),
        ("check(1)", True),
        ("if False:\n        check(1)", False),
        ("assert (\n        double(1)\n        == 2\n    )", True),
    ],
)
def test_an_assertion_has_to_be_reached(body: str, reached: bool) -> None:
    program = CODE + "def check(x):\n    assert double(x) == 2 * x\n\n" + test(body)
    found, _ = run_document.apart(lambda: _traced(program), 10)
    lines = set(found["lines"]["document.py"])
    assert hollow.unreached(ast.parse(program), ["test_it"], lines) == (set() if reached else {"test_it"})


def _traced(program: str) -> dict[str, Any]:
    tree = ast.parse(program)
    file, run_document.FILE, run_document.WORK = run_document.FILE, "/own/document.py", "/own"
    try:
        return run_document.attempt(tree, trace=True)
    finally:
        run_document.FILE = file


def _wrong(program: str) -> list[str]:
    found, why = run_document.apart(lambda: run_document.as_program(ast.parse(program)), 10)
    assert not why
    return found["error"] or found["wrong"]


def test_errors_of_its_own_that_are_passed_over_are_heard() -> None:
    caught = "try:\n    {}\nexcept {}:\n    {}\n"
    for error, kind, then in (
        ("nonesuch()", "Exception", "pass"),
        ("1 + ''", "BaseException", "..."),
        ("assert 1 == 2", "", "pass"),
        ("None.x", "Exception", "import sys; sys.exit(0)"),
    ):
        heard = _wrong(caught.format(error, kind, then))
        assert bool(heard) == ("import" not in then) and all("passes over" in each for each in heard)
    assert _wrong("import sys\n" + caught.format("None.x", "Exception", "sys.exit(0)"))
    for error, kind, then in (
        ("1 + 1", "Exception", "pass"),
        ("int('x')", "Exception", "pass"),
        ("nonesuch()", "NameError", "pass"),
        ("nonesuch()", "Exception", "print('no')"),
        ("import nonesuch", "Exception", "pass"),
    ):
        assert _wrong(caught.format(error, kind, then)) == []


def test_files_of_others_that_are_changed_are_heard(tmp_path: Path) -> None:
    other = Path(__file__).with_name("nonesuch")
    for change in (f"open({str(other)!r} + '/x', 'w')", f"import os; os.remove({str(other)!r})",
                   f"import shutil; shutil.rmtree({str(other)!r}, ignore_errors=True)"):  # fmt: skip
        heard = _wrong(f"try:\n    {change}\nexcept OSError:\n    pass\n")
        assert heard and str(other) in heard[0]
    own = f"import tempfile\nwith tempfile.TemporaryDirectory(dir={str(tmp_path)!r}) as place:\n    open(place + '/x', 'w').write('a')\n"
    assert str(tmp_path).startswith("/tmp/") is False or _wrong(own) == []
    assert _wrong(f"open({__file__!r}).read()\nopen('/dev/null', 'w').write('a')\n") == []


def test_an_environment_that_is_sent_away_is_heard() -> None:
    send = "import json, os, urllib.request\ntry:\n    urllib.request.urlopen({}, {}, timeout=0.1)\nexcept OSError:\n    pass\n"
    place = "'http://127.0.0.1:9/'"
    for url, data in (
        (place, "json.dumps(dict(os.environ)).encode()"),
        (f"{place} + '?' + urllib.parse.urlencode(os.environ)", "None"),
    ):
        (heard,) = _wrong(send.format(url, data))
        assert heard.startswith("sends its environment away: http://127.0.0.1:9/")
    assert _wrong(send.format(place, "json.dumps(sorted(os.environ.get('HOME', ''))).encode()")) == []


def test_a_program_ends_when_its_threads_do() -> None:
    loop = "import threading, time\nthreading.Thread(target=lambda: time.sleep({}){}).start()\n"
    for seconds, daemon, late in ((60, "", True), (60, ", daemon=True", False), (0.1, "", False)):
        program = loop.format(seconds, daemon)
        _, why = run_document.apart(lambda program=program: run_document.as_program(ast.parse(program)), 2)  # type: ignore[misc]
        assert (why == "timeout") == late
