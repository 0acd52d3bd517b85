"""The verdict on one sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "fail", "timeout", "error"]
Cause = Literal["", "ungraded", "unanswered", "cut"]


@dataclass(frozen=True)
class Grade:
    """What became of one sample; `detail` says how. "fail" and "timeout" are the candidate's doing, "error"
    is not."""

    status: Status
    detail: str = ""
    base: Status | None = None
    """Where a benchmark adds tests to another's: the status on the other's alone."""
    cause: Cause = ""
    """Of an error. ungraded: the task cannot be judged on this machine. unanswered: the model was not
    reached, or gave nothing. cut: the answer ended at its limit before its function did."""
