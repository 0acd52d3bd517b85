"""Names that must be on a list. Oracles: Linguist's and SPDX's names; the table of rules."""

import pytest

from neve.recipe.corpus import Corpus
from neve.recipe.recipe import RecipeError
from neve.run.vocabulary import check


def corpus(**given) -> Corpus:
    return Corpus.model_validate({"sources": [{"kind": "directory", "path": "x"}], **given})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"languages": ["python", "C++", "golang"], "licenses": "any"},
        {"licenses": ["MIT", "apache-2.0", "GPL-3.0-or-later", "GPL-3.0"]},
        {"filters": {"max_line": 500, "syntax.C": 0.2, "vendored": False}},
        {"languages": []},
    ],
)
def test_known_names_pass(given) -> None:
    check(corpus(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"languages": ["Pythn"]},
            "corpus.languages: 'Pythn' is no language of Linguist's; did you mean 'Python'?",
        ),
        ({"languages": ["Typscript"]}, "did you mean 'TypeScript'?"),
        ({"languages": ["Qwxyz"]}, "'Qwxyz' is no language"),
        ({"licenses": ["MTI"]}, "corpus.licenses: 'MTI' is no SPDX identifier; did you mean 'MIT'?"),
        ({"licenses": ["Apache-2"]}, "did you mean 'Apache-2.0'?"),
        ({"licenses": ["qwxyz"]}, "or a policy: permissive, any"),
        (
            {"licenses": ["permissive"]},
            "'permissive' is a policy and stands alone: licenses = \"permissive\"",
        ),
        ({"filters": {"max_lin": 3}}, "corpus.filters.max_lin = 3"),
        ({"filters": {"syntax.Klingon": 0.1}}, "corpus.filters.syntax.Klingon"),
    ],
)
def test_others_are_one_line_that_says_what_was_meant(given, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        check(corpus(**given))
    assert said in str(caught.value) and "\n" not in str(caught.value)
