"""A run is a plain list of stages: the list itself, what of it is done, what it will cost, and the parts
that work alone.

`stages` is the list, and the method in one page: files, documents, tokens, labels, annotators, scores, then
for each phase its selection, its controls, its view and its training, synthesis before the phase that reads
it, and at the end evaluation and the report. `runner` builds what is not done, `record` is what a run knows
of itself, `plan` says what it will take before anything runs.
"""
