"""The command line: the list of commands, and how errors end.

Exit status: 0 success, 1 a failed run, 2 a bad recipe or argument. An error is one line; `--debug` shows the
traceback.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

import neve
from neve.cli.corpus import curate, dedup, filters, score
from neve.cli.evaluation import evaluate, grade
from neve.cli.export import export, remove
from neve.cli.laboratory import ablate
from neve.cli.machine import doctor
from neve.cli.runs import plan, report, run, status, train, why
from neve.cli.serve import serve
from neve.cli.start import init, recipe
from neve.cli.synthesis import ledger, synthesize
from neve.errors import Fault, Misuse

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Raw repositories to a trained and evaluated code model, refining the data three times.",
)

COMMANDS = (
    init,
    run,
    plan,
    status,
    serve,
    why,
    report,
    train,
    export,
    remove,
    curate,
    dedup,
    score,
    filters,
    synthesize,
    ledger,
    recipe,
    grade,
    evaluate,
    ablate,
    doctor,
)
"""In the order in which `neve --help` lists them."""

for command in COMMANDS:
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        print(f"neve {neve.__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say which Neve this is.")
    ] = False,
) -> None:
    """Options before the command's name."""
    if debug:
        os.environ["NEVE_DEBUG"] = "1"


def main() -> None:
    """Entry point: turns what goes wrong into one line and an exit status."""
    try:
        status = app(
            standalone_mode=False, prog_name="neve"
        )  # an interrupt comes back as a status, all else as an exception
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:
        if os.environ.get("NEVE_DEBUG"):
            raise
        sys.exit(_tell(error))
    if status == INTERRUPTED:
        print("neve: interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(INTERRUPTED)


INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def _tell(error: Any) -> int:
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.ctx.get_help(), file=sys.stderr)
        return 2
    if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own, wherever typer keeps it
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "neve"
        text = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
        print(f"{command}: {text}; `{command} --help` shows what there is", file=sys.stderr)
        return int(error.exit_code)
    if isinstance(error, Misuse):
        print(f"neve: {error}", file=sys.stderr)
        return 2
    if isinstance(error, Fault):
        print(f"neve: {error}", file=sys.stderr)
        return 1
    text = " ".join(str(error).split())[:300]
    print(
        f"neve: {type(error).__name__}: {text} (a bug in Neve, or a broken machine; --debug shows more)",
        file=sys.stderr,
    )
    return 1
