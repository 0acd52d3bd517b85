"""What processes read, beside the same texts read here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from neve.corpus.licenses import readers, statements
from neve.corpus.licenses.statements import PARAGRAPH, Head

NAMES = ["MIT", "ISC", "Apache", "GPLv2", "Acme", "BSD-3-Clause", "MPL 2.0", "LGPL-2.1"]


def head(text: str) -> Head:
    mask = sum(1 << i for i, word in enumerate(PARAGRAPH) if word in text.lower())
    return Head(text.encode(), "SPDX" in text, mask)


def heads(count: int, file: int = 0) -> list[Head]:
    """Of three files one has a notice, one an SPDX line, one nothing."""
    kinds = ("# {0} Licensed under the {1} License.\n", "// SPDX-License-Identifier" + ": {1}\n", "x = {0}\n")
    return [head(kinds[i % 3].format(file + i, NAMES[i % len(NAMES)])) for i in range(count)]


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[readers._Pool]:
    mine = readers._Pool()
    monkeypatch.setattr(readers, "_pool", mine)
    yield mine
    for reader in mine.idle:
        reader.end()


def test_a_process_reads_as_this_one_does(pool: readers._Pool) -> None:
    asked = heads(60)
    found = readers.read(asked)
    assert found == [statements.read(each) for each in asked]
    assert {said[0].license for said in found if said} > {"MIT", "ISC", "GPL-2.0-only"}
    assert len(pool.idle) == 1
    first = pool.idle[0].process.pid
    assert readers.read(asked[::-1]) == found[::-1]
    assert [reader.process.pid for reader in pool.idle] == [first]


def test_few_heads_are_read_here(pool: readers._Pool) -> None:
    assert readers.read([]) == []
    assert [said is None for said in readers.read(heads(readers.WORTH - 1))][:3] == [False, False, True]
    assert not pool.idle


def test_what_a_process_that_ended_was_asked_is_read_here(pool: readers._Pool) -> None:
    asked = heads(readers.WORTH)
    found = readers.read(asked)
    ended = pool.idle[0].process
    ended.kill()
    assert readers.read(asked) == found
    assert ended.returncode is not None
    assert not pool.idle
    assert readers.read(asked) == found
    assert len(pool.idle) == 1


def test_what_cannot_be_read_raises_as_it_does_here(pool: readers._Pool) -> None:
    asked = heads(readers.WORTH)
    with pytest.raises(TypeError):
        readers.read([*asked, Head(None, False, 0)])  # type: ignore[arg-type]
    assert readers.read(asked) == [statements.read(each) for each in asked]


def test_threads_share_no_more_processes_than_there_are_processors(
    pool: readers._Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [heads(readers.WORTH, file=number) for number in range(12)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(readers.read, asked))
    assert found == [[statements.read(each) for each in one] for one in asked]
    assert 1 <= len(pool.idle) <= readers._processors()
