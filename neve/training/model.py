"""The Llama architecture as one plain module, and its Hugging Face folder.

Parameter names are those of transformers' LlamaForCausalLM, so that export is a copy; the arithmetic is in
transformers' order, so that fp32 logits are equal. The trade-off: no options beyond the recipe's (no biases,
no dropout, no rope scaling). `forward` ends with the final norm, so that the loss never holds the logits of
all positions at once.

Layers can be compiled one by one (one compilation serves all), and can recompute part of their activations
(`prepare`). In bf16 the residual stream is bf16 too, as it is under sharding. On a CPU norms and projections
have hand-written gradients (fewer passes over memory); on a GPU the norm is compiled, or PyTorch's kernel.

Sources: Llama 2 (arXiv 2307.09288); RMSNorm (arXiv 1910.07467); grouped queries (arXiv 2305.13245); GPT-2
for residual projections scaled down at the start by 1/√(2·layers).
"""

from __future__ import annotations

import functools
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

from neve.errors import Fault
from neve.hashing import seed_of
from neve.permissions import by_umask
from neve.training import settings
from neve.training.attention import Mask, attend, rotary, rotary_causal, rotate
from neve.training.distributed import ALONE, World, full

INIT_STD = 0.02
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "encoder.json")

NAMES = {
    "vocab_size": "vocab_size", "hidden": "hidden_size", "intermediate": "intermediate_size",
    "layers": "num_hidden_layers", "heads": "num_attention_heads", "kv_heads": "num_key_value_heads",
    "rope_base": "rope_theta", "norm_eps": "rms_norm_eps", "tied": "tie_word_embeddings",
    "max_positions": "max_position_embeddings",
}  # fmt: skip
"""The names of Config's fields in transformers' config.json."""

PLAIN = {"architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "attention_bias": False, "mlp_bias": False,
         "rope_type": "default"}  # fmt: skip
"""The only values that config.json may have for these keys; the first one is required."""

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, SafetensorError)


@dataclass(frozen=True, kw_only=True)
class Config(settings.Model):
    """Shape of a model as built: the recipe's, the vocabulary, and the longest window that it was trained
    on."""

    vocab_size: int
    max_positions: int


Keep = Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]
"""For generation: takes a layer's number and new keys and values, returns all of them (see `kv_cache`)."""


class _Norm(torch.autograd.Function):
    """x / √(mean x² + eps) · w, with a gradient in few passes over memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        scale = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, scale)
        return (x * scale).mul_(weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight, scale = ctx.saved_tensors
        grad, unit = grads[0], x * scale
        product, factor = grad * unit, weight.to(unit.dtype)
        along = (product @ factor).unsqueeze(-1) / -x.shape[-1]
        grad_x = (grad * factor).addcmul_(unit, along).mul_(scale)
        return grad_x.to(x.dtype), product.flatten(0, -2).sum(0).to(weight.dtype), None


def compute_dtype(x: Tensor) -> torch.dtype:
    """The type in which matrix products of x are computed: autocast's if it is on, else x's own."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


class _Product(torch.autograd.Function):
    """x · weightᵀ; the weight's gradient is added to `weight.grad` inside its product, which saves a pass
    over both."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        rows, above = x.flatten(0, -2), grads[0].flatten(0, -2)
        if weight.grad is None:
            return grads[0] @ weight, above.T @ rows
        weight.grad.addmm_(above.T, rows)
        return grads[0] @ weight, None


class Linear(nn.Linear):
    """nn.Linear without bias; `_Product` when training on a CPU in the weight's own type."""

    def forward(self, x: Tensor) -> Tensor:
        plain = x.device.type == "cpu" and x.dtype == compute_dtype(x) == self.weight.dtype
        if plain and torch.is_grad_enabled() and not torch.compiler.is_compiling():
            return _Product.apply(x, self.weight)
        return F.linear(x, self.weight)


class Norm(nn.Module):
    """RMSNorm; the result has the type of the products that read it, so that it is cast once."""

    def __init__(self, hidden: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype == self.weight.dtype and (x.is_cuda or not torch.is_grad_enabled()):
            out = F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        elif x.is_cuda:
            wide = x.float()
            out = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight
        else:
            out = _Norm.apply(x, self.weight, self.eps)
        return out.to(compute_dtype(x))


class Attention(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.size = config.hidden // config.heads
        self.q_proj = Linear(config.hidden, config.heads * self.size, bias=False)
        self.k_proj = Linear(config.hidden, config.kv_heads * self.size, bias=False)
        self.v_proj = Linear(config.hidden, config.kv_heads * self.size, bias=False)
        self.o_proj = Linear(config.heads * self.size, config.hidden, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Mask, keep: Callable | None) -> Tensor:
        batch, length, _ = x.shape
        projections = (self.q_proj, self.k_proj, self.v_proj)
        q, k, v = (projection(x).view(batch, length, -1, self.size) for projection in projections)
        if mask is None and keep is None and (mixed := rotary_causal(q, k, v, turn)) is not None:
            return self.o_proj(mixed.flatten(2))
        q, k, v = (part.to(v.dtype).transpose(1, 2) for part in (rotate(q, *turn), rotate(k, *turn), v))
        if keep is not None:
            k, v = keep(k, v)
        mixed = attend(q, k.to(q.dtype), v.to(q.dtype), mask)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))


class FeedForward(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.gate_proj = Linear(config.hidden, config.intermediate, bias=False)
        self.up_proj = Linear(config.hidden, config.intermediate, bias=False)
        self.down_proj = Linear(config.intermediate, config.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def _selective() -> Any:
    """Contexts for recomputing a layer: results of attention and of every second matrix product are kept."""
    seen = {False: 0, True: 0}

    def policy(context: Any, operation: Any, *args: Any, **kwargs: Any) -> CheckpointPolicy:
        keep = "attention" in str(operation)
        if operation in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
            seen[context.is_recompute] += 1
            keep = seen[context.is_recompute] % 2 == 1
        return CheckpointPolicy.MUST_SAVE if keep else CheckpointPolicy.PREFER_RECOMPUTE

    return create_selective_checkpoint_contexts(policy)


class Layer(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = FeedForward(config)
        self.input_layernorm = Norm(config.hidden, config.norm_eps)
        self.post_attention_layernorm = Norm(config.hidden, config.norm_eps)
        self.run: Callable[..., Tensor] = self.compute

    def forward(self, *args: Any) -> Tensor:
        return self.run(*args)

    def compute(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Mask, keep: Callable | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), turn, mask, keep)
        return x + self.mlp(self.post_attention_layernorm(x))

    def recompute(self, *args: Any) -> Tensor:
        """`compute`, with part of the activations computed again in the backward pass."""
        return checkpoint(self.compute, *args, use_reentrant=False, context_fn=_selective)


class Trunk(nn.Module):
    """Embeddings, layers and final norm; transformers calls it `model`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = Norm(config.hidden, config.norm_eps)


class Llama(nn.Module):
    """A decoder of Llama's shape; `seed` draws each weight by its name, None leaves them on the meta
    device."""

    def __init__(self, config: Config, seed: int | None = 0) -> None:
        super().__init__()
        self.config = config
        self.compiled = self.recomputes = False
        with torch.device("meta"):
            self.model = Trunk(config)
            if not config.tied:
                self.lm_head = Linear(config.hidden, config.vocab_size, bias=False)
        if seed is not None:
            self.to_empty(device="cpu")._draw(seed)

    @torch.no_grad()
    def _draw(self, seed: int) -> None:
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1:
                parameter.fill_(1.0)
                continue
            residual = name.endswith(("o_proj.weight", "down_proj.weight"))
            std = INIT_STD / math.sqrt(2 * self.config.layers) if residual else INIT_STD
            generator = torch.Generator().manual_seed(seed_of(f"init/{seed}/{name}"))
            parameter.normal_(0.0, std, generator=generator)

    def prepare(self, compiled: bool, recompute: bool) -> None:
        """Set how layers run from now on: compiled or not, and with recomputation in the backward pass or
        not."""
        self.compiled, self.recomputes = compiled, recompute
        layers: list[Any] = list(self.model.layers)
        for layer in layers:
            run = layer.recompute if recompute else layer.compute
            layer.run = torch.compile(run, dynamic=False) if compiled else run

    @property
    def head(self) -> Tensor:
        """The vocabulary projection, [V, H]."""
        return self.model.embed_tokens.weight if self.config.tied else self.lm_head.weight

    def forward(
        self, tokens: Tensor, positions: Tensor | None = None, mask: Mask = None, keep: Keep | None = None
    ) -> Tensor:
        """tokens int64 [B, T] -> hidden states after the final norm [B, T, H].

        `positions` [B, T] count from 0 by default. `mask` is a BlockMask or bool [B, 1, T, S], True =
        attend, where S is T plus what `keep` adds in front; the default is causal.
        """
        if positions is None:
            positions = torch.arange(tokens.shape[1], device=tokens.device)[None]
        turn = rotary(positions, self.config.hidden // self.config.heads, self.config.rope_base)
        x = self.model.embed_tokens(tokens)
        x = x.to(compute_dtype(x))
        for index, layer in enumerate(self.model.layers):
            x = layer(x, turn, mask, keep and functools.partial(keep, index))
        return self.model.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden [..., H] -> logits [..., V]."""
        return F.linear(hidden, self.head)


def save(model: Llama, folder: Path, tokenizer_folder: Path | None, world: World = ALONE) -> None:
    """Write a Hugging Face folder: config, fp32 safetensors, generation settings, the tokenizer's files.

    What config.json leaves out is transformers' default. All processes of `world` call this; the first one
    writes.
    """
    weights = {}
    for name, tensor in model.state_dict().items():
        tensor = full(tensor)
        if world.first:
            weights[name] = tensor.float().cpu().contiguous()

    def write() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (tokenizer_folder / name for name in TOKENIZER_FILES) if tokenizer_folder else ():
            if path.exists():
                shutil.copyfile(path, folder / path.name)
        end = _end_of_text(tokenizer_folder) if tokenizer_folder else None
        ends = {"bos_token_id": end, "eos_token_id": end}
        description: dict[str, Any] = {"model_type": "llama", "torch_dtype": "float32"}
        description["architectures"] = PLAIN["architectures"]
        description |= {name: getattr(model.config, field) for field, name in NAMES.items()} | ends
        (folder / "config.json").write_text(json.dumps(description, indent=2) + "\n")
        generation = json.dumps(ends | {"do_sample": False}, indent=2)
        (folder / "generation_config.json").write_text(generation + "\n")
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        by_umask(folder / "model.safetensors")

    world.once(write)


def _weights(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, from one file or from the parts that an index lists."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return load_file(folder / "model.safetensors")
    parts = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    if any(Path(part).name != part for part in parts):
        raise ValueError("the index names files outside of the folder")
    return {name: tensor for part in parts for name, tensor in load_file(folder / part).items()}


def _end_of_text(tokenizer_folder: Path) -> int:
    try:
        name = json.loads((tokenizer_folder / "tokenizer_config.json").read_text())["eos_token"]
        added = json.loads((tokenizer_folder / "tokenizer.json").read_text())["added_tokens"]
        return next(token["id"] for token in added if token["content"] == name)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise Fault(
            f"{tokenizer_folder}: no tokenizer with an eos_token ({error!r}); build it again"
        ) from None


def _config(path: Path) -> Config:
    """config.json as a Config; raises Fault if it asks for something unsupported, ValueError if it makes no
    sense."""
    raw = {key: value for key, value in json.loads(path.read_text()).items() if value is not None}
    rope = raw.get("rope_parameters", raw.get("rope_scaling", {}))
    raw = {"architectures": None, "rope_theta": 10_000.0, "tie_word_embeddings": False} | raw | rope
    raw = {"num_key_value_heads": raw["num_attention_heads"], "rope_type": raw.get("type", "default")} | raw
    for key, only in PLAIN.items():
        if raw.get(key, only) != only:
            raise Fault(f"{path}: {key} = {raw[key]!r}; only {only!r} can be read")
    for field, name in NAMES.items():
        kinds = (bool,) if field == "tied" else (int, float) if field in ("rope_base", "norm_eps") else (int,)
        if type(raw[name]) not in kinds or not (field == "tied" or 0 < raw[name] < 1 << 31):
            raise ValueError(f"{name} = {raw[name]!r}")
    config = Config(**{field: raw[name] for field, name in NAMES.items()})
    if config.hidden % (2 * config.heads) or config.heads % config.kv_heads:
        raise ValueError("hidden_size, num_attention_heads and num_key_value_heads do not fit each other")
    return config


def load(folder: Path) -> Llama:
    """Read a Hugging Face folder of Llama's shape; raises Fault if it is not one, or not whole.

    Only safetensors are read, every name and shape is checked before memory is allocated, and no code in it
    is run.
    """
    try:
        config, weights = _config(folder / "config.json"), _weights(folder)
        if config.layers > len(weights):
            raise ValueError(f"num_hidden_layers = {config.layers} with {len(weights)} tensors")
    except UNREADABLE as error:
        raise Fault(
            f"{folder}: not a readable model folder, config.json with safetensors: {error!r}"
        ) from None
    if config.tied:
        weights.pop("lm_head.weight", None)
    model = Llama(config, seed=None)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | found.keys()):
        got, wanted = found.get(name), expected.get(name)
        if got != wanted:
            raise Fault(f"{folder}: {name} has shape {got}, config.json says {wanted}")
    model.to_empty(device="cpu").load_state_dict(weights)
    return model
