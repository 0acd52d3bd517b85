"""litgpt as an arm of `benchmarks/training.py`: its model, and the steps of its `litgpt pretrain`.

Usage: python training_litgpt.py {compiled,eager} JOB, in an environment with litgpt.

`compiled` is as `litgpt pretrain` trains: torch.compile around the whole model; `eager` leaves that out.
Fabric, optimizer (AdamW; fused on GPUs only), clipping and chunked loss are called as there. The weights are
the others', by litgpt's own conversion.
"""

import sys
from pathlib import Path

import lightning as L
import torch
from litgpt.config import Config
from litgpt.model import GPT
from litgpt.scripts.convert_hf_checkpoint import copy_weights_hf_llama
from litgpt.utils import chunked_cross_entropy, instantiate_torch_optimizer
from safetensors.torch import load_file
from training_steps import read, serve

IGNORED = -100


def main(how: str, folder: Path) -> None:
    job, windows = read(folder)
    shape = job["model"]
    config = Config(
        block_size=job["length"],
        n_layer=shape["layers"],
        n_embd=shape["hidden"],
        vocab_size=job["vocabulary"],
        padded_vocab_size=job["vocabulary"],
        norm_class_name="RMSNorm",
        norm_eps=shape["norm_eps"],
        parallel_residual=False,
        n_head=shape["heads"],
        n_query_groups=shape["kv_heads"],
        rope_base=int(shape["rope_base"]),
        rotary_percentage=1.0,
        intermediate_size=shape["intermediate"],
        bias=False,
        mlp_class_name="LLaMAMLP",
    )
    fabric = L.Fabric(
        accelerator="cpu",
        devices=1,
        precision="bf16-mixed" if job["precision"] == "bf16" else "32-true",
    )
    weights: dict[str, torch.Tensor] = {}
    copy_weights_hf_llama(config, {}, weights, load_file(folder / "model" / "model.safetensors"))
    with fabric.init_module(empty_init=False):
        model = GPT(config)
    model.load_state_dict(weights)
    model.transformer.wte.weight = model.lm_head.weight
    model = fabric.setup(torch.compile(model) if how == "compiled" else model)
    optimizer = {
        "class_path": "torch.optim.AdamW",
        "init_args": {"lr": job["rate"], "betas": job["betas"], "weight_decay": job["weight_decay"]},
    }
    fused = {"fused": fabric.device.type == "cuda"}
    optimizer = fabric.setup_optimizers(instantiate_torch_optimizer(optimizer, model.parameters(), **fused))

    def step(tokens: torch.Tensor) -> tuple[float, float]:
        targets = torch.full_like(tokens, IGNORED)
        targets[:, :-1] = tokens[:, 1:]
        loss = chunked_cross_entropy(model(tokens), targets)
        fabric.backward(loss)
        norm = fabric.clip_gradients(model, optimizer, max_norm=job["clip"])
        optimizer.step()
        optimizer.zero_grad()
        return loss.item(), float(norm)

    serve(windows, step)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
