"""Order of documents and the held-out split: by repository, from hashes of names and the seed, never from positions.

Three orders, so that arms can compare them. Each differs from its neighbour in one thing:

    repository            repositories in a random order, files by path: the ablation of Arctic-SnowCoder
    language-repository   languages by name first; within one as above: what Arctic-SnowCoder does (arXiv 2409.02326,
                          section 2.1: by language, then by repository, concatenated at random)
    dependency            as language-repository, but within a repository what is imported comes before what imports
                          it (DeepSeek-Coder, arXiv 2401.14196, section 2.2); see `dependencies.py`

The trade-off of the third: files that import each other across languages (C and C++, JavaScript and TypeScript) are
ordered as one repository and then parted, so that languages stay apart.

The split holds out whole repositories; releases of one project (`name==1`, `name==2`) share most of their text, so
that they fall on the same side.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.ordering import dependencies
from neve.hashing import name_hash


def family(repo: str) -> str:
    """The project that a repository is a release of.

    >>> family("numpy==2.1.0"), family("octocat/hello")
    ('numpy', 'octocat/hello')
    """
    return repo.partition("==")[0]


def heldout(repos: pa.Array, seed: int, share: float) -> np.ndarray:
    """Which rows (bool [n]) are held out: those of the `share` of families whose keyed hash is lowest.

    `repos` is the repository of each row. At least one family where there are two or more and share > 0, never all.
    """
    encoded = repos.dictionary_encode()
    names = [family(repo) for repo in encoded.dictionary.to_pylist()]
    families = sorted(set(names), key=lambda name: (name_hash(seed, "split", name), name))
    count = min(len(families) - 1, max(1, round(share * len(families)))) if share > 0 and families else 0
    chosen = set(families[:count])
    flags = np.array([name in chosen for name in names], bool)
    return flags[encoded.indices.to_numpy()] if len(repos) else np.zeros(0, bool)


def order(
    rows: pa.Table, how: str, seed: int, imports: pa.ChunkedArray | pa.Array | None = None
) -> np.ndarray:
    """Indices (int64 [n]) of `rows` in grouping order: "language-repository", "repository" or "dependency".

    `imports` (list<string>, aligned with `rows`) is what each file imports, as `dependencies.imports` gives it; only
    "dependency" looks at it, and raises ValueError without it.
    """
    repos = rows["repo"].combine_chunks().dictionary_encode()
    keys = pa.array([name_hash(seed, "order", repo) for repo in repos.dictionary.to_pylist()], pa.binary(8))
    columns = ["language", "_repo", "repo", "path", "source", "doc_id"]
    if how == "repository":
        columns.remove("language")
    table = rows.append_column("_repo", pa.chunked_array([keys.take(repos.indices)], pa.binary(8)))
    if how == "dependency":
        if imports is None:
            raise ValueError("the order by dependency needs what each file imports")
        table = table.append_column("_place", pa.array(dependencies.order(rows, imports)))
        columns.insert(columns.index("path"), "_place")
    indices = pc.sort_indices(table.select(columns), sort_keys=[(name, "ascending") for name in columns])
    return indices.to_numpy().astype(np.int64)
