"""`python -m neve.training`: one phase from files alone, on a node that has torch, numpy and safetensors.

`--settings` is the JSON of the stage's settings: {"phase", "model", "training", "seed", "precision"}.
Prints the counts as JSON. Exit status 1 with one line for what a person can mend.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from neve.errors import Fault
from neve.training.loop import build


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m neve.training", description="Train one phase.")
    parser.add_argument(
        "--settings", type=Path, required=True, help="JSON with phase, model, training, seed, precision"
    )
    parser.add_argument("--view", type=Path, required=True, help="folder of the view to read")
    parser.add_argument(
        "--tokenizer", type=Path, required=True, help="folder whose tokenizer goes with the model"
    )
    parser.add_argument("--start", type=Path, help="folder with model/ to start from; default: scratch")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, or to go on in")
    options = parser.parse_args(arguments)
    inputs = {"view": options.view, "tokenizer": options.tokenizer}
    if options.start:
        inputs["start"] = options.start
    try:
        settings = json.loads(options.settings.read_text())
        options.out.mkdir(parents=True, exist_ok=True)
        print(json.dumps(build(settings, inputs, options.out)))
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"error: {options.settings}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
