"""The licence of each file, the evidence for it, and whether a policy admits it.

`license_evidence` weighs what the other modules read: what a file says of itself (`own_statements`), what
is stated for its path (`path_rules`), licence files (`license_files`, `license_texts`) and package metadata
(`metadata`). `others_folders` tells the code of other projects by its holder. `notices` and `grants` read
prose; `names` and `spdx` turn names into SPDX expressions; `policy` admits them or does not.
"""
