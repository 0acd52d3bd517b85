"""Training on torch alone: the model, its loss, the curve, the loop, and what a run will cost.

Read `plan` (arithmetic), `model`, `attention`, `loss`, `schedule`, `optim`, `checkpoint`, then `loop`,
which joins them. Nothing here imports more than torch, numpy, safetensors and the standard library, so a
GPU node needs no Daft, Arrow, pydantic or transformers; a test keeps it so.
"""
