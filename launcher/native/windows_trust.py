"""The trust store of a Windows user, which Chrome, Edge and (by default) Firefox believe."""

import os
from pathlib import Path

from launcher.native.trust import Authority, TrustStore, asked, told
from launcher.values import Value


def trust_stores(_home: Path) -> list[TrustStore]:
    """The user's own store of root authorities; the machine's would need an administrator."""
    program = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "certutil.exe")
    return [_RootStore(str(program))] if program.is_file() else []


def trust_hints(authority: Authority) -> list[str]:
    """What the user may do besides, each a line with a command."""
    return [f'curl: --cacert "{authority.certificate}"', f'Node.js: set NODE_EXTRA_CA_CERTS="{authority.certificate}"']


class _RootStore(Value, frozen=True):
    """`certutil -user … Root`; Windows asks the user for consent when an authority is added or removed."""

    certutil: str

    @property
    def name(self) -> str:
        return "the trusted root authorities of this Windows user"

    def holds(self, authority: Authority) -> bool:
        return asked([self.certutil, "-user", "-store", "Root", authority.sha1]).returncode == 0

    def add(self, authority: Authority) -> None:
        told([self.certutil, "-user", "-addstore", "Root", str(authority.certificate)])

    def remove(self, authority: Authority) -> None:
        if self.holds(authority):
            told([self.certutil, "-user", "-delstore", "Root", authority.sha1])
