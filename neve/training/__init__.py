"""Training on torch alone: the model, its loss, the learning-rate curve, the loop, and what a phase costs.

Read `costs` and `memory` (arithmetic), `model`, `attention`, `loss`, `schedule`, `optim`, `checkpoint`, then
`loop`, which joins them. Only torch, numpy, safetensors and the standard library are imported, so that a GPU
node needs no more; a test enforces it.
"""
