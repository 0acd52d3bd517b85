"""Documents get scores, scores become selections: labels ▸ annotator ▸ scores ▸ selection.

This is the paper's idea. Quality is not defined but learnt: an annotator is fitted to tell exemplars
(`labels`: code of good repositories, instruction data) from random files, and then scores every document of
the corpus. What stands at the top of each language is what the second phase sees, four times (`select`).
Whether that helped is told by controls (`controls`): twins of the phase on random documents. The best
documents are also the `seeds` of the third phase. Kinds of annotator are in `annotators`, a module each.
"""
