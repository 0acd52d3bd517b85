"""What leaves a run: a model's folder and a data set's, each with what a stranger must know beside it.

`model` writes a model's card and results, `data` the tables of a data set, `data_card` and `croissant` what
stands beside them.
"""
