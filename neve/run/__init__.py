"""A run is a plain list of stages: the list itself, what of it is done, what it will cost, and the parts
that work alone."""
