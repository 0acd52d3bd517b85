"""The sandbox against programs that mean harm, in each tier, as root and as a plain user.

Oracle: the host, looked at from outside before and after (worker.py): processes, files, mounts, sockets, queues; a
neighbour that runs beside the attack and must give its right answer; and the program's own report of ways it found open.
"""

import importlib.util
import platform
from pathlib import Path

import pytest

from neve import sandbox

spec = importlib.util.spec_from_file_location("attacks", Path(__file__).with_name("attacks.py"))
assert spec and spec.loader
attacks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(attacks)

X86_ONLY = {"calls of the x32 kind", "32-bit calls"}


@pytest.mark.parametrize("name", attacks.ATTACKS)
@pytest.mark.parametrize("tier", sandbox.TIERS)
@pytest.mark.parametrize("user", ["root", "plain"])
def test_attack(ask, user, tier, name):
    if name in X86_ONLY and platform.machine() != "x86_64":
        pytest.skip("x86_64 alone has such calls")
    program = f"N = {attacks.NUMBERS}\n{attacks.PREAMBLE}\n{attacks.ATTACKS[name]}"
    expected = attacks.EXPECTED.get(name, {"ok"})
    if isinstance(expected, dict):
        expected = expected[tier]
    reply = ask(user, tier, program, timeout_s=1.0 if "timeout" in expected else 20.0, memory_bytes=256 << 20)
    attack = reply["attack"]
    attack["stdout"] = attack["stdout"][:2000]
    attack["stderr"] = attack["stderr"][-2000:]
    assert attack["status"] in expected, attack
    if attack["status"] == "ok":
        assert attack["stdout"] == "held\n", attack
    else:
        assert "alive" not in attack["stdout"]
    if attack["status"] == "killed":
        assert attacks.DETAIL.get(name, "") in attack["detail"], attack
    assert reply["right"], reply["neighbour"]
    assert reply["processes"] == []
    assert reply["changed"] == {}


@pytest.mark.parametrize("tier", sandbox.TIERS)
@pytest.mark.parametrize("user", ["root", "plain"])
def test_nothing_passes_from_one_program_to_the_next(ask, user, tier):
    program = "import os\nif tier == 'bubblewrap': open('/tmp/left', 'w').close()\n"
    ask(user, tier, f"tier = {tier!r}\n{program}")
    look = "import os\nprint(os.path.exists('/tmp/left'), os.path.exists('/left'))"
    assert ask(user, tier, look)["attack"]["stdout"] == "False False\n"
