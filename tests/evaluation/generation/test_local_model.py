"""Models in a folder. Oracle: the batches of `generate` on the prompts that they should be given."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from neve.errors import Fault
from neve.evaluation.generation import generate, prompts
from neve.evaluation.generation.completion import Options
from neve.evaluation.generation.local_model import LocalModel
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

TASKS = [Task(f"T/{k}", f"def f{k}(x):\n\n", "", f"f{k}", "", inputs=([k],)) for k in range(3)]
KEYS = [(task, 0) for task in TASKS]
TEMPLATE = "{% for m in messages %}[{{ m['content'] }}]{% endfor %}{% if add_generation_prompt %}>{% endif %}"


def written(model: LocalModel, done=frozenset()) -> dict[str, tuple]:
    groups = model.write(TABLE["humaneval"], KEYS, done)
    return {task.task_id: said for group in groups for task, _, said in group}


def test_a_base_model_continues_the_prompt(model_folder: Path) -> None:
    model = LocalModel(str(model_folder), Options(max_new_tokens=8))
    weights, tokenizer = model.loaded()
    asked = generate.Asked(
        [prompts.continued(t.prompt) for t in TASKS], ["a", "b", "c"], 8, TABLE["humaneval"].stops
    )
    wanted = dict(row for batch in generate.batches(weights, tokenizer, asked) for row in batch)
    assert written(model) == {f"T/{k}": wanted[k] for k in range(3)}
    assert model.prompt(TABLE["humaneval"]) == {"name": "completion"}


def test_what_is_done_loads_nothing(model_folder: Path) -> None:
    model = LocalModel(str(model_folder), Options())
    model.loaded = None
    assert written(model, frozenset(f"T/{k}#0" for k in range(3))) == {}


def test_a_chat_model_is_asked_by_its_template_and_its_answer_begun(
    model_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "chat")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    for token in tokenizer["added_tokens"][:1]:  # another's tokenizer: its sentinels have other names
        token["content"] = "<|im_end|>"
    tokenizer["model"]["vocab"]["<|im_end|>"] = tokenizer["model"]["vocab"].pop("<|endoftext|>")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings = {"eos_token": "<|im_end|>", "chat_template": TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    model = LocalModel(str(folder), Options(max_new_tokens=8, chat=True))
    weights, tokens = model.loaded()
    assert not tokens.own
    prompt, traits = prompts.named("evalplus"), TABLE["humaneval"]
    texts = [f"[{prompts.question(prompt, traits, task)}]>{prompt.opening}" for task in TASKS]
    asked = generate.Asked(texts, ["a", "b", "c"], 8, prompt.stops)
    wanted = dict(row for batch in generate.batches(weights, tokens, asked) for row in batch)
    found = written(model)
    assert {k: said.text for k, said in found.items()} == {
        f"T/{k}": prompt.opening + wanted[k].text for k in range(3)
    }
    assert model.prompt(traits) == {"name": "evalplus", "begun": True}


def test_a_folder_without_a_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"no config\.json there"):
        LocalModel(str(tmp_path), Options())
