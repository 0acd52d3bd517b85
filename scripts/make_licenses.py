"""Writes neve/corpus/licenses/spdx_names.tsv: the identifiers of SPDX's licence list and their full names.

The data are SPDX's, as the npm package named below carries them. Run it with a new VERSION to follow the
list, and read the diff: one licence stands on one line.

    python scripts/make_licenses.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE, VERSION = "spdx-license-list", "6.12.0"
TARGET = Path(__file__).parent.parent / "neve" / "corpus" / "licenses" / "spdx_names.tsv"
HEAD = f"# SPDX licence list, from npm {PACKAGE}@{VERSION} (CC0-1.0)\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True, stdout=sys.stderr
        )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as packed:
            member = packed.extractfile("package/spdx-full.json")
            assert member is not None
            licenses = json.load(member)
    rows = [
        f"{name}\t{' '.join(licenses[name]['name'].split())}\n" for name in sorted(licenses, key=str.lower)
    ]
    TARGET.write_text(HEAD + "".join(rows), encoding="utf-8")
    print(f"{TARGET}: {len(rows)} licences")


if __name__ == "__main__":
    main()
