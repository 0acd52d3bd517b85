"""Writes neve/corpus/linguist.json: names, kinds, extensions, file names and interpreters of every language.

The data are GitHub Linguist's, as the npm package named below carries them; node evaluates its modules.
Run it with a new VERSION to follow Linguist, and read the diff: one language stands on one line.

    python scripts/make_languages.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE, VERSION = "linguist-languages", "9.5.0"
TARGET = Path(__file__).parent.parent / "neve" / "corpus" / "languages" / "linguist.json"
KEYS = ("type", "extensions", "filenames", "interpreters", "aliases")
ORIGIN = {
    "package": f"npm {PACKAGE}@{VERSION}",
    "data": "GitHub Linguist, languages.yml",
    "license": "MIT, Copyright (c) 2017 GitHub, Inc. (Linguist); MIT, Copyright (c) Ika (package)",
}
DUMP = "import * as all from './package/index.js'; console.log(JSON.stringify(Object.values(all)))"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True, stdout=sys.stderr
        )
        (archive,) = Path(folder).glob("*.tgz")
        subprocess.run(["tar", "-xzf", archive.name], cwd=folder, check=True)
        dump = subprocess.run(
            ["node", "--input-type=module", "--eval", DUMP],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
    languages = sorted(json.loads(dump.stdout), key=lambda language: language["name"])
    rows = [
        f"{json.dumps(row['name'], ensure_ascii=False)}: "
        + json.dumps({k: row[k] for k in KEYS if row.get(k)}, ensure_ascii=False, separators=(",", ":"))
        for row in languages
    ]
    head = json.dumps(ORIGIN, ensure_ascii=False)
    text = f'{{"origin": {head},\n"languages": {{\n' + ",\n".join(rows) + "\n}}\n"
    assert len(json.loads(text)["languages"]) == len(languages)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(languages)} languages, {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
