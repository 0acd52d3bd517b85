"""The verdict on one sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "fail", "timeout", "error"]


@dataclass(frozen=True)
class Grade:
    """What became of one sample: "fail" is the candidate's fault, "error" the grader's; `detail` says how."""

    status: Status
    detail: str = ""
    base: Status | None = None
    """Where a benchmark adds tests to another's: the status on the other's alone."""
