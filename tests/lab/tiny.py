"""A laboratory of tiny models, and the recipe that it stands on."""

RECIPE = """
[run]
name = "tiny"

[corpus]
licenses = "any"
languages = ["Python"]
heldout_share = 0.5
sources = [{{ kind = "directory", path = "{sources}" }}]
[corpus.near]
enabled = false
[corpus.decontaminate]
benchmarks = []

[tokenizer]
vocab_size = 300

[model]
hidden = 16
intermediate = 32
layers = 1
heads = 2
kv_heads = 2

[training]
sequence = 32
batch_tokens = 256
micro_batch = 8
precision = "fp32"

[[phase]]
name = "general"
data = "corpus"
tokens = 2560
lr = {{ peak = 5e-3, warmup = 2 }}

[[phase]]
name = "more"
data = "corpus"
tokens = 5120
start = "general"
lr = {{ peak = 5e-3, warmup = 2 }}

[evaluate]
tasks = []
pass_at_1 = false
heldout_bytes = 120_000
"""

LAB = """
name = "tiny"
question = "Does a rate of next to nothing hurt?"
recipe = "recipe.toml"
phase = "more"
baseline = "usual"
seeds = [1, 2]
copies = 1
tune = ["heldout"]
final = []
arm = [
  { name = "usual" },
  { name = "tiny-rate", set = { "phase.1.lr.peak" = 1e-7 } },
]
"""
