"""What is measured about a file, by compiled passes over its bytes, and the table of rules that reads the
measurements."""
