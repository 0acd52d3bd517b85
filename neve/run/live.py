"""What a run is at this moment, for who watches: stages, curves, samples, read from its folder alone.

Nothing is written and nothing is locked. What a whole stage holds is read once, logs of training are read on
from where the last look ended, and the stage at work says how far it is in `progress.json`. The trade-off:
what a stage has not written yet is not shown.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from neve import documents, progress
from neve.errors import Misuse
from neve.run import record, status
from neve.store import MANIFEST, arm_stages, partial, read_json, state

POINTS = 200
"""Of a curve."""
RECENT = 20
"""Steps that a rate is the mean of."""
STALE_SECONDS = 15.0
"""A bar that was written longer ago says nothing."""
SAMPLES, TEXT = 8, 1200
"""Samples of each kind, and characters of one."""


@dataclass
class Log:
    """The metrics of a phase as far as they were read."""

    folder: Path
    offset: int = 0
    steps: list[tuple[int, float | None, float, float]] = field(default_factory=list)
    """(tokens, loss, rate, norm), thinned as they grow."""
    step: int = 0
    tokens: int = 0
    keep: int = 1
    """Every so many steps is kept."""

    def read_on(self) -> None:
        """Read what was appended; a log that was cut back is read again."""
        path = self.folder / "metrics.jsonl"
        try:
            size = path.stat().st_size
        except OSError:
            return
        if size < self.offset:
            self.offset, self.steps, self.step, self.keep = 0, [], 0, 1
        with path.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                row = json.loads(line)
                self.step, self.tokens = row["step"], row["tokens"]
                if self.step % self.keep == 0:
                    self.steps.append((row["tokens"], row["loss"], row["lr"], row["grad_norm"]))
                if len(self.steps) > 2 * POINTS:
                    self.steps, self.keep = self.steps[1::2], self.keep * 2

    def seconds(self) -> float | None:
        """Seconds of a step, over the last few."""
        try:
            with (self.folder / "timings.jsonl").open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 200 * RECENT))
                lines = deque(file, maxlen=RECENT)
            taken = [
                json.loads(line)["seconds"]
                for line in lines
                if line.startswith(b"{") and line.endswith(b"}\n")
            ]
        except (OSError, ValueError, KeyError):
            return None
        return sum(taken) / len(taken) if taken else None


@dataclass
class Watcher:
    """One arm of a run, looked at again and again."""

    folder: Path
    arm: str = record.ARM
    _whole: dict[str, Any] = field(default_factory=dict)
    """What whole stages hold, by folder and what is asked of it."""
    _logs: dict[str, Log] = field(default_factory=dict)

    @property
    def report(self) -> Path:
        """The arm's page, once it is there."""
        return record.report(self.folder, self.arm) / "index.html"

    def look(self) -> dict[str, Any]:
        """{"stages", "curves", "samples"}, plain JSON each."""
        try:
            stages = arm_stages(self.folder, self.arm)
        except Misuse as error:
            return {
                "stages": {"run": self.folder.name, "waiting": str(error), "rows": []},
                "curves": {},
                "samples": {},
            }
        curves = self._curves(stages)
        return {"stages": self._stages(stages), "curves": curves, "samples": self._samples(stages)}

    def _stages(self, stages: dict[str, Path]) -> dict[str, Any]:
        rows = [self._row(name, place) for name, place in stages.items()]
        return {
            "run": self.folder.resolve().name,
            "rows": rows,
            "now": self._now(stages),
            "report": self.report.is_file(),
        }

    def _row(self, name: str, place: Path) -> dict[str, Any]:
        if (known := self._whole.get(f"row {place}")) is not None and (place / MANIFEST).exists():
            return dict(known)
        found = state(place)
        row: dict[str, Any] = {"stage": name, "state": found}
        if found == "done":
            manifest = read_json(place / MANIFEST)
            row |= {"seconds": manifest["seconds"], "counts": status.brief(manifest["counts"])}
            self._whole[f"row {place}"] = row
        return row

    def _now(self, stages: dict[str, Path]) -> dict[str, Any] | None:
        """The stage at work, since when, and how far it is; None where nobody works."""
        try:
            said = read_json(self.folder / progress.FILE)
            os.kill(said["pid"], 0)
        except PermissionError:  # somebody else's process, but there
            pass
        except (OSError, ValueError, KeyError):
            return None
        now = {"stage": said["stage"], "seconds": time.time() - said["since"]}
        if (log := self._logs.get(said["stage"])) is not None and log.step:
            return now | self._training(said["stage"], log)
        bar = said.get("bar")
        if not bar or time.time() - said["at"] > STALE_SECONDS:
            return now
        rate = bar["done"] / max(bar["seconds"], 1e-9)
        left = (bar["total"] - bar["done"]) / rate if bar["total"] and rate else None
        return now | {
            **{key: bar[key] for key in ("label", "done", "total", "unit")},
            "rate": rate,
            "left": left,
        }

    def _training(self, stage: str, log: Log) -> dict[str, Any]:
        job = record.load(self.folder)["train"].get(self.arm, {}).get(stage.removeprefix("train-"), {})
        sizes, tokens = job["settings"]["training"], job["settings"]["phase"]["tokens"]
        each = sizes["batch"] * sizes["sequence"]
        total = math.ceil(tokens / each) if tokens else None
        seconds = log.seconds()
        return {
            "label": "train",
            "done": log.step,
            "total": total,
            "unit": "steps",
            "rate": 1 / seconds if seconds else None,
            "tokens_a_second": each / seconds if seconds else None,
            "left": (total - log.step) * seconds if total and seconds else None,
            "loss": log.steps[-1][1] if log.steps else None,
        }

    def _curves(self, stages: dict[str, Path]) -> dict[str, Any]:
        curves = {}
        for name, place in stages.items():
            if not name.startswith("train-"):
                continue
            folder = place if place.is_dir() else partial(place)
            log = self._logs.get(name)
            if log is None or log.folder != folder:
                log = self._logs[name] = Log(folder)
            log.read_on()
            if log.steps:
                tokens, loss, rate, norm = zip(*log.steps, strict=True)
                curves[name.removeprefix("train-")] = {
                    "tokens": tokens,
                    "loss": loss,
                    "lr": rate,
                    "grad_norm": norm,
                }
        return curves

    def _samples(self, stages: dict[str, Path]) -> dict[str, Any]:
        found: dict[str, list[dict[str, Any]]] = {
            "dropped": [],
            "scored": [],
            "generated": self._asked(stages),
        }
        curate = stages["curate"]
        if state(curate) != "done":
            return found
        found["dropped"] = self._once(f"dropped {curate}", lambda: dropped(curate))
        for name, place in stages.items():
            if name.startswith("scores-") and state(place) == "done":
                found["scored"] += self._once(
                    f"scored {place}",
                    lambda name=name, place=place: scored(name.removeprefix("scores-"), place, curate),
                )
        return found

    def _once(self, key: str, make: Any) -> Any:
        if key not in self._whole:
            self._whole[key] = make()
        return self._whole[key]

    def _asked(self, stages: dict[str, Path]) -> list[dict[str, Any]]:
        """What a model generated: accepted documents of a synthesis that is done, else the last answers."""
        place = stages.get("synthesis")
        if place is None:
            return []
        if state(place) == "done":
            return self._once(f"generated {place}", lambda: accepted(place, stages["curate"]))
        ledger = self.folder / "ledger.sqlite"
        with contextlib.suppress(OSError, sqlite3.Error):
            key = f"asked {ledger.stat().st_mtime_ns}"
            if key not in self._whole:
                self._whole = {k: v for k, v in self._whole.items() if not k.startswith("asked ")}
                self._whole[key] = answers(ledger)
            return list(self._whole[key])
        return []


def dropped(curate: Path) -> list[dict[str, Any]]:
    """A sample of each of the rules that stopped most files, with what was measured."""
    counts = read_json(curate / MANIFEST)["counts"]["by_rule"]
    samples = documents.read(curate / "samples").to_pylist()
    found: list[dict[str, Any]] = []
    for rule, files in sorted(counts.items(), key=lambda item: -item[1]):
        row = next(
            (one for one in samples if f"{one['stage']}/{one['rule']}" == rule and one.get("text")), None
        )
        if row is not None and len(found) < SAMPLES:
            value, limit = row.get("value"), row.get("limit")
            measured = (
                "" if value is None or limit is None else f", {value:.4g} where the limit is {limit:.4g}"
            )
            found.append(
                _sample(f"{rule} stopped {files:,}", f"{row['repo']}/{row['path']}{measured}", row["text"])
            )
    return found


def scored(annotator: str, scores: Path, curate: Path) -> list[dict[str, Any]]:
    """The best, the median and the worst documents of an annotator, evenly between."""
    table = documents.read(scores / "scores", ["doc_id", "score"]).sort_by([("score", "descending")])
    places = (
        sorted({round(i * (table.num_rows - 1) / (SAMPLES - 1)) for i in range(SAMPLES)})
        if table.num_rows
        else []
    )
    chosen = table.take(places).to_pylist()
    wanted = ds.field("doc_id").isin([row["doc_id"] for row in chosen])
    texts = documents.read(curate / "documents", ["doc_id", "repo", "path", "content"], wanted).to_pylist()
    by_id = {row["doc_id"]: row for row in texts}
    return [
        _sample(
            f"{annotator}: score {row['score']:.3f}, place {place + 1:,} of {table.num_rows:,}",
            f"{told['repo']}/{told['path']}",
            told["content"],
        )
        for place, row in zip(places, chosen, strict=True)
        if (told := by_id.get(row["doc_id"]))
    ]


def accepted(synthesis: Path, curate: Path) -> list[dict[str, Any]]:
    """The first synthetic documents that were accepted."""
    (first, *_) = sorted((synthesis / "documents").glob("*.parquet"))
    columns = ["repo", "language", "seed_doc_id", "content"]
    batch = next(pq.ParquetFile(first).iter_batches(SAMPLES, columns=columns), None)
    rows = batch.to_pylist() if batch is not None else []
    wanted = ds.field("doc_id").isin([row["seed_doc_id"] for row in rows])
    seeds = documents.read(curate / "documents", ["doc_id", "repo", "path"], wanted).to_pylist()
    names = {row["doc_id"]: f"{row['repo']}/{row['path']}" for row in seeds}
    return [
        _sample(
            f"{row['language']}, by {row['repo'].removeprefix('synthetic/')}",
            f"grown from {names.get(row['seed_doc_id'], row['seed_doc_id'])}",
            row["content"],
        )
        for row in rows
    ]


def answers(ledger: Path) -> list[dict[str, Any]]:
    """The last answers in a ledger, good or failed."""
    with contextlib.closing(
        sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True, timeout=0.2)
    ) as db:
        rows = db.execute(
            "select text, finish, error from answers order by rowid desc limit ?", (SAMPLES,)
        ).fetchall()
    return [
        _sample(error or f"answer, ended by {finish}", "not judged yet", text) for text, finish, error in rows
    ]


def _sample(title: str, about: str, text: str) -> dict[str, str]:
    return {"title": title, "about": about, "text": text[:TEXT]}
