"""Documents become token shards; shards and a selection become views, which training reads.

`bpe` learns the vocabulary, `shards` writes every document once, `assemble` writes what a phase sees as a
few arrays over the shards, `view` reads windows out of them (numpy alone), `fim` turns documents into
fill-in-the-middle, `hashing` holds the keyed hash that stands for every random choice here.
"""
