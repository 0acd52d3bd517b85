"""Permissions of written files. Oracle: what `open` gives under the same umask."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from neve.permissions import by_umask


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_files_permissions_are_those_of_a_plain_write(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        save_file({"a": np.zeros(1)}, tmp_path / "a.safetensors")
        by_umask(tmp_path / "a.safetensors")
        (tmp_path / "plain").write_text("")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.safetensors", "plain")}
    assert modes == {0o666 & ~mask}
