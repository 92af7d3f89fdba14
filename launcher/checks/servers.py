"""Whether the stack's database and Redis answer real questions, for the groups that need to know. No verdicts here."""

from typing import TYPE_CHECKING

from launcher.checks.contract import Here, LeftOut, Wrong

if TYPE_CHECKING:
    from launcher.probes.contract import Answer

_SECONDS = 3.0
_ENDED = frozenset({"stopped", "failed", "backoff"})
_REFUSED = frozenset({"auth", "missing_database"})


async def postgres(here: Here) -> str:
    """That the database takes the role's `select 1`. Raises Wrong, or LeftOut when the stack has none."""
    answer = await ask_postgres(database_url(here))
    if answer.ok:
        return answer.detail
    raise Wrong(answer.detail, failure=postgres_failure(answer), remedy=_start_again(here, "postgres") or answer.remedy)


async def redis(here: Here) -> str:
    """That Redis answers PING and takes a write. Raises Wrong, or LeftOut when the stack has none."""
    url = here.address("redis_url", "REDIS_URL")
    if not url:
        raise LeftOut("this stack has no Redis (REDIS_URL)")
    answer = await ask_redis(url)
    if answer.ok:
        return answer.detail
    raise Wrong(answer.detail, failure="redis-unreachable", remedy=_start_again(here, "redis") or answer.remedy)


def _start_again(here: Here, provider: str) -> str | None:
    """The command that starts the stack's own server again, when that is known to have ended."""
    for name, unit in here.snapshot.units.items():
        planned = here.plan.units.get(name)
        if planned is not None and getattr(planned.spec, "provider", None) == provider and unit.phase in _ENDED:
            return f"rxlaunch start {name}"
    return None


def database_url(here: Here) -> str:
    """The database of the stack. Raises LeftOut when it has none."""
    url = here.address("database_url", "DATABASE_URL")
    if not url:
        raise LeftOut("this stack has no database (DATABASE_URL)")
    return url


async def ask_postgres(url: str) -> "Answer":
    """What the database at this address answers to the role's `select 1`."""
    from launcher import probes
    from launcher.stack.model import ProbeSpec

    return await probes.build(ProbeSpec(postgres=url, timeout=_SECONDS))()


async def ask_redis(url: str) -> "Answer":
    """What the Redis at this address answers to PING and a write."""
    from launcher import probes
    from launcher.stack.model import ProbeSpec

    return await probes.build(ProbeSpec(redis=url, timeout=_SECONDS))()


def postgres_failure(answer: "Answer") -> str:
    """Which known failure a bad answer of a database is."""
    return "postgres-refuses" if answer.code in _REFUSED else "postgres-unreachable"
