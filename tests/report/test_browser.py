"""The report and the live page in a real browser. Oracles: axe-core for accessibility, Chromium for what is drawn.

Needs `chromium` on the path and npm for axe-core's file; by hand, with `make test-slow`.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from neve import progress
from neve.run import serve
from neve.run.live import Watcher

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("npm")), reason="needs chromium and npm"
    ),
]
RESULT = re.compile(r'<pre id="result">(.*?)</pre>', re.DOTALL)


def asked(page: Path, folder: Path, script: str, *options: str) -> object:
    """What `script`, a promise's expression, gives in the page, as JSON; the page's policy is taken out for it."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    tail = (
        f"<script>setTimeout(() => ({script}).then((r) => {{const p = document.createElement('pre');"
        "p.id = 'result'; p.textContent = JSON.stringify(r); document.body.replaceChildren(p)}), 300)</script>"
    )
    (folder / "asked.html").write_text(text.replace("</body>", tail + "</body>"))
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--dump-dom",
        "--virtual-time-budget=60000",
    ]
    done = subprocess.run(
        [*command, *options, f"file://{folder}/asked.html"], capture_output=True, text=True, timeout=240
    )
    found = RESULT.search(done.stdout)
    assert found, done.stdout[-500:]
    return json.loads(html.unescape(found[1]))


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(
        ["npm", "pack", "--silent", "axe-core@4.11.0"], cwd=folder, check=True, capture_output=True
    )
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


VIOLATIONS = "axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes[0].html.slice(0, 200)]))"
VIEWS = [
    pytest.param((f"--window-size={width},900", *scheme), id=f"{width}-{name}")
    for width in (420, 1280)
    for name, scheme in (("light", ()), ("dark", ("--blink-settings=preferredColorScheme=0",)))
]


class Asking(serve.Server):
    """The live server, whose page asks one question of itself and tells the answer by an address."""

    script = ""
    answer_: Any = None

    def _page(self, path: str) -> bytes:
        if path.startswith("/result/"):
            self.answer_ = json.loads(unquote(path[8:]))
        whole = super()._page(path)
        if path != "/":
            return whole
        text = re.sub(
            r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", whole.partition(b"\r\n\r\n")[2].decode()
        )
        tail = f"<script>setTimeout(() => ({self.script}).then((r) => fetch('result/' + encodeURIComponent(JSON.stringify(r)))), 4000)</script>"
        return serve._whole("text/html; charset=utf-8", text.replace("</body>", tail + "</body>").encode())


def asked_live(run: Path, folder: Path, script: str, *options: str) -> Any:
    """What `script`, a promise's expression, gives in the live page of a run, four seconds after it was opened."""

    async def ask() -> Any:
        server = Asking(Watcher(run))
        server.script = script
        made = await asyncio.start_server(server.answer, "127.0.0.1", 0, limit=serve.HEAD_BYTES)
        looking = asyncio.create_task(server.look())
        address = f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}/"
        browser = await asyncio.create_subprocess_exec(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            f"--user-data-dir={folder}", *options, address, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(900):
            if server.answer_ is not None or browser.returncode is not None:
                break
            await asyncio.sleep(0.2)
        browser.terminate()
        await browser.wait()
        looking.cancel()
        made.close()
        return server.answer_

    return asyncio.run(ask())


@pytest.mark.parametrize("options", VIEWS)
def test_axe_finds_no_violation_in_the_live_page(
    small_run: Path, tmp_path: Path, axe: str, options: tuple[str, ...]
) -> None:
    """With a stage at work, curves, and samples opened."""
    script = (
        f"(() => {{{axe}; document.querySelectorAll('details').forEach((d) => {{d.open = true}}); return {VIOLATIONS}"
        ".then((v) => [v, document.querySelectorAll('.plot svg path').length, document.querySelectorAll('details').length,"
        "document.querySelectorAll('#stages tr').length, document.documentElement.scrollWidth <= innerWidth])})()"
    )
    with progress.stage(small_run, "train-general", ""), progress.bar("train", 10, "steps") as advance:
        advance(3)
        violations, lines, samples, stages, fits = asked_live(small_run, tmp_path, script, *options)
    assert violations == [] and lines >= 2 and samples > 10 and stages > 10 and fits


@pytest.mark.parametrize("options", VIEWS)
def test_axe_finds_no_violation(small_run: Path, tmp_path: Path, axe: str, options: tuple[str, ...]) -> None:
    run = f"(() => {{{axe}; return {VIOLATIONS}}})()"
    assert asked(small_run / "report" / "index.html", tmp_path, run, *options) == []


def test_every_figure_is_drawn(small_run: Path, tmp_path: Path) -> None:
    count = "Promise.resolve([...document.querySelectorAll('figure[data-chart]')].map((f) => f.querySelectorAll('.plot svg path, .plot svg rect, .plot svg circle').length))"
    drawn = asked(small_run / "report" / "index.html", tmp_path, count)
    assert len(drawn) >= 6 and all(drawn), drawn


def test_a_narrow_page_does_not_scroll_sideways(small_run: Path, tmp_path: Path) -> None:
    width = "Promise.resolve([document.documentElement.scrollWidth, innerWidth])"
    wide, window = asked(small_run / "report" / "index.html", tmp_path, width, "--window-size=420,900")
    assert wide <= window


def test_finding_a_word_opens_its_group(small_run: Path, tmp_path: Path) -> None:
    script = (
        "(() => {const f = document.getElementById('find'); f.value = 'import'; f.dispatchEvent(new Event('input'));"
        "const shown = [...document.querySelectorAll('#documents details.document')].filter((d) => !d.hidden);"
        "return Promise.resolve([shown.length, shown.every((d) => d.textContent.toLowerCase().includes('import')),"
        "document.querySelectorAll('#documents details.group[open]').length])})()"
    )
    shown, right, opened = asked(small_run / "report" / "index.html", tmp_path, script)
    assert shown > 0 and right and opened > 0
