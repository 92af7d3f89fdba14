"""Trust stores of Linux (the databases of Chromium and Firefox) and macOS (the login keychain)."""

import shlex
import shutil
from pathlib import Path

from launcher.native.trust import Authority, TrustStore, asked, decoded, told
from launcher.values import Value

_CHROMIUM = (".pki/nssdb", ".local/share/pki/nssdb", "snap/chromium/current/.pki/nssdb")
_FIREFOX = (".mozilla/firefox", "snap/firefox/common/.mozilla/firefox", ".var/app/org.mozilla.firefox/.mozilla/firefox")
_KEYCHAIN = "Library/Keychains/login.keychain-db"


def trust_stores(home: Path) -> list[TrustStore]:
    """The stores that can be changed without privileges, with the tools there are."""
    certutil, security = shutil.which("certutil"), shutil.which("security")
    if security and (home / _KEYCHAIN).exists():
        return [_Keychain(security, home / _KEYCHAIN)]
    return [_Database(certutil, directory) for directory in _databases(home)] if certutil else []


def trust_hints(authority: Authority) -> list[str]:
    """What the user may do besides, each a line with a command."""
    file = shlex.quote(str(authority.certificate))
    name = f"{authority.label.replace(' ', '-')}.crt"
    hints = []
    if not shutil.which("certutil") and not shutil.which("security"):
        hints.append(
            "browsers: sudo apt install libnss3-tools (dnf install nss-tools), then rxlaunch https trust again"
        )
    if shutil.which("update-ca-certificates"):
        target = shlex.quote(f"/usr/local/share/ca-certificates/{name}")
        hints.append(f"the whole system: sudo cp {file} {target} && sudo update-ca-certificates")
        hints.append(f"undo that: sudo rm {target} && sudo update-ca-certificates --fresh")
    elif shutil.which("trust"):
        hints.append(f"the whole system: sudo trust anchor {file}")
        hints.append(f"undo that: sudo trust anchor --remove {file}")
    return [*hints, f"curl: --cacert {file}", f"Node.js: NODE_EXTRA_CA_CERTS={file}"]


def _databases(home: Path) -> list[Path]:
    """Those that exist; Chromium's usual one in any case."""
    chromium = [home / place for place in _CHROMIUM if (home / place / "cert9.db").is_file()]
    profiles = [found.parent for place in _FIREFOX for found in sorted((home / place).glob("*/cert9.db"))]
    return [*(chromium or [home / _CHROMIUM[0]]), *profiles]


class _Database(Value, frozen=True):
    """A certificate database as Mozilla's libraries keep it."""

    certutil: str
    directory: Path

    @property
    def name(self) -> str:
        return f"certificates of {'Firefox' if 'firefox' in str(self.directory) else 'Chromium'} ({self.directory})"

    def holds(self, authority: Authority) -> bool:
        if not (self.directory / "cert9.db").is_file():
            return False
        found = asked([self.certutil, "-L", *self._here, "-n", authority.label, "-a"])
        try:
            return found.returncode == 0 and decoded(found.stdout) == authority.der
        except ValueError:
            return False

    def add(self, authority: Authority) -> None:
        if not (self.directory / "cert9.db").is_file():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            told([self.certutil, "-N", *self._here, "--empty-password"])
        self.remove(authority)  # an older one of the same name
        told([self.certutil, "-A", *self._here, "-t", "C,,", "-n", authority.label, "-i", str(authority.certificate)])

    def remove(self, authority: Authority) -> None:
        if (self.directory / "cert9.db").is_file():
            while asked([self.certutil, "-L", *self._here, "-n", authority.label]).returncode == 0:
                told([self.certutil, "-D", *self._here, "-n", authority.label])

    @property
    def _here(self) -> tuple[str, str]:
        return "-d", f"sql:{self.directory}"


class _Keychain(Value, frozen=True):
    """The login keychain of macOS; the system asks the user for consent."""

    security: str
    file: Path

    @property
    def name(self) -> str:
        return f"the login keychain ({self.file})"

    def holds(self, authority: Authority) -> bool:
        return authority.sha1 in asked([self.security, "find-certificate", "-a", "-Z", str(self.file)]).stdout

    def add(self, authority: Authority) -> None:
        told([self.security, "add-trusted-cert", "-r", "trustRoot", "-k", str(self.file), str(authority.certificate)])

    def remove(self, authority: Authority) -> None:
        if self.holds(authority):
            asked([self.security, "remove-trusted-cert", str(authority.certificate)])
            told([self.security, "delete-certificate", "-Z", authority.sha1, str(self.file)])
