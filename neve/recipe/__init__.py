"""The recipe: one TOML file that says all of a run. Each module is one table, every field typed and
explained.

`recipe` joins the tables, `file` reads one and says what is wrong with it, `explain` and `write` turn the
fields into help, pages and a commented file.
"""
