"""The command line. One file a verb: parse, call `app`, render. The only package that imports click.

What most people type is known without it (`plain.py`): it takes longer to load than three services to start.
"""

import os
import sys
from collections.abc import Callable, Sequence


def chosen(arguments: Sequence[str]) -> Callable[[], object]:
    """What runs this command line, loaded as far as it can be before it is run."""
    from launcher.cli import plain

    if plain.knows(arguments, os.environ):
        return lambda: plain.main(arguments)
    from launcher.cli import root

    return root.main


def main() -> None:
    """Run the command line and leave."""
    chosen(sys.argv[1:])()
