"""A plain loop around transformers' model, with what its users are told to switch on, as an arm of
`benchmarks/training.py`: SDPA, its own loss, fused AdamW, clipping, autocast where the job is in bf16.

Usage: python training_tuned.py JOB, in an environment with transformers.
"""

import sys
from pathlib import Path

import torch
from training_steps import read, serve
from transformers import AutoModelForCausalLM


def main(folder: Path) -> None:
    job, windows = read(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder / "model", attn_implementation="sdpa", dtype=torch.float32, use_cache=False
    ).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=job["rate"], betas=tuple(job["betas"]), weight_decay=job["weight_decay"], fused=True
    )  # fmt: skip
    low = job["precision"] == "bf16"

    def step(tokens: torch.Tensor) -> tuple[float, float]:
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), job["clip"])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item(), norm.item()

    serve(windows, step)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
