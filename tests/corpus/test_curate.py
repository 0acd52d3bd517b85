"""Curation end to end on real packages with planted troubles; the same on Ray, in any order and partitioning.

The files are those of pure Python packages that lie beside this interpreter, as the `files` stage would give them.
"""

import hashlib
import json
import pickle
import random
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.corpus.duplicates import near_duplicates
from neve.corpus.duplicates.body import bodies
from neve.corpus.secrets import redaction


def test_every_planted_file_gets_its_verdict(small, corpus, built):
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
        small.text_of(corpus[0], *key)
        for key in [("copies", "much/longer/near.py"), ("jinja2==1", "filters.py")]
    ]
    shown = bodies(pa.array(texts, pa.large_string())).to_pylist()
    assert alike["value"] == pytest.approx(near_duplicates.jaccard(*shown)) and alike["limit"] == 0.7


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


def test_documents(small, corpus, built):
    """Oracles: hashlib over the raw file for doc_id, the raw file redacted for the text; each repository is one run."""
    kept = documents.read(built[1] / "documents")
    assert kept.schema == documents.DOCUMENTS
    rows = kept.to_pylist()
    raw = {(r["repo"], r["path"]): r["content"] for r in corpus[0]}
    redacted = 0
    for row in rows:
        text, whole = row["content"], small.text_in(raw[row["repo"], row["path"]], row["path"])
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


def test_order_and_partitions_are_of_no_account(small, corpus, built, tmp_path):
    """Seven files of shuffled rows give the digests, and the very order, of one file of sorted rows."""
    rows = random.Random(4).sample(corpus[0], len(corpus[0]))
    counts, out = small.build(rows, tmp_path, parts=7)
    assert counts == built[0]
    assert small.digests(out) == small.digests(built[1])
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


def test_ray_equals_native(small, corpus, built, tmp_path):
    """A local Ray cluster of two workers, given shuffled rows in seven files, ends with native's digests."""
    pytest.importorskip("ray")
    rows = random.Random(5).sample(corpus[0], len(corpus[0]))
    files = small.write_files(rows, tmp_path / "in", parts=7)
    (tmp_path / "out").mkdir()
    command = [
        sys.executable,
        "-c",
        ON_RAY,
        pickle.dumps(small.SETTINGS).hex(),
        str(files),
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1]) == built[0]
    assert small.digests(tmp_path / "out") == small.digests(built[1])
    assert documents.read(tmp_path / "out" / "documents").equals(documents.read(built[1] / "documents"))
