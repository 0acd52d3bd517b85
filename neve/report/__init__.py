"""Numbers, pictures and explanations for a person: a run's page (`page`), its result in sentences (`claim`),
and the life of one file from source to phase (`why`).
"""
