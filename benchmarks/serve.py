"""Training with and without a watched page: 200 readers and a hostile one beside `neve serve`.

    python benchmarks/serve.py --out DIR [--rounds 12] [--seconds 20] [--readers 200] [--hostile 50]
    python benchmarks/serve.py --out DIR --processor      # no training: what the server takes of a core

A real run (code of the standard library, the quickstart's shape of model) trains all the time. In each round
a server, its readers and the hostile client are there for one window of time and absent for another, in an
order drawn again for each round; a window's figure is the mean seconds of the steps that began and ended in
it, from the run's own log, and a ratio is that of the two windows of one round. Readers hold the stream of
events open and read all of it. The hostile client asks for what lies outside the run in many spellings,
sends heads that are too long, garbage and half heads that it holds open, so many a second, and every answer
is searched for a secret that lies beside the run and for the system's own files. With --processor a log that
grows as in training stands for it: what the server takes of a core can be told on a busy machine, seconds of
steps cannot.

The trade-off: readers share the cores with training, which they would not at home. They run at the lowest
priority that there is, and their processor time is told apart, but what is measured is an upper bound. All
are in one session: Linux deals the processor to sessions first, and a priority holds within one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import sysconfig
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

SECRET = "a secret beside the run, which nobody may read"
PACKAGES = ("asyncio", "email", "http", "json", "logging", "unittest", "xml", "concurrent")
RECIPE = {
    "run": {"name": "served", "seed": 1},
    "corpus": {"languages": ["Python"], "licenses": "any"},
    "tokenizer": {"vocab_size": 4096, "sample_bytes": 2_000_000},
    "model": {"hidden": 192, "intermediate": 512, "layers": 4, "heads": 3, "kv_heads": 3},
    "training": {"sequence": 512, "batch_tokens": 2048, "micro_batch": 4, "optimizer": "muon", "checkpoint_seconds": 1e6},
    "phase": [{"name": "general", "data": "corpus", "tokens": 400_000_000, "lr": {"peak": 1e-3}}],
}  # fmt: skip
PATHS = (
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/report/../../secret.txt", "//secret.txt",
    "/..\\secret.txt", "/report", "/report/", "/run.json", "/ledger.sqlite", "/etc/passwd", "/%00", "/events/../../secret.txt",
    "/report?file=../secret.txt", "/?/../secret.txt", "/proc/self/environ",
)  # fmt: skip
HELD = 20
"""Half heads that the hostile client holds open at any time."""
FEWEST = 3
"""Steps that a window has."""
STEP_SECONDS = 0.7
"""Of what stands for training."""
SETTLE = 5.0
"""Seconds between the readers' first event and the window."""
REFUSED = re.compile(rb"HTTP/1\.1 (\d{3})")


def lowest() -> None:
    """The least of the processor that a process may have."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


# --- readers and the hostile client, a process each
# ---------------------------------------------------------------------------------------


def read_all(port: int, readers: int) -> None:
    """Hold so many streams open and read them until told to end; then say how many had every kind of
    event, and bytes."""
    lowest()
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    waiting, begun, got = selectors.DefaultSelector(), set(), 0
    for number in range(readers):
        connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.setblocking(False)
        waiting.register(connection, selectors.EVENT_READ, number)
    buffer, lost = bytearray(1 << 20), 0
    while not ended:
        for key, _ in waiting.select(0.5):
            size = key.fileobj.recv_into(buffer)  # type: ignore[union-attr]
            got += size
            if not size:
                lost += 1
                waiting.unregister(key.fileobj)
            elif key.data not in begun and b"event: stages" in buffer[:size]:
                begun.add(key.data)
                if len(begun) == readers:
                    print("all", flush=True)
    print(json.dumps({"readers": len(begun), "lost": lost, "bytes": got}), flush=True)


def requests() -> list[bytes]:
    """What a hostile client sends, in turn."""
    local = "\r\nHost: localhost\r\n\r\n"
    odd = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
        b"GET /" + b"a/../" * 50_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/secret.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
        random.Random(1).randbytes(4096) + b"\r\n\r\n",
    ]
    return [*(f"GET {path} HTTP/1.1{local}".encode() for path in PATHS), *odd]


def asked(port: int, request: bytes) -> bytes:
    """All of an answer, or what came of it before the connection was cut."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(request)
            while part := connection.recv(1 << 16):
                answer += part
        except (ConnectionError, BrokenPipeError):
            pass
    return answer


def attack(port: int, rate: float, most: float = float("inf")) -> None:
    """So many hostile requests a second until told to end, or until there were `most`; then say what was
    answered, and what leaked."""
    lowest()
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    told: Counter[str] = Counter()
    leaks: list[str] = []
    held: list[socket.socket] = []
    turn, sent, begun = requests(), 0, time.monotonic()
    while not ended and sent < most:
        request = turn[sent % len(turn)]
        answer = asked(port, request)
        status = REFUSED.match(answer)
        told[status[1].decode() if status else "cut off"] += 1
        if SECRET.encode() in answer or b"root:x:" in answer or b"PATH=" in answer:
            leaks.append(request[:80].decode("latin-1"))
        sent += 1
        if sent % 10 == 0:
            held.append(socket.create_connection(("127.0.0.1", port), timeout=30))
            held[-1].sendall(b"GET / HTTP/1.1\r\nHost: loc")
            if len(held) > HELD:
                held.pop(0).close()
        time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
    print(json.dumps({"requests": sent, "answers": told, "leaks": leaks}), flush=True)


# --- a window of time
# ---------------------------------------------------------------------------------------


def used(pid: int) -> float:
    """Processor seconds of a process."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def steps(log: Path) -> list[float]:
    """Seconds of each step of training so far."""
    lines = log.read_text().splitlines(keepends=True)
    return [json.loads(line)["seconds"] for line in lines if line.endswith("\n")]


def window(log: Path, seconds: float) -> list[float]:
    """Seconds of the steps that begin and end in a window of time that begins now, which is longer where
    FEWEST have not ended by then."""
    before = len(steps(log))
    time.sleep(seconds)
    while len(taken := steps(log)[before + 1 :]) < FEWEST:
        time.sleep(0.5)
    return taken


def started(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)


def said(process: subprocess.Popen[str]) -> str:
    """The next line that a child says."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args!r}: ended with status {process.wait()} and said nothing")
    return line


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """End a child, and take its last word."""
    process.terminate()
    found: dict[str, Any] = json.loads(said(process))
    process.wait()
    return found


def watched(folder: Path, log: Path | None, options: argparse.Namespace) -> dict[str, Any]:
    """A window with a server, its readers and the hostile client; without a log of steps, of time alone."""
    server = started("-m", "neve.cli", "serve", folder, "--port", 0)
    port = said(server).split("/")[2].rpartition(":")[2]
    readers = started(__file__, "--read", port, options.readers)
    hostile = started(__file__, "--attack", port, options.hostile)
    try:
        assert said(readers) == "all\n"
        time.sleep(SETTLE)
        pids = {"server": server.pid, "readers": readers.pid, "hostile": hostile.pid}
        before, begun = {name: used(pid) for name, pid in pids.items()}, time.monotonic()
        taken = window(log, options.seconds) if log else time.sleep(options.seconds)
        lasted = time.monotonic() - begun
        cores = {name: (used(pid) - before[name]) / lasted for name, pid in pids.items()}
        return {"steps": taken, "cores": cores, "hostile": ended(hostile), "readers": ended(readers)}
    finally:
        for process in (server, readers, hostile):
            process.kill()
            process.wait()


def begin(out: Path) -> tuple[Path, Path, subprocess.Popen[bytes]]:
    """Build the data, begin to train, and wait for the first steps: the run's folder, the log of its steps,
    and its process."""
    import tomli_w

    (out / "secret.txt").write_text(SECRET)
    (out / "code").mkdir()
    for name in PACKAGES:
        (out / "code" / name).symlink_to(Path(sysconfig.get_path("stdlib")) / name)
    sources = [
        {"kind": "directory", "path": str((out / "code" / name).resolve()), "repo": name} for name in PACKAGES
    ]
    (out / "neve.toml").write_text(
        tomli_w.dumps({**RECIPE, "corpus": {**RECIPE["corpus"], "sources": sources}})  # type: ignore[dict-item]
    )
    command = [sys.executable, "-m", "neve.cli", "run", "neve.toml", "--out", "run"]
    training = subprocess.Popen(command, cwd=out, process_group=0)
    folder = out / "run"
    while training.poll() is None:
        time.sleep(1)
        logs = [*folder.glob("stages/*train-general*/timings.jsonl")]
        if logs and len(steps(logs[0])) > FEWEST:
            (folder / "report").mkdir(exist_ok=True)
            (folder / "report" / "index.html").symlink_to(out / "secret.txt")
            return folder, logs[0], training
    raise SystemExit(f"training ended with status {training.returncode}")


def beside_a_log(out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What the server takes of a core while a curve grows by a step each STEP_SECONDS."""
    (out / "secret.txt").write_text(SECRET)
    stage = out / "run" / "stages" / "train-general-00000000.partial"
    stage.mkdir(parents=True)
    arm = {"curate": "curate-00000000", "train-general": stage.stem}
    (out / "run" / "run.json").write_text(json.dumps({"arms": {"main": arm}}))
    over = threading.Event()

    def grow() -> None:
        step = 0
        with (stage / "metrics.jsonl").open("a", buffering=1) as log:
            while not over.wait(STEP_SECONDS):
                step += 1
                row = {
                    "step": step,
                    "tokens": 2048 * step,
                    "loss": 5 + step % 7 / 10,
                    "lr": 1e-3,
                    "grad_norm": 1.0,
                }
                log.write(json.dumps(row) + "\n")

    threading.Thread(target=grow).start()
    try:
        found = watched(out / "run", None, options)
    finally:
        over.set()
    return {key: found[key] for key in ("cores", "hostile", "readers")} | {"leaks": found["hostile"]["leaks"]}


def measure(out: Path, options: argparse.Namespace) -> dict[str, Any]:
    folder, log, training = begin(out)
    chance, rounds = random.Random(1), []
    try:
        for number in range(options.rounds):
            row: dict[str, Any] = {}
            for watching in chance.sample([True, False], 2):
                if watching:
                    row |= watched(folder, log, options)
                else:
                    time.sleep(SETTLE)
                    row["alone"] = window(log, options.seconds)
            row["ratio"] = statistics.mean(row.pop("steps")) / statistics.mean(row.pop("alone"))
            rounds.append(row)
            print(f"round {number + 1}: {json.dumps(row)}", flush=True)
    finally:
        training.kill()
        training.wait()
    return {"load_before": options.load, **summary(rounds), "rounds": rounds}


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Median ratio, and an interval of 95 % of its mean (Student's t); what was answered and what leaked."""
    from scipy.stats import t

    ratios = [row["ratio"] for row in rounds]
    mean, several = statistics.mean(ratios), len(ratios) > 1
    half = t.ppf(0.975, len(ratios) - 1) * statistics.stdev(ratios) / len(ratios) ** 0.5 if several else None
    answers: Counter[str] = Counter()
    for row in rounds:
        answers.update(row["hostile"]["answers"])
    return {
        "step_is_times": {"median": statistics.median(ratios), "mean": mean, "half_interval": half},
        "cores": {name: statistics.mean(row["cores"][name] for row in rounds) for name in rounds[0]["cores"]},
        "readers_lost": sum(row["readers"]["lost"] for row in rounds),
        "hostile_answers": answers,
        "leaks": [leak for row in rounds for leak in row["hostile"]["leaks"]],
    }


def main() -> int:
    if sys.argv[1:2] in (["--read"], ["--attack"]):
        kind, port, number = sys.argv[1:]
        read_all(int(port), int(number)) if kind == "--read" else attack(int(port), float(number))
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=20.0, help="of a window")
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--processor", action="store_true", help="no training: the server's processor time")
    parser.add_argument("--hostile", type=float, default=50.0, help="hostile requests a second")
    options = parser.parse_args()
    options.load = os.getloadavg()[0]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # and so are its processes
    folder = options.out.resolve() / f"serve-{int(time.time())}"
    folder.mkdir(parents=True)
    found = beside_a_log(folder, options) if options.processor else measure(folder, options)
    (options.out / "serve.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({key: value for key, value in found.items() if key != "rounds"}, indent=1))
    return bool(found["leaks"])


if __name__ == "__main__":
    sys.exit(main())
