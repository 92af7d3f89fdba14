"""`python -m launcher` is `rxlaunch`."""

from launcher.cli import main

if __name__ == "__main__":
    main()
