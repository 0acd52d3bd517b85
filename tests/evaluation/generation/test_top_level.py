"""What of a program its function may need. Oracle: the program, run without what was dropped, and by hand what is a test."""

from __future__ import annotations

import pytest

from neve.evaluation.generation.top_level import needed

F = "def f(x):\n    CALLS.append(x)\n    return x\n"


def kept(before: str, function: str, after: str = "") -> str:
    return needed(before + function + after, "f")


SETUPS = {
    "loop": ("T = []\nfor k in range(9):\n    T.append(k)\n", "def f(x):\n    return T[x]\n"),
    "loop that prints": ("T = []\nfor k in range(9):\n    print(k)\n    T.append(k)\n", "def f(x):\n    return T[x]\n"),
    "while": ("T = [0]\nk = 1\nwhile k < 9:\n    T.append(k)\n    k += 1\n", "def f(x):\n    return T[x]\n"),
    "item": ("T = {}\nT['a'] = 1\nT['b'] = T['a'] + 1\n", "def f(x):\n    return T[x]\n"),
    "item of an item": ("T = {'a': {}}\nT['a']['b'] = 1\n", "def f(x):\n    return T['a'][x]\n"),
    "attribute": ("class C: pass\nC.size = 3\n", "def f(x):\n    return C.size\n"),
    "of a function": ("def g(x):\n    return g.memo[x]\ng.memo = {1: 2}\n", "def f(x):\n    return g(x)\n"),
    "try import": ("try:\n    import numpy as np\nexcept ImportError:\n    np = None\n", "def f(x):\n    return np is None\n"),
    "try import with words": (
        "try:\n    from math import isqrt\nexcept ImportError:\n    print('old')\n    raise SystemExit\n",
        "def f(x):\n    return isqrt(x)\n",
    ),
    "version": (
        "import sys\nif sys.version_info >= (3, 8):\n    def g(x): return x\nelse:\n    def g(x): return -x\n",
        "def f(x):\n    return g(x)\n",
    ),
    "registry": (
        "R = {}\ndef register(name):\n    def add(g):\n        R[name] = g\n        return g\n    return add\n"
        "@register('one')\ndef one(x):\n    return x + 1\n",
        "def f(x):\n    return R['one'](x)\n",
    ),
    "registry by a call": ("R = []\ndef put(g):\n    print('put')\n    R.append(g)\nput(len)\n", "def f(x):\n    return R[0](x)\n"),
    "filled by a function": ("T = []\ndef fill():\n    print('filling')\n    T.extend([1, 2])\nfill()\n", "def f(x):\n    return T[x]\n"),
    "global": ("N = 0\ndef fill():\n    global N\n    N = 5\n    print(N)\nfill()\n", "def f(x):\n    return N\n"),
    "given to a library": ("import heapq\nH = [3, 1]\nheapq.heapify(H)\n", "def f(x):\n    return H[0]\n"),
    "comprehension": ("D = [1, 2]\nT = [d for d in D]\n", "def f(x):\n    return T[x]\n"),
    "run for its effect": ("D = []\n[D.append(k) or print(k) for k in range(3)]\n", "def f(x):\n    return D[x]\n"),
    "with": ("import io\nwith io.StringIO('a') as h:\n    T = h.read()\n", "def f(x):\n    return T\n"),
    "match": ("K = 1\nmatch K:\n    case 1:\n        T = 'one'\n    case rest:\n        T = rest\n", "def f(x):\n    return T\n"),
    "walrus": ("print(T := 5)\n", "def f(x):\n    return T\n"),
    "unpacked": ("A, *B = range(3)\n", "def f(x):\n    return B\n"),
    "del": ("T = [1, 2]\ndel T[0]\n", "def f(x):\n    return T\n"),
    "annotated": ("T: list = [1]\n", "def f(x):\n    return T\n"),
    "through globals": ("globals()['T'] = 1\n", "def f(x):\n    return T\n"),
    "recursion limit": ("import sys\nsys.setrecursionlimit(5000)\n", F),
    "seed": ("import random\nrandom.seed(1)\n", "def f(x):\n    return random.random()\n"),
    "future": ("from __future__ import annotations\n", "def f(x: Absent) -> Absent:\n    return x\n"),
    "wrapped afterwards": ("from functools import lru_cache\ndef g(x):\n    return x\ng = lru_cache(None)(g)\n", "def f(x):\n    return g(x)\n"),
    "two on a line": ("import math; K = math.pi; T = [K]\n", "def f(x):\n    return T\n"),
    "not ASCII": ("ä = 'é'; T = ä\n", "def f(x):\n    return T\n"),
    "lambda": ("G = lambda x: H(x)\nH = abs\n", "def f(x):\n    return G(x)\n"),
    "class of its own": ("class P:\n    n = 0\n    @classmethod\n    def up(cls):\n        cls.n += 1\nP.up()\n", "def f(x):\n    return P.n\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETUPS)
def test_all_that_the_function_may_need_stays(name: str) -> None:
    before, function = SETUPS[name]
    program = kept(before, function)
    normal = "".join(
        f"{line.strip()}\n" for part in before.split("\n") for line in part.split(";") if line.strip()
    )
    assert "".join(f"{line.strip()}\n" for line in program.removesuffix(function).splitlines()) == normal
    assert program.endswith(function)


TESTS = [
    "print(f(3))\n",
    "assert f(1) == 2\n",
    "x = input()\n",
    "n = int(input())\nprint(f(n))\n",
    "result = f(2)\nif result == 2:\n    print('yes')\nelse:\n    print('no')\n",
    "if __name__ == '__main__':\n    import absent\n    absent.run(f)\n",
    "if '__main__' == __name__:\n    f(1)\n",
    "for case in [1, 2]:\n    assert f(case) == case\n",
    "while True:\n    line = input()\n    if not line:\n        break\n    print(f(line))\n",
    "def check(candidate):\n    assert candidate(1) == 1\ncheck(f)\n",
    "def main():\n    print(f(int(input())))\nmain()\n",
    "def run():\n    main()\ndef main():\n    print(f(2))\nrun()\n",
    "def test_f():\n    assert f(1) == 1\ntest_f()\n",
    "import unittest\nclass TestF(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(f(1), 1)\nunittest.main()\n",
    "import pytest\n@pytest.mark.parametrize('a', [1])\ndef test_f(a):\n    assert f(a)\n",
    "import doctest\ndoctest.testmod()\n",
    "import sys\nsys.exit(0)\n",
    "import sys\nfor line in sys.stdin:\n    f(line)\n",
    "exit()\n",
    "f(3)\n",
    "values = [f(k) for k in range(3)]\ntotal = sum(values)\nprint(total)\n",
    "import matplotlib.pyplot as plt\nplt.plot([f(1)])\nplt.show()\n",
    "from tqdm import tqdm\nfor k in tqdm(range(3)):\n    print(f(k))\n",
    "return f(3)\n",
    "Done\n",
]


@pytest.mark.parametrize("test", TESTS)
def test_tests_and_output_go(test: str) -> None:
    """What remains of a test are definitions, imports and plain values: it prints, asserts, reads and ends nothing."""
    program = kept("", F, test)
    assert program.startswith(F)
    scope: dict = {"__name__": "candidate", "CALLS": []}

    def refuse(*_: object) -> None:
        raise AssertionError(f"{test} still runs")

    exec(compile(program, "<kept>", "exec"), scope | {"print": refuse, "input": refuse, "exit": refuse})
    assert scope["CALLS"] == [] and not any(name in program for name in ("pytest", "matplotlib", "tqdm"))


def test_a_name_of_the_function_s_own_keeps_no_test() -> None:
    """`result` and `n` are the function's, not the program's."""
    function = "def f(n):\n    result = n\n    return [result for result in [n]]\n"
    assert kept("", function, "n = int(input())\nresult = f(n)\nprint(result)\n") == function


def test_examples_between_definitions_go() -> None:
    helper = "def g(x):\n    return x\n"
    function = "def f(x):\n    return g(x)\n"
    assert kept(helper + "print(g(1))\nassert g(2) == 2\n", function, "print(f(1))\n") == helper + function


def test_a_program_that_does_not_define_the_function_stays() -> None:
    assert needed("print(1)\n", "f") == "print(1)\n"
    assert needed("def f(:\n", "f") == "def f(:\n"
