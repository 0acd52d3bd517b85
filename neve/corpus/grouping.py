"""Order of documents and the held-out split: by repository, from hashes of names and the seed, never from positions.

Order: languages by name, within a language the repositories in a random order, within a repository the files
by path (Arctic-SnowCoder, arXiv 2409.02326, section 2.1: by language, then by repository, concatenated at random);
or by repository alone, the paper's ablation. The split holds out whole repositories; releases of one project
(`name==1`, `name==2`) share most of their text, so that they fall on the same side.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def family(repo: str) -> str:
    """The project that a repository is a release of.

    >>> family("numpy==2.1.0"), family("octocat/hello")
    ('numpy', 'octocat/hello')
    """
    return repo.partition("==")[0]


def _key(seed: int, use: str, name: str) -> bytes:
    return blake2b(f"{seed}\0{use}\0{name}".encode(errors="surrogatepass"), digest_size=8).digest()


def heldout(repos: pa.Array, seed: int, share: float) -> np.ndarray:
    """Which rows (bool [n]) are held out: those of the `share` of families whose keyed hash is lowest.

    `repos` is the repository of each row. At least one family where there are two or more and share > 0, never all.
    """
    encoded = repos.dictionary_encode()
    names = [family(repo) for repo in encoded.dictionary.to_pylist()]
    families = sorted(set(names), key=lambda name: (_key(seed, "split", name), name))
    count = min(len(families) - 1, max(1, round(share * len(families)))) if share > 0 and families else 0
    chosen = set(families[:count])
    flags = np.array([name in chosen for name in names], bool)
    return flags[encoded.indices.to_numpy()] if len(repos) else np.zeros(0, bool)


def order(rows: pa.Table, how: str, seed: int) -> np.ndarray:
    """Indices (int64 [n]) of `rows` in grouping order: "language-repository" or "repository"."""
    repos = rows["repo"].combine_chunks().dictionary_encode()
    keys = pa.array([_key(seed, "order", repo) for repo in repos.dictionary.to_pylist()], pa.binary(8))
    columns = ["language", "_repo", "repo", "path", "source", "doc_id"]
    if how == "repository":
        columns.remove("language")
    table = rows.append_column("_repo", pa.chunked_array([keys.take(repos.indices)], pa.binary(8)))
    indices = pc.sort_indices(table.select(columns), sort_keys=[(name, "ascending") for name in columns])
    return indices.to_numpy().astype(np.int64)
