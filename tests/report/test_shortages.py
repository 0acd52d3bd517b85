"""What fell short. Oracle: tables and counts written here by hand, each short in one way."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from neve import documents
from neve.report.shortages import of_run, of_stage
from neve.store import MANIFEST, write_json

PHASES = [
    {"name": "quality", "data": "selection", "tokens": 1000, "curve": None},
    {"name": "synthetic", "data": "synthetic", "tokens": 4200, "curve": None},
    {"name": "curved", "data": "selection", "tokens": 1000, "curve": {"power": 1}},
    {"name": "general", "data": "corpus", "tokens": 4200, "curve": None},
]
RECIPE = {"phase": PHASES, "tokenizer": {"vocab_size": 512, "folder": None}}


def table(path: Path, rows: list[dict]) -> Path:
    documents.write(pa.Table.from_pylist(rows), path)
    return path.parent


def language(**more) -> dict:
    row = {
        "quota": 100,
        "tokens": 100,
        "seen": 400,
        "documents": 3,
        "short": False,
        "share": 0.1,
        "repeats": 1,
    }
    return row | more


def selection(folder: Path, **languages: dict) -> Path:
    folder.mkdir()
    write_json(folder / "selection.json", {"repeats": 4, "languages": languages})
    return folder


def test_languages_without_held_out_documents(tmp_path: Path) -> None:
    rows = [
        {"language": name, "split": split}
        for name, split in (("C", "train"), ("Go", "train"), ("Python", "heldout"))
    ]
    lines = of_stage("curate", {"curate": table(tmp_path / "documents", rows)}, RECIPE)
    assert len(lines) == 2 and "No document is held out in C and Go" in lines[0] and "Python (1)" in lines[1]
    lines = of_stage("curate", {"curate": table(tmp_path / "none" / "documents", rows[:2])}, RECIPE)
    assert lines == ["No document is held out, so nothing can be said of code that the model has not seen."]


def test_languages_without_positives(tmp_path: Path) -> None:
    curate = table(tmp_path / "documents", [{"language": name, "split": "train"} for name in ("C", "Python")])
    labels = table(
        tmp_path / "l" / "labels", [{"label": 1.0, "language": "Python"}, {"label": 0.0, "language": "C"}]
    )
    (line,) = of_stage("labels-good", {"curate": curate, "labels-good": labels}, RECIPE)
    assert line.startswith("The labels good have no positive in C:")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"share": 1.0}, "is the whole pool of C"),
        ({"short": True, "seen": 380}, "promises in C (380 of 400 tokens)"),
        ({"documents": 0, "tokens": 0, "share": 0.0}, "takes no document of C"),
    ],
)
def test_a_selection_that_cannot_select(tmp_path: Path, row: dict, said: str) -> None:
    place = selection(tmp_path / "s", C=language(**row), Python=language())
    (line,) = of_stage("selection-quality", {"selection-quality": place}, RECIPE)
    assert said in line and "Python" not in line


def test_a_curve_promises_its_quota_once(tmp_path: Path) -> None:
    place = selection(tmp_path / "s", C=language(short=True, seen=90))
    (line,) = of_stage("selection-curved", {"selection-curved": place}, RECIPE)
    assert "(90 of 100 tokens)" in line


def test_a_control_that_repeats_what_it_should_not(tmp_path: Path) -> None:
    place = selection(tmp_path / "c", C=language(repeats=3), Python=language())
    for name in ("quality-random", "quality-random-2", "quality-random-repeated"):
        (line,) = of_stage(f"control-{name}", {f"control-{name}": place}, RECIPE)
        assert "C (3 times)" in line and "Python" not in line
    even = selection(tmp_path / "even", C=language(repeats=4), Python=language(repeats=4))
    for name in ("quality-random-repeated", "quality-random-length-2"):
        assert of_stage(f"control-{name}", {f"control-{name}": even}, RECIPE) == []


@pytest.mark.parametrize(
    ("name", "rate", "told"),
    [("quality", 0.0, True), ("quality", 1e-5, False), ("quality-random", 0.0, False)],
)
def test_a_last_step_at_rate_0(tmp_path: Path, name: str, rate: float, told: bool) -> None:
    rows = [{"step": 1, "lr": 1e-3}, {"step": 2, "lr": rate}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = "Phase quality: the last of its 2 steps has the rate 0 and trains nothing; lr.floor above 0 would use it."
    assert of_stage(f"train-{name}", {f"train-{name}": tmp_path}, RECIPE) == [said] * told


def test_a_phase_that_reads_few_tokens_many_times(tmp_path: Path) -> None:
    def view(tokens: int) -> dict[str, Path]:
        folder = tmp_path / str(tokens)
        folder.mkdir()
        write_json(folder / MANIFEST, {"counts": {"tokens": tokens}})
        return {"view-synthetic": folder}

    assert of_run(view(210), RECIPE) == [
        "Phase synthetic reads 210 synthetic tokens about 20 times: more of them are needed."
    ]
    assert of_run(view(2000), RECIPE) == []
    assert of_run({"view-quality": tmp_path / "210"}, RECIPE) == []
    assert of_run({"view-general": tmp_path / "210"}, RECIPE) == [
        "Phase general reads 210 tokens about 20 times: more of them are needed."
    ]


@pytest.mark.parametrize(
    ("size", "folder", "told"), [(375, None, True), (512, None, False), (375, "old", False)]
)
def test_a_vocabulary_that_the_documents_cannot_fill(tmp_path: Path, size, folder, told) -> None:
    write_json(tmp_path / MANIFEST, {"counts": {"vocab_size": size}})
    recipe = {**RECIPE, "tokenizer": {"vocab_size": 512, "folder": folder}}
    said = "The tokenizer has 375 tokens of 512: the documents hold no more that are repeated."
    assert of_stage("tokenizer", {"tokenizer": tmp_path}, recipe) == [said] * told


def test_a_text_that_no_model_was_measured_on(tmp_path: Path) -> None:
    """What the stage says of it, and how to have it after all; nothing where all were measured."""
    write_json(tmp_path / "results.json", {"absent": {}})
    assert of_stage("evaluate", {"evaluate": tmp_path}, RECIPE) == []
    write_json(tmp_path / "results.json", {"absent": {"mbpp-train": "its file could not be fetched"}})
    (said,) = of_stage("evaluate", {"evaluate": tmp_path}, RECIPE)
    assert (
        said.startswith("mbpp-train was not measured: its file could not be fetched")
        and str(tmp_path) in said
    )
