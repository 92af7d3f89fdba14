"""What no single field can tell: rules across the fields of a stack. Each is a generator; all of them run.

A new rule goes into RULES. Fields on their own are judged by the models.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from launcher.stack.complaints import Complaint
from launcher.stack.cycles import cycles
from launcher.stack.https import BELOW
from launcher.stack.known import ACTIONS, DIRECTORIES, NAMED_SPACES, PLAIN_SPACES, QUESTIONS, WORK
from launcher.stack.layers import Path
from launcher.stack.model import ProbeSpec, ServiceSpec, Stack, TaskSpec
from launcher.stack.suggest import closest, did_you_mean
from launcher.stack.template import is_unfinished, references

Rule = Callable[[Stack], Iterator[Complaint]]
Unit = ServiceSpec | TaskSpec


def complaints(stack: Stack) -> list[Complaint]:
    """Everything that any rule has to say."""
    return [complaint for rule in RULES for complaint in rule(stack)]


# --- units and their dependencies ---------------------------------------------------------------------------


def same_name_twice(stack: Stack) -> Iterator[Complaint]:
    """A unit is a service or a task."""
    for name in stack.services.keys() & stack.tasks.keys():
        yield Complaint(("tasks", name), "there is a service of this name already; units need different names")


def exactly_one_work(stack: Stack) -> Iterator[Complaint]:
    """A service has a command or a provider, a task a command or an action."""
    for path, unit in _enabled(stack):
        builtin = "provider" if isinstance(unit, ServiceSpec) else "action"
        given = [key for key in WORK if getattr(unit, key, None) is not None]
        if not given:
            yield Complaint(path, f"has neither a `command` nor `{builtin}`")
        elif len(given) > 1:
            yield Complaint(path, f"has both `command` and `{builtin}`; keep one")
        if unit.command is not None and not (unit.command and unit.command[0].strip()):
            yield Complaint((*path, "command"), "is empty")
        if any("\0" in part for part in unit.command or ()):
            yield Complaint((*path, "command"), "holds a NUL character")


def known_actions(stack: Stack) -> Iterator[Complaint]:
    """A task's action is a built-in one."""
    for name, task in stack.tasks.items():
        if task.action is not None and task.action not in ACTIONS:
            hint = did_you_mean(task.action, ACTIONS) or f"; known are {', '.join(ACTIONS)}"
            yield Complaint(("tasks", name, "action"), f"no action named `{task.action}`{hint}")


def dependencies_exist(stack: Stack) -> Iterator[Complaint]:
    """Whoever is depended on exists, is another unit, and is enabled."""
    everybody = {**stack.services, **stack.tasks}
    for path, unit in _enabled(stack):
        for name in unit.depends_on:
            here = (*path, "depends_on", name)
            if name == path[-1]:
                yield Complaint(here, f"`{name}` depends on itself")
            elif name not in everybody:
                yield Complaint(here, f"no unit named `{name}`{did_you_mean(name, everybody)}")
            elif not everybody[name].enabled:
                yield Complaint(here, f"`{name}` is disabled (enabled = false), so this could never start")


def conditions_fit(stack: Stack) -> Iterator[Complaint]:
    """Services become healthy, tasks complete."""
    for path, unit in _enabled(stack):
        for name, condition in unit.depends_on.items():
            here = (*path, "depends_on", name)
            if condition == "completed" and name in stack.services:
                yield Complaint(here, f'`{name}` is a service and never completes; use "healthy" or "started"')
            if condition == "healthy" and name in stack.tasks and name not in stack.services:
                yield Complaint(here, f'`{name}` is a task and is never healthy; use "completed"')


def no_cycles(stack: Stack) -> Iterator[Complaint]:
    """Somebody can start first."""
    for cycle in cycles({name: unit.depends_on for name, unit in stack.units().items()}):
        section = "services" if cycle[0] in stack.services else "tasks"
        yield Complaint((section, cycle[0], "depends_on"), f"a cycle: {' -> '.join(cycle)}; none could ever start")


# --- ports --------------------------------------------------------------------------------------------------


def ports_differ(stack: Stack) -> Iterator[Complaint]:
    """No two fixed ports are the same, none is reserved, and a port is either fixed or preferred."""
    taken: defaultdict[int, list[str]] = defaultdict(list)
    for name, port in stack.ports.items():
        path = ("ports", name)
        if port.fixed is not None and port.prefer is not None:
            yield Complaint(path, "has both `fixed` and `prefer`; keep one")
        if port.fixed is None:
            continue
        if port.fixed in stack.reserved_ports:
            yield Complaint((*path, "fixed"), f"{port.fixed} is one of reserved_ports")
        if taken[port.fixed]:
            yield Complaint((*path, "fixed"), f"{port.fixed} is the fixed port of `{taken[port.fixed][0]}` too")
        taken[port.fixed].append(name)


def ports_have_one_service(stack: Stack) -> Iterator[Complaint]:
    """A service's port exists and is no other service's."""
    owner: dict[str, str] = {}
    for name, service in stack.services.items():
        port = service.port or (name if name in stack.ports else None)
        if port is None or not service.enabled:
            continue
        path = ("services", name, "port")
        if port not in stack.ports:
            yield Complaint(path, f"no port named `{port}` in [ports]{did_you_mean(port, stack.ports)}")
        elif port in owner:
            yield Complaint(path, f"port `{port}` belongs to service `{owner[port]}` already")
        owner.setdefault(port, name)


def https_names_lead_somewhere(stack: Stack) -> Iterator[Complaint]:
    """Every name of [https] leads to one port, and no tenant has it."""
    https = stack.https
    if not https.enabled:
        return
    if https.shop == https.admin:
        yield Complaint(("https", "admin"), f"`{https.admin}` is the name of the shop too")
    if "https" not in stack.services:
        yield Complaint(("https", "enabled"), "there is no service `storefront` or `backend` to stand in front of")
    for name, port in https.names.items():
        if port not in stack.ports:
            yield Complaint(("https", "names", name), f"no port named `{port}`{did_you_mean(port, stack.ports)}")
        if name in (https.shop, https.admin):
            yield Complaint(("https", "names", name), f"`{name}` is the name of shop or admin")
    for name, tenant in stack.tenants.items():
        for host in tenant.hosts:
            if host.removesuffix(BELOW) in (https.admin, *https.names):
                yield Complaint(("tenants", name), f"{host} is a name of [https]; give one of them another")


# --- probes and patterns ------------------------------------------------------------------------------------


def probes_ask_one_question(stack: Stack) -> Iterator[Complaint]:
    """A probe asks exactly one question, and its regular expression is one."""
    for path, probe in _probes(stack):
        asked = [key for key in QUESTIONS if getattr(probe, key) is not None]
        if not asked:
            yield Complaint(path, f"asks nothing; give one of {', '.join(QUESTIONS)}")
        elif len(asked) > 1:
            yield Complaint(path, f"asks {len(asked)} questions ({', '.join(asked)}); keep one")
        if probe.port is not None and probe.port not in stack.ports:
            yield Complaint((*path, "port"), f"no port named `{probe.port}`{did_you_mean(probe.port, stack.ports)}")
        if path[-1] == "liveness" and probe.log_line is not None:
            yield Complaint((*path, "log_line"), "a line said once proves nothing later; use it for readiness only")
        yield from _after_others(stack, path, probe)
        yield from _compiles(probe.log_line, (*path, "log_line"))


def _after_others(stack: Stack, path: Path, probe: ProbeSpec) -> Iterator[Complaint]:
    here, everybody = (*path, "after"), {**stack.services, **stack.tasks}
    if probe.after and path[-1] == "liveness":
        yield Complaint(here, "what is ready is asked at its own pace; use it for readiness only")
    for name in probe.after:
        if name == path[1]:
            yield Complaint(here, f"`{name}` would wait for itself")
        elif name not in everybody:
            yield Complaint(here, f"no unit named `{name}`{did_you_mean(name, everybody)}")


def patterns_compile(stack: Stack) -> Iterator[Complaint]:
    """The patterns of environment contracts are regular expressions."""
    for contract, variables in stack.contracts.items():
        for name, variable in variables.items():
            yield from _compiles(variable.pattern, ("contracts", contract, name, "pattern"))


def _compiles(pattern: str | None, path: Path) -> Iterator[Complaint]:
    try:
        re.compile(pattern or "")
    except (re.error, RecursionError, OverflowError) as error:
        yield Complaint(path, f"is no regular expression: {error}")


# --- contracts and templates --------------------------------------------------------------------------------


def contracts_exist(stack: Stack) -> Iterator[Complaint]:
    """A unit's contract is one of [contracts]."""
    for path, unit in _enabled(stack):
        if unit.contract is not None and unit.contract not in stack.contracts:
            hint = did_you_mean(unit.contract, stack.contracts)
            yield Complaint((*path, "contract"), f"no contract named `{unit.contract}` in [contracts]{hint}")


def references_resolve(stack: Stack) -> Iterator[Complaint]:
    """Every `${…}` names something that can exist."""
    for path, text in templates(stack):
        if is_unfinished(text):
            yield Complaint(path, "a `${` has no `}`; write `$${` for a literal `${`")
        for namespace, name in references(text):
            what = _unresolvable(stack, namespace, name)
            if what:
                yield Complaint(path, what)


def _unresolvable(stack: Stack, namespace: str, name: str) -> str | None:
    shown = f"${{{namespace}.{name}}}" if name else f"${{{namespace}}}"
    if namespace in PLAIN_SPACES:
        return f"{shown}: `{namespace}` has no parts; write ${{{namespace}}}" if name else None
    if namespace not in NAMED_SPACES:
        return f"{shown}: nothing is called so{_meant_instead(namespace, name)}"
    if not name:
        return f"{shown}: {namespace} of what? write ${{{namespace}.NAME}}"
    known = {"port": stack.ports, "url": stack.ports, "dir": DIRECTORIES}.get(namespace)
    if known is not None and name not in known:
        thing = "directory" if namespace == "dir" else "port"
        return f"{shown}: no {thing} named `{name}`{did_you_mean(name, known)}"
    if namespace == "dir":
        return _no_directory(stack, shown, name)
    return None


def _no_directory(stack: Stack, shown: str, name: str) -> str | None:
    if stack.marketplace is None:
        return f"{shown}: the stack has no [marketplace]"
    if name == "storefront" and stack.marketplace.storefront is None:
        return f"{shown}: set marketplace.storefront to the storefront's directory"
    return None


def _meant_instead(namespace: str, name: str) -> str:
    if not name and namespace.isupper():
        return f"; did you mean `${{env.{namespace}}}`? Write `$${{` for a literal `${{`"
    found = closest(namespace, NAMED_SPACES if name else PLAIN_SPACES)
    meant = f"{found}.{name}" if name else found
    return f"; did you mean `${{{meant}}}`?" if found else "; write `$${` for a literal `${`"


# --- what the rules walk over -------------------------------------------------------------------------------


def templates(stack: Stack) -> Iterator[tuple[Path, str]]:
    """Every text of an enabled unit, of the stack's environment and of `show` in which references are expanded."""
    for path, unit in _enabled(stack):
        yield from ((((*path, *rest)), text) for rest, text in unit_templates(unit))
    yield from ((("env", name), text) for name, text in stack.env.items())
    yield from ((("show", label), text) for label, text in stack.show.items())
    for contract, variables in stack.contracts.items():
        for name, variable in variables.items():
            yield from ((("contracts", contract, name, "add"), item) for item in variable.add)


def unit_templates(unit: Unit) -> Iterator[tuple[Path, str]]:
    """The same of one unit; paths start at the unit."""
    yield ("cwd",), unit.cwd
    yield from ((("command",), part) for part in unit.command or ())
    yield from ((("env", name), text) for name, text in unit.env.items())
    yield from ((("env_file",), name) for name in unit.env_file)
    if isinstance(unit, ServiceSpec):
        for key, probe in (("readiness", unit.readiness), ("liveness", unit.liveness)):
            if probe is not None:
                yield from (((key, *rest), text) for rest, text in probe_templates(probe))


def probe_templates(probe: ProbeSpec) -> Iterator[tuple[Path, str]]:
    """The same of one probe. A regular expression is no template: `${` means something else there."""
    texts = {key: getattr(probe, key) for key in ("http", "tcp", "postgres", "redis", "contains")}
    yield from (((key,), text) for key, text in texts.items() if text is not None)
    yield from ((("command",), part) for part in probe.command or ())
    yield from ((("headers", name), text) for name, text in probe.headers.items())


def _enabled(stack: Stack) -> Iterator[tuple[Path, Unit]]:
    for section, units in (("services", stack.services), ("tasks", stack.tasks)):
        yield from (((section, name), unit) for name, unit in units.items() if unit.enabled)


def _probes(stack: Stack) -> Iterator[tuple[Path, ProbeSpec]]:
    for name, service in stack.services.items():
        for key, probe in (("readiness", service.readiness), ("liveness", service.liveness)):
            if probe is not None:
                yield ("services", name, key), probe


RULES: tuple[Rule, ...] = (
    same_name_twice,
    exactly_one_work,
    known_actions,
    dependencies_exist,
    conditions_fit,
    no_cycles,
    ports_differ,
    ports_have_one_service,
    https_names_lead_somewhere,
    probes_ask_one_question,
    patterns_compile,
    contracts_exist,
    references_resolve,
)
