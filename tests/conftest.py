"""What tests share, made once a session with the real parts: one small run of the quickstart recipe, and a small corpus
(code of installed packages as a curate stage would hand it on) with the stages tokenizer and tokens on it."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from neve import documents as tables
from neve.recipe.file import parse
from neve.recipe.recipe import Recipe
from neve.recipe.tokenizer import Tokenizer
from neve.tokens import bpe, shards

ROOT = Path(__file__).parents[1]
SOURCES = (
    "click==8.1.8",
    "click==8.5.1",
    "evalplus",
    "greenlet",
    "httpx",
    "psutil",
    "requests",
    "watchfiles",
)
POSITIVES = ("sortedcontainers", "toolz")


SHARED = ("small_run", "cheated")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Two workers share the tests; all that needs a fixture of minutes stays on one, so that it is made once.

    From 9.2 on pytest loses these groups without a word (pytest-xdist's issue 1386): pyproject.toml keeps it below.
    """
    for name in SHARED:
        if name in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(name))


def script(path: str) -> Any:
    """A script of this tree, by its path below the root, as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem + "_script", ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def small_quickstart() -> dict[str, Any]:
    """recipes/quickstart.toml at reduced size: fewer sdists and tokens, one annotator, one control a phase, and the selection
    alone in the second, so that what was chosen can be told from what was not."""
    data = tomllib.loads((ROOT / "recipes" / "quickstart.toml").read_text())

    def among(sources: list[dict], names: tuple[str, ...]) -> list[dict]:
        return [s for s in sources if s["name"] in names or f"{s['name']}=={s['version']}" in names]

    data["corpus"]["sources"] = among(data["corpus"]["sources"], SOURCES)
    labels = data["labels"]["exemplars"]
    labels |= {"positives": among(labels["positives"], POSITIVES), "negatives": 60, "positives_limit": 60}
    data["annotators"] = {"encoder": data["annotators"]["encoder"] | {"section_tokens": 32, "epochs": 5}}
    data["phase"][1] |= {"data": "selection", "mix": [], "annotator": "encoder", "repeats": 4}
    for phase in data["phase"][1:]:
        phase["controls"] = {"random": 1}
    data["tokenizer"] |= {"vocab_size": 512, "sample_bytes": 500_000}
    data["model"] |= {"hidden": 32, "intermediate": 64, "layers": 2, "heads": 2, "kv_heads": 2}
    data["training"] |= {"sequence": 128, "batch_tokens": 512, "micro_batch": 4, "checkpoint_seconds": 0.5}
    for phase, tokens in zip(data["phase"], (60_000, 20_000, 5_000), strict=True):
        phase["tokens"] = tokens
    # The smaller generator, a fifth of the download; asking ends at 150 accepted tokens.
    data["synthesis"] = {"model": "smollm2-135m-instruct", "tokens": 150, "seeds": 120, "max_tokens": 160}
    data["synthesis"]["python_share"] = 1.0
    data["evaluate"] |= {"training_tasks": [], "max_new_tokens": 12, "heldout_bytes": 20_000}
    data["evaluate"]["bootstrap"] = 200
    return data


@pytest.fixture(scope="session")
def small_recipe() -> Recipe:
    return parse(small_quickstart())


@pytest.fixture(scope="session")
def small_run(small_recipe: Recipe, tmp_path_factory) -> Path:
    """Folder of a finished small run."""
    from neve.run.runner import run

    folder = tmp_path_factory.mktemp("runs") / "small"
    assert run(small_recipe, folder)
    return folder


@pytest.fixture(scope="session")
def benchmark_files() -> Path:
    """Folder of benchmark files as published; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("NEVE_BENCHMARKS", ROOT.parent / "shared" / "data"))
    if not (folder / "HumanEval.jsonl.gz").exists():
        pytest.skip(f"no benchmark files at {folder}; set NEVE_BENCHMARKS to their folder")
    return folder


@pytest.fixture(scope="session")
def linear() -> Callable[[Callable[[int], object], int], None]:
    """Fails where work on inputs made to hold it up grows with the square of their length, on any machine alike.

    `linear(work, size)` does it at `size`, and if that takes a moment at an eighth of it: work in proportion takes 8
    times as long, the square of it 64 times. The least of up to three rounds, in processor time.
    """

    def seconds(work: Callable[[int], object], size: int) -> float:
        begin = time.process_time()
        work(size)
        return time.process_time() - begin

    def check(work: Callable[[int], object], size: int) -> None:
        whole, part = [seconds(work, size)], []
        while whole[0] > 0.25:
            part.append(seconds(work, size // 8))
            if min(whole) < 24 * min(part):
                break
            assert len(whole) < 3, (whole, part)
            whole.append(seconds(work, size))

    return check


SITE = Path(importlib.util.find_spec("numpy").origin).parents[1]  # type: ignore[union-attr, arg-type]
PACKAGES = ("httpx", "jinja2", "pydantic", "rich", "typer")
HOSTILE = [
    "x = '<|endoftext|>'  # <fim_prefix>a<fim_suffix>b<fim_middle>c <file_sep><repo_name><fim_pad>",
    "naïve café 北京 \U0001f600\u200d\U0001f469 \u0e01\u0e33 ﬁ ſ 'S 12345 ٣٤ Ⅷ \u0378",
    "\r\n\r\n\t \n \x00\x01\x7f\x85\xa0\u2028\u3000 tail   ",
    " " * 5000 + "x" + "\n" * 3000 + "=" * 3000 + "0" * 300,
]


def table() -> pa.Table:
    """Documents in grouping order (repository, path): Python of five packages and hostile texts; one package is held out."""
    rows = []
    for package in PACKAGES:
        for path in sorted((SITE / package).rglob("*.py"))[:25]:
            text = path.read_text(encoding="utf-8", errors="replace")
            if text.strip():
                rows.append((package, path.relative_to(SITE).as_posix(), "Python", text))
    rows += [("zz-hostile", f"{i}.c", "C", text) for i, text in enumerate(HOSTILE)]
    columns: dict[str, list] = {name: [] for name in tables.DOCUMENTS.names}
    seen = set()
    for repo, path, language, text in rows:
        identity = tables.doc_id(text.encode())
        if identity in seen:
            continue
        seen.add(identity)
        split = "heldout" if repo == "typer" else "train"
        values = (identity, "test", repo, path, language, "MIT", split, len(text.encode()), text, None)
        for name, value in zip(tables.DOCUMENTS.names, values, strict=True):
            columns[name].append(value)
    return pa.table(columns, schema=tables.DOCUMENTS)


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    return HOSTILE


@pytest.fixture(scope="session")
def curate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curate")
    documents = table()
    third = len(documents) // 3
    tables.write([documents.slice(0, third), documents.slice(third)], folder / "documents", tables.DOCUMENTS)
    return folder


@pytest.fixture(scope="session")
def tokenizer(curate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    section = Tokenizer(vocab_size=3000, sample_bytes=1 << 20)
    bpe.build(bpe.Settings(section, seed=1), {"documents": curate}, folder)
    return folder


@pytest.fixture(scope="session")
def tokens(curate: Path, tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Token shards, small enough that there are several."""
    folder = tmp_path_factory.mktemp("tokens")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_TOKENS", 60_000)
        shards.build(None, {"documents": curate, "tokenizer": tokenizer}, folder)
    return folder
