"""The recipe: one TOML file that says all of a run. Each module is one table, every field typed and
explained."""
