"""The frame of every page of HTML that we write: it needs nothing else, runs no script and asks nobody. Pure.

Everything that comes from outside goes through `text`: it ends up as text, never as markup.
"""

import html as markup
import re

from launcher.characters import CONTROLS, INVISIBLE
from launcher.report.style import STYLE

_UNWANTED = re.compile(f"(?!\n)[{CONTROLS}{INVISIBLE}]")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: str) -> str:
    """A whole page; `body` is markup."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<link rel="icon" href="data:,"><title>{text(title)}</title><style>{STYLE}</style></head><body>'
        f"{body}"
        "<footer>Written by rxlaunch. Values of secrets are masked.</footer></body></html>\n"
    )


def text(value: str) -> str:
    """Text for the page: no markup, no quotes, no control characters, nothing invisible."""
    return markup.escape(_UNWANTED.sub("", value), quote=True)
