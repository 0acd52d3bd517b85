"""Exact duplicates by digest; near duplicates by MinHash candidates and true Jaccard similarity."""
