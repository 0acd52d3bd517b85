"""What leaves a run: a model's folder and a data set's, each with what a stranger must know beside it."""
