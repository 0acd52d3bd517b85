"""Whether a file parses, found out by parsers in processes that may hang or crash."""
