"""A data set's card and the EU's summary. Oracles: PyYAML reads the head as the hub does; figures counted by hand."""

from __future__ import annotations

from collections import Counter

import yaml

from neve.export.data import Tally
from neve.export.data_card import card, summary

RECIPE = {
    "run": {"name": "tiny"},
    "corpus": {
        "sources": [
            {"kind": "hub", "path": "owner/set", "commit": None},
            {"kind": "git", "path": "https://example.org/r.git", "commit": "a" * 40},
            {"kind": "directory", "path": "/home/me/secret/own", "commit": None},
        ],
        "licenses": "permissive",
        "decontaminate": {"benchmarks": ["humaneval"]},
        "secrets": {"action": "redact"},
    },
    "phase": [{"start": "scratch"}, {"start": "/home/me/secret/base"}],
}
COUNTS = {
    "entering": 5000, "documents": 1503, "by_rule": {"opt-out/opted-out": 7, "filters/size": 3490},
    "secrets": {"email": {"found": 26, "documents": 15}},
}  # fmt: skip
TALLY = Tally(
    splits=Counter(train=1500, heldout=3, synthetic=2),
    languages=Counter({"Python": 1500, "<img src=x>": 3}),
    licenses=Counter({"MIT": 1500, "unknown": 3}),
    sizes=Counter(train=10_000, heldout=10, synthetic=2),
    repositories={"a", "b"},
    opted_out=4,
)


def test_the_head_says_how_to_load_it() -> None:
    text = card(RECIPE, COUNTS, TALLY, "1")
    found = yaml.safe_load(text.split("---\n")[1])
    assert found["size_categories"] == ["1K<n<10K"] and found["license"] == "other"
    assert [config["config_name"] for config in found["configs"]] == ["default", "synthetic"]
    assert [row["split"] for row in found["configs"][0]["data_files"]] == ["train", "heldout"]


def test_the_card_has_the_figures_and_no_markup_or_path_from_outside() -> None:
    text = card(RECIPE, COUNTS, TALLY, "1")
    for said in (
        "1,503 documents of 5,000 files, 2 repositories",
        "99.8 %",
        "7 files left out by curation, 4 documents more",
    ):
        assert said in text
    assert "<img" not in text.replace("\\<img", "") and "/home/me" not in text


def test_the_summary_follows_the_template() -> None:
    made = {"tokens": {"tokens": 2_000_000_000}, "synthesis": {"accepted": 2, "tokens": 348, "model": "m"}}
    text = summary(RECIPE, COUNTS, TALLY, made, "")
    order = [text.index(f"\n{'## ' if n[-1] == '.' else '- '}{n} ") for n in (
        "1.", "2.", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "3.", "3.1", "3.2", "3.3",
    )]  # fmt: skip
    assert order == sorted(order)
    for said in (
        "1 billion to 10 trillion tokens (2,000,000,000",
        "hub `owner/set`",
        "348 tokens",
        "email 26",
        "`base`",
        "to be filled in",
    ):
        assert said in text
    assert "/home/me" not in text and "less than 1 billion" in summary(
        RECIPE, COUNTS, TALLY, {"tokens": {"tokens": 5}}, "x"
    )
