"""The settings of curation: the fields of the recipe's [corpus] that its steps read, and what the run adds.

A module of its own, so that planning a run imports none of what the steps need.
"""

from __future__ import annotations

from dataclasses import dataclass

from neve.recipe.corpus import Decontaminate, Grouping, Near, Secrets


@dataclass(frozen=True)
class Settings:
    languages: list[str]
    licenses: str | list[str]
    max_file_bytes: int
    heldout_share: float
    quarantine_limit: float
    filters: dict[str, float | bool | str]
    near: Near
    decontaminate: Decontaminate
    secrets: Secrets
    grouping: Grouping
    exclude_repos: list[str]
    """Repositories of exemplars: their families stay out of the corpus."""
    data: str | None
    """Folder of benchmark files as published, if there is one."""
    opt_out: str | None
    """File that lists repositories, authors and contents that must not be used."""
    seed: int
