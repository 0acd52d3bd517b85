"""Whether a file parses: `parsing` hands texts to processes that may hang or crash, `parsers` runs in
these.
"""
