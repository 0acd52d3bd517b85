"""What runs beside a new document, in the sandbox: standard library alone.

`run_document` runs it, its tests and its mutants; `strength` reads what the tests are worth.
"""
