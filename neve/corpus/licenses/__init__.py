"""The licence of each file, the evidence for it, and whether a policy admits it."""
