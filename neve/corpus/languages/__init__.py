"""The language of each file by Linguist's names, and which files are vendored or generated."""
