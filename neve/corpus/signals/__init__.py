"""What is measured about a file, by compiled passes over its bytes, and the rules that read the
measurements.

`table` names every signal. `measurement` joins the passes: `characters`, `lexing`, `statements`,
`repetition`, `markup`. `rules` is the table of rules; `expression` reads those that a recipe adds.
"""
