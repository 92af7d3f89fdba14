"""Action publishable-key: one key for the storefront, found or created, proven to be usable (runbook R17).

By SQL: Medusa keeps publishable keys in clear and looks them up at every request, so a key exists before the backend
does. The key is public, yet messages show it shortened, as Medusa does.
"""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

from launcher.marketplace import database
from launcher.marketplace.database import shortened
from launcher.marketplace.fingerprint import text_digest
from launcher.marketplace.project import database_url
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed

VARIABLE = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"
PLACEHOLDERS = frozenset({"pk_test", "pk_", "your_publishable_key", "changeme"})
_CACHE_KEY = "storefront-cache"
_UNUSABLE = {
    "revoked": "is revoked",
    "unlinked": "is linked to no sales channel",
    "unknown": "is not in this database",
}


class PublishableKey:
    """Outputs `publishable_key`."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when the user's key is usable, or another usable one exists."""
        url = database_url(context)
        if url is None:
            return Run("the database is not known yet")
        try:
            token, reason = await _existing(context, url)
        except database.Unreachable as error:
            return Run(f"its state is not known yet: {error.message}")
        if token is None:
            return Run("no usable key is linked to the sales channel")
        if _cache(context) and context.fingerprints.get(_CACHE_KEY) != await _cache_owner(url, token):
            return Run("the storefront's cached answers may be those of another database or key")
        return Skip(f"{shortened(token)} {reason}", {"publishable_key": token})

    async def run(self, context: StepContext) -> Outcome:
        """Find or create the key; drop the storefront's cached answers when they are of another database or key."""
        url = database_url(context)
        if url is None:
            raise StepFailed("no database to keep a key in: DATABASE_URL is not set", remedy="set DATABASE_URL in .env")
        token, note = await _existing(context, url)
        if token is None:
            key = await database.ensure_key(url)
            if key is None:
                raise StepFailed(
                    "the database has no sales channel to link a publishable key to: it is not seeded",
                    remedy="run the project's seed (`npm run seed`), or create a sales channel in the admin",
                )
            token, note = key.token, "created" if key.created else "exists"
        await _drop_foreign_cache(context, url, token)
        return Outcome({"publishable_key": token}, note=f"{shortened(token)} {note}")


def given_key(given: Mapping[str, str]) -> str | None:
    """The key the user set, if it is more than a template's placeholder."""
    value = given.get(VARIABLE, "").strip()
    return value if value and value.lower() not in PLACEHOLDERS else None


async def _existing(context: StepContext, url: str) -> tuple[str | None, str]:
    """The key to use and why, the user's own first; a user's key that cannot work is named."""
    own = given_key(context.given)
    state = await database.key_state(url, own) if own else None
    if own and state == "usable":
        return own, "is the one you set, and is usable"
    found = await database.find_key(url)
    if own and state:
        instead = f"{shortened(found)} is used instead" if found else "another one is made"
        context.report(f"{VARIABLE} ({shortened(own)}) {_UNUSABLE[state]}: {instead}; correct it in .env")
    return found, "exists and is linked to the sales channel"


def _cache(context: StepContext) -> Path | None:
    """Next's data cache: it answers with old region ids, even while the backend is down."""
    storefront = context.options.get("storefront")
    if not storefront:
        return None
    path = context.root / str(storefront) / ".next" / "cache" / "fetch-cache"
    return path if path.is_dir() else None


async def _cache_owner(url: str, token: str) -> dict[str, str]:
    regions = text_digest(*await database.region_ids(url))  # other ones, when a dump was restored into it
    return {"database": (await database.identity(url)).cluster, "key": text_digest(token), "regions": regions}


async def _drop_foreign_cache(context: StepContext, url: str, token: str) -> None:
    owner = await _cache_owner(url, token)
    cache = _cache(context)
    if cache and context.fingerprints.get(_CACHE_KEY) != owner:
        await asyncio.to_thread(shutil.rmtree, cache, ignore_errors=True)
        context.report("the storefront's cached answers were of another database or key, and were deleted")
    context.fingerprints.put(_CACHE_KEY, owner)
