"""Everything that can be known to be wrong before anything is started, told at once; and the toolbox that results.

Opens the state directory, secrets, logs and ports of one instance. Starts no unit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher import native, paths
from launcher.app import history, node_caches, secrecy, workspace
from launcher.app.opening import Opened
from launcher.errors import ConfigError, Problem
from launcher.events import LogTrouble, PortChosen
from launcher.run.toolbox import Ask, ContractResult, Ports, Surroundings, Toolbox
from launcher.stack.model import ProbeSpec, VariableSpec
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.app.request import Request
    from launcher.logs.files import UnitLog
    from launcher.logs.redact import Redactor
    from launcher.plan.step import Action, Provider, Verdict
    from launcher.ports import PortBook
    from launcher.state.secrets import Secrets

_NODE_PROGRAMS = frozenset({"node", "npm", "npx"})
_NODE_ACTIONS = frozenset({"node-packages", "medusa-migrate", "medusa-seed", "medusa-build", "next-build"})
_MINIMAL = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE",
            "APPDATA", "LOCALAPPDATA")  # fmt: skip


class Prepared(Value, frozen=True):
    """One instance's toolbox, with the parts that `boot` itself needs."""

    toolbox: Toolbox
    around: Surroundings
    logs: "LogBook"


class LogBook:
    """The logs of all units, opened as they are needed; `sink` hears every redacted chunk."""

    def __init__(self, directory: Path, redactor: "Redactor", sink: Callable[[str, bytes], None]) -> None:
        native.private_directory(directory)
        self._directory = directory
        self._redactor = redactor
        self._sink = sink
        self._open: dict[str, UnitLog] = {}

    def get(self, unit: str) -> "UnitLog":
        """The unit's log, the same one every time."""
        from launcher.logs.files import UnitLog

        if unit not in self._open:
            path = self._directory / f"{unit}.log"
            self._open[unit] = UnitLog(path, self._redactor, lambda chunk: self._sink(unit, chunk))
        return self._open[unit]

    def troubles(self) -> Iterator[LogTrouble]:
        """The trouble each file has, or had."""
        for unit, log in self._open.items():
            if log.problem is not None or log.lost_bytes:
                yield LogTrouble(unit, log.problem, log.lost_bytes)

    def close(self) -> None:
        """Close every file."""
        for log in self._open.values():
            log.close()


def prepare(
    opened: Opened, request: "Request", instance: str, sink: Callable[[str, bytes], None], ports: Ports
) -> Prepared:
    """Check what can be checked and open what must be open. Raises ConfigError or StateUnwritable."""
    from launcher.state.fingerprints import FileFingerprints
    from launcher.state.secrets import Secrets

    secrets = Secrets(opened.paths.secrets)
    redactor = secrecy.given_redactor(opened)
    given = secrecy.given_environment(opened)
    for value in secrets.values():
        redactor.add(value)
    node_path = find_node(opened, given)
    resolve = contract_resolver(opened, given, secrets)
    around = Surroundings(
        instance=instance,
        given=given,
        minimal={name: given[name] for name in _MINIMAL if name in given},
        unit_env_files=opened.loaded.unit_env,
        node_path=node_path,
        node_cache=node_caches.compile_cache(opened),
        node_paths=node_caches.path_cache(opened),
        dirs=directories(opened),
        options=action_options(opened),
        idle=frozenset() if request.fresh else history.idle(opened.paths, opened.plan.mode),
        fresh=request.fresh,
    )
    logs = LogBook(opened.paths.logs, redactor, sink)
    toolbox = Toolbox(
        probe=_prober(redactor),
        log=logs.get,
        action=request.guest.action if request.guest else _action,
        provider=_provider,
        contract=resolve,
        remedy=_remedy,
        ports=ports,
        fingerprints=FileFingerprints(opened.paths.fingerprints),
        secret=secrets.get_or_make,
        hide=redactor.add,
        redact=redactor.text,
    )
    return Prepared(toolbox, around, logs)


# --- the environment ----------------------------------------------------------------------------------------


def contract_resolver(
    opened: Opened, given: Mapping[str, str], secrets: "Secrets"
) -> Callable[[Mapping[str, VariableSpec], Mapping[str, str]], ContractResult]:
    """The contract's door, with what is the same for every unit filled in."""
    from launcher.marketplace.contract import resolve

    mode, ci = opened.plan.mode, bool(given.get("CI")) and not workspace.has_own_database(opened.root)

    def door(spec: Mapping[str, VariableSpec], env: Mapping[str, str]) -> ContractResult:
        return resolve(spec, env, mode=mode, ci=ci, secret=secrets.get_or_make)

    return door


def check_contracts(opened: Opened, prepared: Prepared) -> None:
    """Find what the environment lacks, for all units at once. What later units will give is taken as given."""
    from launcher.app import variables
    from launcher.plan.interpolate import references
    from launcher.run.world import World

    world = World(opened.plan, prepared.toolbox, prepared.around, opened.paths.home, lambda _event: None)
    problems: dict[str, Problem] = {}
    for name in opened.plan.units:
        unit = opened.plan.units[name]
        if name not in opened.selected:
            continue
        for problem in variables.missing(world, opened.plan, unit):
            problems.setdefault(str(problem), problem)
        if unit.spec.contract is None:
            continue
        later = {k for k, text in unit.spec.env.items() if any(ns == "output" for ns, _ in references(text))}
        for problem in world.contract_problems(unit, leave_out=later):
            problems.setdefault(str(problem), problem)
    if problems:
        raise ConfigError(
            list(problems.values()),
            title="the environment is not complete",
            remedy="set these in .env (or the environment) and run `rxlaunch up` again; `rxlaunch env` shows them all",
        )


def directories(opened: Opened) -> dict[str, str]:
    """`${dir.backend}` and `${dir.storefront}`."""
    market = opened.loaded.stack.marketplace
    if market is None:
        return {}
    found = {"backend": market.backend}
    if market.storefront is not None:
        found["storefront"] = market.storefront
    return {name: str((opened.root / relative).resolve()) for name, relative in found.items()}


def action_options(opened: Opened) -> dict[str, str]:
    """What built-in actions and providers need of [marketplace], and of [https] where it is enabled."""
    market, options = opened.loaded.stack.marketplace, _https_options(opened)
    if market is None:
        return options
    wanted = ("backend", "storefront", "database", "role", "default_region", "admin_email", "expect_text")
    options |= {name: value for name in wanted if (value := getattr(market, name)) is not None}
    options["stack_id"] = opened.paths.home.name
    if market.runtime_config is not None:
        options["runtime_config_path"] = market.runtime_config.path
        options["runtime_config_global"] = market.runtime_config.global_name
        options["admin_path"] = market.runtime_config.admin_path
    return options


def _https_options(opened: Opened) -> dict[str, str]:
    stack = opened.loaded.stack
    if not stack.https.enabled:
        return {}
    names = [f"{name}={port}" for name, port in stack.https.leads_to().items() if port in opened.plan.ports]
    hosts = [host for tenant in stack.tenants.values() for host in tenant.hosts]
    return {"https_names": ",".join(names), "https_hosts": ",".join(hosts), "stack_name": opened.plan.name}


# --- tools --------------------------------------------------------------------------------------------------


def find_node(opened: Opened, given: Mapping[str, str]) -> str | None:
    """The directory of the node to use; None when no unit needs one, or when the one on the PATH will do."""
    if not any(_needs_node(unit.spec) for name, unit in opened.plan.units.items() if name in opened.selected):
        return None
    from launcher.services.node import toolchain

    shims = opened.paths.home / "node"
    native.private_directory(shims)
    found = toolchain(given.get("PATH", ""), shims)
    return found.path_entry


def _needs_node(spec: object) -> bool:
    command = getattr(spec, "command", None)
    return bool(command and command[0] in _NODE_PROGRAMS) or getattr(spec, "action", None) in _NODE_ACTIONS


def choose_ports(opened: Opened, request: "Request") -> "PortBook":
    """Choose and hold a port for every name. Raises PortTaken."""
    from launcher.ports import PortBook, Wishes
    from launcher.state import sticky

    stack = opened.loaded.stack
    wishes = Wishes(opened.plan.ports, stack.reserved_ports, sticky.load(opened.paths.sticky), request.strict_ports)
    book = PortBook(wishes, paths.leases(), owner=f"{opened.plan.name} in {opened.root}")
    book.choose()
    return book


def remember_ports(opened: Opened, book: "PortBook") -> list[PortChosen]:
    """Prefer these ports next time; the events that tell which ports they are, and which were moved."""
    from launcher.state import sticky

    sticky.save(opened.paths.sticky, book.chosen)
    moved = {one.name: one for one in book.moved}
    events = []
    for name, port in book.chosen.items():
        other = moved.get(name)
        events.append(PortChosen(name, port, other.preferred if other else None, other.holder if other else None))
    return events


def no_door(*_arguments: object) -> Any:
    """A door that leads nowhere, for whoever only looks."""
    raise RuntimeError("nothing is started or asked here")


def _prober(redactor: "Redactor") -> Callable[["ProbeSpec", Callable[[str], bool]], "Ask"]:
    def door(spec: "ProbeSpec", seen: Callable[[str], bool]) -> "Ask":
        from launcher import probes

        return probes.build(spec, seen=seen, redact=redactor.beginning)

    return door


def _action(name: str) -> "Action":
    from launcher import marketplace

    return marketplace.action(name)


def _provider(name: str) -> "Provider":
    from launcher import probes, services

    async def ask(url: str) -> "Verdict":
        spec = ProbeSpec(postgres=url) if name == "postgres" else ProbeSpec(redis=url, timeout=1.0)
        return await probes.build(spec)()

    return services.provider(name, ask)


def _remedy(reason: str, tail: Sequence[str]) -> str | None:
    from launcher.diagnosis import remedy

    return remedy(reason, tail)
