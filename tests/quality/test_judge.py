"""neve.quality.judge. Oracle: a server that judges by a rule of our own, so that each label is known; and the
definition of the Bradley-Terry model."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from neve import documents
from neve.errors import Fault
from neve.quality.annotator import Documents
from neve.quality.judge import bradley_terry, judge
from neve.recipe.annotators import Judge

sys.path.append(str(Path(__file__).parents[1] / "llm"))

import chat_server


def lay(folder: Path, texts: dict[str, str]) -> tuple[Documents, dict[str, str]]:
    """Documents of two languages; gives their names by doc_id."""
    ids = {documents.doc_id(text.encode()): name for name, text in texts.items()}
    rows = [
        {"doc_id": doc_id, "language": "C" if name[0] == "c" else "Python", "content": texts[name]}
        for doc_id, name in ids.items()
    ]
    documents.write(pa.Table.from_pylist(rows), folder / "documents")
    return Documents((folder / "documents",)), ids


def table(url: str, rubric: str, **more: int) -> Judge:
    return Judge(rubric=rubric, endpoint=url, model="m", documents=10, **more)


def worth(text: str) -> int:
    return int(re.search(r"worth (\d+)", text)[1])


def files(question: dict) -> list[str]:
    return re.findall(r"```\n(.*?)\n```", question["messages"][0]["content"], re.S)


def test_ratings_become_labels_once_and_for_all(tmp_path: Path) -> None:
    texts = {f"p{n}": f"x = 1  # worth {n}\n" for n in range(6)}
    texts["broken"], texts["mute"] = "y = 2  # worth 98\n", "y = 3  # worth 99\n"
    found, ids = lay(tmp_path, texts)

    def reply(question: dict, before: int) -> bytes:
        value = worth(files(question)[0])
        if value == 99:
            return chat_server.http(400, b'{"error": {"message": "no"}}')
        return chat_server.completion("Hm." if value == 98 else f'{{"educational value": {value}}}')

    with chat_server.endpoint(reply) as server:
        values, judged = judge(found, table(server.url, "educational"), tmp_path / "ledger")
        again, _ = judge(found, table(server.url, "educational"), tmp_path / "ledger")
        asked = len(server.asked)
    assert {ids[doc_id]: value for doc_id, value in values.items()} == {f"p{n}": n / 5 for n in range(6)}
    assert dict(judged.counts) == {"asked": 8, "failed": 1, "unparsed": 1, "cut": 0}
    assert again == values and asked == 8, "what is in the ledger is not asked again"
    said = {ids[row["doc_id"]]: row["answer"] for row in judged.table().to_pylist()}
    assert said["broken"] == "Hm." and "400" in said["mute"]


def test_four_criteria_are_averaged_and_licence_headers_are_not_shown(tmp_path: Path) -> None:
    found, ids = lay(tmp_path, {"p": "# Copyright 2020 A. B.\n# MIT License\n\nx = 1  # worth 4\n"})
    answer = '{"readability": 10, "modularity": 0, "clarity": 5, "reusability": 9}'
    with chat_server.endpoint(lambda *_: chat_server.completion(answer)) as server:
        values, _ = judge(found, table(server.url, "quality"), tmp_path / "ledger")
        asked = server.asked
    assert values == dict.fromkeys(ids, 0.6)
    assert "Copyright" not in asked[0]["messages"][0]["content"] and asked[0]["temperature"] == 0


def test_pairs_are_asked_in_both_orders_within_a_language(tmp_path: Path) -> None:
    texts = {f"{kind}{n}": f"int {kind};  // worth {n}\n" for kind in "cp" for n in range(7)}
    found, ids = lay(tmp_path, texts)

    def reply(question: dict, before: int) -> bytes:
        one, two = map(worth, files(question))
        near = abs(one - two) == 1  # of near ones the first place wins
        return chat_server.completion("A" if near or one > two else "B")

    with chat_server.endpoint(reply) as server:
        values, judged = judge(found, table(server.url, "pairwise", pairs=3), tmp_path / "ledger")
        asked = [tuple(files(question)) for question in server.asked]
    assert len(asked) == len(set(asked)) == 2 * 2 * 21 == judged.counts["asked"]
    assert {(two, one) for one, two in asked} == set(asked)
    assert all(one.split(";")[0] == two.split(";")[0] for one, two in asked)
    assert judged.counts["by place"] == judged.counts["first place"] == 12
    for kind in "cp":
        ranked = sorted((d for d in values if ids[d][0] == kind), key=lambda d: values[d])
        places = [int(ids[d][1]) for d in ranked]
        assert np.corrcoef(places, range(7))[0, 1] > 0.9 and places[0] <= 1 and places[-1] >= 5
    assert all(0 < value < 1 for value in values.values())


def test_bradley_terry_finds_the_strengths_that_games_were_played_with() -> None:
    """Oracle: at the maximum of the likelihood, expected wins are the wins that were counted."""
    rng = np.random.default_rng(3)
    true = np.exp(rng.normal(size=12))
    left, right = np.triu_indices(12, 1)
    left, right = np.repeat(left, 30), np.repeat(right, 30)
    won = rng.random(len(left)) < true[left] / (true[left] + true[right])
    wins = 0.5 + np.bincount(left, won, 12) + np.bincount(right, ~won, 12)
    chance = bradley_terry(wins, left, right)
    strength = chance / (1 - chance)
    expected = (
        strength / (strength + 1)
        + np.bincount(left, strength[left] / (strength[left] + strength[right]), 12)
        + np.bincount(right, strength[right] / (strength[left] + strength[right]), 12)
    )
    assert np.allclose(expected, wins, rtol=1e-3)
    assert np.corrcoef(np.log(strength), np.log(true))[0, 1] > 0.97


def test_a_judge_that_never_says_anything_readable_is_a_fault(tmp_path: Path) -> None:
    found, _ = lay(tmp_path, {"p": "x = 1\n"})
    with (
        chat_server.endpoint(lambda *_: chat_server.completion("As a model I cannot.")) as server,
        pytest.raises(Fault, match=r"none of 1 answers of m can be read, e\.g\. 'As a model"),
    ):
        judge(found, table(server.url, "educational"), tmp_path / "ledger")
