"""Other languages than Python: which compilers this machine has, and what they say of a document.

A toolchain counts as there once it has compiled a small program inside the sandbox. A document whose headers
or packages are not here is not wrong: it is told apart from one that is by what the compiler says. The
trade-off: compiling shows that names and types fit, not that the program does what it should; JavaScript is
run.
"""

from __future__ import annotations

import functools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from neve import sandbox

MEMORY_BYTES = 8 << 30
"""Of address space: node and Java reserve far more than they use."""
PROCESSES = 96
COMPILING = 3
"""Times as long as a program may run, a compiler may work."""

_RUN = """
import os, subprocess, sys
text = sys.stdin.buffer.read()
with open({file!r}, "wb") as file:
    file.write(text)
done = subprocess.run({command!r}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/tmp",
                      env={{**os.environ, **{more!r}}})
sys.stderr.buffer.write(done.stderr[-4000:])
sys.exit(1 if done.returncode else 0)
"""


@dataclass(frozen=True)
class Toolchain:
    command: tuple[str, ...]
    """The first is the program's name; {file} is the document."""
    small: str
    """A program that it accepts."""
    folders: tuple[str, ...] = ()
    """What it reads beside itself."""
    missing: str = r"(?!)"
    """What it says where a document needs what is not here."""
    runs: bool = False
    """Whether the document is run, not only compiled."""


_GCC = ("/usr/include", "/usr/lib/gcc", "/usr/libexec/gcc")
_HEADER = r"fatal error: .*: No such file or directory"
TOOLCHAINS = {
    "JavaScript": Toolchain(
        ("node", "{file}"), "console.log(1);\n", (), r"Cannot find (?:module|package) '(?![./])", runs=True
    ),
    "C": Toolchain(("gcc", "-std=gnu17", "-Werror=implicit-function-declaration", "-fsyntax-only", "{file}"), "#include <stdio.h>\nint main(void) { return 0; }\n", _GCC, _HEADER),
    "C++": Toolchain(("g++", "-std=gnu++20", "-w", "-fsyntax-only", "{file}"), "#include <vector>\nint main() { return 0; }\n", _GCC, _HEADER),
    "Rust": Toolchain(
        ("rustc", "--edition=2021", "--crate-type=lib", "--emit=metadata", "-Awarnings", "--out-dir=/tmp", "{file}"),
        "pub fn one() -> i32 { 1 }\n", (), r"E0432|E0433|E0463|can't find crate",
    ),
    "Go": Toolchain(
        ("go", "vet", "{file}"), "package main\n\nfunc main() {}\n", ("/usr/share/go", "/usr/local/go", "/usr/lib/go"),
        r"no required module|is not in (?:std|GOROOT)",
    ),
    "Java": Toolchain(
        ("javac", "-J-Xmx256m", "-J-XX:ReservedCodeCacheSize=64m", "-J-XX:+UseSerialGC", "-proc:none", "-nowarn", "-d", "/tmp", "{file}"),
        "class Main { }\n", ("/etc/java-17-openjdk", "/etc/java-21-openjdk"), r"package [\w.]+ does not exist",
    ),
}  # fmt: skip
"""Linguist name -> how its documents are checked."""
_ENDINGS = {"JavaScript": "js", "C": "c", "C++": "cpp", "Rust": "rs", "Go": "go", "Java": "java"}


def check(language: str, text: str, seconds: float, place: sandbox.Sandbox) -> tuple[str, str]:
    """(how a document was checked, why it fails or "")."""
    if language not in TOOLCHAINS:
        return f"not checked: nothing runs or compiles {language} here", ""
    if absent := _absent(language, place):
        return f"not checked: {absent}", ""
    chain = TOOLCHAINS[language]
    result = _compile(language, text, seconds if chain.runs else COMPILING * seconds, place)
    how = "run" if chain.runs else "compiled"
    if result.status == "ok":
        return how, ""
    said = result.stderr.decode("utf-8", "replace")
    if found := re.search(chain.missing, said):
        return f"not checked: {found[0][:120]}", ""
    lines = [line for line in said.splitlines() if re.search(r"(?i)error", line)]
    return how, " ".join((result.detail or (lines or [result.status])[0]).split())[:300]


@functools.cache
def _absent(language: str, place: sandbox.Sandbox) -> str:
    """Why documents of a language cannot be checked here; "" where they can."""
    name = TOOLCHAINS[language].command[0]
    if shutil.which(name) is None:
        return f"{name} is not installed"
    result = _compile(language, TOOLCHAINS[language].small, 60.0, place)
    if result.status == "ok":
        return ""
    said = result.stderr.decode("utf-8", "replace").strip().splitlines() or [result.detail or result.status]
    return f"{name} does not work in the sandbox ({said[-1][:120]})"


def _compile(language: str, text: str, seconds: float, place: sandbox.Sandbox) -> sandbox.Result:
    chain = TOOLCHAINS[language]
    program = Path(shutil.which(chain.command[0]) or chain.command[0])
    real = program.resolve()
    more: dict[str, str] = {}
    folders = [Path(folder) for folder in chain.folders if Path(folder).is_dir()]
    if real.parent not in (Path("/usr/bin"), Path("/bin")):  # of a home of its own, such as /usr/lib/jvm/NAME
        folders.append(real.parents[1])
        program, more = (
            real,
            {"LD_LIBRARY_PATH": str(real.parents[1] / "lib")},
        )  # without /proc it is not found
    stem = "document"
    if language == "Java" and (
        public := re.search(r"^public\s+(?:\w+\s+)*?(?:class|interface|enum|record)\s+(\w+)", text, re.M)
    ):
        stem = public[1]
    ending = _ENDINGS[language]
    if language == "JavaScript" and re.search(
        r"^\s*(?:import\s.*from\s|import\s*['\"]|export\s)", text, re.M
    ):
        ending = "mjs"
    file = f"/tmp/{stem}.{ending}"
    command = [str(program), *(part.format(file=file) for part in chain.command[1:])]
    return sandbox.run(
        _RUN.format(file=file, command=command, more=more),
        sandbox=place,
        limits=sandbox.Limits(seconds, memory_bytes=MEMORY_BYTES, processes=PROCESSES),
        stdin=text.encode("utf-8", "replace"),
        extra=sandbox.Extra(tools=True, folders=tuple(folders)),
    )
