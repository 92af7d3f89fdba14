"""Loading what a probe asks with: beside the loop, and before the time of its first question begins to count."""

import asyncio
from importlib import import_module

_LOADED: set[str] = set()  # wholly: a module is among sys.modules before that


async def loaded(module: str) -> None:
    """Return when the module is loaded, which takes a tenth of a second and more the first time."""
    if module not in _LOADED:
        await asyncio.to_thread(import_module, module)
        _LOADED.add(module)
