"""What a model writes: prompts, sampling with a key-value cache, and the program in the answer."""
