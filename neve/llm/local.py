"""A model on this machine behind an OpenAI-compatible address: llama.cpp in a child process.

A child, not a thread, costs a second of start and gives three things: llama.cpp's logs can be silenced
whole, a failed assertion in it is an error message and not the end of the run, and its threads can be told
how long to spin at barriers (SPINS below). The child lives as long as its parent and the pipe on its
standard input: when the parent leaves the context, or is killed in any way, the child ends. More slots than
cores pay because one pass over the weights serves all slots.

Source: llama.cpp's server as wrapped by xllamacpp.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neve.errors import Fault

SLOTS = 8
SPINS = 2000
"""Turns of a thread that waits at a barrier before it sleeps, some microseconds. Always sleeping costs 8 to
25 % on an idle machine; spinning without end made a loaded one 4 to 7 times slower, since it waits for
whoever lost its core."""
ANSWER_SECONDS = 86_400.0
"""For one answer. Its tokens are bounded already, and a server that ends breaks the connection, so what is
late here is late because the machine has other work; that must not cost an answer."""


@contextmanager
def serve(
    model: Path, name: str, *, slots: int = SLOTS, context: int = 1024, threads: int | None = None
) -> Iterator[str]:
    """Serve the GGUF file `model` as `name`; yields the base URL, http://127.0.0.1:PORT.

    `slots` questions are answered at a time, each of at most `context` tokens with its answer; `threads`
    defaults to the cores that this process may use. Raises Fault when the model cannot be loaded.
    """
    if not model.is_file():
        raise Fault(f"{model}: no such model file; `model` must be a pinned model's name or a GGUF file")
    cores = threads or (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    command = [sys.executable, "-m", "neve.llm.local", str(model), name, str(slots), str(context), str(cores)]
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "GOMP_SPINCOUNT": str(SPINS), "PYTHONPATH": path}
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
        )
        assert child.stdin is not None and child.stdout is not None
        try:
            address = child.stdout.readline().decode().strip()
            if not address:
                log.seek(0)
                lines = log.read(1 << 16).decode("utf-8", "replace").splitlines() or [
                    "it ended without a word"
                ]
                why = next((line.partition(" E ")[2] for line in lines if " E " in line), lines[-1])
                raise Fault(
                    f"{model}: llama.cpp cannot serve it: {why}; `model` must be a GGUF file that it can load"
                )
            yield address
        finally:
            child.stdin.close()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            child.stdout.close()


def _child(model: str, name: str, slots: int, context: int, threads: int) -> None:
    """The child: print the address, then wait for the parent to close the pipe, or to be gone."""
    parent = os.getppid()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {name}
    params.n_parallel = slots
    params.n_ctx = slots * context
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.port = 0
    params.cache_ram_mib = 0
    params.ui = params.endpoint_slots = params.endpoint_props = False
    params.verbosity = 1
    server = xllamacpp.Server(params)
    print(server.listening_address, file=out, flush=True)
    while os.getppid() == parent and not select.select([0], [], [], 1.0)[0]:
        pass
    os._exit(0)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
