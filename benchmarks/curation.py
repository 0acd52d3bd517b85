"""Neve's deduplication and curation beside datatrove and text-dedup: one corpus, one machine, one run.

    python benchmarks/curation.py --sdists SDISTS.tsv --out DIR --peer-python PEER/bin/python

The corpus is every text file of some pinned PyPI sdists, in Parquet files that both sides read. Each job is
a command of its own, held to the same cores, watched from outside: wall-clock seconds, and memory as the sum
of proportional set sizes over its process tree, taken once a second (a peak between two looks is missed).
What each job removed is compared too, since speed at unequal work says nothing: datatrove removes all but
one of each connected component without looking at the texts, Neve removes what is truly alike to a document
that stays. See benchmarks/README.md for how peers are installed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from neve import packages

HERE = Path(__file__).parent
SCHEMA = pa.schema(
    [("id", pa.string()), ("repo", pa.string()), ("path", pa.string()), ("content", pa.large_string())]
)
PART_BYTES = 32 << 20
MAX_FILE_BYTES = 1 << 20
SAMPLE_SECONDS = 1.0
QUIET = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "NO_COLOR": "1"}
REMOVED = ("exact", "near")


# --- the corpus
# --------------------------------------------------------------------------------------------------


def texts(sdists: Path) -> Iterator[tuple[str, str, str]]:
    """(repo, path, text) of the files of pinned sdists: UTF-8, not empty, no NUL, at most 1 MiB."""
    with sdists.open(newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    for row in rows:
        file = packages.fetch(row["name"], row["version"], row["file"], row["sha256"])
        with tarfile.open(file, "r|*") as archive:
            for member in archive:
                if not member.isfile() or not 0 < member.size <= MAX_FILE_BYTES:
                    continue
                opened = archive.extractfile(member)
                data = opened.read() if opened else b""
                try:
                    text = data.decode()
                except UnicodeDecodeError:
                    continue
                if text and "\0" not in text:
                    yield f"{row['name']}=={row['version']}", member.name.partition("/")[2], text


def build(sdists: Path, folder: Path, copies: int, share: float) -> dict[str, Any]:
    """Write the corpus to `folder/*.parquet` unless it lies there; what it is: files, bytes, and what made
    it.

    With `copies` = n the corpus stands there n times, each copy under other repository names and with a line
    of its own in every file. `share` keeps the files whose paths' hashes are lowest, equal paths together.
    """
    with sdists.open("rb") as handle:
        key = {"sdists": file_digest(handle, "sha256").hexdigest(), "copies": copies, "share": share}
    note = folder.parent / f"{folder.name}.json"
    if note.exists() and (found := json.loads(note.read_text())).items() >= key.items():
        return found
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows: list[tuple[str, str, str, str]] = []
    size = files = total = parts = 0

    def flush() -> None:
        nonlocal rows, size, parts
        columns = [
            pa.array(column, kind.type) for column, kind in zip(zip(*rows, strict=True), SCHEMA, strict=True)
        ]
        pq.write_table(
            pa.table(columns, schema=SCHEMA), folder / f"part-{parts:05}.parquet", compression="zstd"
        )
        rows, size, parts = [], 0, parts + 1

    for copy in range(copies):
        for repo, path, text in texts(sdists):
            if int.from_bytes(blake2b(path.encode(), digest_size=4).digest()) >= share * 2**32:
                continue
            if copy:
                repo, text = f"copy{copy}/{repo}", f"{text}\ncopy{copy} {repo} {path}\n"
            rows.append((f"{repo}/{path}", repo, path, text))
            length = len(text.encode())
            size, total, files = size + length, total + length, files + 1
            if size >= PART_BYTES:
                flush()
    if rows:
        flush()
    result = {**key, "files": files, "bytes": total}
    note.write_text(json.dumps(result))
    return result


# --- jobs
# --------------------------------------------------------------------------------------------------------


@dataclass
class Job:
    """A command line and what it needs; its folder is `out`."""

    name: str
    command: list[str]
    out: Path
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Result:
    seconds: float
    peak: int
    """Bytes: the largest sum of proportional set sizes seen."""
    cpu: float
    """Seconds of processor time, of each process what was seen of it last: up to a look's length each is
    missed."""
    status: int
    """Exit status of the command."""


def run(job: Job, cores: int) -> Result:
    """Run a job on the first `cores` cores of those this process may use; its output goes to `out`.log."""
    shutil.rmtree(job.out, ignore_errors=True)
    job.out.mkdir(parents=True)
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    with (job.out.parent / f"{job.out.name}.log").open("wb") as log:
        start = time.monotonic()
        process = subprocess.Popen(
            job.command,
            env={**os.environ, **QUIET, **job.environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, allowed),
        )
        peak, ticks, status = 0, dict[int, int](), None
        try:
            while status is None:
                seen = tree(process.pid)
                ticks |= seen
                peak = max(peak, sum(map(pss, seen)))
                try:
                    status = process.wait(SAMPLE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
            seconds = time.monotonic() - start
        finally:  # stopped half-way: nothing of the job goes on
            if status is None:
                for pid in tree(process.pid):
                    os.kill(pid, signal.SIGKILL)
    return Result(seconds, peak, sum(ticks.values()) / os.sysconf("SC_CLK_TCK"), status)


def tree(root: int) -> dict[int, int]:
    """Clock ticks used by `root`, by all that descend from it, and by all in its session, by process id."""
    parents, session, ticks = dict[int, int](), dict[int, int](), dict[int, int]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                after = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)], session[int(entry.name)] = int(after[1]), int(after[3])
            ticks[int(entry.name)] = int(after[11]) + int(after[12])
    found = {pid for pid, leader in session.items() if leader == root} | {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: ticks[pid] for pid in sorted(found) if pid in ticks}


def pss(pid: int) -> int:
    """Bytes of memory of a process, pages that it shares counted in parts; 0 if it is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def has(python: Path | None, module: str) -> bool:
    """Whether an interpreter is there and can import a module."""
    return (
        bool(python)
        and subprocess.run([str(python), "-c", f"import {module}"], capture_output=True).returncode == 0
    )


def jobs(args: argparse.Namespace, corpus: Path, out: Path) -> dict[str, Job | str]:
    """Every job by name, or why it cannot run."""
    tables = f"{corpus}/*.parquet"
    neve = [sys.executable, "-m", "neve.cli"]
    peer, td = args.peer_python, args.text_dedup_python
    trove = [str(peer), str(HERE / "peers" / "datatrove_minhash.py"), str(corpus)]
    data = ["--data", str(args.data)] if args.data else []
    made: dict[str, Job | str] = {}
    for name, how in (("datatrove", "published"), ("datatrove-words", "words")):
        made[name] = Job(name, [*trove, str(out / name), how], out / name)
        if not has(peer, "datatrove"):
            made[name] = "not installed"
        elif how == "published" and not has(peer, "spacy"):
            made[name] = "not installed: datatrove is, spacy is not"
    text_dedup = [
        str(td), "-m", "text_dedup.minhash", "--path", "parquet", "--data_files", tables, "--split", "train",
        "--column", "content", "--output", str(out / "text-dedup" / "kept"), "--cache_dir", str(out / "text-dedup" / "cache"),
        "--ngram", "5", "--num_perm", "256", "--threshold", "0.7", "--b", "32", "--r", "8", "--num_proc", str(args.cores),
    ]  # fmt: skip
    made["text-dedup"] = (
        Job("text-dedup", text_dedup, out / "text-dedup")
        if has(td, "text_dedup.minhash")
        else "not installed"
    )
    for name, more in (("dedup", []), ("curate", ["--licenses", "any", *data])):
        folder = out / f"neve-{name}"
        made[f"neve-{name}"] = Job(f"neve-{name}", [*neve, name, tables, "--out", str(folder), *more], folder)
    return made


# --- what came of it
# ---------------------------------------------------------------------------------------------


def stages(out: Path) -> dict[str, float]:
    """Seconds by stage, as the job wrote them down."""
    for name in ("counts.json", "stages.json"):
        if (out / name).exists():
            found = json.loads((out / name).read_text())
            return found.get("timings", {}) if name == "counts.json" else found
    return {}


def column(folder: Path, names: list[str], where: Any = None) -> list[str]:
    table = ds.dataset(sorted(map(str, folder.rglob("*.parquet"))), format="parquet").to_table(
        names, filter=where
    )
    return pc.binary_join_element_wise(*(table[name].cast(pa.string()) for name in names), "/").to_pylist()


def removed(name: str, out: Path, ids: set[str]) -> set[str] | None:
    """The documents that a job removed as duplicates; None where its output does not say."""
    if name.startswith("datatrove"):
        return ids - set(column(out / "kept", ["id"])) if any((out / "kept").glob("*.parquet")) else None
    if name.startswith("neve"):
        return set(column(out / "verdicts", ["repo", "path"], ds.field("stage").isin(REMOVED)))
    return None


def compare(gone: dict[str, set[str]]) -> list[dict[str, Any]]:
    """For each two jobs: how many documents both removed, and each alone."""
    names = list(gone)
    return [
        {"jobs": [a, b], "both": len(gone[a] & gone[b]), "first_alone": len(gone[a] - gone[b]),
         "second_alone": len(gone[b] - gone[a])}
        for i, a in enumerate(names) for b in names[i + 1 :]
    ]  # fmt: skip


def measure(args: argparse.Namespace, copies: int) -> dict[str, Any]:
    """All chosen jobs on the corpus `copies` times over."""
    corpus = args.out / f"corpus-x{copies}-{args.share:g}"
    about = build(args.sdists, corpus, copies, args.share)
    megabytes = about["bytes"] / 1e6
    print(f"corpus x{copies}: {about['files']:,} files, {megabytes:,.1f} MB", flush=True)
    ids = set(column(corpus, ["id"]))
    report: dict[str, Any] = {"corpus": about, "jobs": {}}
    gone: dict[str, set[str]] = {}
    for name, job in jobs(args, corpus, args.out / f"jobs-x{copies}-{args.share:g}").items():
        if name not in args.jobs:
            continue
        if isinstance(job, str):
            report["jobs"][name] = {"status": job}
            continue
        results = [run(job, args.cores) for _ in range(args.repeat)]
        failed = next((result.status for result in results if result.status), None)
        if failed is not None:
            report["jobs"][name] = {"status": f"failed ({failed}), see {job.out}.log"}
            continue
        seconds = statistics.median(result.seconds for result in results)
        entry = report["jobs"][name] = {
            "status": "done", "seconds": round(seconds, 2), "all_seconds": [round(r.seconds, 2) for r in results],
            "megabytes_per_second": round(megabytes / seconds, 2), "peak_bytes": max(r.peak for r in results),
            "cpu_seconds": round(statistics.median(r.cpu for r in results), 2),
            "stages": {
                stage: {"seconds": round(s, 2), "megabytes_per_second": round(megabytes / s, 1) if s else None}
                for stage, s in stages(job.out).items()
            },
        }  # fmt: skip
        mine = removed(name, job.out, ids)
        if mine is not None:
            gone[name] = mine
            entry["removed"] = len(mine)
    done = {name: entry["seconds"] for name, entry in report["jobs"].items() if "seconds" in entry}
    for peer in ("datatrove", "datatrove-words"):
        for name in done if peer in done else ():
            report["jobs"][name][f"times_{peer}"] = round(done[peer] / done[name], 2)
    return {**report, "compared": compare(gone)}


def show(report: dict[str, Any]) -> None:
    print(
        f"{'job':<16}{'seconds':>9}{'CPU s':>9}{'MB/s':>8}{'GiB':>7}{'removed':>9}{'x datatrove':>13}{'x its words':>13}"
    )
    for name, entry in report["jobs"].items():
        if "seconds" not in entry:
            print(f"{name:<16} {entry['status']}")
            continue
        print(
            f"{name:<16}{entry['seconds']:>9.1f}{entry['cpu_seconds']:>9.1f}{entry['megabytes_per_second']:>8.1f}{entry['peak_bytes'] / 2**30:>7.2f}"
            f"{entry.get('removed', ''):>9}{entry.get('times_datatrove', ''):>13}{entry.get('times_datatrove-words', ''):>13}"
        )
        for stage, found in entry["stages"].items():
            print(
                f"    {stage:<44}{found['seconds']:>8.2f} s {found['megabytes_per_second'] or 0:>9.1f} MB/s"
            )
    for pair in report["compared"]:
        a, b = pair["jobs"]
        print(
            f"removed by {a} and {b}: {pair['both']}; by {a} alone {pair['first_alone']}, {b} alone {pair['second_alone']}"
        )


def memory_law(reports: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """For each job, its peak memory on the largest corpus over that on the smallest."""
    least, most = reports[min(reports)]["jobs"], reports[max(reports)]["jobs"]
    return [
        {"job": name, "corpus": max(reports) / min(reports), "memory": round(most[name]["peak_bytes"] / entry["peak_bytes"], 3)}
        for name, entry in least.items()
        if len(reports) > 1 and "peak_bytes" in entry and "peak_bytes" in most.get(name, {})
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    names = ["datatrove", "datatrove-words", "text-dedup", "neve-dedup", "neve-curate"]
    parser = argparse.ArgumentParser(description="Neve beside its peers on one corpus.")
    parser.add_argument("--sdists", type=Path, required=True, help="TSV: name, version, file, bytes, sha256")
    parser.add_argument("--out", type=Path, required=True, help="folder of corpus, jobs and results.json")
    parser.add_argument("--peer-python", type=Path, help="interpreter that has datatrove (and spacy)")
    parser.add_argument("--text-dedup-python", type=Path, help="interpreter that has text-dedup")
    parser.add_argument("--data", type=Path, help="benchmark files for neve curate")
    parser.add_argument("--jobs", nargs="+", default=names, choices=names, help="which to run; default: all")
    parser.add_argument(
        "--copies", nargs="+", type=int, default=[1], help="the corpus so many times over, e.g. 1 4"
    )
    parser.add_argument("--share", type=float, default=1.0, help="share of the files, for a trial")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each job; the median is shown")
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args(arguments)
    args.out = args.out.resolve()
    reports = {}
    for copies in args.copies:
        reports[copies] = measure(args, copies)
        show(reports[copies])
        laws = memory_law(reports)
        written = {"cores": args.cores, "repeat": args.repeat, "reports": reports, "memory_law": laws}
        (args.out / "results.json").write_text(json.dumps(written, indent=1))
    for law in laws:
        print(f"memory of {law['job']}: x{law['memory']} at {law['corpus']:g} times the corpus")
    failed = [
        n for r in reports.values() for n, entry in r["jobs"].items() if entry["status"].startswith("failed")
    ]
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
