"""The order of documents: repositories one after another, by hashes of their names and the seed, never by
position.

There are three orders, so that arms can compare them. Each differs from the one before in one thing:

- repository: repositories in a random order, files by path. The ablation of Arctic-SnowCoder.
- language-repository: languages by name, and within a language as above. What Arctic-SnowCoder does (arXiv
  2409.02326, section 2.1: by language, then by repository, concatenated at random).
- dependency: as language-repository, but within a repository a file comes after what it imports
  (DeepSeek-Coder, arXiv 2401.14196, section 2.2; see `dependencies`).

The trade-off of the third: files that import each other across languages (C and C++, JavaScript and
TypeScript) are ordered as one repository and then separated by language.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.ordering import dependencies
from neve.hashing import name_hash


def order(
    rows: pa.Table, how: str, seed: int, imports: pa.ChunkedArray | pa.Array | None = None
) -> np.ndarray:
    """Indices (int64 [n]) of `rows` in grouping order: "language-repository", "repository" or "dependency".

    `imports` (list<string>, aligned with `rows`) is what each file imports, as `dependencies.imports` gives
    it; only "dependency" looks at it, and raises ValueError without it.
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
