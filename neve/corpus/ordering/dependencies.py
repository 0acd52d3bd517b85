"""An order of each repository's files in which dependencies come before the files that use them.

A language model that reads a repository in such an order has seen what a file builds on before it reads the
file (DeepSeek-Coder, arXiv 2401.14196, section 2.2). `imports` gives the names that files import; `order`
finds the files that these names mean, and sorts.

Names are resolved by paths alone, as each language would resolve them in an ordinary build. The trade-off:
no build file is read. Where a name may mean several files, the nearest wins: the one that shares most
folders with the importer, then the one in the fewest folders, then the first path. A name that means no file
belongs to somebody else's package.

- Python: relative names from the file's package; absolute ones from any folder that is no package itself
  (`src`), a submodule before a member of its package; the standard library's only where a folder above
  shadows it.
- JavaScript: relative paths, with the usual endings, `index` files, and `.js` that means `.ts`.
- Java: com.x.Y at any …/com/x/Y.java; members and nested classes by their class; com.x.* is the whole
  package.
- Go: the longest end of the path that is the end of a folder with Go files; all of these but the tests.
- C, C++: beside the file, else any path with that end; <x.h> without a folder only in include folders.

Files that depend on each other in a circle count as one; of those that are ready the smallest path goes
first (Kahn's algorithm with a heap, over Tarjan's components). A circle is entered at its smallest path and
walked depth first, so that only edges back into the current path are broken. Everything but the sorting
takes linear time.
"""

from __future__ import annotations

import posixpath
import re
import sys
from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.ordering import topology
from neve.corpus.ordering.imports import GO, JAVA, JAVASCRIPT, PYTHON, C, families, imports

__all__ = ["imports", "order"]

SCRIPTS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
INCLUDE_FOLDERS = ("", "include", "inc", "src")
GO_STANDARD = frozenset([
    "archive", "arena", "bufio", "builtin", "bytes", "cmp", "compress", "container", "context", "crypto", "database",
    "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal",
    "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices",
    "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe",
    "weak",
])  # fmt: skip


def order(table: pa.Table, imports: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Place (int64 [n], from 0) of each row within its repository: dependencies first, circles broken by
    path.

    `table`: columns repo, path, language, doc_id, a row for each file. `imports`: list<string>, the rows'
    imports. The result does not depend on the order of rows.
    """
    keys = ["repo", "path", "doc_id"]
    rows = pc.sort_indices(table.select(keys), sort_keys=[(key, "ascending") for key in keys])
    table = table.select(["repo", "path", "language"]).append_column("imports", imports).take(rows)
    table = table.combine_chunks()
    repos = table["repo"].combine_chunks().dictionary_encode()
    sources, targets, nodes = _edges(table, repos)
    ranked = topology.sort(len(rows), nodes, sources, targets)
    sizes = np.bincount(repos.indices.to_numpy(), minlength=len(repos.dictionary))
    place = np.empty(len(rows), np.int64)
    place[rows.to_numpy()[ranked]] = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place


# --- from names to files


def _edges(table: pa.Table, repos: pa.DictionaryArray) -> tuple[np.ndarray, np.ndarray, int]:
    """(sources, targets, number of nodes) of the edges from files to what they import, for rows sorted by
    repo, path.

    A node is a row; those after the rows are packages, with an edge to each of their files. Names are looked
    up in a Python loop over the distinct (repository, folder, name): a few µs each, since five languages'
    rules as joins over all folders would neither be readable nor touch less.
    """
    paths = table["path"].combine_chunks().cast(pa.string())
    kinds = families(table["language"].combine_chunks(), paths)
    lists = table["imports"].combine_chunks()
    names = lists.flatten().dictionary_encode()
    folders = pc.replace_substring_regex(paths, r"(?s)[^/]*$", "").dictionary_encode()
    importer = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    repo_of = repos.indices.to_numpy().astype(np.int64)
    asked = (repo_of, kinds, names.indices.to_numpy(), folders.indices.to_numpy())
    asked = asked[0][importer], asked[1][importer], asked[2], asked[3][importer]
    questions, which = _distinct(asked)
    firsts = np.searchsorted(repo_of, np.arange(len(repos.dictionary) + 1))
    spots = np.searchsorted(questions[0], np.arange(len(repos.dictionary) + 1))
    all_paths, all_kinds, all_repos = paths.to_pylist(), kinds.tolist(), repos.dictionary.to_pylist()
    all_names, all_folders = names.dictionary.to_pylist(), folders.dictionary.to_pylist()
    found, packages, nodes = np.full(len(questions[0]), -1, np.int64), [], len(table)
    for repo in np.unique(questions[0]).tolist():
        rows, here = slice(firsts[repo], firsts[repo + 1]), slice(spots[repo], spots[repo + 1])
        tree = _Repository(all_repos[repo], all_paths[rows], all_kinds[rows], rows.start, nodes)
        mine = zip(*(column[here].tolist() for column in questions[1:]), strict=True)
        found[here] = [tree.find(kind, all_names[name], all_folders[place]) for kind, name, place in mine]
        nodes = tree.nodes
        packages += tree.edges
    target = found[which]
    known = (target >= 0) & (target != importer)
    inner = np.array(packages, np.int64).reshape(-1, 2)
    return np.r_[importer[known], inner[:, 0]], np.r_[target[known], inner[:, 1]], nodes


def _distinct(columns: tuple[np.ndarray, ...]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """(the distinct rows of some columns, sorted; which of them each row is)."""
    perm = np.lexsort(columns[::-1])
    new = np.zeros(len(perm), bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[perm][1:] != column[perm][:-1]
    which = np.empty(len(perm), np.int64)
    which[perm] = np.cumsum(new) - 1
    return tuple(column[perm][new] for column in columns), which


class _Repository:
    """One repository's files, to be found by path or by the end of a path.

    `paths` are sorted and numbered from `first`; packages, as importing one is met, from `nodes` on, and
    `edges` lead from these to their files. What ends in given names is found by bisection among the paths
    turned round.
    """

    def __init__(self, name: str, paths: list[str], kinds: list[int], first: int, nodes: int):
        self.name = name.partition("==")[0].rpartition("/")[2]
        self.paths, self.kinds, self.nodes = paths, kinds, nodes
        self.files = {path: first + place for place, path in reversed(list(enumerate(paths)))}
        self.edges: list[tuple[int, int]] = []
        self.packages = {_folder(path) for path in paths if path.endswith(("/__init__.py", "/__init__.pyi"))}
        self.ends: dict[int, tuple[list[str], list[str]]] = {}
        self.found: dict[tuple[int, str], list[str]] = {}
        self.best: dict[tuple[int, str, str], str] = {}
        self.numbers: dict[str, int] = {}
        self.members: dict[str, list[str]] = {}

    def find(self, kind: int, name: str, home: str) -> int:
        """The node that `name` stands for in a file of the folder `home` ("" or ending in a
        slash), or -1."""
        if kind == PYTHON:
            return self.python(name, home)
        if kind == JAVASCRIPT:
            return self.script(name, home)
        if kind == JAVA:
            return self.java(name, home)
        return self.go(name, home) if kind == GO else self.include(name, home)

    def python(self, name: str, home: str) -> int:
        module = name.lstrip(".")
        path, up = module.replace(".", "/"), len(name) - len(module)
        shorter = path.rpartition("/")[0]
        if up:
            if up - 1 > home.count("/"):
                return -1
            base = home[: len(home) if up == 1 else -len("/".join(home.split("/")[-up:]))]
            stems = [f"{base}{path}/", f"{base}{path}"] if module else [base]
            stems += [f"{base}{shorter}/", f"{base}{shorter}"] if shorter else [base]
            endings = ("__init__.py", "__init__.pyi"), (".py", ".pyi")
            return self.first_of(
                stem + ending for stem in stems for ending in endings[bool(stem) and stem[-1] != "/"]
            )
        for end in filter(None, (path, shorter)):
            file = self.nearest(PYTHON, end, home)
            if file and path.partition("/")[0] in sys.stdlib_module_names:
                file = file if home.startswith(_module(file)[: -len(end)]) else ""
            if file:
                return self.files[file]
        return -1

    def script(self, name: str, home: str) -> int:
        if not name.startswith("."):
            return -1
        path = posixpath.normpath(home + name)
        stem, ending = posixpath.splitext(path)
        written = SCRIPTS if ending in SCRIPTS else ()
        return self.first_of(
            (
                path,
                *(path + e for e in SCRIPTS),
                *(stem + e for e in written),
                *(f"{path}/index{e}" for e in SCRIPTS),
            )
        )

    def java(self, name: str, home: str) -> int:
        path, star = name.removesuffix(".*").replace(".", "/"), name.endswith(".*")
        for _ in range(3):
            if file := self.nearest(JAVA, path, home):
                return self.files[file]
            if star and (package := self.nearest(-JAVA, path, home)):
                return self.package(package)
            path = path.rpartition("/")[0]
            if star or "/" not in path:
                break
        return -1

    def go(self, name: str, home: str) -> int:
        parts = name.split("/")
        standard = parts[0] in GO_STANDARD
        for k in range(1 if standard else len(parts)):
            end = "/".join(parts[k:])
            package = self.nearest(-GO, end, home)
            root = package[: -len(end) - 1]
            if package and (home.startswith(root) if standard else not root or k + 1 < len(parts)):
                return self.package(package)
        module = parts[-2] if len(parts) > 1 and re.fullmatch(r"v\d+", parts[-1]) else parts[-1]
        return self.package("") if module == self.name and "" in self.members else -1

    def include(self, name: str, home: str) -> int:
        system, name = name.startswith("<"), name.strip("<> ")
        beside = self.files.get(posixpath.normpath(home + name), -1)
        if beside >= 0 and not system:
            return beside
        end = name.lstrip("./")
        file = self.nearest(C, posixpath.normpath(end), home) if end else ""
        if system and "/" not in name and _folder(file).rpartition("/")[2] not in INCLUDE_FOLDERS:
            return -1
        return self.files.get(file, -1)

    def first_of(self, paths: Iterable[str]) -> int:
        return next((self.files[path] for path in paths if path in self.files), -1)

    def package(self, path: str) -> int:
        """The node of all files of the package in the folder `path`."""
        if path not in self.numbers:
            self.numbers[path] = self.nodes
            self.edges += [(self.nodes, self.files[member]) for member in self.members[path]]
            self.nodes += 1
        return self.numbers[path]

    def nearest(self, index: int, end: str, home: str) -> str:
        """Of the files (of a family), or packages (-family; with a slash at the end), that end so, the
        nearest, or ""."""
        if (index, end) not in self.found:
            self.found[index, end] = self.ending(index, end)
        found = self.found[index, end]
        if len(found) < 2:
            return found[0] if found else ""
        at = bisect_left(found, home)
        shared = max((_shared(home, each) for each in found[max(0, at - 1) : at + 1]), key=len)
        if (index, end, shared) not in self.best:
            first = bisect_left(found, shared)
            last = bisect_left(found, shared[:-1] + "0") if shared else len(found)  # "0" follows "/"
            self.best[index, end, shared] = min(found[first:last], key=lambda each: (each.count("/"), each))
        return self.best[index, end, shared]

    def ending(self, index: int, end: str) -> list[str]:
        """All files or packages that end so, sorted."""
        if index not in self.ends:
            pairs = sorted((_turned(stem), each) for stem, each in self.stems(index))
            self.ends[index] = [key for key, _ in pairs], [each for _, each in pairs]
        keys, values = self.ends[index]
        key = _turned(end)
        found = values[bisect_left(keys, key) : bisect_left(keys, key[:-1] + "0")]
        if index == PYTHON:
            roots = ((_module(each)[: -len(end)].rstrip("/"), each) for each in found)
            found = [each for root, each in roots if root not in self.packages]
        return sorted(found)

    def stems(self, index: int) -> list[tuple[str, str]]:
        """(path by which it is imported, file or package) of each file of a family, or each package."""
        mine = [path for path, kind in zip(self.paths, self.kinds, strict=True) if kind == abs(index)]
        if index == PYTHON:
            return [(_module(path), path) for path in mine]
        if index > 0:
            return [(path.removesuffix(".java"), path) for path in mine]
        for path in mine:
            if not path.endswith("_test.go"):
                self.members.setdefault(f"{_folder(path)}/" if "/" in path else "", []).append(path)
        return [(package[:-1], package) for package in self.members if package]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _module(path: str) -> str:
    stem = path.removesuffix(".pyi").removesuffix(".py")
    return stem.removesuffix("/__init__")


def _turned(path: str) -> str:
    return "/".join(reversed(path.split("/"))) + "/"


def _shared(home: str, path: str) -> str:
    """The folders that two paths share, with a slash at the end."""
    common = posixpath.commonprefix([home, path])
    return common[: common.rfind("/") + 1]
