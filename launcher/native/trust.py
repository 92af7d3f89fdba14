"""The contract of trust stores: where a user's browsers look up which authorities they believe. No platform code here.

Not among the exports of `native`: only `rxlaunch https` needs it, and nobody else is to pay for its imports. Nothing
here asks for privileges: what needs them is a command for the user to run.
"""

import base64
import contextlib
import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from launcher import native
from launcher.values import Value

_SECONDS = 120  # a system may ask the user for consent


class Authority(Value, frozen=True):
    """A certificate that is trusted, or not: its file, and what it is called in stores that need a name."""

    certificate: Path
    label: str

    @property
    def der(self) -> bytes:
        """The certificate itself; empty when the file is gone."""
        with contextlib.suppress(OSError, ValueError):
            return decoded(self.certificate.read_text(encoding="ascii"))
        return b""

    @property
    def sha1(self) -> str:
        """What Windows and macOS find it by."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()


class TrustStore(Protocol):
    """One place where authorities are kept for this user."""

    @property
    def name(self) -> str:
        """For people."""

    def holds(self, authority: Authority) -> bool: ...
    def add(self, authority: Authority) -> None:
        """Raises NotStored."""

    def remove(self, authority: Authority) -> None:
        """Raises NotStored."""


class NotStored(Exception):
    """A store could not be changed; the text says what its tool said."""


def decoded(pem: str) -> bytes:
    """The first certificate of a PEM text."""
    inside = pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END CERTIFICATE-----")[0]
    return base64.b64decode("".join(inside.split()), validate=True)


def asked(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a store's tool to its end. Raises NotStored when that is impossible."""
    try:
        return subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotStored(f"{argv[0]}: {error}") from error


def told(argv: Sequence[str]) -> None:
    """The same of what must succeed."""
    done = asked(argv)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise NotStored(f"{Path(argv[0]).name}: {said}")


def stores(home: Path) -> list[TrustStore]:
    """The stores of the user with this home that can be changed without privileges, with the tools there are."""
    if native.IS_WINDOWS:
        from launcher.native import windows_trust

        return windows_trust.trust_stores(home)
    from launcher.native import posix_trust

    return posix_trust.trust_stores(home)


def hints(authority: Authority) -> list[str]:
    """What the user may do besides, each a line with a command."""
    if native.IS_WINDOWS:
        from launcher.native import windows_trust

        return windows_trust.trust_hints(authority)
    from launcher.native import posix_trust

    return posix_trust.trust_hints(authority)
