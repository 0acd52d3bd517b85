"""The split and the order of documents: by language and repository, or by what imports what."""
