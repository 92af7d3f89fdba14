"""`rxlaunch https trust|untrust|status`: the only place from which a trust store is ever changed."""

from pathlib import Path
from typing import Any

from launcher.app.opening import locate
from launcher.app.result import Result
from launcher.errors import LauncherError, NotRunning
from launcher.native import trust as native
from launcher.services.caddy import authority_of

_WARNING = (
    "whoever can read this user's state directory can now make certificates that this user's browsers believe;\n"
    "rxlaunch https untrust takes that back"
)


def trust(directory: Path) -> Result:
    """Put the stack's authority into the stores that this user may change; name the commands for others."""
    authority = _authority(directory)
    stores = native.stores(Path.home())
    for store in stores:
        try:
            store.add(authority)
        except native.NotStored as error:
            raise LauncherError(f"{store.name}: {error}", remedy=_by_hand(authority)) from error
    if not stores:
        raise LauncherError("no trust store of this user can be changed from here", remedy=_by_hand(authority))
    lines = [*(f"trusted by {store.name}" for store in stores), _WARNING, *_hints(authority)]
    return Result("\n".join(lines), _document(authority))


def untrust(directory: Path) -> Result:
    """Take it out again; nothing happens where it isn't."""
    authority = _authority(directory, must_exist=False)
    lines = []
    for store in native.stores(Path.home()):
        try:
            store.remove(authority)
        except native.NotStored as error:
            raise LauncherError(f"{store.name}: {error}") from error
        lines.append(f"not trusted by {store.name}")
    return Result("\n".join(lines) or "no trust store of this user can be changed from here", _document(authority))


def status(directory: Path) -> Result:
    """Where the authority is, and who trusts it. Changes nothing."""
    authority = _authority(directory)
    document = _document(authority)
    rows = [f"{'trusted' if row['trusted'] else 'not trusted'} by {row['name']}" for row in document["stores"]]
    lines = [f"authority  {authority.certificate}", *rows, *_hints(authority)]
    return Result("\n".join(lines), document)


def _authority(directory: Path, *, must_exist: bool = True) -> native.Authority:
    where = locate(directory)
    certificate = authority_of(where.home)
    if must_exist and not certificate.is_file():
        raise NotRunning(f"{where.root} has no local authority yet", remedy="rxlaunch up --https makes one")
    return native.Authority(certificate, f"rxlaunch {where.home.name}")


def _document(authority: native.Authority) -> dict[str, Any]:
    stores = [{"name": s.name, "trusted": s.holds(authority)} for s in native.stores(Path.home())]
    return {"authority": str(authority.certificate), "stores": stores}


def _hints(authority: native.Authority) -> list[str]:
    return ["for other programs:", *(f"  {hint}" for hint in native.hints(authority))]


def _by_hand(authority: native.Authority) -> str:
    return "by hand:\n  " + "\n  ".join(native.hints(authority))
