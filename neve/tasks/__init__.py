"""Benchmarks: their published files in one shape, and what sets each apart, as fields of one table
(`traits`).

`benchmarks` finds a file, `formats` turns its rows into `task`s, `own` reads a benchmark of your own.
"""
