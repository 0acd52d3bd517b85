"""The machinery of curation: passes over text, and the small columns that say what became of each file.

`curation` has the steps. It reads `input_files`, keeps `row_status`, picks rows for a pass (`row_filter`),
runs it (`text_passes`), and writes what is left (`outputs`).
"""
