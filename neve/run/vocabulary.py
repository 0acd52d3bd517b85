"""Names in a recipe that must be on a list: languages, licences, rules, kinds; and the opt-out list itself.

Checked before anything runs: a misspelt name would otherwise admit nothing, hours later. So is a section
that is longer than what its encoder reads, where that is known without asking a network. Benchmarks are
checked by the recipe itself; the lists here belong to the corpus, on which the recipe does not stand.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from neve import weights
from neve.errors import Fault
from neve.recipe.corpus import Corpus
from neve.recipe.recipe import Recipe, RecipeError


def check_recipe(recipe: Recipe) -> None:
    """Raises RecipeError, one line, for the first name in a recipe that is on no list."""
    from neve.quality import annotators
    from neve.quality.rubrics import Rubric
    from neve.synthesis import kinds

    check(recipe.corpus)
    for name, annotator in recipe.annotators.items():
        if annotator.kind not in annotators.KINDS:
            near = _meant(annotator.kind, annotators.KINDS) or f"; there are {', '.join(annotators.KINDS)}"
            raise RecipeError(f"annotators.{name}.kind = {annotator.kind!r}: no such kind{near}")
    for labels in recipe.labels.values():
        if labels.judge is not None:
            Rubric.load(labels.judge.rubric)
    for key, weighed in _weights(recipe).items():
        if not weights.known(weighed):
            raise RecipeError(f"{key} = {weighed!r}: {weights.UNKNOWN}")
    for name, annotator in recipe.annotators.items():
        _sections_fit(f"annotators.{name}.section_tokens", annotator)
    for name in recipe.synthesis.kinds if recipe.synthesis else ():
        if name not in kinds.KINDS and not name.endswith(".md"):
            near = _meant(name, kinds.KINDS) or f"; there are {', '.join(kinds.KINDS)}, or a prompt file"
            raise RecipeError(f"synthesis.kinds.{name}: no such kind{near}")
    if recipe.synthesis:
        kinds.named(recipe.synthesis.kinds)


def _sections_fit(key: str, annotator: Any) -> None:
    """Raises RecipeError where an annotator's sections are longer than what its models read."""
    wanted = getattr(annotator, "section_tokens", 0)
    for field in ("encoder", "better", "base"):
        name = getattr(annotator, field, None)
        longest = weights.positions(name) if wanted and name else None
        if longest is not None and wanted > longest:
            raise RecipeError(f"{key} = {wanted}: {name!r} reads at most {longest}; set it lower")


def _weights(recipe: Recipe) -> dict[str, str]:
    """Field -> the weights that it names."""
    encoders = {
        f"annotators.{name}.encoder": getattr(a, "encoder", None) for name, a in recipe.annotators.items()
    }
    judges = {
        f"labels.{name}.judge.model": labels.judge.model
        for name, labels in recipe.labels.items()
        if labels.judge is not None and labels.judge.endpoint == "local"
    }
    grown = recipe.synthesis
    generator = (
        {"synthesis.model": grown.model}
        if grown and grown.endpoint == "local" and not grown.endpoints
        else {}
    )
    return {key: name for key, name in {**encoders, **judges, **generator}.items() if name}


def check(corpus: Corpus, key: str = "corpus.") -> None:
    """Raises RecipeError, one line, for the first name that is on no list; `key` stands before the field's
    name."""
    if corpus.opt_out:
        from neve.corpus import opt_out

        opt_out.load(corpus.opt_out)
    if corpus.languages:
        from neve.corpus.languages import detection

        known = detection.names()
        for name in corpus.languages:
            if detection.spelled(name) not in known:
                meant = "; [] keeps all" if name.lower() in ("all", "any", "*") else _meant(name, known)
                raise RecipeError(f"{key}languages: {name!r} is no language of Linguist's{meant}")
    if corpus.licenses == []:
        raise RecipeError(f"{key}licenses = []: admits no file; name some, or a policy: permissive, any")
    if isinstance(corpus.licenses, list):
        from license_expression import get_spdx_licensing

        symbols = get_spdx_licensing().known_symbols
        spelled = {name.lower() for symbol in symbols.values() for name in (symbol.key, *symbol.aliases)}
        for name in corpus.licenses:
            if name.lower() not in spelled:
                if name in ("permissive", "any"):
                    raise RecipeError(
                        f'{key}licenses: {name!r} is a policy and stands alone: licenses = "{name}"'
                    )
                known = [s for s in symbols if not s.startswith("LicenseRef")]
                advice = _begun(name, known) or _meant(name, known) or "; or a policy: permissive, any"
                raise RecipeError(f"{key}licenses: {name!r} is no SPDX identifier{advice}")
    if corpus.filters:
        from neve.corpus.signals import rules

        try:
            rules.table(corpus.filters)
        except Fault as fault:
            raise RecipeError(str(fault)) from None


def _begun(name: str, known: Iterable[str]) -> str:
    """The shortest names that go on where a name without a version ends, as the end of a message.

    >>> _begun("bsd", ["0BSD", "BSD-2-Clause", "BSD-3-Clause"]), _begun("zzz", ["C"])
    ('; did you mean BSD-2-Clause, BSD-3-Clause?', '')
    """
    longer = sorted((len(s), s) for s in known if s.lower().startswith(f"{name.lower()}-"))[:5]
    return f"; did you mean {', '.join(s for _, s in longer)}?" if longer else ""


def _meant(name: str, known: Iterable[str]) -> str:
    """What a misspelt name is likely to mean, as the end of a message; "" where nothing is near.

    >>> _meant("Pythn", ["Python", "C"]), _meant("MTI", ["MIT", "ISC"]), _meant("zzz", ["C"])
    ("; did you mean 'Python'?", "; did you mean 'MIT'?", '')
    """
    names = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"; did you mean {names[near[0]]!r}?" if near else ""
