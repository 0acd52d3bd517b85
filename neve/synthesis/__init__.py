"""Synthesis: selected documents become seeds, and seeds grow into new documents that pass gates."""
