"""What commands share. Oracle: the rule as stated in the help."""

import pytest

from neve.cli.options import Engine, chosen_engine


@pytest.mark.parametrize(
    ("given", "address", "engine"),
    [
        (None, "", "native"),
        (None, "ray://head:10001", "ray"),
        (Engine.native, "ray://head:10001", "native"),
        (Engine.ray, "", "ray"),
    ],
)
def test_what_is_asked_for_comes_before_a_clusters_address(
    given, address: str, engine: str, monkeypatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    assert chosen_engine(given) == engine
