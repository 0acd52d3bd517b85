"""What tests share: one small run of the quickstart recipe, made once a session with the real parts."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from neve.recipe import Recipe
from neve.recipe_file import parse

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


def small_quickstart() -> dict[str, Any]:
    """The whole of recipes/quickstart.toml at reduced size: fewer sdists and tokens, every stage and part the same."""
    data = tomllib.loads((ROOT / "recipes" / "quickstart.toml").read_text())

    def among(sources: list[dict], names: tuple[str, ...]) -> list[dict]:
        return [s for s in sources if s["name"] in names or f"{s['name']}=={s['version']}" in names]

    data["corpus"]["sources"] = among(data["corpus"]["sources"], SOURCES)
    data["annotator"]["positives"] = among(data["annotator"]["positives"], POSITIVES)
    data["annotator"] |= {"negatives": 60, "positives_limit": 60, "section_tokens": 32, "epochs": 5}
    data["tokenizer"] |= {"vocab_size": 512, "sample_bytes": 500_000}
    data["model"] |= {"hidden": 32, "intermediate": 64, "layers": 2, "heads": 2, "kv_heads": 2}
    data["training"] |= {"sequence": 128, "batch_tokens": 512, "micro_batch": 4, "checkpoint_seconds": 0.5}
    for phase, tokens in zip(data["phase"], (60_000, 20_000, 5_000), strict=True):
        phase["tokens"] = tokens
    data["synthesis"] |= {"tokens": 150, "seeds": 60, "max_tokens": 160}
    data["evaluate"] |= {"max_new_tokens": 12, "heldout_bytes": 20_000, "bootstrap": 200}
    return data


@pytest.fixture(scope="session")
def small_recipe() -> Recipe:
    return parse(small_quickstart())


@pytest.fixture(scope="session")
def small_run(small_recipe: Recipe, tmp_path_factory) -> Path:
    """Folder of a finished small run."""
    from neve.run import run

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
