#!/usr/bin/env python3
"""Writes docs/failures.md from the catalogue of known failures."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "failures.md"
sys.path.insert(0, str(ROOT))
HEAD = """\
# Known failures

What `rxlaunch up`, `why`, `check` and `doctor` call by name, and what heals it. The last column names the repair that
`rxlaunch doctor --fix` may do; where there is none, only you can. This table is written by `scripts/failures.py` from
`launcher/diagnosis/catalogue.py`.

"""


def main() -> None:
    """Write the page."""
    from launcher import diagnosis

    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(HEAD + diagnosis.table() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
