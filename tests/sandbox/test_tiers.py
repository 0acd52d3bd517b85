"""How programs run and end, in each tier and for each user. Oracle: what plain Python prints for the same program."""

import errno
import os

import pytest

from neve import sandbox
from neve.errors import Fault

BOTH = pytest.mark.parametrize("tier", sandbox.TIERS)
USERS = pytest.mark.parametrize("user", ["root", "plain"])


def test_without_a_sandbox_nothing_runs():
    with pytest.raises(Fault, match="apt-get"):
        sandbox.run(
            "print(1)", sandbox=sandbox.Sandbox("none", "apt-get install …"), limits=sandbox.Limits(1)
        )


def test_a_machine_without_either_says_what_would_do(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sandbox.tiers.platform, "machine", lambda: "riscv64")
    for cached in (sandbox.probe, sandbox.attempt, sandbox.tiers.bubblewrap.executable):
        cached.cache_clear()
    try:
        assert sandbox.probe().tier == "none"
        assert "riscv64" in sandbox.probe().detail
        monkeypatch.undo()
        monkeypatch.setenv("PATH", "/nowhere")
        sandbox.attempt.cache_clear()
        assert "apt-get install" in sandbox.attempt("bubblewrap").detail
    finally:
        monkeypatch.undo()
        for cached in (sandbox.probe, sandbox.attempt, sandbox.tiers.bubblewrap.executable):
            cached.cache_clear()


@BOTH
def test_a_machine_that_is_full_for_a_moment_is_asked_again(tier, monkeypatch):
    """Oracle: the tier that the machine has, whichever way a process could not be started at first."""
    have = sandbox.attempt(tier).tier
    run, tries = sandbox.tiers.run, []

    def full(*given, **named):
        tries.append(1)
        if len(tries) == 1:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if len(tries) == 2:
            return sandbox.Result("error", b"", b"fork: Resource temporarily unavailable\n", 0.1)
        return run(*given, **named)

    monkeypatch.setattr(sandbox.tiers, "run", full)
    sandbox.attempt.cache_clear()
    try:
        assert sandbox.attempt(tier).tier == have
        assert len(tries) == 3 or (have, len(tries)) == ("none", 0)
    finally:
        sandbox.attempt.cache_clear()


@BOTH
@USERS
def test_a_plain_program(ask, user, tier):
    program = "import sys, math, ssl, sqlite3, ctypes\nopen('/dev/null', 'w').write('x')\nprint(sys.stdin.read(), math.pi, sys.argv, __name__)\nprint('é', file=sys.stderr)"
    result = ask(user, tier, program, stdin="naïve")["attack"]
    assert (result["status"], result["stdout"], result["stderr"]) == (
        "ok",
        "naïve 3.141592653589793 ['/program.py'] __main__\n",
        "é\n",
    )
    assert 0 < result["seconds"] < 20


@BOTH
@USERS
def test_output_is_cut(ask, user, tier):
    result = ask(user, tier, "import sys\nwhile True: sys.stdout.write('y' * 65536)", output_bytes=1000)[
        "attack"
    ]
    assert (result["status"], result["stdout"]) == ("killed", "y" * 1000)
    assert "output" in result["detail"]


@BOTH
@USERS
def test_what_honest_programs_do(ask, user, tier):
    program = """
import asyncio, os, pickle, subprocess, sys, threading, unittest
class Thing: pass
assert type(pickle.loads(pickle.dumps(Thing()))) is Thing
assert asyncio.run(asyncio.wait_for(asyncio.sleep(0, 7), 5)) == 7
threads = [threading.Thread(target=int) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout.strip())
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, b"child")
    os._exit(3)
print(os.read(reader, 10), os.waitstatus_to_exitcode(os.wait()[1]))
class Case(unittest.TestCase):
    def test(self): self.assertEqual(1, 1)
unittest.main(exit=False)
"""
    result = ask(user, tier, program)["attack"]
    assert (result["status"], result["stdout"]) == ("ok", "42\nb'child' 3\n"), result
    assert result["stderr"].endswith("OK\n")
