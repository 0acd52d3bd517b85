"""The recipe's table [model]: the shape of the decoder that is trained.

One family of shapes, Llama-2's, so that every library that reads Llama checkpoints reads Neve's.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from neve.recipe.table import RecipeTable


class Model(RecipeTable):
    """Llama-2 shape; the vocabulary's size comes from the tokenizer."""

    hidden: int = Field(default=2048, ge=8)
    """Width: numbers for one token between layers; heads times an even number."""
    intermediate: int = Field(default=5632, ge=8)
    """Width inside the feed-forward part of a layer; some 8/3 of hidden."""
    layers: int = Field(default=24, ge=1)
    """Layers, one after the other."""
    heads: int = Field(default=16, ge=1)
    """Attention heads of a layer."""
    kv_heads: int = Field(default=16, ge=1)
    """Heads of keys and values, which heads share in equal groups."""
    rope_base: float = Field(default=10_000.0, gt=0)
    """Base of the rotary positions; larger for longer windows."""
    norm_eps: float = Field(default=1e-5, gt=0)
    """What RMSNorm adds below the root, against division by 0."""
    tied: bool = True
    """Whether input and output embeddings are one matrix."""

    @model_validator(mode="after")
    def _shape(self) -> Model:
        if self.hidden % self.heads or (self.hidden // self.heads) % 2:
            raise ValueError(f"hidden = {self.hidden} must be heads = {self.heads} times an even number")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads = {self.heads} must be a multiple of kv_heads = {self.kv_heads}")
        return self
