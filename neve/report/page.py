"""The report of a run: one self-contained page, and the numbers it shows as JSON.

The first screen answers three questions: what did choosing the data do, how sure is that, and what did the
run cost. Below stand the figures, the way from files to documents, documents to look at, curves and the
recipe. Everything on the page comes from `summary.json`. The trade-off: samples and charts are embedded, so
the page opens from a disk without a server, and what it shows of each kind is limited.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve.evaluation import published
from neve.recipe.recipe import Recipe
from neve.report import charts, ranked
from neve.report.charts import Chart
from neve.report.claim import METRICS, claim, headlines
from neve.report.corpus import LANGUAGES, corpus_charts, funnel, with_differences
from neve.report.render import FEW, largest, page
from neve.report.summary import summarize
from neve.store import atomic_write, write_json

HELDOUT = 8
"""Languages whose held-out figures stand on the page; `summary.json` has all."""
WORDS = {
    "annotator": "a model that gives a document a quality score",
    "bits per byte": "how many bits the model needs for each byte of unseen text; lower is better",
    "control": "a twin of a phase on random documents: same start, tokens, learning rates and languages",
    "document": "a file that survived curation, known by the digest of its text",
    "held out": "repositories that no phase trains on",
    "interval": f"95 %, by resampling tasks or documents; beside several draws their variance is in it, else it does not cover other seeds or draws; below {FEW} tasks or documents there is none",
    "p": "how often chance alone would make a difference as large: the two models' values swapped within tasks or documents; over several draws by Student's t",
    "pass@1": "the share of tasks that one completion solves, its tests run in a sandbox",
    "phase": "one leg of training: its data, token budget, learning-rate curve and starting weights",
    "selection": "which documents a phase sees, and how often",
    "verdict": "why a file stopped: stage, rule, measured value, limit",
}


@dataclass(frozen=True)
class Settings:
    recipe: Recipe


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `report`: `index.html` and `summary.json` from all other stages' folders."""
    summary = summarize(inputs, settings.recipe.model_dump(mode="json"))
    write_json(out / "summary.json", summary)
    atomic_write(out / "index.html", render(summary))
    return {"bytes": (out / "index.html").stat().st_size}


def render(summary: dict[str, Any]) -> str:
    """The page as HTML."""
    training = [*training_charts(summary["phases"]), *speed_chart(summary)]
    scores = score_charts(summary)
    corpus = with_differences(summary["corpus"])
    drawn = [
        results_chart(summary),
        *corpus_charts(corpus),
        *training,
        *scores,
        times_chart(summary["timings"]["seconds"]),
    ]
    if "synthesis" in summary:
        drawn.append(gates_chart(summary["synthesis"]))
    models = summary["results"]["models"]
    languages = heldout_languages(summary)
    return page(
        "page.html",
        drawn,
        title=summary["run"],
        s={**summary, "corpus": corpus},
        claim=claim(summary),
        cost=cost(summary),
        headlines=headlines(summary),
        training_charts=training,
        score_charts=scores,
        funnel=funnel(corpus),
        benchmarks=sorted({name for m in models.values() for name in m.get("benchmarks", {})}),
        not_run=sorted({b["not_run"] for m in models.values() for b in m.get("benchmarks", {}).values() if "not_run" in b}),
        languages=languages[:HELDOUT],
        more_languages=languages[HELDOUT:],
        chosen=chosen(summary),
        not_validated=not_validated(summary),
        rows=rows(summary),
        metrics=metrics(summary),
        written=summary["written"],
        published=published.TABLE,
        columns=published.COLUMNS,
        ours=ours(summary),
        last=[phase["name"] for phase in summary["phases"] if not phase["control"]][-1],
        groups=groups(summary),
        words=WORDS,
    )  # fmt: skip


def heldout_languages(summary: dict[str, Any]) -> list[str]:
    """Languages with held-out documents, those with most of them first."""
    found = summary["results"]["models"][summary["phases"][0]["name"]]["bits_per_byte"].get("heldout", {})
    return sorted(found.keys() - {"all"}, key=lambda name: (-found[name]["documents"], name))


def chosen(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What was chosen for each phase and control: rows of the languages with most tokens, and how many
    languages have no document."""
    found = {}
    for name, about in summary.get("selection", {}).get("phases", {}).items():
        rows = [{"language": language, **q} for language, q in about["languages"].items() if q["documents"]]
        rows.sort(key=lambda row: (-row["tokens"], row["language"]))
        sums = [
            key for key in ("documents", "tokens", "seen", "effective", "quota") if rows and key in rows[0]
        ]
        none = len(about["languages"]) - len(rows)
        found[name] = {"rows": largest(rows, LANGUAGES, "language", *sums), "none": none}
    return found


def not_validated(summary: dict[str, Any]) -> dict[str, list[str]]:
    """Annotator -> languages in which its ranking is not validated, those with most text first."""
    order = {row["language"]: place for place, row in enumerate(summary["corpus"]["languages"])}
    return {
        name: sorted(languages, key=lambda one: order.get(one, len(order)))
        for name, languages in summary.get("not_validated", {}).items()
    }


def rows(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """What has bits per byte, references before models: name, what it is, tokens, figures by metric."""
    beside = [
        {"name": name, "what": found["what"], "tokens": None, "control": True, "bits": found["bits_per_byte"],
         "benchmarks": {}}
        for name, found in summary["results"]["references"].items()
    ]  # fmt: skip
    for phase in summary["phases"]:
        model = summary["results"]["models"][phase["name"]]
        beside.append(
            {"name": phase["name"], "what": f"{phase['data']}, from {phase['start']}", "tokens": phase["tokens"],
             "control": phase["control"], "bits": model["bits_per_byte"], "benchmarks": model.get("benchmarks", {})}
        )  # fmt: skip
    return beside


def metrics(summary: dict[str, Any]) -> dict[str, str]:
    """The texts that are measured and what a reader calls them, held-out code last."""
    found = {name: True for row in rows(summary) for name in row["bits"]}
    return {
        name: METRICS.get(name, name) for name in sorted(found, key=lambda name: (name == "heldout", name))
    }


def results_chart(summary: dict[str, Any]) -> Chart:
    """Bits per byte of everything with its interval, on one axis for each kind of text."""
    points = []
    for metric, title in metrics(summary).items():
        for row in rows(summary):
            figure = row["bits"].get(metric)
            figure = figure.get("all") if metric == "heldout" and figure else figure
            if figure is None:
                continue
            few = figure.get("tasks", figure.get("documents", FEW)) < FEW
            low, high = [figure["value"]] * 2 if few else figure["interval"]
            points.append(
                {"model": row["name"], "metric": title, "value": figure["value"], "low": low, "high": high,
                 "control": row["control"]}
            )  # fmt: skip
    return charts.intervals(
        "results", "Each phase, its controls, zlib and trigrams", points, "bits per byte, lower is better"
    )


def cost(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """What the run cost, as tiles: number and what it counts."""
    phases = [phase for phase in summary["phases"] if not phase["control"]]
    controls = [phase for phase in summary["phases"] if phase["control"]]
    seconds = sum(summary["timings"]["seconds"].values())
    tiles = [
        (f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:,.0f} s", "in all stages"),
        *(
            (
                f"{sum(p['tokens'] for p in these):,}",
                f"tokens trained in {len(these)} {what}{'s' * (len(these) > 1)}",
            )
            for what, these in (("phase", phases), ("control", controls))
            if these
        ),
        (f"{phases[0]['parameters']:,}", "parameters"),
    ]
    if "synthesis" in summary:
        drawn = [draw["tokens"] for draw in summary["synthesis"]["draws"]]
        several = f" in {len(drawn)} draws" if len(drawn) > 1 else ""
        tiles.append((f"{sum(drawn):,}", f"synthetic tokens accepted{several}"))
    return tiles


def offsets(phases: list[dict[str, Any]]) -> dict[str, int]:
    """Tokens trained before each phase begins, along the phases that it started from."""
    before: dict[str, int] = {}
    tokens: dict[str, int] = {}
    for phase in phases:
        before[phase["name"]] = tokens.get(phase["start"], 0)
        tokens[phase["name"]] = before[phase["name"]] + phase["tokens"]
    return before


CURVES = {
    "loss": ("Training loss", "nats a token"),
    "validation": ("Held-out code while training", "bits per byte"),
    "lr": ("Learning rate", "learning rate"),
    "grad_norm": ("Norm of the gradient", "global norm before clipping"),
}


def training_charts(phases: list[dict[str, Any]]) -> list[Chart]:
    """Curves over all tokens trained along each path; the learning rate of a control is its phase's, left
    out."""
    before, made = offsets(phases), []
    for name, (title, unit) in CURVES.items():
        series = {
            phase["name"]: (
                [before[phase["name"]] + t for t in phase["curve"]["tokens"]],
                phase["curve"][name],
            )
            for phase in phases
            if name in phase["curve"] and not (name == "lr" and phase["control"])
        }
        if any(value is not None for _, values in series.values() for value in values):
            made.append(charts.lines(f"curve-{name}", title, series, "tokens trained", unit))
    return made


def speed_chart(summary: dict[str, Any]) -> list[Chart]:
    """Tokens a second along training, as its curves; none where no step was timed."""
    before = offsets(summary["phases"])
    series = {
        phase["name"]: (
            [before[phase["name"]] + t for t in phase["curve"]["tokens"]],
            summary["timings"]["tokens_a_second"][phase["name"]],
        )
        for phase in summary["phases"]
    }
    if not any(value is not None for _, values in series.values() for value in values):
        return []
    return [charts.lines("curve-speed", "Throughput", series, "tokens trained", "tokens a second")]


def ours(summary: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """pass@1 of the phases' models in the columns of the published table."""
    models = summary["results"]["models"]
    return {
        phase["name"]: published.beside(models[phase["name"]].get("benchmarks", {}))
        for phase in summary["phases"]
        if not phase["control"]
    }


def score_charts(summary: dict[str, Any]) -> list[Chart]:
    """How scores are distributed, by language."""
    return [
        charts.histogram(
            f"scores-{name}",
            f"Scores of {found['documents']:,} documents by {name}",
            found["edges"],
            found["histogram"],
            "score",
            "documents",
        )
        for name, found in summary.get("scores", {}).items()
    ]


def gates_chart(synthesis: dict[str, Any]) -> Chart:
    """What became of the answers: accepted, and refused by which gate."""
    rows = [{"label": "accepted", "value": synthesis["accepted"]}]
    rows += [{"label": gate, "value": count} for gate, count in synthesis["refused"].items()]
    return charts.bars("gates", "Answers, by what became of them", rows, "answers")


def times_chart(timings: dict[str, float]) -> Chart:
    rows = [{"label": stage, "value": round(seconds, 1)} for stage, seconds in timings.items()]
    return charts.bars("times", f"Seconds by stage, {sum(timings.values()):,.0f} in all", rows, "seconds")


def groups(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Documents to look at that a score or a selection puts forward."""
    return [
        group
        for annotator, found in summary.get("scores", {}).items()
        for group in ranked.columns(found["beside"], annotator)
    ]
