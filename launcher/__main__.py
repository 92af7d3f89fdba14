"""The program: `rxlaunch` and `python -m launcher`. Until it is loaded, Ctrl-C ends it without a word."""

import gc
import signal
import sys
from collections.abc import Callable

from launcher import SUPERVISE

_RARELY = 50_000


def main() -> None:
    """Load the command line and run it."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else our starter said to ignore it
    if heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # loading takes a tenth of a second; nothing runs yet
    from launcher import glance

    if glance.shown(sys.argv[1:]):
        return
    gc.set_threshold(_RARELY)  # next to nothing of what loading makes is garbage, and looking takes a tenth of its time
    run = _supervisor if sys.argv[1:2] == [SUPERVISE] and len(sys.argv) == 3 else _command_line
    run(lambda: heard and signal.signal(signal.SIGINT, signal.default_int_handler))


def _command_line(loaded: Callable[[], object]) -> None:
    from launcher import cli

    run = cli.chosen(sys.argv[1:])
    loaded()
    run()


def _supervisor(loaded: Callable[[], object]) -> None:
    from launcher.app import unattended

    loaded()
    unattended.main(sys.argv[2])


if __name__ == "__main__":
    main()
