"""neve.quality.annotators: the table of kinds. Oracle: the modules in its folder."""

import importlib
import json
from pathlib import Path

import pytest

import neve.quality.annotators as annotators
from neve.errors import Fault

HELPERS = {
    "__init__",
    "blocks",
    "embedded",
    "encoder",
    "folds",
    "hashed",
    "head",
    "int8",
    "int8_kernels",
    "members",
    "piped",
}


def test_every_module_is_a_kind_of_the_table_and_has_both_functions():
    modules = {p.stem for p in Path(annotators.__file__).parent.glob("*.py")} - HELPERS
    assert modules == {name.rpartition(".")[2] for name in annotators.KINDS.values()}
    for name in annotators.KINDS.values():
        module = importlib.import_module(name)
        assert callable(module.fit) and callable(module.load) and len(module.__doc__.strip()) > 200


def test_a_folder_without_an_annotator_or_of_an_unknown_kind_is_a_fault(tmp_path):
    with pytest.raises(Fault, match="no annotator here"):
        annotators.load(tmp_path)
    (tmp_path / "annotator.json").write_text(json.dumps({"kind": "oracle"}))
    with pytest.raises(Fault, match="kind 'oracle'; this version knows encoder, ngrams"):
        annotators.load(tmp_path)
