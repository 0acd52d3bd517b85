"""Which completions pass their tests, decided where the completion cannot reach.

Begin with `grade`. `suites` finds out what tests ask and expect, `answers` compares, and `unit_tests` does
what it can for tests that cannot be taken apart. What runs beside a candidate is in `inside`.
"""
