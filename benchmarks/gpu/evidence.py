"""The paper's claims on one GPU: does selecting help, by how much, and what do repeats and schedule add?

A model of 57M parameters is pretrained once on the corpus of `evidence.toml`; every arm then continues from
that same checkpoint on as many tokens, with its own documents, repeats or schedule, under several seeds. A
seed is another order of the data, and for random documents another draw: that, not the task, is the unit of
replication. Bits per byte of solutions and of held-out code are measured once an arm has ended.

    python benchmarks/gpu/evidence.py --pack build/gpu --work build/evidence --out OUT --probe
    python benchmarks/gpu/evidence.py --pack build/gpu --work build/evidence --out OUT [--seconds 540]
    python benchmarks/gpu/table.py OUT/evidence.json
    python benchmarks/gpu/evidence.py --dry-run --out OUT     tiny sizes and random text on a CPU

Arms are in the order of their worth, seed by seed; none is begun that would end after `--seconds`, and one
that is done is never done again, so a second call goes on. torch, numpy, safetensors and pyarrow are needed,
and scipy for the table. The steps are the trainer's own (`neve.training`): its model, loss, Muon, schedule.

The trade-offs: tokens lie on the card, so no time goes into reading; 80M tokens of pretraining and 6.5M of
an arm are what fits into nine minutes, where the paper has 500B and 10B; rates come from `--probe`, which
looks at training loss alone. 200M and 20M tokens were wanted and do not fit at the 545,758 tokens/s of an
H100; pass@10 is left out, since models of this size solve nothing.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2]))

from neve.evaluation import bits_per_byte
from neve.evaluation.bits_per_byte import Text
from neve.hashing import shares
from neve.training import attention, costs, loop, optim, schedule
from neve.training.cores import Replicas
from neve.training.distributed import World
from neve.training.log import PEAKS
from neve.training.model import Config, Llama
from neve.training.settings import LearningRate, Model, Phase, Settings, Training

END = 0
"""The id of <|endoftext|>, which follows every document."""
SUITES = ("humaneval", "mbpp-train", "heldout")
CLIP = 1.0


class Size(NamedTuple):
    """How large everything is."""

    model: dict[str, Any]
    length: int
    batch: int
    """Windows of a step."""
    micro_batch: int
    general: int
    """Tokens of the first phase."""
    arm: int
    """Tokens of an arm."""
    peak: float = 8e-3
    """Muon's rate; AdamW's, on embeddings and norms, is half of it."""


SHAPE = {"rope_base": 10_000.0, "norm_eps": 1e-5, "tied": True}
FULL = Size(
    {"hidden": 576, "intermediate": 1536, "layers": 12, "heads": 9, "kv_heads": 9, **SHAPE},
    1024, 64, 64, 80_000_000, 6_500_000,
)  # fmt: skip
TINY = Size(
    {"hidden": 32, "intermediate": 64, "layers": 2, "heads": 2, "kv_heads": 2, **SHAPE},
    64, 4, 4, 4_000, 2_000,
)  # fmt: skip

FLOOR = 0.1
"""Where the first phase's cosine ends, as a share of its peak."""
RATES = {
    "re-warmed": (1.0, 0.0, "linear"),
    "constant": (FLOOR, FLOOR, "constant"),
    "from the minimum": (FLOOR, 0.0, "linear"),
}
"""The paper's three schedules of the second phase: start and end in parts of the first one's peak."""


class Arm(NamedTuple):
    order: str
    """Whose best documents, or "random"."""
    repeats: int
    schedule: str

    @property
    def name(self) -> str:
        return f"{self.order} x{self.repeats}, {self.schedule}"


ARMS = (
    *(Arm("random", repeats, "from the minimum") for repeats in (1, 4)),
    *(Arm(order, 4, "from the minimum") for order in ("ngrams", "encoder")),
    *(Arm("ngrams", repeats, "from the minimum") for repeats in (1, 2)),
    *(Arm("random", repeats, "re-warmed") for repeats in (1, 4)),
    *(Arm(order, 4, "re-warmed") for order in ("ngrams", "encoder")),
    *(Arm("ngrams", repeats, "re-warmed") for repeats in (1, 2)),
    *(Arm(order, repeats, "constant") for order, repeats in (("random", 1), ("random", 4), ("ngrams", 4))),
)


@dataclass(frozen=True)
class Corpus:
    """Documents on the device, one after another, each with its separator."""

    stream: Tensor
    """int16 [tokens], ids as uint16 would hold them."""
    starts: np.ndarray
    """int64 [documents + 1]."""
    languages: np.ndarray
    scores: dict[str, np.ndarray]
    texts: dict[str, list[Text]]
    vocabulary: int


def load(pack: Path, work: Path, device: torch.device) -> Corpus:
    """The packed corpus, and the encoder's scores where `scoring.py` left them in `work`."""
    with np.load(io.BytesIO(lzma.decompress((pack / "corpus.npz.xz").read_bytes()))) as found:
        arrays = {name: found[name] for name in found.files}
    lengths = arrays["lengths"].astype(np.int64) + 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    stream = np.full(starts[-1], END, dtype=np.uint16)
    inside = np.ones(len(stream), dtype=bool)
    inside[starts[1:] - 1] = False
    stream[inside] = arrays["tokens"]
    scores = {"ngrams": arrays["ngrams"]}
    if (work / "encoder.npy").exists():
        scores["encoder"] = np.load(work / "encoder.npy")
    texts = {name: list(_texts(arrays, name)) for name in SUITES}
    ids = torch.from_numpy(stream.view(np.int16)).to(device)
    return Corpus(ids, starts, arrays["languages"], scores, texts, 16_384)


def _texts(arrays: dict[str, np.ndarray], name: str) -> Iterator[Text]:
    """The units of a suite; a loop over some hundred."""
    cuts = [np.cumsum(arrays[f"{name}/{part}_lengths"])[:-1] for part in ("context", "target")]
    contexts = np.split(arrays[f"{name}/contexts"].astype(np.int64), cuts[0])
    targets = np.split(arrays[f"{name}/targets"].astype(np.int64), cuts[1])
    keys, sizes = arrays[f"{name}/keys"].tolist(), arrays[f"{name}/sizes"].tolist()
    return map(
        Text, keys, contexts, targets, (b"" for _ in keys), map(bytes, sizes)
    )  # of bytes only the number counts


def invented(device: torch.device) -> Corpus:
    """Random text of 60 documents, for trying the script."""
    generator = np.random.default_rng(1)
    lengths = generator.integers(20, 200, 60)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    stream = generator.integers(1, 256, starts[-1]).astype(np.int16)
    stream[starts[1:] - 1] = END
    text = [
        Text(str(k), np.array([END, 5, 6]), generator.integers(1, 256, 12), b"", bytes(30)) for k in range(4)
    ]
    languages = np.arange(60) % 2
    scores = {"ngrams": generator.random(60), "encoder": generator.random(60)}
    return Corpus(
        torch.from_numpy(stream).to(device), starts, languages, scores, dict.fromkeys(SUITES, text), 256
    )


def chosen(corpus: Corpus, arm: Arm, budget: int, seed: int) -> Tensor:
    """The stream of an arm, int64 [tokens]: its best documents of each language until `budget` tokens are
    full with repeats counted (the last one is cut), each pass in an order of its own."""
    generator = np.random.default_rng([seed, 1 if arm.order == "random" else 0])
    lengths = np.diff(corpus.starts)
    value = generator.random(len(lengths)) if arm.order == "random" else corpus.scores[arm.order]
    names = {int(k): int(lengths[corpus.languages == k].sum()) for k in np.unique(corpus.languages)}
    rows, taken = [], []
    for language, quota in shares(names, -(-budget // arm.repeats)).items():
        own = np.flatnonzero(corpus.languages == language)
        own = own[np.argsort(-value[own], kind="stable")]
        before = np.cumsum(lengths[own]) - lengths[own]
        own = own[before < quota]
        rows.append(own)
        taken.append(np.minimum(lengths[own], quota - before[: len(own)]))
    documents, sizes = np.concatenate(rows), np.concatenate(taken)
    order = np.random.default_rng([seed, 2])
    passes = np.concatenate([order.permutation(len(documents)) for _ in range(arm.repeats)])
    return gathered(corpus.stream, corpus.starts[documents][passes], sizes[passes])


def gathered(stream: Tensor, starts: np.ndarray, sizes: np.ndarray) -> Tensor:
    """stream[starts[i] : starts[i] + sizes[i]] for every i, one after another."""
    first, count = (torch.from_numpy(part).to(stream.device) for part in (starts, sizes))
    end = torch.cumsum(count, 0)
    shift = torch.repeat_interleave(first - (end - count), count)
    return stream[shift + torch.arange(int(end[-1]), device=stream.device)]


class Trainer:
    """One model on one device, trained again and again from states that it is given."""

    def __init__(self, size: Size, vocabulary: int, device: torch.device, seconds: float) -> None:
        self.size, self.device, self.world = size, device, World(0, 1, device)
        self.gpu = device.type == "cuda"
        self.begun, self.seconds = time.monotonic(), seconds
        training = Training(
            sequence=size.length, batch=size.batch, optimizer="muon", adamw_lr_factor=0.5, betas=(0.9, 0.95),
            weight_decay=0.1, clip=CLIP, document_mask=False, validate_steps=0, micro_batch=size.micro_batch,
            checkpoint_seconds=60.0, keep_checkpoints=1, skip_limit=1, attention="sdpa", compile="auto",
            activation_checkpointing="none", tensorboard=False, wandb="",
        )  # fmt: skip
        rate = LearningRate(size.peak, 0.0, 0, 0, "cosine")
        phase = Phase("evidence", None, None, rate, "reset", keeps_moments=False)
        self.settings = Settings(phase, Model(**size.model), training, 1, "bf16" if self.gpu else "fp32")
        config = Config(vocab_size=vocabulary, max_positions=size.length, **size.model)
        self.model = Llama(config, seed=1)
        self.initial = {name: t.clone() for name, t in self.model.state_dict().items()}
        loop.prepare(self.model, self.settings, self.world)
        self.replicas = Replicas(self.model, size.micro_batch, self.world)

    def left(self) -> float:
        return self.seconds - (time.monotonic() - self.begun)

    def train(
        self, state: dict[str, Tensor], stream: Tensor, seed: int, rate: LearningRate, steps: int
    ) -> list[float]:
        """Train from `state` on windows of `stream` in an order drawn by `seed`, round after round; the
        losses of the steps."""
        self.model.load_state_dict(state)
        self.model.train()
        optimizer = optim.make(self.model, self.settings.training, self.gpu)
        length, batch = self.size.length, self.size.batch
        windows = (len(stream) - 1) // length
        generator = torch.Generator().manual_seed(seed)
        rounds = -(-steps * batch // windows)
        order = torch.cat([torch.randperm(windows, generator=generator) for _ in range(rounds)])
        order = order.to(self.device) * length
        inside, losses = torch.arange(length + 1, device=self.device), []
        for step in range(1, steps + 1):
            first = order[(step - 1) * batch : step * batch]
            part = stream[first[:, None] + inside].long() & 0xFFFF
            pair = part[:, :-1].contiguous(), part[:, 1:].contiguous()
            mean = loop.accumulate(self.replicas, pair, pair[1].numel(), self.settings, self.world, END)
            value, _, taken = optim.update(optimizer, mean, schedule.lr(step, steps, rate), CLIP)
            if not taken:
                raise SystemExit(f"error: step {step}: the loss or its gradient is not finite")
            losses.append(value)
        return losses

    def bits(self, texts: dict[str, list[Text]]) -> dict[str, list[float]]:
        """Bits of each unit of each suite, in fp32."""
        self.model.eval()
        with torch.compiler.set_stance("force_eager"):
            return {
                name: bits_per_byte.measure(self.model, units, name).tolist() for name, units in texts.items()
            }

    def state(self) -> dict[str, Tensor]:
        return {name: t.detach().clone() for name, t in self.model.state_dict().items()}


def rate_of(name: str, peak: float, steps: int) -> LearningRate:
    start, end, shape = RATES[name]
    return LearningRate(peak * start, peak * end, steps // 10 if start == 1 else 0, 0, shape)


def general(trainer: Trainer, corpus: Corpus, work: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The checkpoint that all arms start from and its figures, made now or found in `work`."""
    weights, file = work / "general.pt", work / "general.json"
    if file.exists():
        state = torch.load(weights, map_location=trainer.device, weights_only=True)
        return state, json.loads(file.read_text())
    steps = trainer.size.general // (trainer.size.batch * trainer.size.length)
    begun = time.monotonic()
    peak = trainer.size.peak
    rate = LearningRate(peak, peak * FLOOR, max(1, steps // 25), 0, "cosine")
    losses = trainer.train(trainer.initial, corpus.stream, 1, rate, steps)
    taken = time.monotonic() - begun
    state = trainer.state()
    torch.save(state, weights)
    figures = {"steps": steps, "seconds": taken, "losses": losses, "bits": trainer.bits(corpus.texts)}
    file.write_text(json.dumps(figures))
    return state, figures


def run(
    trainer: Trainer, corpus: Corpus, work: Path, seeds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """All arms that fit into the time, or are there already."""
    state, base = general(trainer, corpus, work)
    tail = np.mean(base["losses"][-10:])
    say(f"general: {base['steps']} steps in {base['seconds']:.0f} s, loss {tail:.3f}, {_line(base, corpus)}")
    steps = trainer.size.arm // (trainer.size.batch * trainer.size.length)
    done: dict[str, dict[str, Any]] = {}
    longest = 0.0
    for seed in range(1, seeds + 1):
        for arm in ARMS:
            if arm.order not in ("random", *corpus.scores):
                continue
            file = work / f"{arm.name}, seed {seed}.json"
            if not file.exists():
                if longest > trainer.left():
                    say(f"{arm.name}, seed {seed}: left out, its time is up")
                    continue
                begun = time.monotonic()
                stream = chosen(corpus, arm, steps * trainer.size.batch * trainer.size.length + 1, seed)
                losses = trainer.train(
                    state, stream, seed, rate_of(arm.schedule, trainer.size.peak, steps), steps
                )
                figures = {"losses": losses, "bits": trainer.bits(corpus.texts)}
                longest = max(longest, time.monotonic() - begun)
                file.write_text(json.dumps(figures | {"seconds": time.monotonic() - begun}))
            found = json.loads(file.read_text())
            done.setdefault(arm.name, {})[str(seed)] = found
            say(f"{arm.name}, seed {seed}: {found['seconds']:.1f} s, {_line(found, corpus)}")
    return {"general": base, "arms": done, "steps": steps}


def _line(figures: dict[str, Any], corpus: Corpus) -> str:
    sizes = {name: sum(text.size for text in corpus.texts[name]) for name in SUITES}
    return ", ".join(f"{name} {sum(figures['bits'][name]) / sizes[name]:.4f}" for name in SUITES)


def probe(
    trainer: Trainer, corpus: Corpus, peaks: list[float], steps: int, say: Callable[[str], None]
) -> None:
    """Speed, and the training loss of short runs at several rates: no text that is measured is looked at."""
    for peak in peaks:
        begun = time.monotonic()
        rate = LearningRate(peak, peak / 10, max(1, steps // 10), 0, "cosine")
        losses = trainer.train(trainer.initial, corpus.stream, 1, rate, steps)
        taken = time.monotonic() - begun
        speed = steps * trainer.size.batch * trainer.size.length / taken
        flops = costs.flops_per_token(trainer.settings.model, corpus.vocabulary, trainer.size.length)["palm"]
        used = f", {speed * flops / PEAKS['H100']:.1%} of the card's bf16 peak" if trainer.gpu else ""
        say(
            f"peak {peak:g}: loss {np.mean(losses[-10:]):.4f} after {steps} steps, {speed:,.0f} tokens/s{used}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, help="what pack.py wrote")
    parser.add_argument("--work", type=Path, help="where the checkpoint and finished arms are kept")
    parser.add_argument("--out", type=Path, help="folder for evidence.json")
    parser.add_argument("--seconds", type=float, default=520.0, help="no arm is begun that would end later")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--general", type=int, help="tokens of the first phase")
    parser.add_argument("--arm", type=int, help="tokens of an arm")
    parser.add_argument("--peak", type=float, help="the highest learning rate")
    parser.add_argument("--probe", action="store_true", help="only speed and rates")
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes and random text on a CPU")
    options = parser.parse_args()
    if options.out is None or not (options.dry_run or (options.pack and options.work)):
        parser.error("--out, --pack and --work are needed (or --dry-run)")
    if not (options.dry_run or torch.cuda.is_available()):
        print("error: no GPU here; --dry-run tries the script on a CPU", file=sys.stderr)
        return 1
    device = torch.device("cpu" if options.dry_run else "cuda")
    size = TINY if options.dry_run else FULL
    given = {name: getattr(options, name) for name in ("general", "arm", "peak")}
    size = size._replace(**{name: value for name, value in given.items() if value})
    work = options.work or options.out / "work"
    for folder in (work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    say = lambda text: print(text, flush=True)  # noqa: E731
    begun = time.monotonic()
    corpus = invented(device) if options.dry_run else load(options.pack, work, device)
    trainer = Trainer(size, corpus.vocabulary, device, options.seconds - (time.monotonic() - begun))
    say(
        f"{len(corpus.starts) - 1:,} documents, {len(corpus.stream):,} tokens, {time.monotonic() - begun:.0f} s to load"
    )
    with attention.kernels():
        if options.probe:
            peaks = [4e-3, 8e-3, 1.6e-2]
            probe(trainer, corpus, peaks, 3 if options.dry_run else 100, say)
            return 0
        found = run(trainer, corpus, work, options.seeds, say)
    found["sizes"] = {name: [text.size for text in corpus.texts[name]] for name in SUITES}
    found["peak"] = size.peak
    found["card"] = torch.cuda.get_device_name() if trainer.gpu else "cpu"
    found["torch"] = torch.__version__
    (options.out / "evidence.json").write_text(json.dumps(found))
    from table import table

    say(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
