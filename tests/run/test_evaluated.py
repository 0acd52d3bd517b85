"""What evaluation says at its end. Oracle: results written by hand."""

from neve.run.evaluated import lines


def test_references_and_models_share_a_table_held_out_code_last() -> None:
    def figure(value: float) -> dict[str, float]:
        return {"value": value}

    results = {
        "references": {"zlib": {"bits_per_byte": {"humaneval": figure(2.5), "heldout": {"all": figure(2)}}}},
        "models": {
            "general": {
                "bits_per_byte": {"heldout": {"all": figure(1.25), "C": figure(9)}, "humaneval": figure(1.5)}
            },
            "quality": {"bits_per_byte": {"heldout": {"all": figure(1.125)}}},
        },
    }
    head, *rows = [line.split() for line in lines(results)]
    assert head == ["bits", "per", "byte", "humaneval", "heldout"]
    assert rows == [["zlib", "2.500", "2.000"], ["general", "1.500", "1.250"], ["quality", "1.125"]]
    assert len({len(line) for line in lines(results)}) == 1, "columns stand under each other"
