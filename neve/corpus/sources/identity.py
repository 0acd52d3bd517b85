"""What a source from elsewhere is at this moment: a branch's commit, a data set's revision, the tags of what
an address lists.

A recipe may name what moves: a branch, a bucket, a data set of the hub. A run asks once, when it first reads
the source, records the answer and builds on it; the same recipe asked again gives the same answer until
somebody wants to look again. The trade-off: an answer is no lock. What a bucket holds may change between the
question and the reading; a commit or a revision in the recipe excludes that.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from neve.corpus.sources import git
from neve.corpus.sources.batches import printable
from neve.errors import Fault
from neve.recipe.sources import Source

THREADS = 32
"""Objects asked for their tags at a time."""
SECONDS = 60
"""Longest wait for an answer of a web server."""


def of(source: Source) -> str:
    """The source's identity now: a commit or a revision in full, or a digest of a listing with its tags.

    Asks git or the network. Raises Fault where there is no answer.
    """
    path = str(source.path)
    if source.kind == "git":
        return git.resolve(source)
    try:
        if source.kind == "hub":
            return _revision(path, None)
        if path.startswith("hf://"):
            return _revision(*_hub_address(path))
        rows = _web(path) if path.startswith(("http://", "https://")) else _listing(path)
    except Fault:
        raise
    except Exception as error:  # pyarrow, the hub's client and urllib raise errors without a common class
        why = " ".join(str(error).split())[:200]
        raise Fault(
            f"source {source.kind}: {printable(path)}: cannot be listed ({type(error).__name__}: {why}); check the address, "
            "the network and the credentials in the environment"
        ) from None
    if not rows:
        raise Fault(f"source {source.kind}: {printable(path)}: names no file; check the address")
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _revision(repo: str, revision: str | None) -> str:
    from huggingface_hub import HfApi

    return str(HfApi().dataset_info(repo, revision=revision).sha)


def _hub_address(path: str) -> tuple[str, str | None]:
    """(owner/name, revision) of an address such as hf://datasets/owner/name@main/data/*.parquet."""
    found = re.match(r"hf://datasets/([^/@]+/[^/@]+)(?:@([^/]+))?", path)
    if found is None:
        raise Fault(f"source table: {printable(path)}: must look like hf://datasets/owner/name/*.parquet")
    return found[1], found[2]


def _web(path: str) -> list[list[str]]:
    """[address, tag] of one file, or its size and date where the server gives no tag."""
    with urllib.request.urlopen(urllib.request.Request(path, method="HEAD"), timeout=SECONDS) as answer:
        head = answer.headers
    return [[path, head["ETag"] or f"{head['Content-Length']} {head['Last-Modified']}"]]


def _listing(path: str) -> list[list[str]]:
    """[path, tag] of each object that an address names, sorted; size and time where the store has no tag."""
    from pyarrow.fs import FileSelector, FileSystem, FileType

    start = re.match(r"[^*?\[{]*", path)[0]  # type: ignore[index]
    fixed = start if start == path else start.rpartition("/")[0]
    store, place = FileSystem.from_uri(fixed)
    alone = store.get_file_info(place)
    every = (
        [alone]
        if alone.type == FileType.File
        else store.get_file_info(FileSelector(place, recursive=True, allow_not_found=True))
    )
    files = [info for info in every if info.type == FileType.File]
    if start != path:
        wanted = re.compile(place + re.escape("/") + _pattern(path[len(fixed) + 1 :]))
        files = [info for info in files if wanted.fullmatch(info.path)]

    def tag(info: object) -> list[str]:
        metadata = store.open_input_file(info.path).metadata() or {}  # type: ignore[attr-defined]
        etag = next((value for key, value in metadata.items() if key.lower() == "etag"), None)
        return [info.path, etag.decode() if etag else f"{info.size} {info.mtime_ns}"]  # type: ignore[attr-defined]

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(tag, files))


def _pattern(glob: str) -> str:
    """A glob as a regular expression: ** goes through folders, * and ? do not, {a,b} is either.

    >>> bool(re.fullmatch(_pattern("**/*.{parquet,jsonl}"), "a/b/c.jsonl"))
    True
    """
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    parts = re.findall(r"\*\*/|\*\*|\*|\?|\{|\}|,|\[[^\]]+\]|[^*?{},\[]+|\[", glob)
    return "".join(
        words.get(p) or (p.replace("[!", "[^") if p[:1] == "[" and p[1:] else re.escape(p)) for p in parts
    )
