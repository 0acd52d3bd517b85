"""What a model writes: prompts, sampling with a key-value cache, and the program in the answer.

`completion` is the seam. A model is a folder (`local_model`, written by `generate`) or an address
(`endpoint`); `prompts` says how it is asked, and `extraction` finds the program in what it said.
"""
