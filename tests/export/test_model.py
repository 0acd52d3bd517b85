"""A model's folder for strangers. Oracles: transformers loads it, huggingface_hub reads the card and the results."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard
from huggingface_hub import parse_eval_result_entries as parse

from neve.export import model
from neve.export.model import card, described, eval_results, path_to
from neve.run.export import export
from neve.store import MANIFEST, arm_stages, read_json


@pytest.fixture(scope="module")
def made(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "model"
    export(small_run, None, folder)
    return folder


def test_the_folder_loads_and_holds_nothing_of_neves_own(made: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(made)
    ids = AutoTokenizer.from_pretrained(made)("def f(x):", return_tensors="pt")
    assert model.generate(**ids, max_new_tokens=4, do_sample=False).shape[1] > ids["input_ids"].shape[1]
    assert sorted(p.name for p in made.iterdir()) == [
        ".eval_results", "README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    ]  # fmt: skip


def test_the_card_tells_the_run(small_run: Path, made: Path) -> None:
    """Oracle: the manifests of the stages, and the hub's own reader of cards."""
    found = ModelCard((made / "README.md").read_text())
    assert found.data.pipeline_tag == "text-generation" and found.data.library_name == "transformers"
    stages = arm_stages(small_run, "main")
    tokens = [
        read_json(stages[f"train-{name}"] / MANIFEST)["counts"]["tokens"]
        for name in ("general", "quality", "synthetic")
    ]
    for number in (*tokens, sum(tokens), read_json(stages["curate"] / MANIFEST)["counts"]["entering"]):
        assert f"{number:,}" in found.text
    for said in (
        "BSD-3-Clause",
        "`click==8.5.1`",
        "`humaneval`, pass@1",
        "smollm2-135m-instruct",
    ):
        assert said in found.text
    assert str(small_run) not in found.text, "no path of this machine"


def test_results_in_the_hubs_form(small_run: Path, made: Path) -> None:
    (path,) = (made / ".eval_results").iterdir()
    (entry,) = parse(yaml.safe_load(path.read_text()))
    theirs = read_json(arm_stages(small_run, "main")["evaluate"] / "results.json")["models"]["synthetic"][
        "benchmarks"
    ]
    assert (path.name, entry.dataset_id, entry.task_id) == (
        "humaneval.yaml",
        "openai/openai_humaneval",
        "openai_humaneval",
    )
    assert entry.value == round(100 * theirs["humaneval"]["pass@1"], 2) and "164 tasks" in entry.notes


@pytest.mark.parametrize(
    ("key", "value"), [("ungraded", ["HumanEval/1"]), ("missing", ["HumanEval/1"]), ("published", False)]
)
def test_a_result_that_is_not_whole_is_left_out(key: str, value: object) -> None:
    whole = {"pass@1": 0.25, "interval": [0.2, 0.3], "tasks": 164, "published": True}
    whole |= {name: [] for name in ("missing", "ungraded", "unanswered")}
    asked = {"temperature": 0.0, "max_new_tokens": 12}
    assert eval_results("humaneval+", whole, asked, "1")[0]["value"] == 25.0
    assert eval_results("humaneval+", {**whole, key: value}, asked, "1") is None
    assert eval_results("evoeval-subtle", whole, asked, "1") is None, "has no data set there"


def test_a_control_and_a_phase_from_a_folder() -> None:
    phase = {"name": "general", "data": "corpus", "start": "/home/me/secret/model", "mix": []}
    twin = {"name": "quality", "data": "selection", "start": "general", "mix": []}
    names = [name for name, _ in path_to({"phase": [phase, twin]}, "quality-random")]
    assert names == ["general", "quality-random"]


def test_a_source_says_no_more_than_its_name() -> None:
    source = {"kind": "directory", "path": "/home/me/secret/repositories", "commit": None}
    assert described(source) == "directory `repositories`"


def test_a_model_that_was_not_measured(small_run: Path) -> None:
    stages = arm_stages(small_run, "main")
    recipe = read_json(small_run / "run.json")["recipes"]["main"]
    text = card(stages, recipe, "general", "40", {})
    assert "--step 40" in text and "Not measured" in text and "smollm2" not in text


def test_few_units_have_no_interval() -> None:
    figure = {"documents": 2, "interval": (1.0, 2.0)}
    assert model._interval(figure, "documents", 1.0) == "none: fewer than 10 documents"
    assert model._interval(figure | {"documents": 12}, "documents", 1.0) == "1 to 2, 12 documents"
