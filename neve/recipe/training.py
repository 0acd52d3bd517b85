"""The recipe's tables about training: what all phases share, and each phase.

A phase names its data, how long it goes on, its curve and what it starts from; the rest it takes from
[training]. What can be said of one phase alone is checked here, what depends on other tables in
`neve.recipe.recipe`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from neve.recipe.table import NAME, RecipeTable
from neve.settings import Execution


class Training(RecipeTable):
    """What all phases share."""

    sequence: int = Field(default=8192, ge=8)
    """Tokens of one window."""
    batch_tokens: int = Field(default=1 << 22, ge=8)
    """Tokens of one optimizer step, a multiple of sequence."""
    micro_batch: Execution[int] = Field(default=16, ge=1)
    """Windows at a time on one device; on a CPU its cores share them out, each with gradients of its own."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """muon: on the matrices of layers, with an update of AdamW's size; AdamW on embeddings, head and norms.
    """
    adamw_lr_factor: float = Field(default=1.0, gt=0)
    """muon: the learning rate of what AdamW trains, as a factor of the phase's."""
    betas: tuple[float, float] = (0.9, 0.95)
    """AdamW's."""
    weight_decay: float = Field(default=0.1, ge=0)
    """On matrices; norms and embeddings are not decayed."""
    clip: float = Field(default=1.0, gt=0)
    """Largest global norm of the gradient."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """auto: bf16 where the processor multiplies bf16 natively, else fp32."""
    document_mask: bool = False
    """Whether attention stops at <|endoftext|>."""
    validate_steps: Execution[int] = Field(default=0, ge=0)
    """Held-out bits per byte by language are taken every so many steps; 0: never."""
    checkpoint_seconds: Execution[float] = Field(default=60.0, gt=0)
    """Longest time between two checkpoints."""
    keep_checkpoints: Execution[int] = Field(default=2, ge=1)
    """Checkpoints of a phase in training that stay on disk, the newest."""
    skip_limit: Execution[int] = Field(default=10, ge=1)
    """Steps in a row that may be skipped, for a loss or gradient that is not finite, before the phase ends.
    """
    attention: Execution[Literal["auto", "sdpa", "flex"]] = "auto"
    """Kernel of attention: PyTorch's scaled_dot_product_attention or FlexAttention; auto: what suits mask
    and device."""
    compile: Execution[Literal["auto"] | bool] = "auto"
    """Whether torch.compile makes the kernels; auto: on CUDA."""
    activation_checkpointing: Execution[Literal["auto", "none", "selective"]] = "auto"
    """Whether the backward pass computes part of the activations again, to save memory."""
    tensorboard: Execution[bool] = False
    """Whether curves are written for TensorBoard too."""
    wandb: Execution[str] = ""
    """Project at Weights & Biases that gets the curves too; empty: none."""

    @model_validator(mode="after")
    def _factor(self) -> Training:
        if self.optimizer == "adamw" and self.adamw_lr_factor != 1.0:
            raise ValueError(
                f"adamw_lr_factor = {self.adamw_lr_factor} with optimizer = 'adamw': it is for 'muon', leave it out"
            )
        return self


class LearningRate(RecipeTable):
    """The curve of a phase's learning rate."""

    peak: float = Field(gt=0)
    """The highest rate, reached after warmup."""
    floor: float = Field(default=0.0, ge=0)
    """Rate at the last step."""
    warmup: int = Field(default=0, ge=0)
    """Steps from 0 to the peak."""
    decay: int = Field(default=0, ge=0)
    """wsd: the last steps, in which the rate goes along a line from the peak to the floor."""
    shape: Literal["cosine", "linear", "constant", "wsd"] = "linear"
    """From peak to floor: by half a cosine, along a line, not at all, or late and along a line (wsd)."""

    @model_validator(mode="after")
    def _fits(self) -> LearningRate:
        if self.floor > self.peak:
            raise ValueError(f"floor = {self.floor:g} is above peak = {self.peak:g}; it may be at most that")
        if (self.shape == "wsd") != (self.decay > 0):
            raise ValueError(
                f"shape = {self.shape!r} with decay = {self.decay}: shape 'wsd', and no other, has a decay"
            )
        return self


Data = Literal["corpus", "selection", "synthetic"]


class Part(RecipeTable):
    """One of the views that a mix is made of."""

    data: Data
    """What is read, as in a phase."""
    weight: float = Field(gt=0)
    """Its share of the windows is weight / sum of weights, to a thousandth."""


Control = Literal["random", "random-repeated", "random-length", "redrawn"]


class Curve(RecipeTable):
    """Repeats that rise with quality: C · x^power · e^(growth · x), x the share of a language's tokens that
    is worse."""

    power: float = Field(default=1.0, ge=0)
    """How much the middle loses to the best."""
    growth: float = Field(default=3.0, ge=0)
    """How steeply repeats rise towards the best."""
    cap: int = Field(default=7, ge=1)
    """Repeats at most."""
    drop: float = Field(default=0.4, ge=0, lt=1)
    """Share of a language's tokens, the worst, that is left out."""


REPEATS = 4
"""Of each chosen document, where a phase says nothing: the paper's."""


class Phase(RecipeTable):
    """One leg of training."""

    name: str = Field(pattern=NAME)
    """Its name; stages, checkpoints and later phases use it."""
    data: Data | None = None
    """What is read: all documents, the best, or synthetic ones."""
    mix: list[Part] = Field(default=[])
    """Instead of data: several of these, by weight, window by window."""
    tokens: int | None = Field(default=None, ge=1)
    """Tokens trained on in this phase, repeats counted; the last step is whole."""
    epochs: int | None = Field(default=None, ge=1)
    """Instead of tokens: times that the data is gone through, repeats inside, to its last window and no
    further. A selection needs tokens too: they say how large it is."""
    batch_tokens: int | None = Field(default=None, ge=8)
    """Tokens of one optimizer step; default: [training]'s."""
    sequence: int | None = Field(default=None, ge=8)
    """Tokens of one window; default: [training]'s."""
    lr: LearningRate
    """Its learning rate."""
    start: str = "scratch"
    """"scratch"; an earlier phase, whose final weights this one starts from; or the path of a Hugging Face
    folder, with a / in it: `./models/tiny`. Its files count by size and time."""
    moments: Literal["reset", "keep"] = "reset"
    """The optimizer's: keep goes on with moments and step count where the phase named in start ended."""
    annotator: str | None = None
    """selection: the annotator that it ranks by; default: the only one of the recipe."""
    repeats: int = Field(default=REPEATS, ge=1)
    """selection: how often each chosen document is seen; the top tokens / repeats are chosen."""
    curve: Curve | None = None
    """selection: instead of repeats, numbers of repeats that rise with quality."""
    languages: dict[str, Annotated[float, Field(gt=0)]] = Field(default={})
    """selection: its mix, `{ Python = 0.6, C = 0.4 }`: a language's share of the tokens is its weight / sum
    of weights, one without a weight has none; default: the mix of the corpus."""
    temperature: float = Field(default=0.0, ge=0)
    """selection: above 0, documents are drawn by their scores, instead of the best being taken."""
    controls: dict[Control, Annotated[int, Field(ge=1)]] = Field(default={})
    """Twins on random documents, with the number of their draws: same start, tokens, rates, languages.
    `random` sees each document once, `random-repeated` as many unique tokens as the phase, as often,
    `random-length` the same in documents as long as the phase's; in a mix they stand where the chosen or the
    synthetic documents stand, and the corpus's part is the same. `redrawn`, of a synthetic phase, is no
    random one: it sees what grew from other answers to the same questions."""
    seed: int | None = Field(default=None, ge=0)
    """Of its order of data, its controls' draws, and its weights if it starts from scratch; default:
    run.seed."""
    fim_rate: float = Field(default=0.0, ge=0, le=1)
    """Share of documents turned into fill-in-the-middle, in half of them the suffix first."""

    @property
    def parts(self) -> list[Part]:
        """What the phase reads: the parts of its mix, or its data alone."""
        return self.mix or ([Part(data=self.data, weight=1.0)] if self.data else [])

    @property
    def twins(self) -> dict[str, Control]:
        """Name of each control, one for each draw, and its kind."""
        return {
            f"{self.name}-{kind}" + (f"-{draw}" if draw > 1 else ""): kind
            for kind, draws in self.controls.items()
            for draw in range(1, draws + 1)
        }

    @property
    def selects(self) -> bool:
        """Whether it reads a selection."""
        return "selection" in [part.data for part in self.parts]

    @property
    def outside(self) -> bool:
        """Whether it starts from a folder."""
        return "/" in self.start

    @model_validator(mode="after")
    def _fits(self) -> Phase:
        """Rules of one phase; each is (what is wrong, what is said)."""
        data = [part.data for part in self.parts]
        total = sum(part.weight for part in self.parts)
        sized = self.data == "selection"
        rules = [
            (not data or (self.data and self.mix), "needs data or mix, one of the two"),
            (len(set(data)) < len(data), "names the same data twice in mix; add the weights up"),
            (
                any(part.weight < 0.001 * total for part in self.mix),
                "has a weight under a thousandth of all in mix; leave that part out",
            ),
            (self.tokens is None and self.epochs is None, "needs tokens or epochs"),
            (
                self.tokens is None and sized,
                "has data = 'selection': it needs tokens, which say how large it is",
            ),
            (self.tokens and self.epochs and not sized, "has tokens and epochs; leave one of them out"),
            (
                self.mix and self.epochs,
                "has a mix, whose parts end at different times: it counts tokens, not epochs",
            ),
            (
                self.controls and self.epochs,
                "has controls, which see as many tokens: it counts tokens, not epochs",
            ),
            (
                self.controls and set(data) == {"corpus"},
                "reads the corpus: it is its own control, leave controls out",
            ),
            (
                self.controls and {"selection", "synthetic"} <= set(data),
                "mixes a selection with synthetic documents: a control is the twin of one of them, leave controls out",
            ),
            (
                "redrawn" in self.controls and self.data != "synthetic",
                "has the control redrawn, which is another draw of a model's answers: it needs data = 'synthetic'",
            ),
            (
                "selection" not in data
                and (self.repeats != REPEATS or self.curve or self.temperature or self.languages),
                "has repeats, a curve, a temperature or languages, which say how documents are selected: it needs "
                "data = 'selection', else leave them out",
            ),
            (
                self.moments == "keep" and (self.start == "scratch" or self.outside),
                "has moments = 'keep': start must name an earlier phase",
            ),
        ]
        for wrong, said in rules:
            if wrong:
                raise ValueError(f"phase {self.name!r} {said}")
        return self


def phase_of(model: str, phases: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The phase, of a recipe's as tables, that a model's name is of, or whose control's.

    >>> phase_of("quality-random-2", [{"name": "general"}, {"name": "quality"}])
    {'name': 'quality'}
    """
    kinds = "|".join(get_args(Control))
    return next(
        phase for phase in phases if re.fullmatch(rf"{re.escape(phase['name'])}(-({kinds})(-\d+)?)?", model)
    )
