"""Stage `measure-<model>-…`: one model's bits on each text of a laboratory, unit by unit.

Units are kept apart (documents, tasks), since the statistics need them. The trade-off: no pass@1 here; bits
per byte decide more pairs of small models rightly than solved tasks do, at a hundredth of the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neve.errors import Misuse
from neve.settings import Execution
from neve.store import write_json

if TYPE_CHECKING:
    from neve.store import Store
    from neve.tasks.task import Task

HELDOUT, TRAIN = "heldout", "-train"


@dataclass(frozen=True)
class Settings:
    texts: tuple[str, ...]
    """heldout, a benchmark (its test tasks' solutions), or a benchmark with -train (those for training)."""
    heldout_bytes: int
    data: Execution[str | None]
    """Folder of benchmark files."""


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Writes units.json: by text the keys of its units, their bits, and their bytes of UTF-8."""
    import torch

    from neve.evaluation import bits_per_byte
    from neve.evaluation.generation import model_tokenizer
    from neve.training.model import load

    tokenizer = model_tokenizer.load(inputs["tokenizer"])
    model = load(inputs["model"] / "model").eval().to("cuda" if torch.cuda.is_available() else "cpu")
    found, counts = {}, {}
    for text in settings.texts:
        units = _units(text, settings, inputs, tokenizer)
        bits = bits_per_byte.measure(model, units, text)
        sizes = [unit.size for unit in units]
        found[text] = {"keys": [unit.key for unit in units], "bits": bits.tolist(), "bytes": sizes}
        counts[text] = float(bits.sum() / sum(sizes))
    write_json(out / "units.json", found)
    return counts


def _units(text: str, settings: Settings, inputs: dict[str, Path], tokenizer: Any) -> list[Any]:
    from neve.evaluation import bits_per_byte

    if text == HELDOUT:
        table = bits_per_byte.heldout(inputs["documents"], settings.heldout_bytes)
        return bits_per_byte.documents(table, tokenizer)
    return bits_per_byte.solutions(tasks(text, settings), tokenizer)


def references(store: Store, settings: Settings) -> dict[str, dict[str, dict[str, Any]]]:
    """By text and by name what models are held against: zlib, and a trigram model of what the first phase of
    this arm trains on; what it is, and its bits per byte."""
    from neve.evaluation.references import Source, measured
    from neve.tokens import bpe

    evaluated = store.stages["evaluate"]
    inputs = {"documents": store.path("curate")}
    tokenizer = bpe.load(store.path("tokenizer"))
    units = {text: _units(text, settings, inputs, tokenizer) for text in settings.texts}
    source = Source(store.path(evaluated.inputs["view"]), evaluated.settings.read)
    found: dict[str, dict[str, dict[str, Any]]] = {text: {} for text in units}
    for name, (what, bits) in measured(units, source).items():
        for text, some in units.items():
            value = float(bits[text].sum() / sum(unit.size for unit in some))
            found[text][name] = {"what": what, "value": value}
    return found


def tasks(text: str, settings: Settings) -> list[Task]:
    """The tasks of a text that is a benchmark; raises Fault when its file cannot be had, Misuse when it has
    none of that split."""
    from neve.tasks import benchmarks

    split = "train" if text.endswith(TRAIN) else "test"
    benchmark = benchmarks.load(text.removesuffix(TRAIN), Path(settings.data) if settings.data else None)
    found = [task for task in benchmark.tasks if task.split == split]
    if not found:
        raise Misuse(f"{text}: this benchmark has no tasks of that kind")
    return found
