"""The passes over text."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from neve import documents
from neve.corpus.opt_out import OptOut
from neve.corpus.signals import measurement
from neve.corpus.steps import text_passes
from neve.corpus.steps.input_files import open_files
from neve.errors import Fault
from neve.recipe.corpus import Secrets


def test_benchmark_text_is_contaminated(small, tmp_path, benchmark_files):
    with gzip.open(benchmark_files / "HumanEval.jsonl.gz", "rt") as lines:
        task = json.loads(next(lines))
    rows = [
        small.file("r", "a.py", task["prompt"] + task["canonical_solution"]),
        small.file("r", "b.py", small.PROGRAM),
    ]
    _, out = small.build(rows, tmp_path)
    verdict = documents.read(out / "verdicts").to_pylist()
    assert [(v["path"], v["stage"], v["rule"]) for v in verdict] == [
        ("a.py", "decontaminate", "contaminated")
    ]
    assert verdict[0]["value"] >= 0.5 and verdict[0]["limit"] == 0.5 and "HumanEval/0" in verdict[0]["detail"]


def test_what_lies_in_anothers_folder_is_vendored_and_the_verdict_names_its_licence(small, tmp_path):
    theirs = small.file("r", "src/lz/a.py", small.PROGRAM) | {"others_license": "src/lz/LICENSE"}
    mine = small.file("r", "b.py", small.other("mine"))
    for off in (False, True):
        (tmp_path / str(off)).mkdir()
        settings = replace(small.SETTINGS, filters={"vendored": False} if off else {}, near=small.NO_NEAR)
        _, out = small.build([theirs, mine], tmp_path / str(off), settings)
        found = [
            (v["path"], v["rule"], v["value"], v["detail"])
            for v in documents.read(out / "verdicts").to_pylist()
        ]
        assert found == ([] if off else [("src/lz/a.py", "vendored", 1.0, "src/lz/LICENSE")])


def test_a_licence_is_read_of_files_in_a_wanted_language(small, tmp_path):
    """Oracle: by hand. A header of C may be of C++; what is stopped by its language keeps what it came with."""
    said = "// SPDX-License-" + "Identifier: ISC\n"
    rows = [
        small.file("r", path, said + "int x;\n", license=None) for path in ("a.cpp", "a.h", "a.java", "a.c")
    ]
    small.write_files(rows, tmp_path)
    files, _ = open_files(tmp_path)
    for languages in ([], ["C++"], ["Java"]):
        made = text_passes.identify(files, frozenset(), 1 << 20, OptOut(), languages).to_pydict()
        found = dict(zip(made["path"], made["license"], strict=True))
        read = {path for path, license in found.items() if license == "ISC"}
        assert (
            read
            == {(): set(found), ("C++",): {"a.cpp", "a.h", "a.c"}, ("Java",): {"a.java"}}[tuple(languages)]
        )


def test_one_bad_file_does_not_take_its_batch_down(small, tmp_path, monkeypatch):
    """A kernel that fails on one text loses that file alone, and the run when it may lose none."""
    measure = measurement.measure

    def fails(texts, *more):
        if any("POISON" in text for text in texts.to_pylist()):
            raise ValueError("poisoned")
        return measure(texts, *more)

    monkeypatch.setattr(measurement, "measure", fails)
    rows = [small.file("r", f"{i}.py", small.PROGRAM.replace("add", f"add_{i}")) for i in range(20)]
    rows[7] = small.file("r", "7.py", small.PROGRAM + "# POISON\n")
    (tmp_path / "a").mkdir()
    counts, out = small.build(
        rows,
        tmp_path / "a",
        replace(small.SETTINGS, quarantine_limit=0.1, near=small.NO_NEAR),
    )
    verdicts = documents.read(out / "verdicts").to_pylist()
    assert [(v["path"], v["rule"], v["detail"]) for v in verdicts] == [
        ("7.py", "quarantined", "ValueError: poisoned")
    ]
    assert counts["documents"] == 19
    (tmp_path / "b").mkdir()
    with pytest.raises(
        Fault, match=r"1 of 20 files failed, more than quarantine_limit = 0\.01; the first: r/7\.py"
    ):
        small.build(rows, tmp_path / "b")


def test_secrets_are_redacted_or_drop_the_file_or_stay(small, tmp_path):
    rows = [
        small.file("r", "a.py", small.PROGRAM + small.MAIL),
        small.file("r", "b.py", small.PROGRAM.replace("add", "plus") + "# none\n"),
    ]
    shown = {}
    for action in ("redact", "drop", "keep"):
        (tmp_path / action).mkdir()
        settings = replace(small.SETTINGS, secrets=Secrets(action=action), near=small.NO_NEAR)
        counts, out = small.build(rows, tmp_path / action, settings)
        kept = {r["path"]: r["content"] for r in documents.read(out / "documents").to_pylist()}
        shown[action] = (kept, counts["secrets"], documents.read(out / "verdicts").to_pylist())
        written = [str(documents.read(p).to_pylist()) for p in out.rglob("*.parquet")]
        assert any("someone.real" in table for table in written) == (action == "keep")
    assert "<EMAIL>" in shown["redact"][0]["a.py"] and len(shown["redact"][0]) == 2
    assert shown["redact"][1] == {"email": {"found": 1, "documents": 1}}
    verdict = shown["drop"][2][0]
    assert list(shown["drop"][0]) == ["b.py"] and shown["drop"][1] == shown["redact"][1]
    assert (verdict["stage"], verdict["rule"], verdict["value"]) == ("secrets", "secret", 1.0)
    assert verdict["detail"] == "email 1" and "someone.real" in shown["keep"][0]["a.py"]
    samples = documents.read(tmp_path / "drop" / "out" / "samples").to_pylist()
    assert not any("someone.real" in (row["text"] or "") for row in samples)
