"""The sandbox against programs that mean harm. Oracle: the host, looked at from outside after each of them."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from neve import sandbox
from neve.errors import Fault

PLACE = sandbox.probe()
needs_sandbox = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)


def run(program: str, timeout_s: float = 20.0, **more) -> sandbox.Result:
    return sandbox.run(program, sandbox=PLACE, timeout_s=timeout_s, **more)


def lines(result: sandbox.Result) -> list[str]:
    assert result.status == "ok", result
    return result.stdout.decode().splitlines()


def test_without_a_sandbox_nothing_runs():
    with pytest.raises(Fault, match="apt-get"):
        sandbox.run("print(1)", sandbox=sandbox.Sandbox("none", "apt-get install …"), timeout_s=1)


@needs_sandbox
def test_a_plain_program():
    program = "import sys, math\nopen('/dev/null', 'w').write('x')\nprint(sys.stdin.read(), math.pi)\nprint('é', file=sys.stderr)"
    result = run(program, stdin="naïve".encode())
    assert (result.status, result.stdout, result.stderr) == (
        "ok",
        "naïve 3.141592653589793\n".encode(),
        "é\n".encode(),
    )
    assert 0 < result.seconds < 20


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("raise ValueError('x')", "error"),
        ("import sys; sys.exit(3)", "error"),
        ("not python", "error"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("import sys\nwhile True: sys.stdout.write('y' * 65536)", "killed"),
        ("import sys\nwhile True: sys.stderr.write('y' * 65536)", "killed"),
    ],
)
def test_how_programs_end(program, status):
    result = run(program)
    assert result.status == status
    assert max(len(result.stdout), len(result.stderr)) <= sandbox.OUTPUT_BYTES


@needs_sandbox
@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(1000)",
        "while True: pass",
        "import os, time; os.close(1); os.close(2); time.sleep(1000)",
        "import signal, time\nfor s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n"
        "  except (OSError, ValueError): pass\ntime.sleep(1000)",
        "import os, time\nif os.fork() == 0:\n  os.setsid()\ntime.sleep(1000)",
    ],
)
def test_time_runs_out_for_the_whole_tree(program):
    result = run(program, timeout_s=1.0)
    assert result.status == "timeout"
    assert 1.0 <= result.seconds < 10.0


@needs_sandbox
def test_a_background_process_does_not_outlive_the_program():
    marker = f"marker-{os.getpid()}"
    program = (
        f"import os, time, sys\nif os.fork() == 0:\n  x = {marker!r}\n  time.sleep(1000)\nprint('parent')"
    )
    start = time.monotonic()
    assert lines(run(program)) == ["parent"]
    assert time.monotonic() - start < 10
    assert _eventually_no_sandboxed_process()


@needs_sandbox
def test_fork_bomb():
    program = """
import os, time
made = 0
try:
    while made < 1000:
        if os.fork() == 0:
            time.sleep(1000)
        made += 1
except OSError:
    print(made)
"""
    assert int(lines(run(program))[0]) < sandbox.PROCESSES
    assert (
        run("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", timeout_s=1.0).status
        == "timeout"
    )
    assert _eventually_no_sandboxed_process()


@needs_sandbox
def test_memory_bomb():
    program = "x = []\ntry:\n  while True: x.append(bytearray(1 << 20))\nexcept MemoryError: print(len(x))"
    assert int(lines(run(program, memory_bytes=256 << 20))[0]) < 256


@needs_sandbox
def test_nothing_can_be_written_but_tmp_and_that_is_bounded(tmp_path: Path):
    program = f"""
import os
for path in ("/x", "/usr/lib/x", "/dev/x", "/dev/shm/x", "/etc/x", "/root/x", "/program.py", {str(tmp_path / "x")!r}, os.__file__):
    try:
        open(path, "a").close()
        print("wrote", path)
    except OSError:
        pass
written = 0
try:
    for k in range(100):
        with open(f"/tmp/{{k}}", "wb") as handle:
            handle.write(b"x" * (4 << 20))
        written += 4
except OSError:
    pass
print(written)
try:
    with open("/tmp/0", "r+b") as handle:
        handle.seek({sandbox.FILE_BYTES})
        handle.write(b"x")
    print("too long")
except OSError:
    print("bounded")
"""
    written, bounded = lines(run(program))
    assert 32 <= int(written) <= sandbox.TMP_BYTES >> 20
    assert bounded == "bounded"
    assert not any(tmp_path.iterdir())


@needs_sandbox
def test_a_program_cannot_see_home_environment_or_other_processes(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("NEVE_API_KEY", "secret")
    (tmp_path / "secret").write_text("secret")
    program = f"""
import os
print(sorted(os.environ))
print([p for p in ({str(tmp_path)!r}, {str(Path.cwd())!r}, "/home", "/proc", "/sys", "/var", "/etc/passwd", "/root/.ssh", "/usr/bin/env") if os.path.exists(p)])
print(os.getuid() != 0, os.getpid() < 10)
try:
    os.setuid(0)
    print("root")
except OSError:
    print("no root")
"""
    environment, seen, ids, root = lines(run(program))
    assert environment == str(["HOME", "LANG", "PATH", "PWD", "PYTHONHASHSEED"])
    assert seen == "[]"
    assert ids == "True True"
    assert root == "no root"


@needs_sandbox
def test_open_files_of_the_parent_are_not_inherited(tmp_path: Path):
    with (tmp_path / "open").open("wb") as handle:
        os.set_inheritable(handle.fileno(), True)
        program = "import os\nfor fd in range(3, 1000):\n  try: os.fstat(fd); print(fd, os.write(fd, b'x'))\n  except OSError: pass"
        assert lines(run(program)) == []


@needs_sandbox
def test_no_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"""
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), 2)
    print("connected")
except OSError:
    print([name for _, name in socket.if_nameindex()])
"""
        assert lines(run(program)) == ["['lo']"]


@needs_sandbox
def test_site_packages_stay_outside():
    program = "import sys\ntry:\n  import torch\nexcept ImportError: print('none')\nprint([p for p in sys.path if 'packages' in p])"
    assert lines(run(program)) == ["none", "[]"]


@needs_sandbox
def test_hash_order_is_fixed():
    assert len({run("print(hash('snow'))").stdout for _ in range(2)}) == 1


def _eventually_no_sandboxed_process() -> bool:
    """Whether within seconds no process descends from this one by way of bwrap."""
    for _ in range(100):
        if not any(_is_ours(p) for p in Path("/proc").iterdir() if p.name.isdigit()):
            return True
        time.sleep(0.05)
    return False


def _is_ours(process: Path) -> bool:
    """Whether a living process runs the sandbox's boot program and belongs to this test's own runs."""
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
        state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    if sandbox._BOOT.encode() not in command or state == "Z":
        return False
    uid = int(command[command.index(sandbox._BOOT.encode()) + 6])
    mine = {20_000 + (os.getpid() * 64 + k) % 40_000 for k in range(256)}
    return uid == 0 or uid in mine
