"""The front door of the measurements, called by scripts/bench.py: one parser, and who does what."""

import argparse
import signal
import sys
from types import FrameType
from typing import NoReturn


def main(description: str | None, words: list[str] | None = None) -> int:
    """Parse the command line and run the measurement it names."""
    if not sys.platform.startswith("linux"):
        print("the benchmarks need Linux: they find and time processes in /proc and by pidfds", file=sys.stderr)
        return 2
    from scripts.bench import own
    from scripts.bench.boots import cli as boots
    from scripts.bench.peers import cli as peers

    parser = argparse.ArgumentParser(
        prog="bench.py", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    for name, text in own.MEASUREMENTS.items():
        own.arguments(kinds.add_parser(name, help=text))
    peers.arguments(kinds.add_parser("peers", help="other process supervisors and rxlaunch, side by side"))
    boots.arguments(kinds.add_parser("boots", help="boots of the sample marketplace: rxlaunch, the old way, the floor"))
    options = parser.parse_args(words)
    do = {"peers": peers.main, "boots": boots.main}.get(options.kind, own.main)
    before = signal.signal(signal.SIGTERM, _interrupted)  # what was started is ended then, as by Ctrl-C
    try:
        return do(options)
    except KeyboardInterrupt:
        print("interrupted; what was started has been stopped", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
