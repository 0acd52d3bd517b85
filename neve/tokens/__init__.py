"""Documents become token shards; shards and a selection become views, which training reads.

`bpe` learns the vocabulary, `shards` writes every document once, `assemble` what a phase sees, as arrays over the shards;
`view` and `mix` read windows of them (numpy alone); `fim` and `hashing` stand for every random choice here.
"""
