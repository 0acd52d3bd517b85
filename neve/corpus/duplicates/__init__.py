"""Exact duplicates by digest; near duplicates by MinHash candidates and true Jaccard similarity.

`exact_duplicates` has the keeper order, by which one of several copies stays. `near_duplicates` compares
what `shingles` makes of texts, after `body` has left out the comments and imports that they begin with.
"""
