"""What a machine has. Oracles: the system's own files and commands; machines made up by a PATH and files of the test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from neve import packages
from neve.run import doctor


def script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_every_check_answers_with_a_state_and_something_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    rows = doctor.examine(tmp_path)
    assert len({row["what"] for row in rows}) == len(rows) >= 10
    assert all(row["state"] in ("ok", "limited", "missing") and row["found"] for row in rows)
    for what in ("package index", "hub"):
        found = next(row for row in rows if row["what"] == what)
        assert found["state"] == "limited" and found["remedy"]


def test_a_short_machine_is_told_what_would_help(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "MEMINFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal: 2000000 kB\nMemAvailable: 1000000 kB\n")
    found = doctor.memory()
    assert found.state == "limited" and found.found == "1.0 GiB free" and "2 GiB" in found.remedy


def test_bf16_is_read_from_the_processors_flags(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "CPUINFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("flags : fpu avx2 avx512f\n")
    assert doctor.processor().state == "limited"
    (tmp_path / "cpuinfo").write_text("flags : fpu avx2 avx512_bf16\n")
    assert doctor.processor().state == "ok"
    assert f"{len(os.sched_getaffinity(0))} cores" in doctor.processor().found


def test_tools_are_looked_for_on_the_path(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.compiler().remedy and doctor.node().remedy and doctor.gpu().state == "limited"
    script(tmp_path, "cc", "exit 0")
    script(tmp_path, "node", "exit 0")
    assert doctor.compiler().found == shutil.which("cc") and doctor.node().state == "ok"


@pytest.mark.parametrize(("version", "state"), [("2.11.0+cpu", "missing"), ("2.11.0+cu128", "ok")])
def test_a_gpu_needs_a_torch_that_was_built_for_it(tmp_path, monkeypatch, version: str, state: str) -> None:
    script(tmp_path, "nvidia-smi", "echo 'NVIDIA H100, 81559 MiB'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: version)
    found = doctor.gpu()
    assert found.state == state and "NVIDIA H100" in found.found


def test_the_index_is_pips_own(monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert packages.index_address() == "https://index.example/simple"
