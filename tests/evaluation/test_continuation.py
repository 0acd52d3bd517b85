"""A text that models go on with. Oracle: the tables by hand; the real model's own ids decoded."""

from __future__ import annotations

import pyarrow as pa

from neve.evaluation import continuation


def heldout(*rows: tuple[str, str]) -> pa.Table:
    names, texts = zip(*rows, strict=True) if rows else ((), ())
    return pa.table({"doc_id": pa.array(names, pa.string()), "content": pa.array(texts, pa.string())})


def test_the_prompt_is_the_beginning_of_the_first_document_that_is_long_enough() -> None:
    long = "".join(f"line {i}\n" for i in range(40))
    found = continuation.prompt(heldout(("c", long), ("b", long.upper()), ("a", "short\n")))
    assert found == {"doc_id": "b", "prompt": "".join(f"LINE {i}\n" for i in range(continuation.LINES))}


def test_without_a_held_out_document_there_is_a_plain_prompt() -> None:
    assert continuation.prompt(heldout()) == {"doc_id": None, "prompt": continuation.PLAIN}
    assert continuation.prompt(heldout(("a", "short\n")))["prompt"] == continuation.PLAIN


def test_a_model_writes_the_same_text_again(small_run, tmp_path) -> None:
    """Oracle: the stage's own result."""
    from neve.evaluation.evaluate import read_json
    from neve.evaluation.generation.completion import Options
    from neve.evaluation.generation.sampling import Sampling
    from neve.store import arm_stages

    stages = arm_stages(small_run, "main")
    theirs = read_json(stages["evaluate"] / "results.json")["continuation"]
    table = pa.table(
        {"doc_id": [theirs["doc_id"]], "content": [theirs["prompt"] + "x\n" * continuation.FEWEST]}
    )
    mine = continuation.of_stages(
        {"synthetic": stages["train-synthetic"]}, table, Options(sampling=Sampling(seed=1))
    )
    assert mine["prompt"] == theirs["prompt"] and mine["models"]["synthetic"] == theirs["models"]["synthetic"]
