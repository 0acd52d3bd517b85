"""Raw repositories become a clean, grouped corpus: files in, documents and verdicts out.

The paper's first phase reads 400B tokens of code in 18 languages after basic filters, deduplication and
decontamination, and says little more of them. Here each of these is a room of its own. `sources` yield
files; `curate` names the steps in their order, and `steps` carries them out. What they ask is answered in
`languages`, `licenses`, `signals` (what is measured, and the rules over it), `contamination` (benchmark
text), `syntax`, `duplicates` and `secrets`. `ordering` draws the held-out split and puts files beside their
neighbours, by language and repository, which in the paper's ablation beats repositories alone.

Every file that enters leaves as a document or as a verdict with its reason. The trade-off: text is read
several times where it lies, and only small columns travel between the steps.
"""
