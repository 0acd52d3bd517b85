"""What this machine has. Oracle: torch's own answers, and files of processors written by hand."""

from pathlib import Path

import pytest

from neve.run import machine
from neve.training.loop import resolve_precision


def test_precision_is_what_torch_says() -> None:
    assert machine.precision() == resolve_precision("auto")


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("fpu avx512_bf16 sse", "bf16"),
        ("fpu amx_tile", "bf16"),
        ("fpu avx512f avx512_bf16x", "fp32"),
        ("", "fp32"),
    ],
)
def test_flags_of_processors(tmp_path: Path, monkeypatch, flags: str, precision: str) -> None:
    monkeypatch.setattr(machine, "capability", lambda: None)
    monkeypatch.setattr(machine, "CPU", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(
        f"processor\t: 0\nmodel name\t: x\nflags\t\t: {flags}\nprocessor\t: 1\n"
    )
    assert machine.precision() == precision
    (tmp_path / "cpuinfo").unlink()
    assert machine.precision() == "fp32"


@pytest.mark.parametrize(("capability", "precision"), [(9, "bf16"), (8, "bf16"), (7, "fp32")])
def test_a_gpu_decides_before_the_processor(monkeypatch, capability: int, precision: str) -> None:
    monkeypatch.setattr(machine, "capability", lambda: capability)
    assert machine.precision() == precision
