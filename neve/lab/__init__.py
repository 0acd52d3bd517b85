"""Laboratories: several arms over one store, with seeds, one question and verdicts that hold.

One run shows that a phase beat its control once. Whether choosing data, repeating it four times or another
annotator helps is a question about many runs: a laboratory trains the arms of one question at several seeds,
states beforehand how small a difference it can tell, and then says better, worse, equal or "cannot tell".

`file` is what somebody asks, `design` the recipes that this means, `laboratory` their order; `schedule`
trains, `measure` takes the figures, `statistics` decides and `results` tells.
"""
