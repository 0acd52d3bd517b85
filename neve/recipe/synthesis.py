"""The recipe's [synthesis]: what is asked of which model, what an answer has to pass, what it may cost.

Every limit of a gate is a field, so that an arm of a laboratory can move it. The trade-off: defaults are
strict, since what is thrown away was cheap to make and what is kept is trained on.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from neve.recipe.table import ENDPOINT, URL, VARIABLE, RecipeTable
from neve.settings import Execution


class Gates(RecipeTable):
    """Limits that answers have to keep. Those of the corpus's own rules are [corpus.filters]."""

    lint: float = Field(default=0.7, ge=0, le=1)
    """Least score that ruff's findings leave Python code; 0: not asked. As pylint counts: 1 − (5 errors +
    other findings) / statements; 0 with an undefined name, in JavaScript, TypeScript and Go too."""
    seed_jaccard: float = Field(default=0.5, gt=0, le=1)
    """Similarity with its seed, the lines shown or the whole document, at and above which an answer is a
    copy."""
    seed_lines: int = Field(default=6, ge=1)
    """Consecutive lines, blank ones and indentation aside, that an answer may not share with its seed."""
    rewritten: float = Field(default=0.9, gt=0, le=1)
    """For kinds that rewrite: share of an answer's text (5-grams, the comments and imports that it begins
    with aside) that its seed has, at and above which next to nothing was changed."""
    recoded: float = Field(default=0.9, gt=0, le=1)
    """For `rewrite`, which is about the code: the same share with comments, docstrings, types, layout and
    names aside. Also, by runs of 8 words, for kinds that may not resemble their seed."""
    echo: float = Field(default=0.5, gt=0, le=1)
    """Share of the question's own words (5-grams, the seed's text aside) at and above which an answer
    repeats it."""
    corpus: bool = True
    """Whether near duplicates of the corpus's documents are refused, beside those of accepted answers."""
    score: float = Field(default=0.0, ge=0, lt=1)
    """Quantile of the selected documents' scores, by language, that the annotator's score of an answer has
    to reach; 0: not asked."""
    run: bool = True
    """Whether programs are run (Python, JavaScript) or compiled (C, C++, Go, Rust, Java) in the sandbox."""
    known_packages: bool = True
    """Whether what a program imports, where running or compiling it did not show that it is there, has to be
    of the language's own library or a package that some document of the corpus imports: models invent
    others. A file of its own beside it is refused too."""
    unchecked: bool = True
    """Whether a program passes that could not be checked: no compiler, or a package that is not here."""
    seconds: float = Field(default=10.0, gt=0)
    """Wall-clock for one program; one that runs on is refused."""
    tests_passed: float = Field(default=1.0, ge=0, le=1)
    """Least share of its own tests that a program passes."""
    asserting: float = Field(default=1.0, ge=0, le=1)
    """Least share of its tests that assert something about a value."""
    mutants: int = Field(default=6, ge=0, le=64)
    """Changed copies of a program, at most, on which its tests are run."""
    mutants_killed: float = Field(default=0.1, ge=0, le=1)
    """Least share of those that its tests notice; 0: not asked."""
    packages: str | None = None
    """Folder of installed packages that programs may import beside Python's own library."""


class Budget(RecipeTable):
    """What asking may cost, with a hard stop, and what `neve plan` and the report count money with."""

    tokens: Execution[int | None] = Field(default=None, ge=1)
    """Tokens of questions and answers, at most."""
    money: Execution[float | None] = Field(default=None, gt=0)
    """In the currency of the prices, at most."""
    input_price: Execution[float] = Field(default=0.0, ge=0)
    """Per million tokens of questions."""
    output_price: Execution[float] = Field(default=0.0, ge=0)
    """Per million tokens of answers."""
    hours: Execution[float | None] = Field(default=None, gt=0)
    """Of asking, at most."""
    expected_yield: Execution[float] = Field(default=0.3, gt=0, le=1)
    """Accepted tokens for each token answered; `neve plan` counts with it, nothing else reads it."""
    expected_speed: Execution[float | None] = Field(default=None, gt=0)
    """Tokens a second that all endpoints together answer; `neve plan` counts hours with it."""


class Endpoint(RecipeTable):
    """One of several OpenAI-compatible endpoints that serve the same model."""

    url: Execution[str] = Field(pattern=URL)
    """Its base URL."""
    weight: Execution[float] = Field(default=1.0, gt=0)
    """Questions that it gets beside the others."""
    api_key_env: Execution[str] = Field(default="NEVE_API_KEY", pattern=VARIABLE)
    """Environment variable that holds its key."""


class Synthesis(RecipeTable):
    """Code that an LLM grows from the best documents."""

    endpoint: str = Field(default="local", pattern=ENDPOINT)
    """"local" serves the model with llama.cpp on this machine; else the base URL of an OpenAI-compatible
    API."""
    endpoints: Execution[list[Endpoint]] = Field(default=[])
    """Several at once, in place of `endpoint`."""
    model: str = "smollm2-135m-instruct"
    """local: a pinned model's name or a GGUF file; else the model's name at the endpoint."""
    api_key_env: Execution[str] = Field(default="NEVE_API_KEY", pattern=VARIABLE)
    """Environment variable that holds the endpoint's key; the key itself never stands in a file."""
    tokens: int = Field(ge=1)
    """Accepted synthetic tokens wanted (of Neve's tokenizer), shared out among languages; a language ends
    when it has its own."""
    seeds: int = Field(ge=1)
    """At most this many seeds are tried. Be generous: a language that has its tokens asks no more."""
    python_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the accepted tokens, and of the seeds, in Python; the other languages keep their
    proportions."""
    sharpness: float = Field(default=1.0, ge=0)
    """How much seeds from the top of the selection are preferred: a document is drawn with the weight (1 −
    its place) to this power; 0: evenly."""
    kinds: dict[str, Annotated[float, Field(gt=0)]] = Field(default={"problem-file": 1.0}, min_length=1)
    """Kinds of document asked for, with their shares of the seeds; a path that ends in .md is a prompt file
    of one's own (docs/extend-synthesis.md)."""
    repair: bool = False
    """Whether an answer that does not parse, run or pass its tests is shown the error, once, and asked for
    again."""
    prompt_tokens: int = Field(default=1024, ge=256)
    """Room for a question; a document that needs more gives no seed to a kind that shows all of it."""
    max_tokens: int = Field(default=2048, ge=16)
    """Tokens of an answer, at most."""
    temperature: float = Field(default=0.7, ge=0)
    """Of an answer's sampling; 0 takes the likeliest token."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Of an answer's sampling: share of the likeliest tokens that it draws from."""
    draw: int = Field(default=1, ge=1)
    """Which draw of the answers: each number gives the same questions other answers. Arms of a
    laboratory that differ in it alone show what chance does to the documents."""
    concurrency: Execution[int | None] = Field(default=None, ge=1)
    """Requests in flight at an endpoint, at most; default: each endpoint's own pace is found. "local": 8
    slots."""
    ledger: Execution[str | None] = None
    """SQLite file of questions and answers; default: `ledger.sqlite` in the run's folder."""
    gates: Gates = Gates()
    """What an answer has to pass."""
    budget: Budget = Budget()
    """What asking may cost."""

    @model_validator(mode="after")
    def _priced(self) -> Synthesis:
        if self.budget.money is not None and not self.budget.input_price + self.budget.output_price:
            raise ValueError(
                f"budget.money = {self.budget.money} needs input_price and output_price, per million tokens"
            )
        return self
