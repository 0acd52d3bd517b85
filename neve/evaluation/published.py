"""What others published, beside which a model's figures are shown.

The trade-off: the figures are as their paper states them, graded by other harnesses and asked with other
prompts; a result names its own prompt, and the page says whose figures these are.

Source: Arctic-SnowCoder (arXiv 2409.02326), its tables of results.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TABLE = {
    "StableCode-3B": (26.2, 43.9, 18.6, 25.9),
    "StarCoder2-3B": (27.4, 49.2, 19.0, 21.4),
    "Granite-Code-Base-3B": (29.3, 45.8, 19.8, 20.0),
    "CodeGemma-2B v1.1": (32.3, 48.9, 19.8, 28.0),
    "Qwen2-1.5B": (31.1, 38.4, 17.2, 16.5),
    "DeepSeek-Coder-1.3B": (28.7, 48.1, 19.2, 22.2),
    "StarCoderBase-3B": (17.7, 36.8, 11.6, 5.9),
    "SmolLM-1.7B": (15.9, 34.7, 10.0, 2.5),
    "Phi-1.5-1.3B": (31.7, 43.7, 20.6, 14.3),
    "Arctic-SnowCoder, phase 1": (14.0, 27.8, 7.4, 10.3),
    "Arctic-SnowCoder, phase 2": (21.3, 34.7, 12.8, 12.3),
    "Arctic-SnowCoder, phase 3": (28.0, 42.9, 18.0, 19.4),
}
"""Greedy pass@1 in percent, by model."""
COLUMNS = ("humaneval+", "mbpp+", "evoeval", "bigcodebench")
"""What the columns of TABLE are; EvoEval's is the mean over its five altered sets."""
ALTERED = tuple(f"evoeval-{kind}" for kind in ("difficult", "creative", "subtle", "combine", "tool-use"))


def beside(entries: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """pass@1 in percent in the columns of TABLE; None where a benchmark was not graded."""
    values = {name: 100 * entry["pass@1"] for name, entry in entries.items() if "pass@1" in entry}
    if all(name in values for name in ALTERED):
        values["evoeval"] = float(np.mean([values[name] for name in ALTERED]))
    return {name: values.get(name) for name in COLUMNS}
