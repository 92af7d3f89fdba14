"""What is known of a stack that is only looked at: its ports, and what each unit would get. Nothing is started."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from launcher.app.opening import Opened
from launcher.errors import ConfigError
from launcher.state import lock, sticky

if TYPE_CHECKING:
    from launcher.logs.redact import Redactor
    from launcher.run.world import World


class KnownPorts:
    """The ports of the running instance, else those that `up` would like to have."""

    def __init__(self, opened: Opened) -> None:
        snapshot = lock.running(opened.paths)
        last = sticky.load(opened.paths.sticky)
        ports = opened.loaded.stack.ports
        wanted = {n: spec.fixed or last.get(n) or spec.prefer or 0 for n, spec in ports.items()}
        self.chosen = {**wanted, **(snapshot.ports if snapshot else {})}

    def release(self, name: str) -> None:
        """Nothing is held."""

    def pick_again(self, name: str) -> int:
        """Nothing is chosen here."""
        return self.chosen[name]


def still_world(opened: Opened, redactor: "Redactor", *, with_node: bool = False) -> "World":
    """A world that starts nothing: ports and outputs of the running (or last) instance; actions can only be asked."""
    from launcher import marketplace, native
    from launcher.app import preflight, secrecy
    from launcher.run.toolbox import Surroundings, Toolbox
    from launcher.run.world import World
    from launcher.state.fingerprints import FileFingerprints
    from launcher.state.outputs import Outputs
    from launcher.state.secrets import Secrets

    native.private_directory(opened.paths.home)
    given, secrets = secrecy.given_environment(opened), Secrets(opened.paths.secrets)
    around = Surroundings(
        instance="",
        given=given,
        minimal=given,
        unit_env_files=opened.loaded.unit_env,
        node_path=_node_path(opened, given) if with_node else None,
        dirs=preflight.directories(opened),
        options=preflight.action_options(opened),
    )
    toolbox = Toolbox(
        probe=preflight.no_door, log=preflight.no_door, action=marketplace.action, provider=preflight.no_door,
        contract=preflight.contract_resolver(opened, given, secrets), remedy=preflight.no_door,
        ports=KnownPorts(opened), fingerprints=FileFingerprints(opened.paths.fingerprints),
        secret=secrets.get_or_make, hide=redactor.add, redact=redactor.text,
    )  # fmt: skip
    world = World(opened.plan, toolbox, around, opened.paths.home, lambda _event: None)
    world.outputs.update(Outputs(opened.paths.outputs).load())
    return world


def _node_path(opened: Opened, given: Mapping[str, str]) -> str | None:
    from launcher.app import preflight

    try:
        return preflight.find_node(opened, given)
    except ConfigError:
        return None  # a finding of `check env`, not the end of all others
