"""The table of signals beside the passes that measure them."""

from __future__ import annotations

from neve.corpus.signals import characters, lexing, markup, repetition, statements
from neve.corpus.signals import table as signal_table


def test_table_is_whole() -> None:
    """Every column of every pass is a signal, every signal a column; languages of signals have a dialect and words."""
    passes = {*characters.COLUMNS, *repetition.COLUMNS, *statements.COLUMNS, *markup.COLUMNS}
    own = {s.name for s in signal_table.SIGNALS if s.module is not None}
    assert passes | {"vendored", "test_file"} | own == set(signal_table.NAMES)
    assert len(signal_table.NAMES) == len(set(signal_table.NAMES))
    spoken = {name for s in signal_table.SIGNALS for name in s.languages or ()}
    assert spoken - set(markup.LANGUAGES) <= set(lexing.DIALECTS) & set(statements.LANGUAGES)


def test_the_tables_languages_are_those_of_the_passes() -> None:
    assert tuple(lexing.DIALECTS) == signal_table.LEXED and signal_table.MARKED_UP == markup.LANGUAGES
