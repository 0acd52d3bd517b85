"""What runs beside a new document, in the sandbox: standard library alone."""
