"""Raw repositories become a clean, grouped corpus."""
