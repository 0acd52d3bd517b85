"""Keys, passwords, e-mail and IP addresses: found, and replaced by sentinels.

`redaction` does it. `sieve` finds where keys and passwords may be, `keys` and `passwords` decide;
`addresses` finds what looks like an address, `emails` and `ip_addresses` decide.
"""
