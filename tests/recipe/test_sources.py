"""A source: what each kind needs, and which may change elsewhere. Oracle: the rules as stated."""

import pytest

from neve.recipe.sources import Part, Source, template_parts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["corpus"]["sources"][0].pop("path"), "corpus.sources.0: a source of kind 'directory' needs path"),
        (lambda d: d["corpus"].update(sources=[{"kind": "git", "path": "."}]), "corpus.sources.0: a source of kind 'git' needs path, commit; 'commit' is missing"),
        (lambda d: d["corpus"].update(sources=[{"kind": "sdist", "name": "toolz", "version": "1.0.0", "file": "t.tar.gz", "sha256": "00"}]), "corpus.sources.0.sha256 = \"00\": must be 64 hexadecimal digits"),
        (lambda d: d["corpus"].update(sources=[{"kind": "directory", "path": ""}]), "corpus.sources.0: a source of kind 'directory' needs path; 'path' is missing"),
        (lambda d: d["corpus"].update(sources=[{"kind": "hub", "path": "https://huggingface.co/datasets/a/b"}]), "a data set of the hub is named OWNER/NAME"),
        (lambda d: d["corpus"].update(sources=[{"kind": "directory", "path": ".", "template": "{a}"}]), "template and language are for kind = 'table' or 'hub', not 'directory'"),
        (lambda d: d["corpus"].update(sources=[{"kind": "hub", "path": "a/b", "language": "Python"}]), "language = 'Python' needs a template beside it"),
        (lambda d: d["corpus"].update(sources=[{"kind": "table", "path": "*.parquet", "in_place": True, "template": "{a}"}]), "cannot be read in_place; leave one out"),
        (lambda d: d["corpus"].update(sources=[{"kind": "hub", "path": "a/b", "template": "no column"}]), "names no column such as {solution:code}"),
        (lambda d: d["corpus"].update(sources=[{"kind": "hub", "path": "a/b", "template": "{a"}]), "a brace of the text is written twice"),
        (lambda d: d["corpus"].update(sources=[{"kind": "hub", "path": "a/b", "template": "{a.b[}"}]), "template = '{a.b[}': "),
        (lambda d: d["corpus"].update(sources=[{"kind": "hub", "path": "a/b", "template": "{a:>10}"}]), "{a} may be followed by :comment or :code only"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(mistake, change, said: str) -> None:
    assert said in mistake(change)


@pytest.mark.parametrize(
    ("source", "moves"),
    [
        ({"kind": "directory", "path": "."}, False),
        ({"kind": "archive", "path": "a.zip"}, False),
        ({"kind": "table", "path": "lake/*.parquet"}, False),
        ({"kind": "table", "path": "s3://lake/*.parquet"}, True),
        ({"kind": "hub", "path": "owner/set"}, True),
        ({"kind": "git", "path": ".", "commit": "main"}, True),
        ({"kind": "git", "path": ".", "commit": "0123abc"}, True),
        ({"kind": "git", "path": ".", "commit": "0" * 40}, False),
    ],
)
def test_what_may_change_elsewhere(source: dict, moves: bool) -> None:
    """A short commit moves too: another object may come to begin with the same digits."""
    assert Source.model_validate(source).moves is moves


def test_a_template_is_text_and_columns() -> None:
    assert template_parts("# {a}\n{{x}}{turns[1].text:code}") == [
        Part("# ", ("a",), ""),
        Part("\n{", (), ""),
        Part("x}", (), ""),
        Part("", ("turns", 1, "text"), "code"),
    ]
