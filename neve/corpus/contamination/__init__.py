"""Benchmark text in documents: an index of hashed n-grams that ships with the package, and the lookup."""
