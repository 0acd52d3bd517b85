"""Other languages than Python: which compilers this machine has, and what they say of a document.

A toolchain counts as there once it has compiled a small program inside the sandbox. A document whose headers
or packages are not here is not wrong: it is told apart from one that is by what the compiler says. One that
wants a file or a module of its own beside it is wrong, since it was to stand alone. The trade-off: compiling
shows that names and types fit, not that the program does what it should; JavaScript is run, and what others
print is asked for where something stands to be compared with it (`printed`).
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from neve import sandbox

MEMORY_BYTES = 8 << 30
"""Of address space: node and Java reserve far more than they use."""
PROCESSES = 96
COMPILING = 3
"""Times as long as a program may run, a compiler may work."""
MADE = "/tmp/made"
"""The program that a compiler made."""
GUARD = "/tmp/guard.cjs"
"""What node loads before a document."""

_RUN = """
import os, subprocess, sys
text = sys.stdin.buffer.read()
for name, text in (({file!r}, text), *{more_files!r}):
    with open(name, "wb") as file:
        file.write(text)
for command in {commands!r}:
    out = sys.stdout if {prints!r} and command == {commands!r}[-1] else subprocess.DEVNULL
    done = subprocess.run([sys.executable if part == "python" else part for part in command], input={given!r}, stdout=out,
                          stderr=subprocess.PIPE, cwd="/tmp", env={{**os.environ, **{more!r}}})
    sys.stderr.buffer.write(done.stderr[-4000:])
    if done.returncode:
        sys.exit(1)
"""


class Asked(NamedTuple):
    """What of a document is asked for."""

    prints: bool = False
    """Whether what it prints, else what its toolchain says of it."""
    turn: int = 0
    given: bytes = b""
    """Its input."""


SAID = Asked()


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
    failed: str = r"(?!)"
    """What it says where a document's own assertion failed, though it goes on and ends well."""
    runs: bool = False
    """Whether the document is run, not only compiled."""
    prints: tuple[tuple[str, ...], ...] = ()
    """Commands that make the program and then run it, where `command` only compiles; {stem} is its name.
    Rust's has none: its compiler starts a linker in a way that the sandbox forbids."""
    home: tuple[str, ...] = ()
    """Command that says where the tool lives, where the program on the path only leads to it."""
    environment: tuple[tuple[str, str], ...] = ()
    """{home} is what that command said."""


_NO_C = (
    "-Werror=implicit-function-declaration", "-Werror=implicit-int", "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
)  # fmt: skip
"""What gcc only warned of before its version 14, and is no C."""
_GCC = ("/usr/include", "/usr/lib/gcc", "/usr/libexec/gcc")
_HEADER = r"fatal error: (?P<name>.{0,255}): No such file or directory"
_C_HEADER = r"fatal error: (?P<name>.{0,255}\.\w{1,255}): No such file or directory"
"""One without an ending is C++'s own."""
_CRATE = r"(?:missing (?:a )?crate(?: named)?|unlinked crate|undeclared crate or module|can't find crate for) `(?P<name>\w+)`"
_PACKAGE = r"(?:no required module provides|cannot find module providing) package (?P<name>[^\s:]+)"
_JAVAC = (
    "javac", "-J-Xmx256m", "-J-XX:ReservedCodeCacheSize=64m", "-J-XX:+UseSerialGC", "-proc:none", "-nowarn", "-d", "/tmp", "{file}",
)  # fmt: skip
_MAIN = re.compile(
    r"^[^\S\n]*(?:(?:public|final|abstract)\s+)*(?:class|interface|enum|record)\s+(\w+)(?:(?!\n\}).)*?\bstatic\s+void\s+main\b",
    re.M | re.S,
)
"""Java's class that is run."""
PYTHON = Toolchain(("python", "-s", "-S", "-P", "-B", "{file}"), "", runs=True)
"""For what it prints alone; else it is run by `execution`."""
TOOLCHAINS = {
    "JavaScript": Toolchain(
        ("node", "--require", GUARD, "{file}"), "console.log(1);\n", (), r"Cannot find (?:module|package) '(?P<name>(?![./])[^'\n]+)'", r"(?m)^Assertion failed.*", runs=True
    ),
    "C": Toolchain(("gcc", "-std=gnu17", *_NO_C, "-fsyntax-only", "{file}"), "#include <stdio.h>\nint main(void) { return 0; }\n", _GCC, _C_HEADER,
        prints=(("gcc", "-std=gnu17", "-w", "-o", MADE, "{file}", "-lm"), (MADE,))),
    "C++": Toolchain(("g++", "-std=gnu++20", "-w", "-fsyntax-only", "{file}"), "#include <vector>\nint main() { return 0; }\n", _GCC, _HEADER,
        prints=(("g++", "-std=gnu++20", "-w", "-o", MADE, "{file}"), (MADE,))),
    "Rust": Toolchain(
        ("rustc", "--edition=2021", "--crate-type=lib", "--emit=metadata", "-Awarnings", "--out-dir=/tmp", "{file}"),
        "pub fn one() -> i32 { 1 }\n", (), _CRATE, home=("rustc", "--print", "sysroot"),
    ),
    "Go": Toolchain(
        ("go", "vet", "{file}"), 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n', (), _PACKAGE,
        home=("go", "env", "GOROOT"), prints=(("go", "run", "{file}"),),
        environment=(("GOROOT", "{home}"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("CGO_ENABLED", "0")),
    ),
    "Java": Toolchain(
        _JAVAC, "class Main { }\n", ("/etc/java-17-openjdk", "/etc/java-21-openjdk"), r"package (?P<name>[\w.]+) does not exist",
        prints=(_JAVAC, ("java", "-Xmx256m", "-XX:ReservedCodeCacheSize=64m", "-XX:+UseSerialGC", "-cp", "/tmp", "{stem}")),
    ),
}  # fmt: skip
"""Linguist name -> how its documents are checked."""
_ERRORS = (r"^\w*Error\b|\berror\b ?[:\[]", r"(?i)error|document\.\w+:\d")
"""Lines that say what is wrong, before those that say where, or only warn."""
_ENDINGS = {
    "Python": "py",
    "JavaScript": "js",
    "C": "c",
    "C++": "cpp",
    "Rust": "rs",
    "Go": "go",
    "Java": "java",
}


def check(language: str, text: str, seconds: float, place: sandbox.Sandbox) -> tuple[str, str, str]:
    """(how a document was checked, why it fails or "", the package that it lacks or "")."""
    if language not in TOOLCHAINS:
        return f"not checked: nothing runs or compiles {language} here", "", ""
    if absent := _absent(language, place):
        return f"not checked: {absent}", "", ""
    chain = TOOLCHAINS[language]
    result = _compile(language, text, seconds if chain.runs else COMPILING * seconds, place)
    how = "run" if chain.runs else "compiled"
    said = result.stderr.decode("utf-8", "replace")
    if result.status == "ok":
        wrong = re.search(chain.failed, said)
        return how, wrong[0][:300] if wrong else "", ""
    if found := re.search(chain.missing, said):
        return f"not checked: {found[0][:120]}", "", found["name"]
    lines = [line for like in _ERRORS for line in said.splitlines() if re.search(like, line)]
    return how, " ".join((result.detail or (lines or [result.status])[0]).split())[:300], ""


def printed(
    language: str, text: str, seconds: float, place: sandbox.Sandbox, turn: int = 0, given: bytes = b""
) -> str | None:
    """What a program prints that is given no arguments and `given` as input, if it ends well; None where it
    does not, or cannot be run here. Hashes are ordered by `turn` where a language orders them by chance."""
    if language != "Python" and (language not in TOOLCHAINS or _absent(language, place)):
        return None
    chain = PYTHON if language == "Python" else TOOLCHAINS[language]
    if not (chain.prints or chain.runs):
        return None
    seconds += (COMPILING * seconds) if len(chain.prints) > 1 else 0
    result = _compile(language, text, seconds, place, Asked(True, turn, given))
    return result.stdout.decode("utf-8", "replace") if result.status == "ok" else None


@functools.cache
def _guard() -> bytes:
    return (Path(__file__).parent / "inside/guard.cjs").read_bytes()


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


@functools.cache
def _program(chain: Toolchain) -> tuple[Path, tuple[Path, ...]]:
    """A tool's program, and its home with all that lies there, where it has one of its own."""
    program = Path(shutil.which(chain.command[0]) or chain.command[0])
    if chain.home:
        said = subprocess.run(
            chain.home, capture_output=True, text=True, timeout=60, check=False
        ).stdout.strip()
        if (found := Path(said, "bin", chain.command[0])).is_file():
            program = found
    real = program.resolve()
    if real.parent in (Path("/usr/bin"), Path("/bin")):
        return program, ()
    home = real.parents[1]  # such as /usr/lib/jvm/NAME, or a folder of links
    linked = {path.resolve() for depth in ("*", "pkg/*") for path in home.glob(depth) if path.is_symlink()}
    return real, (home, *sorted(path for path in linked if path.is_dir() and home not in path.parents))


def _beside(program: Path, name: str) -> str:
    """A tool that came with `program`, or that itself."""
    return str(path) if (path := program.parent / name).is_file() and program.is_absolute() else name


def _compile(
    language: str, text: str, seconds: float, place: sandbox.Sandbox, asked: Asked = SAID
) -> sandbox.Result:
    """What its toolchain says of a document, or what the document prints."""
    chain = TOOLCHAINS.get(language, PYTHON)
    program, own = (Path("python"), ()) if chain is PYTHON else _program(chain)
    home = "" if chain is PYTHON else str(program.parents[1])
    more = {name: value.format(home=home) for name, value in chain.environment} | {
        "PYTHONHASHSEED": str(asked.turn)
    }
    if own:
        more["LD_LIBRARY_PATH"] = f"{home}/lib"  # without /proc it is not found
    folders = [*own, *(Path(folder) for folder in chain.folders if Path(folder).is_dir())]
    stem = "document"
    if language == "Java":
        public = re.search(
            r"^public\s+(?:\w+\s+)*?(?:class|interface|enum|record)\s+(\w+)", text, re.M
        ) or _MAIN.search(text)
        stem = public[1] if public else stem
    ending = _ENDINGS[language]
    if language == "JavaScript" and re.search(
        r"^[^\S\n]*(?:import\s.*from\s|import\s*['\"]|export\s)", text, re.M
    ):
        ending = "mjs"
    file = f"/tmp/{stem}.{ending}"
    wanted = (chain.prints or (chain.command,)) if asked.prints else (chain.command,)
    commands = [
        [_beside(program, command[0]), *(part.format(file=file, stem=stem) for part in command[1:])]
        for command in wanted
    ]
    return sandbox.run(
        _RUN.format(
            file=file,
            commands=commands,
            given=asked.given,
            more=more,
            prints=asked.prints,
            more_files=[(GUARD, _guard())],
        ),
        sandbox=place,
        limits=sandbox.Limits(seconds, memory_bytes=MEMORY_BYTES, processes=PROCESSES),
        stdin=text.encode("utf-8", "replace"),
        extra=sandbox.Extra(tools=chain is not PYTHON, folders=tuple(folders)),
    )
