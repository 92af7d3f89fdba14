"""The command line with its output where a test wants it, and what may reach a terminal."""

import re
import subprocess

SGR = re.compile(r"\x1b\[[0-9;:]*m")
UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\ufff9-\ufffb\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def start(stack, out, *arguments, **env):
    """Start the command line and leave it running; stdout and stderr go to `out`."""
    return subprocess.Popen(
        [*stack.command, "-P", "-m", "launcher", *arguments],
        cwd=stack.root,
        env={**stack.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
    )


def unwanted(text: str, *, colors: bool = False) -> list[str]:
    """What could drive a terminal, or hide something from who reads it, each with what is around it."""
    shown = SGR.sub("", text) if colors else text
    return [ascii(shown[max(0, at.start() - 20) : at.end() + 20]) for at in UNWANTED.finditer(shown)]
