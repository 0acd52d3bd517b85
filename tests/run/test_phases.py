"""The stages of phases. Oracle: what the recipe says, read off the list of stages and off `run.json`'s part for a node."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from neve.errors import Misuse
from neve.recipe.file import parse
from neve.run import outside, phases, runner
from neve.run.machine import Machine
from neve.run.stages import stages as all_stages
from neve.settings import from_json
from neve.store import Stage, Store
from neve.training.settings import Settings

LR = {"peak": 1e-3, "floor": 1e-5}
SMALL: dict[str, Any] = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": "nothing-here"}]},
    "labels": {"good": {"positives": [{"kind": "directory", "path": "nothing-here"}]}},
    "annotators": {"encoder": {"kind": "encoder", "labels": ["good"]}},
    "synthesis": {"tokens": 100, "seeds": 2},
    "phase": [
        {"name": "general", "data": "corpus", "tokens": 1000, "lr": LR},
        {"name": "quality", "data": "selection", "tokens": 400, "start": "general", "lr": LR},
    ],
}
MIX = [{"data": "selection", "weight": 0.7}, {"data": "corpus", "weight": 0.3}]


def stages(*more: dict[str, Any], training: dict[str, Any] | None = None) -> dict[str, Stage]:
    data = copy.deepcopy(SMALL) | {"training": training or {}}
    data["phase"] += more
    return {stage.name: stage for stage in all_stages(parse(data), Path("run"), Machine("fp32", "none"), {})}


def test_a_curve_that_cannot_be_trained_ends_a_run_before_its_first_stage(tmp_path: Path) -> None:
    """One step along a line to 0: what its training would say, before anything is built."""
    data = copy.deepcopy(SMALL)
    data["phase"][0]["lr"] = {"peak": 1e-3}
    with pytest.raises(Misuse, match=r"phase 'general': lr\.floor = 0"):
        runner.run(parse(data), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def opened(found: dict[str, Stage], folder: Path = Path("s")) -> Store:
    made = list(found.values())
    return Store(folder, made, outside.identities(made, {}))


def test_all_data_stands_before_any_training() -> None:
    found = list(
        stages({"name": "last", "data": "synthetic", "tokens": 10, "controls": {"random": 1}, "lr": LR})
    )
    trained = [i for i, name in enumerate(found) if name.startswith("train-")]
    assert max(i for i, name in enumerate(found) if name.startswith(("view-", "control-"))) < min(trained)
    assert [found[i] for i in trained] == [
        "train-general",
        "train-quality",
        "train-last",
        "train-last-random",
    ]


def test_a_mix_reads_its_parts_and_sizes_its_selection_by_its_share() -> None:
    found = stages({"name": "mixed", "mix": MIX, "tokens": 1000, "start": "quality", "lr": LR})
    view = found["view-mixed"]
    assert view.settings.slots == {"selection": 700, "corpus": 300}
    assert view.inputs == {"selection": "mix-mixed-selection", "corpus": "mix-mixed-corpus"}
    assert found["mix-mixed-selection"].inputs == {"tokens": "tokens", "selection": "selection-mixed"}
    assert found["mix-mixed-corpus"].inputs == {"tokens": "tokens"}
    sized = {name: found[f"selection-{name}"].settings.tokens for name in ("quality", "mixed")}
    assert sized == {"quality": 400, "mixed": 700}
    inputs = {"view": "view-mixed", "tokenizer": "tokenizer", "start": "train-quality"}
    assert found["train-mixed"].inputs == inputs


def test_a_control_of_a_mix_stands_where_the_selection_stands() -> None:
    """Its draw has the selection's share of the tokens, and the windows of the corpus are the phase's own."""
    controls = {"random": 1, "random-repeated": 2}
    found = stages({"name": "mixed", "mix": MIX, "tokens": 1000, "controls": controls, "lr": LR})
    for twin in ("mixed-random", "mixed-random-repeated", "mixed-random-repeated-2"):
        drawn, view = found[f"control-{twin}"], found[f"view-{twin}"]
        assert drawn.settings.tokens == found["selection-mixed"].settings.tokens == 700
        assert drawn.inputs == {"tokens": "tokens", "selection": "selection-mixed"}
        assert view.settings == found["view-mixed"].settings
        assert view.inputs == {"selection": f"mix-{twin}-selection", "corpus": "mix-mixed-corpus"}
        assert found[f"mix-{twin}-selection"].inputs == {"tokens": "tokens", "selection": f"control-{twin}"}
        assert found[f"train-{twin}"].inputs["view"] == f"view-{twin}"
    written = [{"data": "corpus", "weight": 3}, {"data": "synthetic", "weight": 1}]
    found = stages({"name": "last", "mix": written, "tokens": 1000, "controls": {"random": 1}, "lr": LR})
    assert found["control-last-random"].settings.tokens == 250
    assert found["control-last-random"].inputs == {"tokens": "tokens", "synthetic": "synthetic-tokens"}
    assert found["view-last-random"].inputs == {
        "synthetic": "mix-last-random-synthetic",
        "corpus": "mix-last-corpus",
    }
    assert found["mix-last-random-synthetic"].settings.data == "selection"


def test_a_phase_is_trained_by_its_own_numbers() -> None:
    about = {"data": "selection", "tokens": 400, "lr": LR}
    own = {"sequence": 64, "batch_tokens": 256, "epochs": 3, "start": "quality", "moments": "keep"}
    found = stages(
        {"name": "long", **about, **own},
        {"name": "other", **about, "start": "./models/other"},
        training={"sequence": 32, "batch_tokens": 256, "validate_steps": 7},
    )
    long, quality = found["train-long"].settings, found["train-quality"].settings
    assert (long.training.sequence, long.training.batch) == (64, 4)
    assert (quality.training.sequence, quality.training.batch) == (32, 8)
    assert (long.phase.tokens, long.phase.epochs, long.phase.moments) == (None, 3, "keep")
    assert quality.phase.keeps_moments and not long.phase.keeps_moments
    assert found["train-other"].inputs["start"] == "start-other"
    assert found["start-other"].outside == ("./models/other",)
    assert all(found[f"train-{name}"].beside == {"heldout": "heldout"} for name in ("general", "long"))
    assert "heldout" not in stages()


@pytest.mark.parametrize(
    ("training", "again"),
    [
        ({"micro_batch": 2, "compile": False, "attention": "sdpa", "keep_checkpoints": 5, "wandb": "x"}, False),
        ({"activation_checkpointing": "none", "checkpoint_seconds": 5, "skip_limit": 3, "tensorboard": True}, False),
        ({"validate_steps": 7}, False),
        ({"clip": 0.5}, True),
        ({"batch_tokens": 1 << 20}, True),
    ],
)  # fmt: skip
def test_only_what_changes_the_result_trains_again(training: dict[str, Any], again: bool) -> None:
    plain, changed = (opened(stages(training=t)) for t in ({}, training))
    assert (plain.prints["train-general"] != changed.prints["train-general"]) == again
    assert plain.prints["view-quality"] == changed.prints["view-quality"]


def test_an_outside_start_counts_by_its_files(tmp_path: Path) -> None:
    about = {"name": "other", "data": "corpus", "tokens": 400, "lr": LR, "start": str(tmp_path / "m")}
    prints = []
    (tmp_path / "m").mkdir()
    for content in ("{}", "{ }"):
        (tmp_path / "m" / "config.json").write_text(content)
        prints.append(opened(stages(about)).prints)
    assert prints[0]["train-other"] != prints[1]["train-other"]
    assert prints[0]["train-quality"] == prints[1]["train-quality"]


def test_a_node_finds_all_that_a_phase_needs(tmp_path: Path) -> None:
    store = opened(stages(training={"validate_steps": 3}), tmp_path / "stages")
    jobs = json.loads(json.dumps(phases.jobs(store)))
    assert list(jobs) == ["general", "quality"]
    for phase, job in jobs.items():
        name, stage = f"train-{phase}", store.stages[f"train-{phase}"]
        assert from_json(Settings, job["settings"]) == stage.settings
        inputs = {role: store.path(source) for role, source in stage.reads.items()}
        assert {role: tmp_path / path for role, path in job["inputs"].items()} == inputs
        assert tmp_path / job["out"] == store.path(name) and job["fingerprint"] == store.prints[name]
    assert jobs["quality"]["inputs"]["start"] == jobs["general"]["out"]


def test_a_synthetic_phase_beside_other_draws_of_its_answers() -> None:
    """Each draw has stages of its own, which differ from the phase's by the number of the draw alone."""
    last = {"name": "last", "data": "synthetic", "tokens": 10, "controls": {"redrawn": 2}, "lr": LR}
    found = stages(last)
    assert found["synthesis"].settings.draws == 3
    assert [found[name].settings.number for name in ("synthesis-2", "synthesis-3")] == [2, 3]
    for twin, draw in (("last-redrawn", 2), ("last-redrawn-2", 3)):
        assert found[f"view-{twin}"].reads == {"tokens": f"synthetic-tokens-{draw}"}
        assert found[f"synthetic-tokens-{draw}"].reads["documents"] == f"synthesis-{draw}"
        assert found[f"train-{twin}"].reads["view"] == f"view-{twin}"
    assert ("last", ("last-redrawn", "last-redrawn-2")) in found["evaluate"].settings.pairs
    with pytest.raises(Misuse, match="another draw of a model's answers"):
        stages({**last, "data": "selection"})
