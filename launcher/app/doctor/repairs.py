"""What `doctor --fix` may do, by the names that the catalogue uses. Each does one thing, and says what it did.

What writes into files of the user's, or changes a database that is not ours, asks first and keeps a copy.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from launcher import native
from launcher.app.doctor import data, machine, redoing
from launcher.app.doctor.patient import Patient
from launcher.checks.contract import LeftOut
from launcher.errors import LauncherError
from launcher.values import Value

_SECRETS = ("JWT_SECRET", "COOKIE_SECRET")
_LISTS = ("STORE_CORS", "ADMIN_CORS", "AUTH_CORS")


class Repair(Value, frozen=True):
    """`asks` tells whether it wants the user's word first, and for what."""

    act: Callable[[Patient], str]
    asks: Callable[[Patient], str | None] = lambda _patient: None


def _close_files(patient: Patient) -> str:
    closed = machine.exposed(patient)
    for path in closed:
        path.chmod(0o700 if path.is_dir() else 0o600)
    return f"closed {', '.join(path.name for path in closed)} to others"


def _drop_secrets(patient: Patient) -> str:
    short = [name for name in _SECRETS if 0 < len(patient.given.get(name, "")) < _shortest(patient, name)]
    told = _edit(patient, dict.fromkeys(short))
    return f"{told}; rxlaunch makes secrets of its own and keeps them. {_applied(patient)}"


def _shortest(patient: Patient, name: str) -> int:
    contracts = patient.stack.loaded.stack.contracts.values()
    return max((spec[name].min_length or 0 for spec in contracts if name in spec), default=0)


def _new_key(patient: Patient) -> str:
    told = []
    if patient.files_with(data.KEY):
        told.append(_edit(patient, {data.KEY: None}))
    if patient.running:
        told.append(redoing.again(patient, patient.units_doing("publishable-key"), then=["storefront"]))
    else:
        told.append("the next `rxlaunch up` finds or makes a key")
    return "; ".join(told)


def _complete_cors(patient: Patient) -> str:
    changes: dict[str, str | None] = {}
    for name in _LISTS:
        value = patient.here.environments.get("backend", {}).get(name)
        if value is not None and data.missing_origin(patient, name) is not None:
            changes[name] = ",".join([*filter(None, [value]), *data.origins_for(patient, name)])
    return f"{_edit(patient, changes)}. {_applied(patient)}"


def _applied(patient: Patient) -> str:
    return "It counts after `rxlaunch down` and `rxlaunch up`" if patient.running else "The next `rxlaunch up` uses it"


def _reinstall(patient: Patient) -> str:
    return redoing.again(patient, patient.units_doing("node-packages"), forget="node-packages:")


def _migrate(patient: Patient) -> str:
    return redoing.again(patient, patient.units_doing("medusa-migrate"), forget="medusa-migrate", then=["backend"])


def _seed(patient: Patient) -> str:
    return redoing.again(patient, patient.units_doing("medusa-seed"), forget="medusa-seed")


def _rebuild_admin(patient: Patient) -> str:
    return redoing.again(patient, patient.units_doing("medusa-build"), forget="medusa-build", then=["backend"])


def _add_columns(patient: Patient) -> str:
    from launcher.marketplace import columns

    async def work(url: str) -> str:
        tables = await asyncio.to_thread(columns.expected, patient.directory("backend"), patient.paths.root)
        lacking = await columns.missing(url, tables)
        if not lacking:
            raise LauncherError(
                "no migration on the disk makes the column", remedy="npx medusa db:generate MODULE, then rxlaunch up"
            )
        await columns.add(url, lacking)
        return "added " + ", ".join(f"{column} ({column.definition})" for column in lacking)

    with redoing.database(patient, _answering(patient)) as url:
        return asyncio.run(work(url))


def _answering(patient: Patient) -> str | None:
    try:
        return data.database_url(patient)
    except LeftOut:
        return None


# --- files of the user's --------------------------------------------------------------------------------------------


def _edit(patient: Patient, changes: Mapping[str, str | None]) -> str:
    """Set variables in the .env files otherwise, or take them out. Raises LauncherError when none sets them."""
    from launcher.stack.envfiles import decode, edited

    files = sorted({file for name in changes for file in patient.files_with(name)})
    if not files:
        raise LauncherError(
            f"{', '.join(changes) or 'it'} is set by no .env file", remedy="change it where it is set: in your shell"
        )
    told = []
    for file in files:
        before = file.read_bytes()
        copy = _keep(patient, file, before)
        file.write_bytes(edited(decode(before), changes).encode())
        told.append(f"edited {file} ({', '.join(sorted(changes))}); as it was: {copy}")
    return "; ".join(told)


def _keep(patient: Patient, file: Path, content: bytes) -> Path:
    """A copy in the state directory: in the checkout it would be watched, and perhaps committed."""
    directory = patient.paths.home / "backups"
    native.private_directory(directory)
    copy = directory / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06}{file.name}"
    native.write_private(copy, content)
    return copy


def _asks_for_edit(*names: str) -> Callable[[Patient], str | None]:
    def asks(patient: Patient) -> str | None:
        files = sorted({file for name in names for file in patient.files_with(name)})
        return f"edit {', '.join(map(str, files))} (a copy is kept)" if files else None

    return asks


def _asks_for_database(patient: Patient) -> str | None:
    url = _answering(patient)
    own = patient.given.get("DATABASE_URL", "").strip()
    if url is None or url != own:
        return None  # the embedded one is ours
    parts = urlsplit(url)
    return f"add columns to the database {parts.path.lstrip('/')} at {parts.hostname or 'this machine'}"


REPAIRS: Mapping[str, Repair] = {  # in the order in which they are done
    "close-files": Repair(_close_files),
    "drop-secrets": Repair(_drop_secrets, _asks_for_edit(*_SECRETS)),
    "complete-cors": Repair(_complete_cors, _asks_for_edit(*_LISTS)),
    "reinstall": Repair(_reinstall),
    "migrate": Repair(_migrate),
    "add-columns": Repair(_add_columns, _asks_for_database),
    "seed": Repair(_seed),
    "new-key": Repair(_new_key, _asks_for_edit(data.KEY)),
    "rebuild-admin": Repair(_rebuild_admin),
}
