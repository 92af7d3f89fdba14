"""The program: `rxlaunch` and `python -m launcher`. Until it is loaded, Ctrl-C ends it without a word."""

import signal
import sys


def main() -> None:
    """Load the command line and run it."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else our starter said to ignore it
    if heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # loading takes a tenth of a second; nothing runs yet
    from launcher import glance

    if glance.shown(sys.argv[1:]):
        return
    from launcher import cli

    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
