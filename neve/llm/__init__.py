"""Language models behind HTTP: a client that asks, a ledger that remembers, a server for this machine.

`client` puts questions to each `endpoint` at the `pace` that it can take, within a `budget`; `answers` reads
what comes back, and the `ledger` keeps it. `batches` writes questions for batch endpoints, `local` serves a
model here.
"""
