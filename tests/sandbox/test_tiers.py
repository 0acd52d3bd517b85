"""How programs run and end, in each tier and for each user. Oracle: what plain Python prints for the same program."""

import shutil
import sysconfig
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pytest

from neve import sandbox
from neve.errors import Fault

BOTH = pytest.mark.parametrize("tier", sandbox.TIERS)
USERS = pytest.mark.parametrize("user", ["root", "plain"])


def test_without_a_sandbox_nothing_runs():
    with pytest.raises(Fault, match="apt-get"):
        sandbox.run("print(1)", sandbox=sandbox.Sandbox("none", "apt-get install …"), timeout_s=1)


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
@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("raise ValueError('x')", "error"),
        ("import sys; sys.exit(3)", "error"),
        ("not python", "error"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("x = 1", "ok"),
    ],
)
def test_how_programs_end(ask, tier, program, status):
    assert ask("plain", tier, program)["attack"]["status"] == status


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


@USERS
def test_files_in_tmp(ask, user):
    program = """
import os, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a")
    with open(path, "w") as handle: handle.write("x")
    shutil.copy2(path, path + "b"); os.chmod(path, 0o600); os.symlink(path, path + "c"); os.rename(path, path + "d")
    print(sorted(os.listdir(folder)), os.getcwd())
"""
    assert ask(user, "bubblewrap", program)["attack"]["stdout"] == "['ab', 'ac', 'ad'] /tmp\n"


@BOTH
@USERS
def test_the_environment_and_hashes_are_always_the_same(ask, user, tier):
    program = "import os\nprint(sorted(os.environ), hash('snow'))"
    first, second = (ask(user, tier, program)["attack"] for _ in range(2))
    assert first["stdout"] == second["stdout"]
    assert "SECRET" not in first["stdout"]


@BOTH
@USERS
def test_packages(ask, user, tier):
    program = "import sys\ntry:\n  import click\n  print(click.style('x', fg='red'))\nexcept (ImportError, OSError): print('none')"
    assert ask(user, tier, program)["attack"]["stdout"] == "none\n"
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        shutil.copytree(Path(click.__file__).parent, folder / "click")
        result = ask(user, tier, program, packages=str(folder))["attack"]
        assert result["stdout"] == click.style("x", fg="red") + "\n"
        write = "import click, os\ntry: open(os.path.dirname(click.__file__) + '/x', 'w')\nexcept OSError: print('held')"
        assert ask(user, tier, write, packages=str(folder))["attack"]["stdout"] == "held\n"
        assert not (folder / "click" / "x").exists()
        (folder / "other.py").write_text("print('seen')")
        both = f"{program}\ntry: import other\nexcept (ImportError, OSError): print('none')"
        result = ask(user, tier, both, packages=str(folder), names=["click"])["attack"]
        assert result["stdout"] == click.style("x", fg="red") + "\nnone\n"
    finally:
        shutil.rmtree(folder)


def test_numpy_works_inside():
    place = sandbox.probe()
    if place.tier == "none":
        pytest.skip(place.detail)
    program = "import numpy as np\nprint(np.linalg.inv(np.arange(9).reshape(3, 3) + 3 * np.eye(3)).sum())"
    result = sandbox.run(
        program,
        sandbox=place,
        timeout_s=60,
        memory_bytes=1 << 30,
        packages=Path(sysconfig.get_path("purelib")),
    )
    assert result.status == "ok", result
    expected = np.linalg.inv(np.arange(9).reshape(3, 3) + 3 * np.eye(3)).sum()
    assert float(result.stdout) == pytest.approx(expected)


@BOTH
@USERS
def test_tools_are_there_if_asked_for(ask, user, tier):
    program = "import subprocess\nprint(subprocess.run('echo a b | tr a-z A-Z', shell=True, capture_output=True, text=True).stdout)"
    assert ask(user, tier, program)["attack"]["status"] == "error"
    assert ask(user, tier, program, tools=True)["attack"]["stdout"] == "A B\n\n"


@BOTH
@USERS
def test_setuid_tools_give_nothing(ask, user, tier):
    """Every setuid or setgid program of this machine's, started with tools there, has no rights but the caller's."""
    program = """
import ctypes, os, stat, subprocess
libc = ctypes.CDLL(None)
found = [f"/usr/bin/{name}" for name in os.listdir("/usr/bin")]
found = [path for path in found if os.path.exists(path) and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)]
for path in found:
    subprocess.run([path, "--help"], capture_output=True, stdin=subprocess.DEVNULL, timeout=5)
ids = subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip()
su = subprocess.run(["su", "root", "-c", "id -u"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
print(libc.prctl(39, 0, 0, 0, 0), ids == str(os.getuid()) != "0", "0" in su.stdout.split())
"""
    reply = ask(user, tier, program, tools=True)
    assert reply["attack"]["stdout"] == "1 True False\n", reply["attack"]
    assert (reply["right"], reply["processes"], reply["changed"]) == (True, [], {})


@USERS
def test_landlock_before_signals_were_kept_inside(ask, user):
    """As on a kernel older than 6.12: the filter refuses signals instead."""
    program = "import os\ntry: os.kill(<PARENT>, 9)\nexcept PermissionError: print('held')\nif os.fork() == 0: os._exit(0)\nos.wait()"
    reply = ask(user, "landlock", program, scopes=99)
    assert (reply["attack"]["stdout"], reply["right"], reply["processes"]) == ("held\n", True, [])
    assert (
        ask(user, "landlock", "while True: pass", timeout_s=1.0, scopes=99)["attack"]["status"] == "timeout"
    )


@BOTH
@USERS
def test_all_dies_with_its_caller(worker_alone, user, tier):
    worker = worker_alone(user)
    program = "import os, time\nos.fork(); os.fork()\nprint(flush=True)\ntime.sleep(1000)"
    worker.begin(tier, program, timeout_s=60.0)
    for _ in range(200):
        # Five of ours: the last fork's children sleep too. A process of bwrap, or a guard, is above them.
        if len(found := worker.descendants()) >= 5 or worker.ended():
            break
        time.sleep(0.05)
    if worker.ended():
        pytest.skip("the machine lacks the tier")
    assert len(found) >= 5
    worker.process.kill()
    worker.process.wait()
    for _ in range(200):
        if not (alive := [pid for pid in found if _alive(pid)]):
            break
        time.sleep(0.05)
    assert not alive


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@BOTH
def test_folders_for_tools_can_be_read_and_not_written_and_processes_may_be_more(tier):
    place = sandbox.attempt(tier)
    if place.tier == "none":
        pytest.skip(place.detail)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a.txt").write_text("here")
        program = f"""
import subprocess, threading, time
print(subprocess.run(["cat", {str(folder / "a.txt")!r}], capture_output=True).stdout)
try:
    open({str(folder / "b.txt")!r}, "w")
except OSError:
    print("closed")
started = 0
try:
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
        started += 1
except RuntimeError:
    pass
print(started == 20)
"""
        shown = {"tools": True, "folders": (folder,)}
        seen = sandbox.run(program, sandbox=place, timeout_s=20, processes=64, memory_bytes=4 << 30, **shown)
        assert seen.stdout == b"b'here'\nclosed\nTrue\n", seen
        hidden = sandbox.run(program, sandbox=place, timeout_s=20, tools=True)
        assert hidden.stdout == b"b''\nclosed\nFalse\n", hidden
