"""Documents become token shards; shards and a selection become views, which training reads.

`bpe` learns the vocabulary, `shards` writes every document once, `build_view` writes what a phase sees as
arrays over the shards, `view` and `mix` read windows of it with numpy alone, `fim` rearranges documents,
`heldout` copies those that are held out. Every random choice is a hash of a document's identity
(`neve.hashing`).
"""
