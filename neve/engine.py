"""Where dataframes run: Daft on this machine, or the same code on a Ray cluster.

Nothing else in Neve knows which. Daft was taken since it is Rust, lazy, streams on one machine and spreads
over Ray without a change. The trade-off: one process has one engine for life (Daft's own rule), and what one
step hands to the next goes through Parquet on disk (`save`) rather than memory, so that nothing is computed
twice and memory stays bounded. On a cluster that disk is shared by all nodes.

Kernels are functions over Arrow arrays, made into Daft columns by `kernel`; they run in threads, so that the
time-consuming ones should let go of the interpreter's lock (numba with nogil, hashlib, Arrow).
"""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from neve.errors import Fault
from neve.progress import bar

if TYPE_CHECKING:
    import pyarrow as pa
    from daft import DataFrame

QUIET = {
    "DAFT_ANALYTICS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "DAFT_PROGRESS_BAR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Set before Daft or Ray is imported, and on every worker: no telemetry, and no progress bars but Neve's."""

GROUP_BYTES = 16 << 20
"""Bytes of a row group that `save` writes: what a writer holds back in memory, once for every thread."""
OPEN_BYTES, LEAST_GROUP_BYTES = 128 << 20, 256 << 10
"""Bytes that writers of partitions hold back together, a thread; of a row group of a partition at least."""
KERNEL_ROWS = 512
"""Rows a kernel gets at once: few enough that all threads have work, enough that expressions are compiled
seldom: half as many rows take a quarter more time where the beginnings of texts are read."""

os.environ.update(QUIET)
if importlib.util.find_spec("dateutil") is None:
    # Arrow asks for it whenever it makes a scalar, and Python would look through all folders each time
    sys.modules["dateutil"] = None  # type: ignore[assignment]
_engine: str | None = None
_counted, _lock = 0, Lock()


def use(engine: str, address: str | None = None) -> None:
    """Choose the engine of this process: "native", or "ray" at `address` (default RAY_ADDRESS, else a new
    local one).

    Raises Fault when the engine is unknown, another one already runs, or Ray is missing or cannot be
    reached.
    """
    global _engine
    if engine == _engine:
        return
    if engine not in ("native", "ray"):
        raise Fault(f"engine = {engine!r}: it may be native or ray")
    if _engine is not None:
        raise Fault(f"engine = {engine!r}: this process already runs on {_engine}; start another one")
    import daft

    if engine == "ray":
        _join_ray(address or os.environ.get("RAY_ADDRESS"))
        daft.set_runner_ray(noop_if_initialized=True)
    else:
        daft.set_runner_native()
    daft.set_execution_config(
        parquet_target_row_group_size=GROUP_BYTES, parquet_target_filesize=8 * GROUP_BYTES
    )
    _engine = engine


def current() -> str:
    """Name of the engine; "native" is chosen now if none was."""
    if _engine is None:
        use("native")
    return _engine or "native"


def _join_ray(address: str | None) -> None:
    try:
        import ray
    except ImportError:
        raise Fault("engine = 'ray': ray is not installed; `pip install neve[ray]`") from None
    _reach(address)
    here = str(Path(__file__).parents[1])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {"env_vars": {**QUIET, "PYTHONPATH": path}, "py_executable": sys.executable}
    try:
        ray.init(
            address=address or "local",
            runtime_env=environment,
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise Fault(f"engine = 'ray': no cluster at {address or 'this machine'}: {error}") from None


def _reach(address: str | None) -> None:
    """Ray itself waits minutes for a cluster that is not there."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise Fault(f"engine = 'ray': no cluster at {address}: {error}") from None


def kernel(
    function: Callable[..., dict[str, pa.Array]], fields: dict[str, pa.DataType], counts: bool = False
) -> Any:
    """Make `function`, from Arrow arrays to one Arrow array for each of `fields`, a function over Daft
    columns.

    Selecting what it returns gives one column per field. With `counts` the rows it gets are what `save`
    shows as progress (where it runs in this process).
    """
    import daft
    import pyarrow as pa

    kind = daft.DataType.from_arrow_type(pa.struct(list(fields.items())))

    @daft.func.batch(return_dtype=kind, unnest=True, batch_size=KERNEL_ROWS, use_process=False)
    def columns(*arguments: daft.Series) -> pa.Array:
        results = function(*(argument.to_arrow() for argument in arguments))
        if counts:
            _count(len(arguments[0]))
        return pa.StructArray.from_arrays(
            [results[name].cast(kind) for name, kind in fields.items()], list(fields)
        )

    return columns


def on_ray() -> bool:
    """Whether a cluster was chosen."""
    return _engine == "ray"


def slots(kind: str) -> int:
    """How many tasks that take a "CPU" or a "GPU" each the cluster runs at a time; GPUs of this machine
    alone are not for tasks."""
    if current() == "ray":
        import ray

        return int(ray.cluster_resources().get(kind, 0))
    return len(os.sched_getaffinity(0)) if kind == "CPU" else 0


def each(function: Callable[..., Any], jobs: list[tuple[Any, ...]], gpus: int = 0) -> Iterator[Any]:
    """`function(*job)` for each job, in their order: in threads here, or as tasks of the cluster, each with
    `gpus` of its own."""
    if current() == "ray":
        import ray

        task = ray.remote(num_gpus=gpus)(function)
        waiting = [task.remote(*job) for job in jobs]
        return (ray.get(reference) for reference in waiting)
    return _in_threads(function, jobs)


def _in_threads(function: Callable[..., Any], jobs: list[tuple[Any, ...]]) -> Iterator[Any]:
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(lambda job: function(*job), jobs)


def _count(rows: int) -> None:
    global _counted
    with _lock:
        _counted += rows


def read(folder: Path) -> DataFrame:
    """The Parquet files of a folder as a lazy frame."""
    import daft

    current()
    return daft.read_parquet(str(folder / "*.parquet"))


def frame(table: pa.Table) -> DataFrame:
    """An Arrow table as a lazy frame."""
    import daft

    current()
    return daft.from_arrow(table)


def save(
    frame: DataFrame,
    folder: Path,
    label: str,
    total: int | None = None,
    partition: str | None = None,
    partitions: int = 1,
) -> None:
    """Compute a frame into a folder of Parquet files (lz4: they are read once or twice), showing progress.

    `total` is how many rows its counting kernel will get. With `partition` the files of each value v of that
    column lie in the folder `<partition>=<v>`, without that column; else a frame without rows leaves a file
    without rows. All partitions are written side by side: the more `partitions` there are, the smaller are
    their row groups.
    """
    import daft
    import pyarrow.parquet as pq

    global _counted
    current()
    with bar(label, total, "files") as advance:
        done = Event()
        _counted = 0

        def watch() -> None:
            shown, more = 0, True
            while more:
                more = not done.wait(0.5)
                now = _counted
                advance(now - shown)
                shown = now

        watcher = Thread(target=watch, daemon=True)
        watcher.start()
        columns: Any = [partition] if partition else None
        group = max(LEAST_GROUP_BYTES, min(GROUP_BYTES, OPEN_BYTES // partitions))
        try:
            with daft.execution_config_ctx(parquet_target_row_group_size=group):
                frame.write_parquet(
                    str(folder), compression="lz4", write_mode="overwrite", partition_cols=columns
                )
        finally:
            done.set()
            watcher.join()
    if not any(folder.glob("**/*.parquet")) and not partition:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(frame.schema().to_pyarrow_schema().empty_table(), folder / "empty.parquet")
