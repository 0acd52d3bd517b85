"""Training speed of the 1.364B model of `recipes/arctic-snowcoder-1.3b.toml` on one GPU, and whether its
kernels are right.

Each row is the loop's own step (`neve.training.loop.accumulate`, AdamW) on random tokens, in bf16, compiled,
about 65,536 tokens a step, as on one of 64 GPUs of the recipe: an attention backend, with or without
document mask (documents of 1,000 tokens on the average), at a window's length and a micro batch. It gives
tokens a second, the utilisation by PaLM's count and by the causal one (`neve plan` explains both) of the
card's dense bf16 peak, and the peak of memory. The median of the timed steps counts. Before the rows,
`checks` compares the kernels with what they stand for.

    python benchmarks/h100.py --out DIR [--seconds 480] [--rows NAME …] python benchmarks/h100.py --dry-run
    a model of 0.4M parameters on the CPU: does the script work

Rows are in the order of their worth, and none is begun that would end after `--seconds`. Only torch, numpy
and safetensors are needed. Public figures to stand beside, on one H100: llm-foundry's 1.3B 29,157 tokens/s
at T = 8192 (37.7 % by PaLM's count) and 45,455 at T = 2048 (41.8 %).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

sys.path.insert(0, str(Path(__file__).parents[1]))

from neve.training import attention, costs, loop, loss, optim
from neve.training.cores import Replicas
from neve.training.distributed import World
from neve.training.log import PEAKS
from neve.training.model import Config, Llama
from neve.training.settings import LearningRate, Model, Phase, Settings, Training

MODEL = {
    "hidden": 2048, "intermediate": 5632, "layers": 24, "heads": 16, "kv_heads": 16,
    "rope_base": 10_000.0, "norm_eps": 1e-5, "tied": True,
}  # fmt: skip
TINY = {**MODEL, "hidden": 64, "intermediate": 176, "layers": 2, "heads": 4, "kv_heads": 4}
VOCABULARY, STEP_TOKENS, END = 64_000, 65_536, 0
DOCUMENT = 1000
"""Tokens of a document on the average, where documents are masked."""


class Row(NamedTuple):
    name: str
    length: int
    micro_batch: int
    attention: str
    """cudnn, flash: causal SDPA; flex: FlexAttention; sdpa: SDPA under a boolean mask."""
    documents: bool = False
    recompute: bool = False


ROWS = [
    Row("8k", 8192, 2, "cudnn"),
    Row("2k", 2048, 8, "cudnn"),
    Row("8k-documents", 8192, 2, "flex", documents=True),
    Row("2k-documents", 2048, 8, "flex", documents=True),
    Row("8k-flash", 8192, 2, "flash"),
    Row("2k-batch12", 2048, 12, "cudnn"),
    Row("2k-batch16", 2048, 16, "cudnn"),
    Row("8k-batch3", 8192, 3, "cudnn"),
    Row("8k-batch1", 8192, 1, "cudnn"),
    Row("8k-flex", 8192, 2, "flex"),
    Row("2k-flash", 2048, 8, "flash"),
    Row("2k-documents-sdpa", 2048, 4, "sdpa", documents=True),
    Row("8k-documents-sdpa", 8192, 1, "sdpa", documents=True),
    Row("8k-batch4-recompute", 8192, 4, "cudnn", recompute=True),
    Row("2k-batch4", 2048, 4, "cudnn"),
]


@contextlib.contextmanager
def kernels(name: str) -> Iterator[None]:
    """The SDPA kernel of a row."""
    if name == "flash":
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            yield
    else:
        with attention.kernels():
            yield


def measure(
    row: Row, model: dict[str, Any], vocabulary: int, world: World, steps: int, profiled: bool
) -> dict[str, Any]:
    """One row's figures; where `profiled`, prints which kernels one more step spends its time in."""
    gpu = world.device.type == "cuda"
    batch = row.micro_batch * (max(1, round(STEP_TOKENS / row.length / row.micro_batch)) if gpu else 1)
    training = Training(
        sequence=row.length, batch=batch, optimizer="adamw", adamw_lr_factor=1.0, betas=(0.9, 0.95), weight_decay=0.1, clip=1.0, document_mask=row.documents,
        validate_steps=0, micro_batch=row.micro_batch, checkpoint_seconds=60.0, keep_checkpoints=1, skip_limit=1,
        attention={"flex": "flex"}.get(row.attention, "sdpa"), compile="auto",
        activation_checkpointing="selective" if row.recompute else "none", tensorboard=False, wandb="",
    )  # fmt: skip
    phase = Phase(
        "bench", None, None, LearningRate(1e-4, 0.0, 0, 0, "constant"), "reset", keeps_moments=False
    )
    settings = Settings(phase, Model(**model), training, 1, "bf16" if gpu else "fp32")
    torch._dynamo.reset()
    if gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    generator = torch.Generator().manual_seed(1)
    begun = time.monotonic()
    with kernels(row.attention):
        net = Llama(Config(vocab_size=vocabulary, max_positions=row.length, **model), seed=None)
        with torch.device(world.device):
            net.to_empty(device=world.device)
            for parameter in net.parameters():
                torch.nn.init.normal_(parameter, std=0.02) if parameter.ndim > 1 else torch.nn.init.ones_(
                    parameter
                )
        loop.prepare(net, settings, world)
        optimizer, replicas = optim.make(net, training, gpu), Replicas(net, row.micro_batch, world)
        losses, seconds, first = [], [], 0.0
        for step in range(steps + 2):
            tokens = torch.randint(1, vocabulary, (batch, row.length + 1), generator=generator)
            if row.documents or row.attention == "flex":
                tokens[torch.rand(tokens.shape, generator=generator) < 1 / DOCUMENT] = END
            if not row.documents and row.attention == "flex":
                tokens[tokens == END] = 1
                settings = replace(
                    settings, training=replace(training, document_mask=True)
                )  # a mask of one document: FlexAttention, causal
            windows = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
            if gpu:
                windows = windows[0].pin_memory(), windows[1].pin_memory()
                torch.cuda.synchronize()
            started = time.monotonic()
            mean = loop.accumulate(replicas, windows, windows[1].numel(), settings, world, END)
            value, *_ = optim.update(optimizer, mean, 1e-4, 1.0)
            if gpu:
                torch.cuda.synchronize()
            taken = time.monotonic() - started
            first = first or taken
            losses.append(value)
            if step >= 2:
                seconds.append(taken)
        if profiled:
            with torch.profiler.profile() as profile:
                mean = loop.accumulate(replicas, windows, windows[1].numel(), settings, world, END)
                optim.update(optimizer, mean, 1e-4, 1.0)
            print(
                profile.key_averages().table(
                    sort_by="self_device_time_total", row_limit=24, max_name_column_width=70
                )
            )
    speed = batch * row.length / statistics.median(seconds)
    flops = costs.flops_per_token(settings.model, vocabulary, row.length)
    peak = PEAKS["H100"]
    figures = {
        **row._asdict(),
        "windows": batch,
        "tokens_per_s": round(speed),
        "mfu_palm": speed * flops["palm"] / peak if gpu else None,
        "mfu_causal": speed * flops["causal"] / peak if gpu else None,
        "peak_gib": torch.cuda.max_memory_allocated() / 2**30 if gpu else None,
        "first_step_s": round(first, 1),
        "step_s": [round(s, 4) for s in seconds],
        "all_s": round(time.monotonic() - begun, 1),
        "loss": [round(v, 4) for v in (losses[0], losses[-1])],
    }
    del net, optimizer
    gc.collect()
    return figures


def checks(device: torch.device) -> dict[str, float]:
    """‖got − wanted‖ / ‖wanted‖ of each kernel and its gradients, wanted in fp64 or fp32 by the
    plain way."""
    torch.manual_seed(0)
    found: dict[str, float] = {}

    def error(got: torch.Tensor, wanted: torch.Tensor) -> float:
        got, wanted = got.detach().double(), wanted.detach().double()
        return float((got - wanted).norm() / wanted.norm())

    length = 1024
    tokens = torch.randint(1, 100, (2, length), device=device)
    tokens[torch.rand(tokens.shape, device=device) < 0.01] = END
    q, k, v = (torch.randn(2, 4, length, 128, device=device).bfloat16() for _ in range(3))
    upstream = torch.randn(2, 4, length, 128, device=device).bfloat16()
    exact = [x.double().requires_grad_() for x in (q, k, v)]
    causal = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    with sdpa_kernel(SDPBackend.MATH):
        wanted = {}
        for name, mask in (("causal", causal), ("documents", attention.document_mask(tokens, END))):
            out = attention.attend(*exact, mask)
            wanted[name] = [out, *torch.autograd.grad(out, exact, upstream.double())]
    cases = [("causal", "cudnn", None), ("causal", "flash", None)]
    cases += [("documents", "sdpa", attention.document_mask(tokens, END))]
    if device.type == "cuda":
        cases += [("documents", "flex", attention.block_mask(tokens, END))]
        cases += [("causal", "flex", attention.block_mask(torch.ones_like(tokens), END))]
    for name, backend, mask in cases:
        with kernels(backend if device.type == "cuda" else "cudnn"):
            given = [x.clone().requires_grad_() for x in (q, k, v)]
            attend = torch.compile(attention.attend) if backend == "flex" else attention.attend
            out = attend(*given, mask)
            parts = [out, *torch.autograd.grad(out, given, upstream)]
            found[f"attention {name} {backend}"] = max(map(error, parts, wanted[name]))

    hidden = torch.randn(3000, 64, device=device, requires_grad=True)
    weight = torch.randn(5000, 64, device=device, requires_grad=True)
    targets = torch.randint(0, 5000, (3000,), device=device)
    targets[::7] = loss.IGNORED
    scale = torch.tensor(1e-3, device=device)
    got = loss._LinearCrossEntropy.apply(hidden, weight, targets, scale)
    plain = scale * torch.nn.functional.cross_entropy(
        (hidden @ weight.T).double(), targets, ignore_index=loss.IGNORED, reduction="sum"
    )
    ours, theirs = (torch.autograd.grad(x, (hidden, weight)) for x in (got, plain))
    found["loss and gradients"] = max(map(error, (got, *ours), (plain, *theirs)))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="folder for h100.json")
    parser.add_argument("--seconds", type=float, default=480.0, help="no row is begun that would end later")
    parser.add_argument("--rows", nargs="*", choices=[row.name for row in ROWS], help="these rows alone")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of a row")
    parser.add_argument("--profile", action="store_true", help="print each row's kernels by time")
    parser.add_argument("--dry-run", action="store_true", help="a tiny model on the CPU")
    options = parser.parse_args()
    begun = time.monotonic()
    gpu = torch.cuda.is_available() and not options.dry_run
    if not gpu and not options.dry_run:
        print("error: no GPU here; --dry-run tries the script on the CPU", file=sys.stderr)
        return 1
    world = World(0, 1, torch.device("cuda" if gpu else "cpu"))
    result: dict[str, Any] = {
        "card": torch.cuda.get_device_name() if gpu else "cpu",
        "torch": torch.__version__,
        "peak_flops": PEAKS["H100"],
        "checks": checks(world.device),
        "rows": [],
    }
    print(json.dumps(result["checks"], indent=1), flush=True)
    longest = 0.0
    for row in ROWS:
        if options.rows and row.name not in options.rows:
            continue
        if time.monotonic() - begun + longest > options.seconds:
            print(f"{row.name}: left out, its time is up", flush=True)
            continue
        started = time.monotonic()
        small = row._replace(length=256, micro_batch=1)
        try:
            figures = (
                measure(row, MODEL, VOCABULARY, world, options.steps, options.profile)
                if gpu
                else measure(small, TINY, 512, world, 1, options.profile)
            )
        except torch.OutOfMemoryError:
            figures = {**row._asdict(), "out_of_memory": True}
            gc.collect()
        longest = max(longest, time.monotonic() - started)
        result["rows"].append(figures)
        print(_line(figures), flush=True)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / "h100.json").write_text(json.dumps(result, indent=1) + "\n")
    return 0


def _line(figures: dict[str, Any]) -> str:
    if "out_of_memory" in figures:
        return f"{figures['name']:24} out of memory"
    used = "" if figures["mfu_palm"] is None else f" {figures['mfu_palm']:6.1%} {figures['mfu_causal']:6.1%}"
    peak = "" if figures["peak_gib"] is None else f" {figures['peak_gib']:5.1f} GiB"
    return (
        f"{figures['name']:24} {figures['tokens_per_s']:7,} tokens/s{used}{peak}  first {figures['first_step_s']} s, "
        f"all {figures['all_s']} s, loss {figures['loss']}"
    )


if __name__ == "__main__":
    sys.exit(main())
