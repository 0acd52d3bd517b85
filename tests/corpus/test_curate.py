"""Curation end to end on real packages with planted troubles; the same on Ray, in any order and partitioning.

The files are those of pure Python packages that lie beside this interpreter, as the `files` stage would give them.
"""

import gzip
import hashlib
import importlib.util
import json
import pickle
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents, engine
from neve.corpus import curate, notebooks
from neve.corpus.duplicates import near_duplicates
from neve.corpus.secrets import redaction
from neve.corpus.settings import Settings
from neve.corpus.signals import measurement
from neve.corpus.signals import table as signal_table
from neve.corpus.text import decode
from neve.errors import Fault
from neve.recipe.recipe import BenchmarkFile, Corpus, Decontaminate, Grouping, Near, Secrets
from neve.settings import pick

PACKAGES = ("jinja2", "httpx", "typer", "h11")
CORPUS = Corpus(
    sources=[{"kind": "directory", "path": "x"}],
    languages=["Python", "C", "Jupyter Notebook"],
    licenses="permissive",
    heldout_share=0.2,
)
SETTINGS = pick(Settings, CORPUS, exclude_repos=["exemplar==2.0"], data=None, seed=1)
NO_NEAR = Near(enabled=False)
PROGRAM = """def add(first, second):
    '''Sum of two numbers, for the tests of curation.'''
    total = first
    while second > 0:
        total, second = total + 1, second - 1
    while second < 0:
        total, second = total - 1, second + 1
    return total
"""
GIVEN = """int clamp(int value, int low, int high) {
    if (value < low) return low; /* given */
    while (value > high) value -= 1;
    return value;
}
"""
RUBY = """words = STDIN.read.split
counts = Hash.new(0)
words.each { |word| counts[word.downcase] += 1 }
counts.sort_by { |word, n| [-n, word] }.each do |word, n|
  puts "#{word}: #{n}" if n > 1
end
"""


def other(name: str) -> str:
    """A program of the same length, all its names other ones."""
    return re.sub(r"\b(add|first|second|total)\b", rf"\1_{name}", PROGRAM)


NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["# Sums\n", "of two numbers"]},
            {
                "cell_type": "code",
                "source": ["%time sums\n", other("cell")],
                "outputs": [{"data": "iVBOR" * 999}],
            },
        ]
    }
)
PROSE = """Some words of prose, which nobody would take for a program,
since they only say that a document without a language is text;
a second sentence makes it long enough for every rule.
"""


def file(
    repo: str, path: str, content: bytes | str, license: str | None = "MIT", language: str | None = None
) -> dict:
    raw = content.encode() if isinstance(content, str) else content
    row = {"source": "test", "repo": repo, "path": path, "language": language, "license": license}
    return {**row, "license_path": None, "source_id": None, "size": len(raw), "content": raw}


def real_files() -> list[dict]:
    rows = []
    for package in PACKAGES:
        found = importlib.util.find_spec(package)
        assert found is not None and found.origin is not None
        root = Path(found.origin).parent
        rows += [
            file(f"{package}==1", str(p.relative_to(root)), p.read_bytes())
            for p in sorted(root.rglob("*.py"))
        ]
    return rows


def text_in(raw: bytes, path: str) -> bytes:
    """What curation reads in a file."""
    text, _ = decode(raw)
    return notebooks.script(text.decode())[0].encode() if path.endswith(".ipynb") else text


def text_of(rows: list[dict], repo: str, path: str) -> str:
    return next(r["content"].decode() for r in rows if (r["repo"], r["path"]) == (repo, path))


def planted(rows: list[dict]) -> dict[tuple[str, str], str]:
    """Add files with troubles to `rows`; gives back the verdict ("stage/rule") that each must get."""
    filters = text_of(rows, "jinja2==1", "filters.py")
    lines = filters.splitlines(keepends=True)
    utf16 = "\ufeff" + PROGRAM.replace("add", "plus").replace("tests", "UTF-16 tests é")
    latin = other("lay") + "# Größe\n"
    trouble = {
        ("copies", "a/longer/path.py"): (file("copies", "a/longer/path.py", filters), "exact/exact-duplicate"),
        ("copies", "f.py"): (file("copies", "f.py", filters, license=None), "exact/exact-duplicate"),
        ("copies", "much/longer/near.py"): (
            file("copies", "much/longer/near.py", "".join([*lines[:40], "# one line more\n", *lines[40:]])),
            "near/near-duplicate",
        ),
        ("odd", "broken.py"): (file("odd", "broken.py", PROGRAM + "def broken(:\n    return second pass\n"), "syntax/syntax"),
        ("odd", "ruby.rb"): (file("odd", "ruby.rb", RUBY), "languages/language"),
        ("odd", "unknown.zzz"): (file("odd", "unknown.zzz", PROSE), "languages/language"),
        ("odd", "gpl.py"): (file("odd", "gpl.py", PROGRAM + "# x\n", license="GPL-3.0-only"), "licenses/license"),
        ("odd", "none.py"): (file("odd", "none.py", PROGRAM + "# y\n", license=None), "licenses/license"),
        ("odd", "latin.py"): (file("odd", "latin.py", b"# caf\xe9\1\2\3\n" * 20), "curate/undecodable"),
        ("odd", "nul.py"): (file("odd", "nul.py", PROGRAM + "\0" * 50), "curate/binary"),
        ("odd", "cut.ipynb"): (file("odd", "cut.ipynb", '{"cells": ['), "curate/broken-notebook"),
        ("odd", "none.ipynb"): (file("odd", "none.ipynb", '{"cells": []}'), "curate/empty"),
        ("odd", "empty.py"): (file("odd", "empty.py", ""), "curate/empty"),
        ("odd", "small.py"): (file("odd", "small.py", "x = 1\n"), "filters/size"),
        ("odd", "made.py"): (file("odd", "made.py", "# Code generated by x. DO NOT EDIT.\n" + PROGRAM), "filters/generated"),
        ("exemplar==1.9", "good.py"): (file("exemplar==1.9", "good.py", PROGRAM + "# good\n"), "curate/exemplar"),
        ("wide", "utf16.py"): (file("wide", "utf16.py", utf16.encode("utf-16-le")), None),
        ("wide", "latin.py"): (file("wide", "latin.py", latin.encode("latin-1")), None),
        ("wide", "stray.py"): (file("wide", "stray.py", other("stray") + "MARK = '\0 here'\n"), None),
        ("wide", "cells.ipynb"): (file("wide", "cells.ipynb", NOTEBOOK), None),
        ("wide", "given.h"): (file("wide", "given.h", GIVEN, language="c"), None),
    }  # fmt: skip
    rows += [row for row, _ in trouble.values()]
    twice = file("wide", "twice.py", PROGRAM.replace("add", "twice_over") + "# the same row, two times\n")
    rows += [twice, dict(twice)]
    return {key: verdict for key, (_, verdict) in trouble.items() if verdict}


def write_files(rows: list[dict], folder: Path, parts: int = 1) -> Path:
    table = pa.Table.from_pylist(rows, schema=documents.FILES)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.json").write_text("[]")
    for part in range(parts):
        documents.write(table.slice(part * len(rows) // parts, (part + 1) * len(rows) // parts - part * len(rows) // parts),
                        folder / f"p{part}", documents.FILES)  # fmt: skip
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / f"p{part}" / "part-00000.parquet").rename(folder / "files" / f"part-{part:05}.parquet")
    return folder


def build(rows: list[dict], folder: Path, settings: Settings = SETTINGS, parts: int = 1) -> tuple[dict, Path]:
    inputs = {"files": write_files(rows, folder / "in", parts)}
    (folder / "out").mkdir()
    return curate.build(settings, inputs, folder / "out"), folder / "out"


@pytest.fixture(scope="module")
def corpus() -> tuple[list[dict], dict[tuple[str, str], str]]:
    rows = real_files()
    expected = planted(rows)
    return rows, expected


@pytest.fixture(scope="module")
def built(corpus, tmp_path_factory) -> tuple[dict, Path]:
    return build(corpus[0], tmp_path_factory.mktemp("curated"))


def test_every_planted_file_gets_its_verdict(corpus, built):
    verdicts = documents.read(built[1] / "verdicts").to_pylist()
    got = {(v["repo"], v["path"]): f"{v['stage']}/{v['rule']}" for v in verdicts}
    assert {key: got.get(key) for key in corpus[1]} == corpus[1]
    named = {(v["repo"], v["path"]): v for v in verdicts}
    assert named["odd", "ruby.rb"]["detail"] == "Ruby" and named["odd", "unknown.zzz"]["detail"] is None
    assert named["odd", "latin.py"]["doc_id"] is None
    for path in ("a/longer/path.py", "f.py", "much/longer/near.py"):
        assert (named["copies", path]["kept_repo"], named["copies", path]["kept_path"]) == (
            "jinja2==1",
            "filters.py",
        )
    alike = named["copies", "much/longer/near.py"]
    texts = [
        text_of(corpus[0], *key) for key in [("copies", "much/longer/near.py"), ("jinja2==1", "filters.py")]
    ]
    assert alike["value"] == pytest.approx(near_duplicates.jaccard(*texts)) and alike["limit"] == 0.7


def test_what_enters_leaves(corpus, built):
    """Oracle: the rows of the three tables, counted and compared by key."""
    counts, out = built
    kept, gone = documents.read(out / "documents"), documents.read(out / "verdicts")
    assert counts["entering"] == len(corpus[0]) == kept.num_rows + gone.num_rows
    assert counts["documents"] == kept.num_rows and counts["bytes"] == pc.sum(kept["size"]).as_py()
    assert sum(counts["by_rule"].values()) == gone.num_rows
    assert sum(n for n, _ in counts["by_language"].values()) == kept.num_rows
    keys = sorted((r["repo"], r["path"]) for r in kept.to_pylist() + gone.to_pylist())
    assert keys == sorted((r["repo"], r["path"]) for r in corpus[0])
    assert gone.schema == documents.VERDICTS and not (out / "scratch").exists()
    at = [(r["repo"], r["path"]) for r in gone.to_pylist()]
    assert at == sorted(at)


def test_documents(corpus, built):
    """Oracles: hashlib over the raw file for doc_id, the raw file redacted for the text; each repository is one run."""
    kept = documents.read(built[1] / "documents")
    assert kept.schema == documents.DOCUMENTS
    rows = kept.to_pylist()
    raw = {(r["repo"], r["path"]): r["content"] for r in corpus[0]}
    redacted = 0
    for row in rows:
        text, whole = row["content"], text_in(raw[row["repo"], row["path"]], row["path"])
        assert row["doc_id"] == hashlib.sha256(whole).hexdigest()[:32] and row["size"] == len(text.encode())
        assert text == redaction.redact(pa.array([whole.decode()], pa.large_string()))[0][0].as_py()
        redacted += text.encode() != whole
    assert built[0]["secrets"] and 0 < redacted <= sum(k["documents"] for k in built[0]["secrets"].values())
    wide = {r["path"]: r for r in rows if r["repo"] == "wide"}
    assert sorted(wide) == ["cells.ipynb", "given.h", "latin.py", "stray.py", "twice.py", "utf16.py"]
    assert "Größe" in wide["latin.py"]["content"] and "'\0 here'" in wide["stray.py"]["content"]
    assert (
        wide["cells.ipynb"]["language"] == "Jupyter Notebook"
        and "iVBOR" not in wide["cells.ipynb"]["content"]
    )
    assert (
        "# # Sums\n# of two numbers" in wide["cells.ipynb"]["content"]
        and "\ndef add_cell(" in wide["cells.ipynb"]["content"]
    )
    assert wide["utf16.py"]["content"].startswith("def plus") and "é" in wide["utf16.py"]["content"]
    assert wide["given.h"]["language"] == "C"
    assert [r["language"] for r in rows] == sorted(r["language"] for r in rows)
    groups = [(r["language"], r["repo"]) for r in rows]
    runs = [g for i, g in enumerate(groups) if not i or groups[i - 1] != g]
    assert len(runs) == len(set(runs))
    sides = {r["repo"]: {s["split"] for s in rows if s["repo"] == r["repo"]} for r in rows}
    assert all(len(side) == 1 for side in sides.values())
    assert {"heldout"} in sides.values() and {"train"} in sides.values()


def test_signals_and_clusters(corpus, built):
    """Oracle: signals measured at once over the files' own text."""
    out = built[1]
    kept = documents.read(out / "documents")
    rows = {(r["repo"], r["path"]): r for r in documents.read(out / "signals").to_pylist()}
    raw = {(r["repo"], r["path"]): r["content"] for r in corpus[0]}
    keys = list(zip(kept["repo"].to_pylist(), kept["path"].to_pylist(), strict=True))
    texts = pa.array([text_in(raw[key], key[1]) for key in keys], pa.large_binary())
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


def test_near_duplicates_of_held_out_documents_leave_train(tmp_path):
    """Two repositories with alike files: whichever is held out, its file stays and the other's goes."""
    alike = [text_of(real_files(), "h11==1", "_events.py") + f"# {i}\n" for i in range(2)]
    rows = [file("one", "a.py", alike[0]), file("two", "a/much/longer/path.py", alike[1])]
    for seed in range(4):
        (tmp_path / str(seed)).mkdir()
        _, out = build(rows, tmp_path / str(seed), replace(SETTINGS, seed=seed))
        assert documents.read(out / "documents")["split"].to_pylist() == ["heldout"]


def test_the_split_is_drawn_among_what_parses(tmp_path):
    """A family whose only file does not parse is never the one that is held out, whatever the seed."""
    rows = [
        file("broken", "a.py", other("broken") + "def broken(:\n"),
        file("one", "a.py", other("one")),
        file("two", "a.py", other("two")),
    ]
    for seed in range(4):
        (tmp_path / str(seed)).mkdir()
        counts, out = build(rows, tmp_path / str(seed), replace(SETTINGS, seed=seed))
        assert sorted(documents.read(out / "documents")["split"].to_pylist()) == ["heldout", "train"]
        assert counts["heldout"] == 1


def test_no_document_falls_for_one_that_falls_later(tmp_path):
    """The copy with a refused licence, and the near duplicate that does not parse, come first in keeper order."""
    program = text_of(real_files(), "h11==1", "_events.py")
    rows = [
        file("one", "a.py", PROGRAM, license="GPL-3.0-only"),
        file("two", "a/longer/path.py", PROGRAM),
        file("one", "b.py", program + "def broken(:\n"),
        file("two", "b/longer/path.py", program),
    ]
    _, out = build(rows, tmp_path, replace(SETTINGS, heldout_share=0.0))
    assert sorted(documents.read(out / "documents")["path"].to_pylist()) == [
        "a/longer/path.py",
        "b/longer/path.py",
    ]
    got = {v["path"]: v["rule"] for v in documents.read(out / "verdicts").to_pylist()}
    assert got == {"a.py": "exact-duplicate", "b.py": "syntax"}


def test_any_language(tmp_path):
    rows = [
        file("r", "a.rb", RUBY),
        file("r", "b.zzz", PROSE),
    ]
    counts, _ = build(rows, tmp_path, replace(SETTINGS, languages=[]))
    assert {name: n for name, (n, _) in counts["by_language"].items()} == {"Ruby": 1, "Text": 1}


def test_benchmark_text_is_contaminated(tmp_path, benchmark_files):
    with gzip.open(benchmark_files / "HumanEval.jsonl.gz", "rt") as lines:
        task = json.loads(next(lines))
    rows = [file("r", "a.py", task["prompt"] + task["canonical_solution"]), file("r", "b.py", PROGRAM)]
    _, out = build(rows, tmp_path)
    verdict = documents.read(out / "verdicts").to_pylist()
    assert [(v["path"], v["stage"], v["rule"]) for v in verdict] == [
        ("a.py", "decontaminate", "contaminated")
    ]
    assert verdict[0]["value"] >= 0.5 and verdict[0]["limit"] == 0.5 and "HumanEval/0" in verdict[0]["detail"]


def test_one_bad_file_does_not_take_its_batch_down(tmp_path, monkeypatch):
    """A kernel that fails on one text loses that file alone, and the run when it may lose none."""
    measure = measurement.measure

    def fails(texts, *more):
        if any("POISON" in text for text in texts.to_pylist()):
            raise ValueError("poisoned")
        return measure(texts, *more)

    monkeypatch.setattr(measurement, "measure", fails)
    rows = [file("r", f"{i}.py", PROGRAM.replace("add", f"add_{i}")) for i in range(20)]
    rows[7] = file("r", "7.py", PROGRAM + "# POISON\n")
    (tmp_path / "a").mkdir()
    counts, out = build(
        rows,
        tmp_path / "a",
        replace(SETTINGS, quarantine_limit=0.1, near=NO_NEAR),
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
        build(rows, tmp_path / "b")


def test_verdicts_of_the_files_are_counted(tmp_path):
    inputs = write_files([file("r", "a.py", PROGRAM)], tmp_path / "in")
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
    counts = curate.build(SETTINGS, {"files": inputs}, tmp_path / "out")
    assert (counts["entering"], counts["documents"], counts["by_rule"]) == (2, 1, {"sources/size": 1})


def test_nothing_left_and_nothing_there(tmp_path):
    (tmp_path / "a").mkdir()
    counts, out = build([file("r", "a.py", "")], tmp_path / "a")
    assert counts["documents"] == 0 and documents.read(out / "documents").schema == documents.DOCUMENTS
    (tmp_path / "b").mkdir()
    with pytest.raises(Fault, match="no files to curate"):
        build([], tmp_path / "b")
    (tmp_path / "c").mkdir()
    with pytest.raises(Fault, match="no such rule"):
        build([file("r", "a.py", PROGRAM)], tmp_path / "c", replace(SETTINGS, filters={"nope": 1}))


def digests(out: Path) -> dict[str, str]:
    keys = ["repo", "path", "source", "doc_id"]
    return {
        name: documents.digest(documents.read(out / name), keys)
        for name in ("documents", "verdicts", "signals", "samples")
    }


def test_order_and_partitions_are_of_no_account(corpus, built, tmp_path):
    """Seven files of shuffled rows give the digests, and the very order, of one file of sorted rows."""
    rows = random.Random(4).sample(corpus[0], len(corpus[0]))
    counts, out = build(rows, tmp_path, parts=7)
    assert counts == built[0]
    assert digests(out) == digests(built[1])
    assert documents.read(out / "documents").equals(documents.read(built[1] / "documents"))
    assert documents.read(out / "clusters").equals(documents.read(built[1] / "clusters"))


ON_RAY = """
import json, pickle, sys
from pathlib import Path
from ray.cluster_utils import Cluster
from neve import engine
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
cluster.add_node(num_cpus=1)
engine.use("ray", cluster.address)
from neve.corpus import curate, notebooks
settings, files, out = pickle.loads(bytes.fromhex(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
import daft.runners, ray
assert daft.runners.get_or_infer_runner_type() == "ray"
assert len([n for n in ray.nodes() if n["Alive"]]) == 2
print(json.dumps(curate.build(settings, {"files": files}, out)))
ray.shutdown()
cluster.shutdown()
"""


def test_ray_equals_native(corpus, built, tmp_path):
    """A local Ray cluster of two workers, given shuffled rows in seven files, ends with native's digests."""
    pytest.importorskip("ray")
    rows = random.Random(5).sample(corpus[0], len(corpus[0]))
    files = write_files(rows, tmp_path / "in", parts=7)
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", ON_RAY, pickle.dumps(SETTINGS).hex(), str(files), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1]) == built[0]
    assert digests(tmp_path / "out") == digests(built[1])
    assert documents.read(tmp_path / "out" / "documents").equals(documents.read(built[1] / "documents"))


MAIL = '# ask "someone.real" + "@" + "firm.io"\n'.replace('" + "', "").replace('"', "")


def test_secrets_are_redacted_or_drop_the_file_or_stay(tmp_path):
    rows = [file("r", "a.py", PROGRAM + MAIL), file("r", "b.py", PROGRAM.replace("add", "plus") + "# none\n")]
    shown = {}
    for action in ("redact", "drop", "keep"):
        (tmp_path / action).mkdir()
        settings = replace(SETTINGS, secrets=Secrets(action=action), near=NO_NEAR)
        counts, out = build(rows, tmp_path / action, settings)
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


def test_samples_show_what_each_rule_stopped(corpus, built):
    samples = documents.read(built[1] / "samples").to_pylist()
    rules = {(v["stage"], v["rule"]) for v in documents.read(built[1] / "verdicts").to_pylist()}
    assert {(s["stage"], s["rule"]) for s in samples} == rules
    by_path = {(s["repo"], s["path"]): s for s in samples}
    assert by_path["odd", "broken.py"]["text"].startswith("def add")
    assert by_path["odd", "latin.py"]["text"] is None
    near_copy = by_path["copies", "much/longer/near.py"]
    assert near_copy["kept_text"] == text_of(corpus[0], "jinja2==1", "filters.py")[:4000]


def test_a_file_of_many_faults_has_the_verdict_of_the_first_stage_it_meets(tmp_path):
    """Each file has its stage's fault and those of all later stages; the report's funnel goes by documents.STAGES."""
    task = text_of(real_files(), "h11==1", "_readers.py")
    (tmp_path / "own.jsonl").write_text(json.dumps({"prompt": task, "solution": task}) + "\n")
    own = BenchmarkFile(name="own", path=str(tmp_path / "own.jsonl"), prompt="prompt", solution="solution")
    long = text_of(real_files(), "h11==1", "_connection.py")
    generated, broken = "# Code generated by x. DO NOT EDIT.\n", "def broken(:\n    return second pass\n"
    faulty = generated + task + long + broken + MAIL
    rows = [
        file("exemplar==2", "a.rb", faulty, license="GPL-3.0-only"),
        file("odd", "b.rb", faulty, license="GPL-3.0-only"),
        file("odd", "c/longer.py", faulty, license="GPL-3.0-only"),
        file("odd", "d.py", faulty, license="GPL-3.0-only"),
        file("odd", "e.py", faulty + "# e\n"),
        file("odd", "f.py", task + long + broken + MAIL),
        file("odd", "g.py", long + broken + MAIL),
        file("odd", "h/longer.py", long + MAIL),
        file("odd", "i.py", PROGRAM + MAIL),
        file("odd", "j.py", long),
    ]
    clean = Decontaminate(benchmarks=[], files=[own])
    settings = replace(SETTINGS, heldout_share=0.0, secrets=Secrets(action="drop"), decontaminate=clean)
    _, out = build(rows, tmp_path, settings)
    assert documents.read(out / "documents")["path"].to_pylist() == ["j.py"]
    verdicts = documents.read(out / "verdicts").sort_by("path").to_pylist()
    assert ["sources", *(v["stage"] for v in verdicts)] == list(documents.STAGES)


def test_order_by_dependency(tmp_path):
    """What is imported comes first, though its path is last; oracle: the imports as written below."""
    rows = [
        file("r", "a.py", "import zebra\nimport m.middle\n" + PROGRAM),
        file("r", "m/middle.py", "import zebra\n" + PROGRAM.replace("add", "middle_of") + "# a line more\n"),
        file("r", "zebra.py", PROGRAM.replace("add", "zebra") + "# no imports\n"),
    ]
    alone = replace(SETTINGS, near=NO_NEAR)
    for order, paths in (
        ("dependency", ["zebra.py", "m/middle.py", "a.py"]),
        ("language-repository", ["a.py", "m/middle.py", "zebra.py"]),
    ):
        (tmp_path / order).mkdir()
        _, out = build(rows, tmp_path / order, replace(alone, grouping=Grouping(order=order)))
        assert documents.read(out / "documents")["path"].to_pylist() == paths


def test_a_killed_curation_goes_on_behind_its_last_pass(corpus, built, tmp_path, monkeypatch):
    """Stopped at every pass in turn, then finished: the same tables; what was saved is not computed again."""
    inputs = {"files": write_files(corpus[0], tmp_path / "in")}
    out = tmp_path / "out"
    out.mkdir()
    save, done = engine.save, []
    allowed = 1

    def dies(*arguments, **more):
        if len(done) >= allowed:
            raise KeyboardInterrupt
        done.append(arguments[1].name)
        return save(*arguments, **more)

    monkeypatch.setattr(engine, "save", dies)
    for _ in range(20):
        try:
            curate.build(SETTINGS, inputs, out)
            break
        except KeyboardInterrupt:
            allowed += 1
    assert len(done) == len(set(done)) >= 5
    assert digests(out) == digests(built[1])
