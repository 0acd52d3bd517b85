"""The command line: parses, calls, prints. No logic lives here.

`neve run RECIPE` is the whole of Arctic-SnowCoder's method (arXiv 2409.02326), which is an answer to one
question: which code is worth training on? A code model is pretrained three times, each time on less and
better data: on everything clean (500B tokens in the paper), on the best 3 % of that, four times over
(50B), and on synthetic code grown from the best (5B). Each of the other commands does a part of that
alone, or answers for a run.
"""

from neve.cli.main import main

__all__ = ["main"]
