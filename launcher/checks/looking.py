"""One look at a page as an attempt of a check: what must be seen, and that nothing went wrong meanwhile."""

from collections.abc import Awaitable, Callable

from launcher.browser.visit import NotSeen, Visit
from launcher.browser.watch import Flaw
from launcher.checks.album import Album
from launcher.checks.contract import Target, Wrong, ask
from launcher.findings import Finding

GROUP = "browser"
PATIENCE = 90.0  # seconds: a dev server compiles a page at its first visit, and two cores may be busy
_SHOWN = 3

_REMEDIES = (  # by what the flaw says; the first that fits
    ("foreign origin", "the bundle was built for another address: rxlaunch up --fresh builds it for any"),
    ("is missing", "build the admin again and restart the backend, which reads the page once: rxlaunch up --fresh"),
    ("module", "build the admin again and restart the backend, which reads the page once: rxlaunch up --fresh"),
    ("emailpass answered 401", "the login that was given is not that of an administrator of this database"),
    ("answered 5", "rxlaunch logs backend shows what went wrong there"),
    ("page error", "open the page and the browser's console; rxlaunch open admin"),
)


async def look(target: Target, visit: Visit, album: Album, name: str, attempt: Callable[[], Awaitable[str]]) -> Finding:
    """Make an attempt that sees something; then let what is under way arrive, and fail on anything that went wrong."""

    async def whole() -> str:
        try:
            evidence = await attempt()
            await visit.settle()
        except NotSeen as unseen:
            raise _wrong(target, unseen.message, visit.flaws) from None
        if visit.flaws:
            raise _wrong(target, f"{evidence}; yet something went wrong", visit.flaws)
        return target.redact(evidence)

    visit.watch.forget()
    return await album.with_picture(await ask(GROUP, name, whole), visit)


def _wrong(target: Target, evidence: str, flaws: tuple[Flaw, ...]) -> Wrong:
    told = [target.redact(str(flaw)) for flaw in flaws]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    said = target.redact(evidence) + (f": {'; '.join(told[:_SHOWN])}{more}" if told else "")
    remedy = next((text for sign, text in _REMEDIES if any(sign in flaw for flaw in told)), None)
    return Wrong(said, remedy=remedy or "look at the screenshot", details="\n".join(told) if more else "")
