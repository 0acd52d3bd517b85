"""The report in a real browser. Oracles: axe-core for accessibility, Chromium for what is drawn.

Needs `chromium` on the path and npm for axe-core's file; by hand, with `make test-slow`.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1280])
def test_axe_finds_no_violation(small_run: Path, tmp_path: Path, axe: str, scheme: str, width: int) -> None:
    run = f"(() => {{{axe}; return axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes[0].html.slice(0, 200)]))}})()"
    options = [
        f"--window-size={width},900",
        *(["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []),
    ]
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
