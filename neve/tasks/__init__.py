"""Benchmarks: their published files in one shape, and what sets each apart, as fields of one table
(`traits`)."""
