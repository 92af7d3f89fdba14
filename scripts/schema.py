#!/usr/bin/env python3
"""Writes configs/rxlaunch.schema.json from the models; `--check` only says whether it is up to date."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "configs" / "rxlaunch.schema.json"
sys.path.insert(0, str(ROOT))


def main(arguments: list[str]) -> int:
    """Write or check; 1 when the file is not what it would be."""
    from launcher.stack.schema import json_schema

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    if arguments == ["--check"]:
        current = TARGET.read_text(encoding="utf-8") if TARGET.is_file() else ""
        if current != text:
            print(f"{TARGET.name} is out of date: run `python scripts/schema.py`")
        return int(current != text)
    if arguments:
        print("usage: schema.py [--check]")
        return 2
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
