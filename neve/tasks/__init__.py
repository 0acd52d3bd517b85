"""Benchmarks: the published files in one shape, and what is particular about each, as fields of one table."""
