"""How good a model is: bits per byte, generated solutions, their grades, and how sure one can be."""
