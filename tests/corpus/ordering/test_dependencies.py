"""Resolution against hand-made repositories and real packages; the order against a check of every edge."""

from __future__ import annotations

import ast
import random
import tarfile
import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import packages
from neve.corpus.ordering import dependencies
from neve.errors import Fault

LANGUAGES = {"py": "Python", "pyi": "Python", "ts": "TypeScript", "tsx": "TSX", "js": "JavaScript", "java": "Java",
             "go": "Go", "c": "C", "h": "C", "hpp": "C++", "cc": "C++"}  # fmt: skip


def table(files: dict[str, list[str]], repo: str = "octo/proj") -> tuple[pa.Table, pa.Array]:
    paths = list(files)
    columns = {
        "repo": [repo] * len(paths),
        "path": paths,
        "language": [LANGUAGES.get(path.rpartition(".")[2]) for path in paths],
        "doc_id": paths,
    }
    kinds = [pa.string()] * 4
    arrays = [pa.array(values, kind) for values, kind in zip(columns.values(), kinds, strict=True)]
    return pa.table(arrays, names=list(columns)), pa.array(list(files.values()), pa.list_(pa.string()))


def ordered(files: dict[str, list[str]]) -> list[str]:
    rows, imports = table(files)
    return [path for _, path in sorted(zip(dependencies.order(rows, imports).tolist(), files, strict=True))]


def resolved(importer: str, name: str, others: str) -> list[str]:
    """The files among `others` (in words) that `name` stands for in `importer`, those of a package one by one."""
    paths = sorted([*others.split(), importer])
    rows, imports = table({path: [name] if path == importer else [] for path in paths})
    repos = rows["repo"].combine_chunks().dictionary_encode()
    sources, targets, _ = dependencies._edges(rows.append_column("imports", imports), repos)
    after = {paths.index(importer)}
    for _ in range(2):  # a package, and its files
        after |= set(targets[np.isin(sources, list(after))].tolist())
    return sorted({paths[node] for node in after if node < len(paths)} - {importer})


CASES = [
    # Python: absolute, at any root that is no package; nearest first; submodule before package
    ("a.py", "lib.core", "lib/__init__.py lib/core.py", "lib/core.py"),
    ("a.py", "lib.core.f", "lib/__init__.py lib/core.py", "lib/core.py"),
    ("a.py", "lib.f", "lib/__init__.py lib/core.py", "lib/__init__.py"),
    ("a/t.py", "pkg.core", "src/pkg/__init__.py src/pkg/core.py", "src/pkg/core.py"),
    ("b/x/t.py", "util", "b/util.py c/util.py d/util.py", "b/util.py"),
    ("a.py", "json", "pkg/__init__.py pkg/json.py", ""),
    ("a.py", "json", "pkg/json.py", ""),
    ("p/a.py", "types", "p/types.py", "p/types.py"),
    ("a.py", "numpy.linalg", "b.py", ""),
    # Python: relative
    ("p/a.py", ".b", "p/__init__.py p/b.py b.py", "p/b.py"),
    ("p/a.py", ".b.f", "p/__init__.py p/b.py b.py", "p/b.py"),
    ("p/a.py", ".f", "p/b.py q/__init__.py", ""),
    ("p/a.py", ".", "p/z/__init__.py p/b.py", ""),
    ("p/a/t.py", "..b.f", "p/b/__init__.py p/c.py", "p/b/__init__.py"),
    ("p/a/t.py", "...b", "p/b.py b.py", "b.py"),
    ("a.py", "...b", "b.py", ""),
    ("p/a.py", ".b", "p/b.pyi p/c.py", "p/b.pyi"),
    # JavaScript and TypeScript
    ("a.ts", "./b", "b.ts b.js b/index.ts", "b.ts"),
    ("a.ts", "./b", "b/index.tsx c.ts", "b/index.tsx"),
    ("a.ts", "./b.js", "b.ts c.ts", "b.ts"),
    ("p/a.js", "../b", "b.js p/b.js", "b.js"),
    ("p/a.js", "./q/../r", "p/r.js r.js", "p/r.js"),
    ("a.js", "b", "b.js", ""),
    ("a.js", "../../b", "b.js", ""),
    # Java
    ("a/T.java", "com.x.Y", "src/com/x/Y.java src/com/x/Z.java", "src/com/x/Y.java"),
    ("a/T.java", "com.x.Y.Inner.method", "src/com/x/Y.java", "src/com/x/Y.java"),
    ("a/T.java", "com.x.*", "src/com/x/Y.java src/com/x/Z.java src/com/x/q/R.java", "src/com/x/Y.java src/com/x/Z.java"),
    ("a/T.java", "java.util.List", "src/com/util/Y.java", ""),
    ("b/m/T.java", "com.x.Y", "b/n/com/x/Y.java c/com/x/Y.java", "b/n/com/x/Y.java"),
    # Go
    ("a/main.go", "github.com/o/p/pkg/z", "pkg/z/a.go pkg/z/b.go pkg/z/a_test.go pkg/y/a.go", "pkg/z/a.go pkg/z/b.go"),
    ("a/main.go", "net/http", "http/x.go x/net/http/y.go", ""),
    ("a/main.go", "github.com/octo/proj/v2", "root.go x/y.go", "root.go"),
    ("a/main.go", "github.com/else/z", "m/z/a.go", ""),
    # C and C++
    ("a/x.c", "y.h", "b/y.h a/z.h", "b/y.h"),
    ("a/x.c", "../lib/y.h", "lib/y.h y.h", "lib/y.h"),
    ("a/x.c", "lib/y.h", "src/lib/y.h src/y.h", "src/lib/y.h"),
    ("a/x.c", "<lib/y.h>", "src/lib/y.h src/y.h", "src/lib/y.h"),
    ("a/x.c", "<string.h>", "compat/string.h", ""),
    ("a/x.c", "<proj.h>", "include/proj.h", "include/proj.h"),
    ("a/x.cc", "y.hpp", "b/y.hpp b/y.h", "b/y.hpp"),
]  # fmt: skip


@pytest.mark.parametrize(("importer", "name", "others", "expected"), CASES)
def test_resolution(importer, name, others, expected):
    assert resolved(importer, name, others) == expected.split()


def test_a_file_beside_hides_one_elsewhere():
    """`"y.h"` is the one beside the file; by path a/y.h would come after a/x.c, c/y.h stays where it is."""
    assert ordered({"a/x.c": ["y.h"], "a/y.h": [], "c/y.h": []}) == ["a/y.h", "a/x.c", "c/y.h"]


def test_circles_and_ties():
    """A circle is entered at its smallest path and stays together; what is ready goes by path."""
    files = {"a.py": ["b"], "b.py": ["c"], "c.py": ["a", "z"], "d.py": [], "e.md": [], "z.py": []}
    assert ordered(files) == ["d.py", "e.md", "z.py", "c.py", "b.py", "a.py"]


def test_repositories_are_apart():
    """The same names in two repositories: neither sees the other's files, and places start again."""
    one, first = table({"a.py": ["b"], "b.py": []}, "r1")
    two, second = table({"a.py": ["b"], "c.py": []}, "r2")
    both = pa.concat_tables([two, one])
    imports = pa.chunked_array([second, first])
    assert dependencies.order(both, imports).tolist() == [0, 1, 1, 0]
    nothing = dependencies.order(both.slice(0, 0), imports.slice(0, 0))
    assert nothing.dtype == np.int64 and len(nothing) == 0


parts = st.sampled_from(["a", "b", "c", "util"])
paths = st.lists(parts, min_size=1, max_size=4).map("/".join)


@settings(max_examples=80, deadline=None)
@given(
    st.sets(st.tuples(paths, st.sampled_from(["py", "ts", "java", "go", "h"])), min_size=1, max_size=25),
    st.data(),
)
def test_any_repository(files, data):
    """Whatever is imported: a permutation, and the same for any order of the rows."""
    name = st.text("./<>ab*cutil", max_size=9) | paths | paths.map(lambda p: p.replace("/", "."))
    listed = {f"{stem}.{end}": data.draw(st.lists(name, max_size=4)) for stem, end in sorted(files)}
    rows, imports = table(listed)
    got = dependencies.order(rows, imports)
    assert sorted(got.tolist()) == list(range(len(listed)))
    mixed = np.array(data.draw(st.permutations(range(len(listed)))))
    assert dependencies.order(rows.take(mixed), imports.take(pa.array(mixed))).tolist() == got[mixed].tolist()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 30), st.integers(0, 10_000))
def test_dependencies_come_first(n, seed):
    """Random acyclic imports under random names: each import precedes its importer."""
    rng = random.Random(seed)
    stems = [f"m{i}" for i in rng.sample(range(100), n)]
    uses = {stem: rng.sample(stems[:i], rng.randint(0, min(i, 4))) for i, stem in enumerate(stems)}
    order = ordered({f"{stem}.py": uses[stem] for stem in stems})
    for stem in stems:
        assert all(order.index(f"{used}.py") < order.index(f"{stem}.py") for used in uses[stem])


def test_two_hundred_thousand_files_in_one_repository(linear):
    """Deep folders, names that thousands of files share, packages imported by all."""
    dependencies.order(*table({"a.py": ["b"], "b.py": []}))
    tables = {size: table(shared_names(size)) for size in (100_000, 12_500)}

    def work(size: int) -> None:
        assert sorted(dependencies.order(*tables[size]).tolist()) == list(range(2 * size))

    linear(work, 100_000)


def shared_names(modules: int) -> dict[str, list[str]]:
    """What the files of a repository import, two a module."""
    rng = random.Random(1)
    listed: dict[str, list[str]] = {}
    for i in range(modules):
        folder = f"s{i % 40}/d{i % 1999}"
        listed[f"{folder}/f{i}.py"] = [
            "util",
            f"s{i % 7}.d{i % 1999}.util",
            f"f{rng.randrange(100_000)}",
            ".util",
        ]
        listed[f"{folder}/j{i}/util.{'py' if i % 2 else 'java'}"] = [f"a.b{i % 10}.*", "util", "util.Y"]
    return listed


ROOT = Path(__file__).parents[3]
REAL = [("requests", "src/"), ("flask", "src/"), ("networkx", "")]


@pytest.mark.parametrize(("project", "root"), REAL)
def test_real_packages(project, root):
    """Oracle: `ast` and the import rules of Python over a package's own files, circles by scipy.

    Every import between files that are not in one circle is respected, and of all imports more than by path.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    paths, texts = read_sdist(project)
    place = {path: i for i, path in enumerate(paths)}
    modules = {}
    for path in paths:
        if path.startswith(f"{root}{project}/") and path.endswith(".py"):
            modules[path[len(root) : -3].replace("/", ".").removesuffix(".__init__")] = path
    wanted = set()
    for module, path in modules.items():
        package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
        for name in asked(texts[place[path]], package):
            target = modules.get(name) or modules.get(name.rpartition(".")[0])
            if target and target != path:
                wanted.add((place[path], place[target]))
    rows, _ = table({key: [] for key in paths}, f"{project}==1")
    column = pa.array(texts, pa.large_string())
    imports = dependencies.imports(column, rows["language"].combine_chunks(), rows["path"].combine_chunks())
    got = dependencies.order(rows, imports)
    sources, targets = np.array(sorted(wanted)).T
    matrix = coo_matrix((np.ones(len(wanted)), (sources, targets)), shape=(len(paths), len(paths)))
    part = connected_components(matrix, connection="strong")[1]
    free = part[sources] != part[targets]
    respected = got[targets] < got[sources]
    by_path = np.argsort(np.argsort(paths))
    before = by_path[targets] < by_path[sources]
    print(
        f"{project}: {len(wanted)} edges, {free.sum()} outside circles, of these {respected[free].mean():.1%} respected, "
        f"of all {respected.mean():.1%}; by path {before[free].mean():.1%} and {before.mean():.1%}"
    )
    assert len(wanted) > 20 and free.sum() > 10
    assert respected[free].all()
    assert respected.mean() > before.mean()


def asked(text: str, package: str) -> list[str]:
    """Absolute names of all that a module of `package` imports, by `ast`."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            found += [base if alias.name == "*" else f"{base}.{alias.name}" for alias in node.names]
    return found


def read_sdist(project: str) -> tuple[list[str], list[str]]:
    """(paths, texts) of the pinned sdist of the quickstart recipe, in a shuffled order."""
    recipe = tomllib.loads((ROOT / "recipes" / "quickstart.toml").read_text())
    source = next(s for s in recipe["corpus"]["sources"] if s["name"] == project)
    try:
        file = packages.fetch(source["name"], source["version"], source["file"], source["sha256"])
    except Fault as error:
        pytest.skip(str(error))
    found = []
    with tarfile.open(file) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".py"):
                found.append((member.name.partition("/")[2], tar.extractfile(member).read().decode()))
    random.Random(0).shuffle(found)
    return [path for path, _ in found], [text for _, text in found]
