"""Training on torch alone: the model, its loss, the learning-rate curve, the loop, and what a phase costs.

All three phases are next-token prediction with one decoder of Llama's shape; they differ in data, learning
rate and starting weights. In the paper the first phase decays along a cosine, and the later ones warm up
again to the same peak and fall in a line to 0.

Read `costs` and `memory` (arithmetic), `model`, `attention`, `loss`, `schedule`, `optim`, `checkpoint`, then
`loop`, which joins them. Only torch, numpy, safetensors and the standard library are imported, so that a GPU
node needs no more; a test enforces it.
"""
