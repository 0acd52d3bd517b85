"""Laws of the order: it depends on names and the seed alone."""

import random

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.ordering import grouping


@pytest.mark.parametrize("how", ["language-repository", "repository", "dependency"])
def test_order(how):
    """Oracle: every (language, repository), or repository, is one run of rows, by path inside; shuffling changes nothing.

    Without any import the order by dependency is that by language and repository."""
    rng = random.Random(3)
    rows = [
        {"language": rng.choice(["C", "Python"]), "repo": f"r{rng.randrange(9)}", "path": f"{i:03}", "source": "s", "doc_id": "d"}
        for i in range(200)
    ]  # fmt: skip
    table, none = pa.Table.from_pylist(rows), pa.array([[]] * len(rows), pa.list_(pa.string()))
    got = table.take(grouping.order(table, how, 7, none)).to_pylist()
    keys = [(r["language"], r["repo"]) if how != "repository" else r["repo"] for r in got]
    runs = [key for i, key in enumerate(keys) if i == 0 or keys[i - 1] != key]
    assert len(runs) == len(set(runs))
    assert all(
        a["path"] < b["path"] for a, b, k, m in zip(got, got[1:], keys, keys[1:], strict=False) if k == m
    )
    mixed = table.take(np.random.default_rng(0).permutation(len(rows)))
    assert mixed.take(grouping.order(mixed, how, 7, none)).to_pylist() == got
    assert table.take(grouping.order(table, how, 8, none)).to_pylist() != got
    if how != "repository":
        assert [r["language"] for r in got] == sorted(r["language"] for r in got)
        assert [k[1] for k in runs if k[0] == "C"] != sorted(k[1] for k in runs if k[0] == "C")


def test_order_by_dependency():
    """The same runs of (language, repository) as without it; inside, imports come first; it needs the imports."""
    files = [
        ("Python", "a", "main.py", ["util", "lib.core"]), ("Python", "a", "util.py", ["zed"]), ("Python", "a", "zed.py", []),
        ("Python", "a", "lib/core.py", []), ("C", "a", "x.c", ["y.h"]), ("C", "a", "y.h", []),
        ("Python", "b", "main.py", ["util"]), ("Python", "b", "util.py", []),
    ]  # fmt: skip
    rows = [{"language": f[0], "repo": f[1], "path": f[2], "source": "s", "doc_id": f[2]} for f in files]
    table, imports = pa.Table.from_pylist(rows), pa.array([f[3] for f in files])
    got = [files[i][:3] for i in grouping.order(table, "dependency", 7, imports)]
    by_path = [files[i][:3] for i in grouping.order(table, "language-repository", 7)]
    assert [f[:2] for f in got] == [f[:2] for f in by_path]
    assert [f[2] for f in got if f[:2] == ("Python", "a")] == ["lib/core.py", "zed.py", "util.py", "main.py"]
    assert [f[2] for f in got if f[0] == "C"] == ["y.h", "x.c"]
    with pytest.raises(ValueError, match="imports"):
        grouping.order(table, "dependency", 7)
