"""What runs beside a candidate, in the sandbox: standard library alone, and nothing that knows an expected
value."""
