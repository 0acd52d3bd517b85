"""The recipe's table [synthesis]: which model writes new documents, of which kinds, and how many.

The budget is in accepted tokens, not in requests: a phase needs its tokens, however much is refused on the
way.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from neve.recipe.section import Section
from neve.settings import Execution


class Synthesis(Section):
    """Code that an LLM grows from the best documents."""

    endpoint: str = "local"
    """"local" serves the model with llama.cpp on this machine; else the base URL of an OpenAI-compatible
    API."""
    model: str = "smollm2-135m-instruct"
    """local: a pinned model's name or a GGUF file; else the model's name at the endpoint."""
    api_key_env: Execution[str] = "NEVE_API_KEY"
    """Environment variable that holds the endpoint's key; the key itself never stands in a file."""
    tokens: int = Field(ge=1)
    """Accepted synthetic tokens wanted (of Neve's tokenizer); generation ends when they are reached."""
    seeds: int = Field(ge=1)
    """At most so many seeds are tried, from the top of the selection."""
    python_share: float = Field(default=0.5, ge=0, le=1)
    """Share of seeds in Python; the other languages keep their proportions."""
    kinds: dict[str, Annotated[float, Field(gt=0)]] = Field(default={"problem-file": 1.0}, min_length=1)
    """Kinds of document asked for, with their shares of the seeds: problem-file, rewrite."""
    prompt_tokens: int = Field(default=1024, ge=256)
    """Room for a question; a document that needs more gives no seed to a kind that shows all of it."""
    max_tokens: int = Field(default=2048, ge=16)
    """Tokens of an answer, at most."""
    temperature: float = Field(default=0.7, ge=0)
    """Of an answer's sampling; 0 takes the likeliest token."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Of an answer's sampling: share of the likeliest tokens that it draws from."""
    concurrency: Execution[int] = Field(default=8, ge=1)
    """Requests in flight."""
    ledger: Execution[str | None] = None
    """SQLite file of questions and answers; default: `ledger.sqlite` in the run's folder."""
