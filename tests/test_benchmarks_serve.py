"""The live page's benchmark, without the training: real readers, a real hostile client, a server that leaks on purpose."""

from __future__ import annotations

import json
import threading
from argparse import Namespace
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from neve.store import write_json

from .conftest import ROOT, script


@pytest.fixture(scope="module")
def serve() -> ModuleType:
    return script("benchmarks/serve.py")


@pytest.fixture
def attacked(serve: ModuleType, monkeypatch, capsys) -> Callable[[int, int], dict]:
    """So many hostile requests, in this process and at its priority; what the client says of them."""
    monkeypatch.setattr(serve, "lowest", lambda: None)
    monkeypatch.setattr(serve.signal, "signal", lambda *_: None)

    def attack(port: int, most: int) -> dict:
        serve.attack(port, 1000, most)
        return json.loads(capsys.readouterr().out)

    return attack


def test_readers_and_a_hostile_client_of_a_real_server(
    serve: ModuleType, attacked: Callable[[int, int], dict], tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text(serve.SECRET)
    run = tmp_path / "run"
    (run / "stages").mkdir(parents=True)
    write_json(run / "run.json", {"arms": {"main": {"curate": "curate-00000000"}}})
    server = serve.started("-m", "neve.cli", "serve", run, "--port", 0)
    port = int(serve.said(server).split("/")[2].rpartition(":")[2])
    readers = serve.started(ROOT / "benchmarks" / "serve.py", "--read", port, 20)
    assert serve.said(readers) == "all\n"
    hostile = attacked(port, len(serve.requests()))
    found = serve.ended(readers)
    assert found["readers"] == 20 and found["lost"] == 0 and found["bytes"] > 20 * 50
    assert hostile["leaks"] == [] and hostile["requests"] == len(serve.requests())
    assert {"404", "421", "405", "400"} <= set(hostile["answers"])
    assert serve.used(server.pid) > 0
    server.terminate()
    server.wait()


def test_the_servers_processor_time_without_training(serve: ModuleType, tmp_path: Path, monkeypatch) -> None:
    """Oracle: every reader has the growing log."""
    monkeypatch.setattr(serve, "SETTLE", 0.5)
    found = serve.beside_a_log(tmp_path, Namespace(readers=5, hostile=20, seconds=3.0))
    assert found["readers"]["readers"] == 5 and found["readers"]["lost"] == 0 and found["leaks"] == []
    assert found["hostile"]["requests"] > 0 and 0 <= found["cores"]["server"] < 1


def test_a_leak_is_seen(serve: ModuleType, attacked: Callable[[int, int], dict]) -> None:
    class Leaky(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(serve.SECRET.encode() if "secret" in self.path else b"nothing")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Leaky)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert attacked(server.server_address[1], 5)["leaks"]
    server.shutdown()


def test_a_window_and_the_ratio(serve: ModuleType, tmp_path: Path, monkeypatch) -> None:
    """Oracle: figures by hand. The step that was under way when a window began is left out, as is a torn line."""
    log = tmp_path / "timings.jsonl"
    log.write_text("".join(json.dumps({"seconds": s}) + "\n" for s in (1.0, 2.0)) + '{"sec')
    assert serve.steps(log) == [1.0, 2.0]
    monkeypatch.setattr(serve, "FEWEST", 0)
    assert serve.window(log, 0.0) == []
    row = {"cores": {"server": 0.01}, "readers": {"lost": 0}, "hostile": {"answers": {"404": 2}, "leaks": []}}
    found = serve.summary([{**row, "ratio": 1.0}, {**row, "ratio": 1.02}])
    assert found["step_is_times"]["median"] == pytest.approx(1.01)
    assert found["step_is_times"]["half_interval"] == pytest.approx(12.706 * 0.01414 / 2**0.5, rel=1e-3)
    assert found["hostile_answers"] == {"404": 4}
