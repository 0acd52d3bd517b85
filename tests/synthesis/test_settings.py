"""Settings stand apart from the stages. Oracle: the modules that are loaded with them."""

import subprocess
import sys


def test_planning_loads_nothing_heavy() -> None:
    program = "import sys, neve.synthesis.settings; print(sorted({'daft', 'httpx', 'pyarrow', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
