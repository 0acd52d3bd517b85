"""Which completions pass their tests, decided where the completion cannot reach."""
