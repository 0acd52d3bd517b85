"""Numbers, pictures and explanations for a person."""
