"""A draw as a stage of its own. Oracle: the files that the stage of all draws wrote, byte by byte."""

from __future__ import annotations

from pathlib import Path

from neve.store import write_json
from neve.synthesis import draws
from neve.synthesis.settings import Further


def test_a_draw_is_taken_out_of_the_stage_of_all(tmp_path: Path) -> None:
    made, out = tmp_path / "synthesis", tmp_path / "second"
    for number in (1, 2, 3):
        place = draws.folder(made, number) / "documents"
        place.mkdir(parents=True)
        (place / "part-00000.parquet").write_bytes(b"draw %d" % number)
    for number in (2, 3):
        write_json(draws.folder(made, number) / draws.COUNTS, {"accepted": number})
    out.mkdir()
    assert draws.build(Further(2), {"synthesis": made}, out) == {"accepted": 2}
    assert {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.*")} == {
        "documents/part-00000.parquet": b"draw 2"
    }
