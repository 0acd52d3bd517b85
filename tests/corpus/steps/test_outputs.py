"""What curation writes: signals, clusters, samples, and counts that add up."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from neve import documents
from neve.corpus import curate
from neve.corpus.signals import measurement
from neve.corpus.signals import table as signal_table
from neve.errors import Fault


def test_signals_and_clusters(small, corpus, built):
    """Oracle: signals measured at once over the files' own text."""
    out = built[1]
    kept = documents.read(out / "documents")
    rows = {(r["repo"], r["path"]): r for r in documents.read(out / "signals").to_pylist()}
    raw = {(r["repo"], r["path"]): r["content"] for r in corpus[0]}
    keys = list(zip(kept["repo"].to_pylist(), kept["path"].to_pylist(), strict=True))
    texts = pa.array([small.text_in(raw[key], key[1]) for key in keys], pa.large_binary())
    languages = ["Python" if name == "Jupyter Notebook" else name for name in kept["language"].to_pylist()]
    measured = measurement.measure(texts, pa.array(languages), kept["path"])
    for name in signal_table.NAMES:
        values = measured[name].to_pylist()
        got = [rows[k][name] for k in zip(kept["repo"].to_pylist(), kept["path"].to_pylist(), strict=True)]
        assert got == values
    assert rows["wide", "cells.ipynb"]["parse_error_share"] == 0.0
    encodings = {path: rows["wide", path]["encoding"] for path in ("latin.py", "utf16.py", "twice.py")}
    assert encodings == {"latin.py": "windows-1252", "utf16.py": "UTF-16", "twice.py": None}
    assert rows["odd", "broken.py"]["parse_error_share"] > 0
    assert ("odd", "ruby.rb") not in rows and ("odd", "small.py") in rows
    clusters = documents.read(out / "clusters").to_pylist()
    first = [c for c in clusters if c["component"] == 0]
    assert first[0]["kept"] and not any(c["kept"] for c in first[1:])
    assert all(c["kept_doc_id"] == first[0]["doc_id"] for c in first[1:])


def test_verdicts_of_the_files_are_counted(small, tmp_path):
    inputs = small.write_files([small.file("r", "a.py", small.PROGRAM)], tmp_path / "in")
    refused = {
        "source": "test",
        "repo": "r",
        "path": "big.py",
        "stage": "sources",
        "rule": "size",
        "value": 9.0,
    }
    table = pa.Table.from_pylist([refused], schema=documents.VERDICTS)
    documents.write(table, inputs / "verdicts", documents.VERDICTS)
    (tmp_path / "out").mkdir()
    counts = curate.build(small.SETTINGS, {"files": inputs}, tmp_path / "out")
    assert (counts["entering"], counts["documents"], counts["by_rule"]) == (2, 1, {"sources/size": 1})


def test_nothing_left_and_nothing_there(small, tmp_path):
    (tmp_path / "a").mkdir()
    counts, out = small.build([small.file("r", "a.py", "")], tmp_path / "a")
    assert counts["documents"] == 0 and documents.read(out / "documents").schema == documents.DOCUMENTS
    (tmp_path / "b").mkdir()
    with pytest.raises(Fault, match="no files to curate; name a source that holds some"):
        small.build([], tmp_path / "b")
    (tmp_path / "c").mkdir()
    with pytest.raises(Fault, match="no such rule"):
        small.build(
            [small.file("r", "a.py", small.PROGRAM)],
            tmp_path / "c",
            replace(small.SETTINGS, filters={"nope": 1}),
        )


def test_samples_show_what_each_rule_stopped(small, corpus, built):
    samples = documents.read(built[1] / "samples").to_pylist()
    rules = {(v["stage"], v["rule"]) for v in documents.read(built[1] / "verdicts").to_pylist()}
    assert {(s["stage"], s["rule"]) for s in samples} == rules
    by_path = {(s["repo"], s["path"]): s for s in samples}
    assert by_path["odd", "broken.py"]["text"].startswith("def add")
    assert by_path["odd", "latin.py"]["text"] is None
    near_copy = by_path["copies", "much/longer/near.py"]
    assert near_copy["kept_text"] == small.text_of(corpus[0], "jinja2==1", "filters.py")[:4000]
