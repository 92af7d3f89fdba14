"""What a boot may begin before its own modules are loaded. Imports next to nothing, for that is the point of it."""

import os

from launcher import native
from launcher.app.request import INSTANCE_VARIABLE


def begin() -> None:
    """Decide which instance this boot is, unless its starter did, and have its warden load beside us."""
    native.loading_ahead(os.environ.setdefault(INSTANCE_VARIABLE, os.urandom(16).hex()))
