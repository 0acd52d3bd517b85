"""Language models behind HTTP: a client that asks, a ledger that remembers, a server for this machine."""
