"""States of stages. Oracle: folders made here."""

import json
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.run.status import brief, status


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"documents": 1200, "share": 0.123456, "by_rule": {"a": 1}, "published": True}, "documents 1,200, share 0.1235"),
        ({"unique_tokens": 5}, "unique tokens 5"),
        ({}, "done"),
        ({"by_rule": {}}, "done"),
    ],
)  # fmt: skip
def test_counts_on_one_line(counts: dict, said: str) -> None:
    assert brief(counts) == said


def test_a_stage_is_done_partial_stale_or_pending(tmp_path: Path) -> None:
    arms = {
        "main": {name: f"{name}-0000000{i}" for i, name in enumerate(("files", "curate", "tokens", "view"))}
    }
    (tmp_path / "run.json").write_text(json.dumps({"arms": arms}))
    stages = tmp_path / "stages"
    for folder in ("files-00000000", "curate-00000001.partial", "tokens-ffffffff"):
        (stages / folder).mkdir(parents=True)
    for folder in ("files-00000000", "tokens-ffffffff"):
        about = {"fingerprint": folder.rpartition("-")[2] * 8, "seconds": 2.5, "counts": {"n": 1}}
        (stages / folder / "manifest.json").write_text(json.dumps(about))
    rows = {row["stage"]: row for row in status(tmp_path)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "files": "done", "curate": "partial", "tokens": "stale", "view": "pending",
    }  # fmt: skip
    assert rows["files"]["seconds"] == 2.5 and rows["files"]["counts"] == {"n": 1}
    assert rows["tokens"]["seconds"] is None and rows["view"]["folder"] == "stages/view-00000003"
    with pytest.raises(Misuse):
        status(tmp_path, "other")
