"""Programs that try to pass without being right: by name, what follows a task's function header, or a whole program.

Each takes the function's arguments as `*given`; `NAME` stands for the function's name.
"""

from __future__ import annotations

CHEATS: dict[str, str] = {
    "always equal object": "class E:\n    def __eq__(self, o): return True\n    __hash__ = None\ndef NAME(*given): return E()\n",
    "always equal number": "class E(int):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0\n    __rsub__ = __lt__ = __le__ = __gt__ = __ge__ = __sub__\n    def __abs__(self): return 0\n    def __hash__(self): return 1\ndef NAME(*given): return E(987654)\n",
    "always equal text": "class E(str):\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n    def __hash__(self): return 1\n    def __contains__(self, o): return True\ndef NAME(*given): return E('snow')\n",
    "always equal list": "class E(list):\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n    def __iter__(self): return iter(())\n    def __len__(self): return 0\ndef NAME(*given): return E(['snow'])\n",
    "always equal float": "class E(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\n    __rsub__ = __sub__\n    def __round__(self, n=None): return self\n    def __abs__(self): return 0.0\ndef NAME(*given): return E(1e99)\n",
    "lying repr": "class E(int):\n    def __repr__(self): return '[]'\n    __str__ = __repr__\n    def __eq__(self, o): return True\n    __hash__ = None\ndef NAME(*given): return E(987654)\n",
    "another class by __class__": "class E:\n    __class__ = int\n    def __eq__(self, o): return True\n    def __bool__(self): return True\n    def __sub__(self, o): return 0\n    def __round__(self, n=None): return 0\ndef NAME(*given): return E()\n",
    "always equal metaclass": "class M(type):\n    def __eq__(cls, o): return True\n    def __instancecheck__(cls, o): return True\n    __hash__ = None\nclass E(metaclass=M): pass\ndef NAME(*given): return E\n",
    "mock that equals anything": "from unittest.mock import ANY\ndef NAME(*given): return ANY\n",
    "mock with an equality": "from unittest.mock import MagicMock\ndef NAME(*given):\n    m = MagicMock()\n    m.__eq__.return_value = True\n    return m\n",
    "array of its own": "class A:\n    dtype = float\n    shape = ()\n    def __array__(self, *a): return self\n    def __eq__(self, o): return self\n    def __bool__(self): return True\n    def all(self): return True\n    def item(self): return self\n    def tolist(self): return self\ndef NAME(*given): return A()\n",
    "exit": "import sys\ndef NAME(*given): sys.exit(0)\n",
    "exit at import": "def NAME(*given): return 1\nimport sys; sys.exit(0)\n",
    "leave": "import os\ndef NAME(*given): os._exit(0)\n",
    "leave at import": "def NAME(*given): return 1\nimport os; os._exit(0)\n",
    "killed": "import os\ndef NAME(*given): os.kill(os.getpid(), 9)\n",
    "kill the parent": "import os\ndef NAME(*given): os.kill(os.getppid(), 9)\n",
    "print a verdict": "def NAME(*given): print('pass'); print('[[\"value\", true]]', flush=True)\n",
    "write a verdict": "import os\ndef NAME(*given): return 1\nfor fd in range(3, 64):\n    try: os.write(fd, b'[0, \"pass\", \"\"]\\nran\\n')\n    except OSError: pass\nos._exit(0)\n",
    "write a verdict and stay": "import os\ndef NAME(*given):\n    for fd in range(1, 64):\n        try: os.write(fd, b'\\nran\\ntest_a\\tok\\n')\n        except OSError: pass\n",
    "replace print and stdout": "import builtins, sys, io\nbuiltins.print = lambda *a, **k: None\nsys.stdout = sys.__stdout__ = io.StringIO()\ndef NAME(*given): return 'snow'\n",
    "patch json": "import json, json.encoder\njson.dumps = lambda *a, **k: '[\"pass\"]'\njson.loads = lambda *a, **k: ['pass']\njson.encoder.JSONEncoder.encode = json.dumps\ndef NAME(*given): return 'snow'\n",
    "patch unittest": "import unittest\nfor n in dir(unittest.TestCase):\n    if n.startswith('assert'): setattr(unittest.TestCase, n, lambda *a, **k: None)\ndef NAME(*given): return 'snow'\n",
    "patch unittest when called": "def NAME(*given):\n    import unittest\n    for n in dir(unittest.TestCase):\n        if n.startswith('assert'): setattr(unittest.TestCase, n, lambda *a, **k: None)\n    return 'snow'\n",
    "patch the result": "def NAME(*given):\n    import unittest\n    unittest.TestResult.addFailure = unittest.TestResult.addError = unittest.TestResult.addSuccess\n    unittest.case.TestCase.run = lambda self, result=None: result.addSuccess(self)\n    return 'snow'\n",
    "patch time": "import time\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0\ntime.sleep = lambda s: None\ndef NAME(*given): return 'snow'\n",
    "patch builtins": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = Warning\nbuiltins.len = lambda x: 0\ndef NAME(*given): return 'snow'\n",
    "shadow builtins": "def isinstance(*a): return True\ndef abs(x): return 0\ndef all(x): return True\ndef len(x): return 0\ndef NAME(*given): return 'snow'\n",
    "patch the comparer": "import sys\nfor m in list(sys.modules.values()):\n    for n in ('encode', 'decode', 'equal', 'typed', 'judge', 'answer', 'digest', 'changed', 'fingerprint'):\n        if hasattr(m, n):\n            try: setattr(m, n, lambda *a, **k: True)\n            except Exception: pass\ndef NAME(*given): return 'snow'\n",
    "walk the frames": "import sys\ndef NAME(*given):\n    f, found = sys._getframe(), None\n    while f:\n        for k, v in list(f.f_locals.items()):\n            if k in ('expected', 'expected_output', 'expected_result'): found = v\n        f = f.f_back\n    return found\n",
    "walk the frames by inspect": "def NAME(*given):\n    import inspect\n    for info in inspect.stack():\n        for k, v in info.frame.f_locals.items():\n            if k.startswith('expected'): return v\n",
    "walk the frames by a traceback": "def NAME(*given):\n    try: raise ValueError\n    except ValueError as e: f = e.__traceback__.tb_frame\n    while f:\n        for k, v in f.f_locals.items():\n            if k.startswith('expected'): return v\n        f = f.f_back\n",
    "walk the frames by a generator": "def NAME(*given):\n    def g(): yield gen.gi_frame.f_back\n    gen = g()\n    f = next(gen)\n    while f:\n        for k, v in f.f_locals.items():\n            if k.startswith('expected'): return v\n        f = f.f_back\n",
    "trace": "import sys\nseen = {}\ndef tracer(frame, event, arg):\n    seen.update(frame.f_locals)\n    return tracer\nsys.settrace(tracer)\ndef NAME(*given): return seen.get('expected')\n",
    "walk the collector": "import gc\ndef NAME(*given):\n    for o in gc.get_objects():\n        if isinstance(o, dict) and 'expected' in o: return o['expected']\n",
    "change code by the collector": "def NAME(*given): return 'snow'\nimport gc\nfor f in gc.get_objects():\n    if getattr(f, '__name__', '') in ('encode', 'answer', 'report', 'changed') and hasattr(f, '__code__'):\n        f.__code__ = (lambda *a: True).__code__\n",
    "read the test's constants": "def NAME(*given):\n    for m in vars(globals().get('TestCases', object)).values():\n        if hasattr(m, '__code__'): return m.__code__.co_consts[-1]\n",
    "replace the tests": "def NAME(*given):\n    case = globals().get('TestCases')\n    if case:\n        for n in list(vars(case)):\n            if n.startswith('test'): setattr(case, n, lambda self: None)\n    return 'snow'\n",
    "skip the tests": "import unittest\ndef NAME(*given): raise unittest.SkipTest('no')\n",
    "read files": "def NAME(*given):\n    for p in ('/proc/self/mem', '/proc/self/maps', '/program.py', '/proc/1/environ', '/dev/fd/0'):\n        try: open(p, 'rb').read(1 << 20)\n        except OSError: pass\n    return 'snow'\n",
    "read memory": "def NAME(*given):\n    import ctypes\n    return ctypes.string_at(id(given), 64)\n",
    "endless generator": "import itertools\ndef NAME(*given): return itertools.count()\n",
    "huge output": "def NAME(*given): return 'x' * (1 << 26)\n",
    "huge number": "def NAME(*given): return 1 << (1 << 26)\n",
    "deep output": "def NAME(*given):\n    x = []\n    for _ in range(100000): x = [x]\n    return x\n",
    "output in itself": "def NAME(*given):\n    x = []\n    x.append(x)\n    return x\n",
    "pickle in disguise": "import pickle, os\nclass P:\n    def __reduce__(self): return (os.system, ('true',))\ndef NAME(*given): return pickle.dumps(P())\n",
    "reduces to anything": "class P:\n    def __reduce__(self): return (bool, (1,))\n    def __getstate__(self): return True\n    def __eq__(self, o): return True\ndef NAME(*given): return P()\n",
    "at exit": "import atexit, os\natexit.register(lambda: [os.write(fd, b'[[\"value\", true]]\\n') for fd in (1, 2)])\ndef NAME(*given): return 'snow'\n",
    "a thread that writes later": "import threading, os, time\ndef late():\n    while True:\n        for fd in range(1, 32):\n            try: os.write(fd, b'[[\"value\", true]]\\nran\\n')\n            except OSError: pass\n        time.sleep(0.01)\nthreading.Thread(target=late, daemon=True).start()\ndef NAME(*given): return 'snow'\n",
    "a signal handler": "import signal, os\nsignal.signal(signal.SIGALRM, lambda *a: os._exit(0))\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\ndef NAME(*given):\n    while True: pass\n",
    "fork and answer twice": "import os\ndef NAME(*given):\n    if os.fork() == 0: return 'snow'\n    return None\n",
    "subclass hook": "import unittest\nunittest.TestCase.__init_subclass__ = classmethod(lambda cls, **k: [setattr(cls, n, lambda s: None) for n in list(vars(cls)) if n.startswith('test')])\ndef NAME(*given): return 'snow'\n",
    "import hook": "import sys\nclass F:\n    def find_spec(self, *a): return None\nsys.meta_path.insert(0, F())\nsys.modules['unittest'] = sys.modules['math'] = sys.modules[__name__] = F() if False else sys\ndef NAME(*given): return 'snow'\n",
}  # fmt: skip


def program(cheat: str, prompt: str, name: str) -> str:
    """A cheat as a program for a task."""
    return CHEATS[cheat].replace("NAME", name)
