"""Which columns the migrations on the disk leave behind, read from their SQL, and adding one that the database lacks.

Only what is spelled out in a migration's `up` counts: tables created, columns added, renamed and dropped, in the order
of the migrations' names. Whatever cannot be read so is not expected of the database.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.marketplace import database
from launcher.marketplace.fingerprint import walk
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.marketplace.database import Connection

_NAME = r'"(\w+)"'
_TABLE = rf'(?:"public"\.|public\.)?{_NAME}'
_STATEMENT = re.compile(
    rf"create table(?: if not exists)? {_TABLE} \(|"
    rf"drop table(?: if exists)? {_TABLE}|"
    rf"alter table(?: if exists)?(?: only)? {_TABLE} (?P<change>[^;`]+)",
    re.IGNORECASE,
)
_ADDED = re.compile(rf"\s*add column(?: if not exists)? {_NAME} (.+)", re.IGNORECASE | re.DOTALL)
_DROPPED = re.compile(rf"drop column(?: if exists)? {_NAME}", re.IGNORECASE)
_RENAMED = re.compile(rf"rename column {_NAME} to {_NAME}", re.IGNORECASE)
_TABLE_RENAMED = re.compile(rf"rename to {_NAME}", re.IGNORECASE)
_COLUMN = re.compile(rf"\s*{_NAME} (.+)", re.DOTALL)

Tables = dict[str, dict[str, str]]


class Column(Value, frozen=True):
    """A column, and how its migration defines it: `timestamptz not null default now()`."""

    table: str
    name: str
    definition: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def expected(backend: Path, root: Path) -> Tables:
    """Table → column → definition, of the project's own migrations and those of Medusa's installed modules."""
    tables: Tables = {}
    for folder in _folders(backend, root):
        for file in sorted([*folder.glob("Migration*.ts"), *folder.glob("Migration*.js")]):
            _apply(tables, file.read_text(encoding="utf-8", errors="replace"))
    return tables


async def missing(url: str, tables: Mapping[str, Mapping[str, str]]) -> list[Column]:
    """What the database lacks of the tables that it has. A table that it lacks is a module that is not loaded."""

    def look(connection: "Connection") -> list[Column]:
        rows = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = current_schema()"
        ).fetchall()
        have: dict[str, set[str]] = {}
        for table, column in rows:
            have.setdefault(str(table), set()).add(str(column))
        return [
            Column(table, name, definition)
            for table, columns in tables.items()
            for name, definition in columns.items()
            if table in have and name not in have[table]
        ]

    return await database.ask(url, look)


async def add(url: str, columns: Sequence[Column]) -> None:
    """Add columns as their migrations define them: all, or none and the reason."""

    def change(connection: "Connection") -> None:
        for column in columns:  # names are words, and definitions those that `medusa db:migrate` runs
            change = f'alter table "{column.table}" add column if not exists "{column.name}" {column.definition}'
            connection.execute(change.encode())

    await database.ask(url, change)


def _folders(backend: Path, root: Path) -> Iterator[Path]:
    for above in (backend, *backend.parents):
        yield from sorted((above / "node_modules" / "@medusajs").glob("*/dist/migrations"))
        if above == root:
            break
    yield from sorted({path.parent for path in walk(backend / "src") if path.parent.name == "migrations"})


def _apply(tables: Tables, text: str) -> None:
    """What a migration's `up` changes."""
    up = re.split(r"\basync down\(|\bdown\(\)", text)[0]
    up = up.replace("\\'", "'").replace('\\"', '"')
    for found in _STATEMENT.finditer(up):
        created, dropped, altered = found[1], found[2], found[3]
        if created:
            tables.setdefault(created, {}).update(_columns(_inside(up, found.end())))
        elif dropped:
            tables.pop(dropped, None)
        elif altered in tables:
            _alter(tables, altered, found["change"])


def _alter(tables: Tables, table: str, change: str) -> None:
    columns = tables[table]
    added = (_ADDED.fullmatch(part) for part in _split(change))
    columns.update({each[1]: _tidy(each[2]) for each in added if each})
    for name in _DROPPED.findall(change):
        columns.pop(name, None)
    for old, new in _RENAMED.findall(change):
        columns[new] = columns.pop(old, "text")
    renamed = _TABLE_RENAMED.search(change)
    if renamed:
        tables[renamed[1]] = tables.pop(table)


def _inside(text: str, start: int) -> str:
    """From an opening parenthesis to the one that closes it."""
    return next((text[start:at] for at, depth in _depths(text, start) if depth < 0), "")


def _depths(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Each place outside of quotes, and how many parentheses are open there."""
    depth, quoted = 0, False
    for at in range(start, len(text)):
        quoted ^= text[at] == "'"
        if not quoted:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            yield at, depth


def _columns(body: str) -> dict[str, str]:
    """The columns of a table's definition; constraints begin without quotes."""
    found: dict[str, str] = {}
    for part in _split(body):
        column = _COLUMN.fullmatch(part)
        if column:
            found[column[1]] = _tidy(column[2])
    return found


def _split(body: str) -> Iterator[str]:
    """The parts between commas that stand in no parentheses and no quotes."""
    begin = 0
    for at, depth in _depths(body):
        if body[at] == "," and depth == 0:
            yield body[begin:at]
            begin = at + 1
    yield body[begin:]


def _tidy(definition: str) -> str:
    """Without what ends the JavaScript string that it stood in: a quote, a parenthesis that nobody opened."""
    end = next((at for at, depth in _depths(definition) if depth < 0), len(definition))
    text = definition[:end].rstrip()
    if text.count("'") % 2:
        text = text.removesuffix("'")
    if text.count('"') % 2:
        text = text.removesuffix('"')
    return " ".join(text.split()).rstrip("; ").removesuffix("\\n")
