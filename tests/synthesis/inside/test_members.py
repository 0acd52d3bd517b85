"""Members that modules do not have. Oracle: CPython, which says so when the line runs."""

from __future__ import annotations

import ast

import pytest

from neve.synthesis.inside import members, run_document


def invented(program: str) -> str:
    tree = ast.parse(program)
    return members.invented(tree, run_document.load(tree, "document"))


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("import math\n\ndef f(x):\n    return math.abs(x)\n", "AttributeError: module 'math' has no attribute 'abs' (line 4)"),
        ("import math\n\ndef f(x):\n    import math\n    return math.abs(x)\n", "AttributeError: module 'math' has no attribute 'abs' (line 5)"),
        ("import os.path as p\n\ndef f(x):\n    return p.joined(x)\n", "AttributeError: module 'posixpath' has no attribute 'joined' (line 4)"),
        ("import json\n\nclass A:\n    def f(self):\n        try:\n            pass\n        finally:\n            json.parse('1')\n",
         "AttributeError: module 'json' has no attribute 'parse' (line 8)"),
    ],
)  # fmt: skip
def test_a_member_that_is_not_there_is_told_though_nobody_calls_it(program: str, error: str) -> None:
    assert invented(program) == error


@pytest.mark.parametrize(
    "program",
    [
        "import math\n\ndef f(x):\n    return math.fabs(x) + math.pi\n",
        "import math\n\ndef f(math):\n    return math.abs(1)\n",
        "import time\n\ndef f():\n    try:\n        return time.clock()\n    except AttributeError:\n        return 0\n",
        "import sys, os\n\ndef f():\n    if sys.platform == 'win32':\n        return os.add_dll('x')\n    return os.startfile('x')\n",
        "import subprocess\n\ndef f():\n    return subprocess.CREATE_NEW_CONSOLE\n",
        "import sys\n\ndef f():\n    return sys._of_another_version()\n",
        "import importlib, xml\n\ndef f():\n    return importlib.util.find_spec, xml.dom\n",
        "import numbers as n\n\nclass N:\n    n = 1\n\ndef f(x):\n    return n.wrong\n",
        "import time\n\ndef f():\n    from datetime import time\n    return time.fromisoformat('10:00')\n",
        "import os\n\ndef f(x):\n    os.added = x\n    return os.added\n",
        "import os\n\ndef f():\n    if not hasattr(os, 'getwho'):\n        return 0\n    return os.getwho()\n",
    ],
)
def test_what_is_there_or_may_be_elsewhere_is_left_alone(program: str) -> None:
    assert invented(program) == ""
