"""[tokenizer]. Oracle: the rules as stated."""

import pytest


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"vocab_size": 256}, "tokenizer.vocab_size = 256: must be at least 300"),
        ({"vocab": 300}, "tokenizer.vocab = 300: unknown key; did you mean 'vocab_size'?"),
        ({"sample_bytes": 1000}, "tokenizer.sample_bytes = 1000: must be at least 65536"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(mistake, table: dict, said: str) -> None:
    assert said in mistake(lambda recipe: recipe.update(tokenizer=table))
