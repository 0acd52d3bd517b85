"""The recipe's table [tokenizer]: a vocabulary learnt from the corpus, or an earlier run's.

The paper does not name its tokenizer; the default size is the one assumed for its 1.3B model.
"""

from __future__ import annotations

from pydantic import Field

from neve.recipe.table import RecipeTable


class Tokenizer(RecipeTable):
    """Byte-level BPE, learnt from the corpus or taken from an earlier run."""

    vocab_size: int = Field(default=64_000, ge=300)
    """Entries, the 256 bytes and the sentinels counted in."""
    folder: str | None = None
    """Folder of an earlier run's model, whose tokenizer.json is taken instead of learning one."""
    sample_bytes: int = Field(default=1 << 30, ge=1 << 16)
    """Bytes of training documents that merges are learnt from, drawn by a hash of doc_id, languages in
    proportion."""
