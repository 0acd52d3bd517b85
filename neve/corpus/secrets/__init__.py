"""Keys, passwords, e-mail and IP addresses: found, and replaced by sentinels."""
