"""How good a model is: bits per byte, generated solutions, their grades, and how sure one can be.

The paper reports greedy pass@1 on HumanEval+, MBPP+, EvoEval and BigCodeBench. A small model solves none of
their tasks, so here bits per byte of held-out code and of canonical solutions come first (`bits_per_byte`,
beside `references`). `evaluator` measures one model: what it writes (`generation`), and whether that passes
(`grading`). `evaluate` does so for every model of a run and compares them; `statistics` says how sure that
is.
"""
