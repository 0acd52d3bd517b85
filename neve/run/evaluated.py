"""What evaluation found, said to a person: bits per byte of the references, and of every phase and
control."""

from __future__ import annotations

from typing import Any


def lines(results: dict[str, Any]) -> list[str]:
    """A table for a terminal: a row each, a column for each text, held-out code last.

    >>> figure = {"value": 2.25}
    >>> found = {"references": {}, "models": {"general": {"bits_per_byte": {"humaneval": figure}}}}
    >>> lines(found)
    ['  bits per byte  humaneval', '  general            2.250']
    """
    rows = {
        name: {metric: figure.get("all", figure) for metric, figure in found["bits_per_byte"].items()}
        for name, found in (*results["references"].items(), *results["models"].items())
    }
    texts = sorted(
        {text for row in rows.values() for text in row}, key=lambda text: (text == "heldout", text)
    )
    width = max(map(len, ("bits per byte", *rows)))
    table = [[f"{'bits per byte':<{width}}", *texts]]
    for name, row in rows.items():
        table.append(
            [f"{name:<{width}}"]
            + [
                f"{row[text]['value']:.3f}".rjust(len(text)) if text in row else " " * len(text)
                for text in texts
            ]
        )
    return [f"  {'  '.join(cells)}" for cells in table]
