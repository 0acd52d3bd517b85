"""What `pip install` brings. Oracle: a wheel, built from a copy of the sources, and the package's own files."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    copied = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if copied.returncode:
        pytest.skip("no clone here")
    names = [
        name
        for name in copied.stdout.splitlines()
        if name.startswith(("neve/", "recipes/")) or "/" not in name
    ]
    for name in (name for name in names if (ROOT / name).exists()):
        target = folder / "src" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            target.symlink_to((ROOT / name).readlink())
        else:
            target.write_bytes((ROOT / name).read_bytes())
    build = "from setuptools import build_meta as b; b.build_wheel('..')"
    subprocess.run([sys.executable, "-c", build], cwd=folder / "src", check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_recipes_templates_and_data(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = [p for p in (ROOT / "neve").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    wanted += [
        ROOT / "neve" / "recipes" / p.relative_to(ROOT / "recipes")
        for p in (ROOT / "recipes").rglob("*.toml")
    ]
    absent = {str(p.relative_to(ROOT)) for p in wanted} - held
    assert not absent
    assert "neve/recipes/quickstart.toml" in held and not any(name.startswith("tests") for name in held)


def test_an_installed_neve_writes_a_recipe_and_plans_it(wheel: Path, tmp_path: Path) -> None:
    """From outside the clone, with the wheel's files alone before the packages of this environment."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    packages = [p for p in sys.path if p.endswith("site-packages")]
    program = f"import sys; sys.path[:0] = {[str(tmp_path / 'site'), *packages]!r}; import neve.cli; neve.cli.main()"

    def neve(*arguments: str) -> str:
        command = [sys.executable, "-I", "-S", "-c", program, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "files of code" in neve("init", str(tmp_path / "site" / "neve"))
    assert "parameters: 2,557,632" in neve("plan")
    neve("run", "--until", "files")
    assert (tmp_path / "runs" / "neve" / "stages").is_dir()
    neve("init", "--from", "paper", "--out", "paper.toml")
    assert "1,364,297,728" in neve("plan", "paper.toml")
