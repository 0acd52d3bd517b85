"""Benchmark text in documents: an index of hashes that ships with the package, and the lookup.

`benchmark_index` scores a document against every task. `lookup` finds words and whole solutions in it,
`shapes` a program whose names were changed. `packaged` says which benchmarks the package holds.
"""
