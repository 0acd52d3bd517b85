"""The language of each file by Linguist's names, and which files are vendored or generated.

`detection` goes by name, extension and shebang; `ambiguous` and `headers` decide where several languages
share an extension. `vendored` and `generated` find files that nobody in the project wrote.
"""
