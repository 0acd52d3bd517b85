"""Runs programs in the sandbox as one user, and looks at the host before and after each: a script, not a test.

    python worker.py FOLDER-OF-NEVE USER-ID

It takes one job a line on stdin (tier, program, and fields of Limits and Extra) and answers with one line: how the program
ended, how a neighbour ended that ran beside it, and what of the host had changed. It has what an attacker would want: a
secret in its environment and in its home, sockets that listen, and its own life. All orphans come back to it.
"""

import ctypes
import dataclasses
import json
import os
import select
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

SECRET = "the secret of the host"
NEIGHBOUR = "import sys, time\ntime.sleep(0.05)\nprint(sum(k * k for k in range(int(sys.stdin.read()))))"
ANSWER = (b"1000", b"332833500\n")
SET_CHILD_SUBREAPER = 36
LIMITS = ("timeout_s", "memory_bytes", "output_bytes", "processes")


def descendants(pid: int) -> list[str]:
    """Command lines and states of living processes under `pid`."""
    found, queue = [], [pid]
    for parent in queue:
        try:
            threads = list(Path(f"/proc/{parent}/task").iterdir())
        except OSError:
            continue
        for thread in threads:
            for child in read(thread / "children").split():
                stat = read(Path(f"/proc/{child}/stat"))
                if stat and stat.rsplit(")", 1)[1].split()[0] not in "ZX":
                    found.append(stat[:60])
                    queue.append(int(child))
    return found


def read(path: Path) -> str:
    """A file of /proc; empty if its process has gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


def settled(pid: int) -> list[str]:
    """`descendants`, once there are none, or after five seconds."""
    for _ in range(100):
        if not (left := descendants(pid)):
            break
        time.sleep(0.05)
    return left


class Host:
    """What an attack could change."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="neve-host-"))
        self.secret = self.home / "secret"
        self.secret.write_text(SECRET)
        self.secret.chmod(0o600)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.abstract = f"neve-{os.getpid()}"
        self.named = self.home / "socket"
        self.listening = [self.tcp, self.udp]
        for address in ("\0" + self.abstract, str(self.named)):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                suffix = "" if kind == socket.SOCK_STREAM else "-datagrams"
                listener = socket.socket(socket.AF_UNIX, kind)
                listener.bind(address + suffix)
                if kind == socket.SOCK_STREAM:
                    listener.listen()
                self.listening.append(listener)
        os.set_inheritable(os.open(self.secret, os.O_RDWR), True)

    def names(self) -> dict[str, str]:
        """By placeholder, what attacks are told about the host."""
        return {
            "HOME": str(self.home),
            "PARENT": str(os.getpid()),
            "TCP": str(self.tcp.getsockname()[1]),
            "UDP": str(self.udp.getsockname()[1]),
            "ABSTRACT": self.abstract,
        }

    def state(self) -> dict[str, object]:
        """All of it, comparable."""
        secret = self.secret.stat()
        queues = {kind: Path(f"/proc/sysvipc/{kind}").read_text() for kind in ("shm", "msg", "sem")}
        mounts = Path("/proc/self/mountinfo").read_text().splitlines() if "OWN_MOUNTS" in os.environ else []
        return {
            "mounts": mounts,  # of a namespace of our own; elsewhere others come and go
            "home": sorted(path.name for path in self.home.iterdir()),
            "secret": (self.secret.read_text(), secret.st_mode, secret.st_mtime_ns, secret.st_nlink),
            "attributes": os.listxattr(self.secret),
            "heard": [listener.fileno() for listener in select.select(self.listening, [], [], 0)[0]],
            "queues": {kind: len(text.splitlines()) for kind, text in queues.items()},
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "host name": socket.gethostname(),
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
        }


def main() -> None:
    neve, uid = sys.argv[1], int(sys.argv[2])
    if uid != os.getuid():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ["NEVE_SECRET"] = SECRET
    sys.path.insert(0, neve)
    from neve import sandbox
    from neve.sandbox import landlock

    scopes = landlock.SCOPES
    host = Host()
    replies, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        job = json.loads(line)
        place = sandbox.attempt(job.pop("tier"))
        if place.tier == "none":
            print(json.dumps({"missing": place.detail}), file=replies, flush=True)
            continue
        program = job.pop("program")
        for name, value in host.names().items():
            program = program.replace(f"<{name}>", value)
        limits = sandbox.Limits(**{key: job[key] for key in LIMITS if key in job})
        packages = Path(job["packages"]) if "packages" in job else None
        mine = sandbox.Extra(packages, tuple(job.get("names", ())), job.get("tools", False))
        stdin = job.get("stdin", "").encode()
        if (wanted := job.pop("scopes", scopes)) != landlock.SCOPES:
            landlock.SCOPES = wanted
            landlock.ruleset.cache_clear()
        if place.tier == "landlock":
            for extra in {sandbox.Extra(), mine}:
                landlock.ruleset(extra)  # kept open from here on
        before = host.state()
        results: dict[str, sandbox.Result] = {}

        def beside(results: dict[str, sandbox.Result] = results, place: sandbox.Sandbox = place) -> None:
            results["neighbour"] = sandbox.run(
                NEIGHBOUR, sandbox=place, limits=sandbox.Limits(60.0), stdin=ANSWER[0]
            )

        thread = threading.Thread(target=beside)
        thread.start()
        results["attack"] = sandbox.run(program, sandbox=place, limits=limits, stdin=stdin, extra=mine)
        thread.join()
        left, after = settled(os.getpid()), host.state()
        reply = {
            **{
                name: {
                    key: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    for key, value in dataclasses.asdict(result).items()
                }
                for name, result in results.items()
            },
            "right": (results["neighbour"].status, results["neighbour"].stdout) == ("ok", ANSWER[1]),
            "processes": left,
            "changed": {key: [before[key], after[key]] for key in before if before[key] != after[key]},
        }
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
