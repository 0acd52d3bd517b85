"""The stand-alone commands on real packages in tables of other people's columns.

Oracle: brute force with `re` and sets for near duplicates, a plain dictionary for exact ones.
"""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve import documents
from neve.corpus.duplicates.body import bodies
from neve.recipe.file import corpus_alone
from neve.recipe.recipe import RecipeError
from neve.run import standalone

PACKAGES = ("jinja2", "h11")


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """Two packages as The Stack has them, with an exact copy and an edited copy of some files, and rows without a path."""
    rows = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None and spec.origin is not None
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("*.py")):
            text = path.read_text()
            name = path.relative_to(root).as_posix()
            rows.append((text, package, name))
            if len(rows) % 3 == 0:
                rows.append((text, f"copy-of-{package}", f"vendor/{name}"))
            if len(rows) % 4 == 0:
                rows.append((text.replace("self", "this", 2) + "\n# an edit\n", None, None))
    folder = tmp_path_factory.mktemp("tables")
    columns = ("content", "max_stars_repo_name", "max_stars_repo_path")
    made = pa.table({name: [row[i] for row in rows] for i, name in enumerate(columns)})
    made = made.append_column("hexsha", pa.array([hashlib.sha1(t.encode()).hexdigest() for t, *_ in rows]))
    pq.write_table(made.slice(0, 20), folder / "a.parquet")
    pq.write_table(made.slice(20), folder / "b.parquet")
    return folder


def neve(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neve.cli", *arguments], capture_output=True, text=True, timeout=300
    )


def grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))} if words else set()


def jaccard(a: str, b: str) -> float:
    one, other = grams(a), grams(b)
    return len(one & other) / len(one | other) if one and other else 0.0


def test_dedup_keeps_one_of_each(table, tmp_path) -> None:
    result = neve("dedup", str(table / "*.parquet"), "--out", str(tmp_path / "out"), "--json")
    assert result.returncode == 0, result.stderr
    counts = json.loads(result.stdout)
    given = pq.read_table(table)
    kept, gone = documents.read(tmp_path / "out" / "documents"), documents.read(tmp_path / "out" / "verdicts")
    assert counts["entering"] == given.num_rows == kept.num_rows + gone.num_rows
    texts = kept["content"].to_pylist()
    stopped = gone.filter(pa.compute.is_in(gone["rule"], pa.array(["exact-duplicate", "near-duplicate"])))
    assert set(gone["rule"].to_pylist()) <= {"exact-duplicate", "near-duplicate", "empty"}
    by_id = dict(zip(kept["doc_id"].to_pylist(), texts, strict=True))
    all_texts = {documents.doc_id(t.encode()): t for t in given["content"].to_pylist()}
    body = dict(zip(all_texts.values(), bodies(pa.array(list(all_texts.values()))).to_pylist(), strict=True))
    for row in stopped.to_pylist():
        mine, theirs = all_texts[row["doc_id"]], all_texts[row["kept_doc_id"]]
        if row["rule"] == "exact-duplicate":
            assert mine == theirs
        else:
            assert row["kept_doc_id"] in by_id and jaccard(body[mine], body[theirs]) == pytest.approx(
                row["value"]
            )
            assert row["value"] >= 0.7
    alike = [
        (i, j) for i in range(len(texts)) for j in range(i) if jaccard(body[texts[i]], body[texts[j]]) >= 0.85
    ]
    assert not alike, "what stays is alike"
    assert set(kept["source_id"].to_pylist()) <= set(given["hexsha"].to_pylist())
    again = neve("dedup", str(table / "*.parquet"), "--out", str(tmp_path / "out"), "--json")
    assert again.returncode == 0 and json.loads(again.stdout) == counts
    other = neve("dedup", str(table / "a.parquet"), "--out", str(tmp_path / "out"))
    assert other.returncode == 2 and "name another folder" in other.stderr


def test_curate_then_why(table, tmp_path) -> None:
    out = tmp_path / "out"
    result = neve(
        "curate", str(table), "--out", str(out), "--languages", "Python", "--set", "secrets.action=keep"
    )
    assert result.returncode == 0, result.stderr
    counts = json.loads((out / "counts.json").read_text())
    assert counts["documents"] == documents.read(out / "documents").num_rows > 10
    assert sum(counts["by_rule"].values()) + counts["documents"] == counts["entering"]
    assert (out / "index.html").exists() and not (out / ".work").exists() and counts["timings"]
    document = documents.read(out / "documents", ["repo", "path"]).to_pylist()[0]
    said = neve("why", str(out), f"{document['repo']}/{document['path']}")
    assert said.returncode == 0 and "nothing stopped it" in said.stdout
    verdict = documents.read(out / "verdicts").to_pylist()[0]
    said = neve("why", str(out), f"{verdict['repo']}/{verdict['path']}", "--json")
    assert json.loads(said.stdout)["verdict"]["rule"] == verdict["rule"]


def test_a_table_copied_gives_what_one_in_place_gives(table, tmp_path) -> None:
    """The way in does not matter: JSON lines of the same rows are copied, Parquet is read where it lies."""
    rows = pq.read_table(table).to_pylist()
    lines = tmp_path / "rows.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus = corpus_alone([{"kind": "table", "path": "x"}], {"languages": ["Python"], "licenses": "any"})
    standalone.run("curate", [str(table)], corpus, tmp_path / "in-place", 1, None)
    standalone.run("curate", [str(lines)], corpus, tmp_path / "copied", 1, None)
    for name in ("documents", "verdicts", "signals"):
        tables = [documents.read(tmp_path / way / name) for way in ("in-place", "copied")]
        digests = {
            documents.digest(
                t, ["repo", "path", "source_id"] if name == "documents" else ["repo", "path", "doc_id"]
            )
            for t in tables
        }
        assert len(digests) == 1, name


def test_overrides_are_checked() -> None:
    with pytest.raises(RecipeError, match="did you mean 'threshold'"):
        corpus_alone([{"kind": "table", "path": "x"}], {}, ["near.treshold=0.8"])
