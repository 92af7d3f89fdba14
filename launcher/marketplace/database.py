"""The only SQL of the marketplace: what a Medusa database contains, and its publishable key.

Synchronous psycopg in a thread (async psycopg refuses Windows' event loop). Every question opens its own connection,
bounded in time; the password is in no message.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from launcher.plan import others
from launcher.plan.dsn import libpq_url
from launcher.plan.step import StepFailed
from launcher.values import Value

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

T = TypeVar("T")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_CONNECT_SECONDS = 3
_STATEMENT_MILLISECONDS = 15_000
_KEY_LOCK = 7_310_551  # any number of our own: two launchers wait for each other on it
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LEDGERS = {"mikro_orm_migrations": "name", "link_module_migrations": "table_name", "script_migrations": "script_name"}

_LINKED = """
    select k.token from api_key k
      join publishable_api_key_sales_channel l on l.publishable_key_id = k.id and l.deleted_at is null
      join sales_channel s on s.id = l.sales_channel_id and s.deleted_at is null and not s.is_disabled
     where k.type = 'publishable' and k.deleted_at is null and (k.revoked_at is null or k.revoked_at > now())
"""
_CHANNEL = """
    select s.id from sales_channel s left join store st on st.default_sales_channel_id = s.id
     where s.deleted_at is null and not s.is_disabled
     order by (st.id is not null) desc, (s.name = 'Default Sales Channel') desc, s.created_at limit 1
"""
_HAVE = """
    select k.token from api_key k
      join publishable_api_key_sales_channel l on l.publishable_key_id = k.id and l.deleted_at is null
      join sc on sc.id = l.sales_channel_id
     where k.type = 'publishable' and k.deleted_at is null and (k.revoked_at is null or k.revoked_at > now())
     order by k.created_at, k.id limit 1
"""
_FIND = f"with sc as ({_CHANNEL}) {_HAVE}"
_ENSURE = f"""
with sc as ({_CHANNEL}),
 have as ({_HAVE}),
 ins as (insert into api_key (id, token, salt, redacted, title, type, created_by)
         select %(apk)s, %(token)s, '', %(redacted)s, 'rxlaunch storefront key', 'publishable', ''
          where exists (select 1 from sc) and not exists (select 1 from have) returning id, token),
 lnk as (insert into publishable_api_key_sales_channel (publishable_key_id, sales_channel_id, id)
         select ins.id, sc.id, %(link)s from ins, sc returning id)
select token, false as created from have union all select token, true from ins
"""  # noqa: S608 - constants of this module; values are bound


class Unreachable(StepFailed):
    """The database does not answer: checks take it as "not yet", runs as a failure."""


class Identity(Value, frozen=True):
    """Which database this is (`cluster`), which migrations it has had (`ledgers`), and what it has (`tables`)."""

    cluster: str
    ledgers: str
    tables: frozenset[str]


class Contents(Value, frozen=True):
    """How much a marketplace has of what the first page needs."""

    regions: int
    users: int
    admin_exists: bool


class Key(Value, frozen=True):
    """A publishable key and whether we made it just now."""

    token: str
    created: bool


class Applied(Value, frozen=True):
    """Names of the migrations that a database has had, and of the scripts that were run to their end."""

    migrations: frozenset[str]
    scripts: frozenset[str]


async def identity(url: str) -> Identity:
    """Which database `url` leads to. Equal identities have had the same migrations."""
    return await _ask(url, _identity)


async def contents(url: str, admin_email: str) -> Contents:
    """Regions and users; tables that don't exist count as empty."""

    def ask(connection: "psycopg.Connection") -> Contents:
        has_region, has_user = _exists(connection, "region"), _exists(connection, "user")
        regions = _number(connection, "select count(*) from region where deleted_at is null") if has_region else 0
        users = _number(connection, 'select count(*) from "user" where deleted_at is null') if has_user else 0
        by_email = 'select count(*) from "user" where deleted_at is null and lower(email) = lower(%s)'
        return Contents(regions, users, bool(users) and _number(connection, by_email, admin_email) > 0)

    return await _ask(url, ask)


async def region_ids(url: str) -> list[str]:
    """The regions that a storefront's cached answers may speak of."""

    def ask(connection: "psycopg.Connection") -> list[str]:
        return sorted(_names_in(connection, "region", "id")) if _exists(connection, "region") else []

    return await _ask(url, ask)


async def find_key(url: str) -> str | None:
    """The usable publishable key linked to the default sales channel, if there is one."""

    def ask(connection: "psycopg.Connection") -> str | None:
        if not _has_key_tables(connection):
            return None
        row = connection.execute(_FIND).fetchone()
        return str(row[0]) if row else None

    return await _ask(url, ask)


async def key_state(url: str, token: str) -> str:
    """`usable`, `revoked`, `unlinked` (no sales channel) or `unknown`."""

    def ask(connection: "psycopg.Connection") -> str:
        if not _has_key_tables(connection):
            return "unknown"
        if connection.execute(_LINKED + " and k.token = %s", (token,)).fetchone():
            return "usable"
        row = connection.execute(
            "select coalesce(revoked_at <= now(), false) or deleted_at is not null from api_key "
            "where token = %s and type = 'publishable'",
            (token,),
        ).fetchone()
        if row is None:
            return "unknown"
        return "revoked" if row[0] else "unlinked"

    return await _ask(url, ask)


async def ensure_key(url: str) -> Key | None:
    """Reuse the usable key or create one, in one statement; None when no sales channel exists (not seeded).

    A lock held to the end of the transaction makes concurrent launchers take turns, so the second finds the first's
    key; a crash at any point leaves either no key or one that is found again.
    """

    def ask(connection: "psycopg.Connection") -> Key | None:
        connection.execute("select pg_advisory_xact_lock(%s)", (_KEY_LOCK,))
        if not _has_key_tables(connection):
            return None
        token = "pk_" + secrets.token_hex(32)
        values = {
            "apk": f"apk_{ulid()}",
            "link": f"pksc_{ulid()}",
            "token": token,
            "redacted": shortened(token),
        }
        row = connection.execute(_ENSURE, values).fetchone()
        return Key(str(row[0]), bool(row[1])) if row else None

    return await _ask(url, ask)


async def ask(url: str, question: "Callable[[Connection], T]") -> T:
    """Anything else, in one transaction: all of what `question` changes, or nothing when it raises."""
    return await _ask(url, question)


def is_local(url: str) -> bool:
    """Whether a database is on this machine, as far as its URL tells."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parse_qs(parts.query).get("host", []) + parse_qs(parts.query).get("hostaddr", [])
    named = [host for host in [parts.hostname, *hosts] if host]
    return all(host in _THIS_MACHINE or host.startswith("/") for host in named)


async def rename_key(url: str, old: str, new: str) -> bool:
    """Give a publishable key another token, in a database that is ours alone; False when that token exists already."""

    def ask(connection: "psycopg.Connection") -> bool:
        done = connection.execute(
            "update api_key set token = %(new)s, redacted = %(shown)s where token = %(old)s "
            "and not exists (select 1 from api_key where token = %(new)s)",
            {"old": old, "new": new, "shown": shortened(new)},
        )
        return done.rowcount == 1

    return await _ask(url, ask)


async def applied(url: str) -> Applied:
    """What the ledgers of migrations say was done."""

    def ask(connection: "psycopg.Connection") -> Applied:
        return Applied(
            _names_in(connection, "mikro_orm_migrations", "name"),
            _names_in(connection, "script_migrations", "script_name", "finished_at is not null"),
        )

    return await _ask(url, ask)


async def columns_present(url: str, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The type of each column of (table, column) pairs that exists where Medusa would find it."""

    def ask(connection: "psycopg.Connection") -> dict[tuple[str, str], str]:
        rows = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = any (current_schemas(false)) and table_name = any (%s)",
            ([table for table, _ in wanted],),
        ).fetchall()
        return {(str(table), str(column)): str(kind) for table, column, kind in rows}

    return await _ask(url, ask)


def shortened(token: str) -> str:
    """A publishable key as Medusa itself shows it."""
    return f"{token[:6]}***{token[-3:]}"


def ulid() -> str:
    """An id as Medusa makes them: 48 bits of time and 80 of chance, in Crockford's base 32, sortable by time."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


async def _ask(url: str, question: Callable[["psycopg.Connection"], T]) -> T:
    def work() -> T:
        with _connected(url) as connection:
            return question(connection)

    return await asyncio.to_thread(work)


@contextmanager
def _connected(url: str) -> "Iterator[psycopg.Connection]":
    """One transaction, with psycopg's errors in words that carry no connection string."""
    import psycopg

    where = _where(url)
    try:
        with others.at_work():
            connection = psycopg.connect(libpq_url(url), connect_timeout=_CONNECT_SECONDS, application_name="rxlaunch")
    except psycopg.OperationalError as error:
        raise Unreachable(f"the database {where} does not answer: {_first_line(error)}") from None
    except (psycopg.Error, ValueError):
        raise StepFailed(
            "DATABASE_URL is no valid connection URL", remedy="postgres://USER:PASSWORD@HOST:PORT/NAME"
        ) from None
    opened: AbstractContextManager[psycopg.Connection] = connection
    try:
        with others.at_work(), opened:
            connection.execute(f"set local statement_timeout = {_STATEMENT_MILLISECONDS}")
            yield connection
    except psycopg.Error as error:
        raise StepFailed(f"a question to the database {where} failed: {_first_line(error)}") from None


def _where(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        return "of DATABASE_URL"
    return f"{parts.username or '?'}@{parts.hostname or 'localhost'}:{port}{parts.path}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _identity(connection: "psycopg.Connection") -> Identity:
    import psycopg

    try:
        with connection.transaction():
            system = str(_scalar(connection, "select system_identifier from pg_control_system()"))
    except psycopg.errors.InsufficientPrivilege:  # some hosted servers keep it to themselves
        system = str(_scalar(connection, "select coalesce(host(inet_server_addr()), '') || current_setting('port')"))
    number, name = connection.execute(
        "select oid, datname from pg_database where datname = current_database()"
    ).fetchone() or (0, "")
    ledgers = ",".join(_ledger(connection, table, column) for table, column in _LEDGERS.items())
    rows = connection.execute("select tablename from pg_tables where schemaname = any (current_schemas(false))")
    return Identity(f"{system}/{number}/{name}", ledgers, frozenset(str(table) for (table,) in rows.fetchall()))


def _ledger(connection: "psycopg.Connection", table: str, column: str) -> str:
    """`182:182:9f86…`: count, highest number, names, so that a dump of another branch is seen as well as an old one."""
    if not _exists(connection, table):
        return "none"
    row = connection.execute(
        f"select count(*), coalesce(max(id), 0), md5(coalesce(string_agg({column}, ',' order by {column}), '')) "  # noqa: S608 - constants
        f"from {table}"
    ).fetchone()
    return f"{row[0]}:{row[1]}:{row[2][:8]}" if row else "none"


def _names_in(connection: "psycopg.Connection", table: str, column: str, where: str = "true") -> frozenset[str]:
    if not _exists(connection, table):
        return frozenset()
    rows = connection.execute(f"select {column} from {table} where {where}").fetchall()  # noqa: S608 - constants
    return frozenset(str(name) for (name,) in rows)


def _exists(connection: "psycopg.Connection", table: str) -> bool:
    return _scalar(connection, "select to_regclass(quote_ident(%s))", table) is not None


def _has_key_tables(connection: "psycopg.Connection") -> bool:
    tables = ("api_key", "sales_channel", "store", "publishable_api_key_sales_channel")
    return all(_exists(connection, table) for table in tables)


def _scalar(connection: "psycopg.Connection", query: str, *values: str) -> object:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def _number(connection: "psycopg.Connection", query: str, *values: str) -> int:
    return int(str(_scalar(connection, query, *values)))
