#!/usr/bin/env python3
"""Write tests/faults.md, the map from the fault matrix to the tests that hold it; `--check` only compares.

The map's source is tests/fault_rows.py for Linux and tests/wine/rows.py for Windows.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests import fault_rows  # noqa: E402 - the line above makes it importable when this is run as a script
from tests.wine import rows as windows_rows  # noqa: E402

TARGET = ROOT / "tests" / "faults.md"
HEAD = """\
# The fault matrix, and what holds it

Made by `scripts/faults.py` from `tests/fault_rows.py` and `tests/wine/rows.py`; edit those. Rows 1 to 82 are the faults
of the matrix, S1 to S23 the security rules. Tests are below `tests/`. Those for Windows run under Wine, on a Windows
CPython: tests of `wine/` drive it from outside, all others run inside it. A dash: the row does not concern it.
`test_faults.py` holds this page to the tests; `wine/test_rows.py` sees that each test of the last column ran.

| row | what happens | Linux | Windows, under Wine |
|---|---|---|---|
"""


def main() -> int:
    """Write, or compare; 1 when the page is out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when it would change")
    options = parser.parse_args()
    text = page()
    if options.check:
        current = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
        if current != text:
            print(f"{TARGET.name} is out of date; run scripts/faults.py", file=sys.stderr)
        return int(current != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"{line}\n" for line in lines())


def lines() -> Iterator[str]:
    """A line of the table a row."""
    under_wine = {key.partition(" ")[0]: tests for key, tests in windows_rows.ROWS.items()}
    beyond_wine = reasons()
    for row, (what, tests) in fault_rows.ROWS.items():
        cells = [listed(under_wine[row])] if row in under_wine else []
        cells += [f"not under Wine: {reason}" for reason in beyond_wine.get(row, ())]
        yield f"| {row} | {what} | {listed(tests) or '-'} | {'; '.join(cells) or '-'} |"


def reasons() -> dict[str, list[str]]:
    """What Wine cannot do, by the number of the row."""
    found: dict[str, list[str]] = {}
    for key, reason in windows_rows.NOT_UNDER_WINE.items():
        row, _, part = key.partition(" ")
        found.setdefault(row, []).append(f"{part} ({reason})")
    return found


def listed(tests: Iterable[str]) -> str:
    """Tests, each in backquotes."""
    return ", ".join(f"`{test}`" for test in tests)


if __name__ == "__main__":
    sys.exit(main())
