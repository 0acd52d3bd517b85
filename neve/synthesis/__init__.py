"""Synthesis: selected documents become seeds, and seeds grow into new documents that pass gates.

The paper's third phase trains on code that a language model wrote. Each question shows the model a piece of
a good document, so that what comes back is as varied as the corpus; what is asked, and how the answer is
read, is a kind (`kinds`). A model's answers are not trusted: gates drop what does not parse, repeats its
seed or another answer, or holds a benchmark's text. `generate` asks and accepts until the budget is met.
"""
