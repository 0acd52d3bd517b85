"""transformers.Trainer as an arm of `benchmarks/training.py`, with the defaults of its TrainingArguments.

Usage: python training_trainer.py JOB, in an environment with transformers and accelerate.

The steps are Trainer's own, timed by a callback from one step's start to the next's, so its loading of data
counts. Not left at their defaults: the batch size, `bf16` where the job is in bf16, the order of rows (so
that its first batch is the others' first), no saving, and the first step's loss is logged, to be compared.
The defaults that matter: fp32, fused AdamW (5e-5, falling linearly; betas 0.9 and 0.999; no weight decay),
clipping at 1, eager, batches put together in the training process.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset
from training_steps import First, Turns, read
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments


class Rows(Dataset):
    """Windows one by one; the model shifts the labels itself."""

    def __init__(self, windows: Any) -> None:
        self.rows = torch.from_numpy(windows).flatten(0, 1)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self.rows[index], "labels": self.rows[index]}


class Clock(TrainerCallback):
    """Waits for its turn where a step begins, and answers where the first step after it does."""

    def __init__(self) -> None:
        self.turns, self.first = Turns(), First()
        self.left = self.asked = 0
        self.started = 0.0

    def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
        self.first = self.first or {"loss": logs["loss"], "norm": logs["grad_norm"]}

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        if not self.left:
            if self.asked:
                self.turns.done(time.perf_counter() - self.started, self.first)
            self.left = self.asked = self.turns.asked()
            if not self.asked:
                raise SystemExit(0)
            self.started = time.perf_counter()
        self.left -= 1


def main(folder: Path) -> None:
    job, windows = read(folder)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=job["batch"],
        bf16=job["precision"] == "bf16",
        train_sampling_strategy="sequential",
        save_strategy="no",
        logging_first_step=True,
    )
    model = AutoModelForCausalLM.from_pretrained(folder / "model")
    Trainer(model, arguments, train_dataset=Rows(windows), callbacks=[Clock()]).train()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
