"""Training on torch alone: the model, its loss, the curve, the loop, and what a run will cost.

Read `plan` (arithmetic), `model`, `attention`, `loss`, `schedule`, `optim`, `checkpoint`, then `loop`, which joins them.
Only torch, numpy, safetensors and the standard library are needed, so that a GPU node needs no more; a test keeps it so.
"""
