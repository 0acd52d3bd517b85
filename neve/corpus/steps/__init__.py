"""What a curation step reads and decides: passes over text, and the small columns that say what became of
each file."""
