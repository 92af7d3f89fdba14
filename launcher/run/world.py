"""What every unit of one instance shares: the plan, the chosen ports, the outputs so far, environments.

Holds state, decides nothing about lifecycles (that is `machine.py`) and starts nothing (that is `units.py`).
"""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from launcher.errors import ConfigError, Problem
from launcher.events import Event, Note
from launcher.native.contract import INSTANCE_MARK, UNIT_MARK
from launcher.plan.build import Plan, PlanUnit
from launcher.plan.interpolate import Scope, Unresolved, expand, references
from launcher.run.awake import Awake
from launcher.run.toolbox import Surroundings, Toolbox


class World:
    """The shared state of one instance."""

    def __init__(
        self,
        plan: Plan,
        toolbox: Toolbox,
        around: Surroundings,
        state_dir: Path,
        publish: Callable[[Event], None],
    ) -> None:
        self.plan = plan
        self.tools = toolbox
        self.around = around
        self.state_dir = state_dir
        self.publish = publish
        self.expects: Callable[[Iterable[str]], bool] = lambda _names: False  # the supervisor's: is one on its way?
        self.is_ahead: Callable[[str], bool] = lambda _name: False  # the supervisor's: of what it depends on
        self.outputs: dict[str, str] = {}
        self._stirred = asyncio.Event()
        self._awake: Awake | None = None

    # --- waking up whoever waits for something to change ----------------------------------------------------

    def stir(self) -> None:
        """Something changed: whoever polls should ask again at once."""
        self._stirred.set()
        self._stirred = asyncio.Event()

    @property
    def awake(self) -> Awake:
        """The clock of our loop, running from its first use on."""
        if self._awake is None:
            self._awake = Awake()
        return self._awake

    def now(self) -> float:
        """Seconds of waking time."""
        return self.awake.time()

    async def pause(self, seconds: float) -> None:
        """Sleep, unless something changes before."""
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return

    # --- values ---------------------------------------------------------------------------------------------

    def note(self, text: str, unit: str | None = None) -> None:
        """Tell the user something that changes no state."""
        self.publish(Note(self.tools.redact(text), unit))

    def add_outputs(self, outputs: Mapping[str, str], secrets: frozenset[str]) -> None:
        """Record what a unit gave; secrets are hidden before anything can show them."""
        for value in secrets:
            self.tools.hide(value)
        self.outputs.update(outputs)

    def scope(self, env: Mapping[str, str] | None = None) -> Scope:
        """What templates may refer to right now."""
        return Scope(
            ports=dict(self.tools.ports.chosen),
            env=dict(self.around.given if env is None else env),
            outputs=dict(self.outputs),
            dirs=dict(self.around.dirs),
            root=str(self.plan.root),
            state=str(self.state_dir),
            mode=self.plan.mode,
        )

    def working_directory(self, unit: PlanUnit) -> Path:
        """Where the unit runs; relative directories are relative to the checkout."""
        return Path(self.plan.root, expand(unit.spec.cwd, self.scope()))

    def environment(self, unit: PlanUnit) -> dict[str, str]:
        """The unit's whole environment. Later wins: the shell and .env files, the stack, the unit, its contract.

        Raises ConfigError with every problem of the contract.
        """
        env, problems = self._contracted(unit, self._uncontracted(unit, frozenset()), frozenset())
        if problems:
            raise ConfigError(problems, title=f"the environment of {unit.name} is not complete")
        return env

    def contract_problems(self, unit: PlanUnit, leave_out: Collection[str]) -> Sequence[Problem]:
        """What the environment of a unit lacks, not counting the variables that will be known only later."""
        later = frozenset(leave_out)
        return self._contracted(unit, self._uncontracted(unit, later), later)[1]

    def known_environment(self, unit: PlanUnit) -> dict[str, str]:
        """The environment as far as it is known now; raises nothing for what is missing."""
        scope = self.scope()
        later = frozenset(n for n, text in unit.spec.env.items() if not resolvable(text, scope))
        return self._contracted(unit, self._uncontracted(unit, later), later)[0]

    def _uncontracted(self, unit: PlanUnit, leave_out: frozenset[str]) -> dict[str, str]:
        scope = self.scope()
        inherited = dict(self.around.given if unit.spec.inherit_env else self.around.minimal)
        for name in self.plan.stack.secret_names() - _contract_names(self.plan, unit):
            inherited.pop(name, None)  # a variable that is secret goes only to those whose contract names it
        env = inherited | dict(self.around.unit_env_files.get(unit.name, {}))
        templates = {**self.plan.stack.env, **unit.spec.env}
        env |= {name: expand(text, scope) for name, text in templates.items() if name not in leave_out}
        env |= {INSTANCE_MARK: self.around.instance, UNIT_MARK: unit.name}
        if self.around.node_path:
            env["PATH"] = os.pathsep.join([self.around.node_path, env.get("PATH", "")])
        if self.around.node_cache:
            env.setdefault("NODE_COMPILE_CACHE", self.around.node_cache)
        if self.around.node_paths is not None:
            env |= self.around.node_paths.environment(unit.name, env)
        return env

    def _contracted(
        self, unit: PlanUnit, env: dict[str, str], leave_out: frozenset[str]
    ) -> tuple[dict[str, str], Sequence[Problem]]:
        if unit.spec.contract is None:
            return env, ()
        scope = self.scope()
        spec = {
            name: variable.replaced(add=tuple(expand(item, scope) for item in variable.add))
            for name, variable in self.plan.stack.contracts[unit.spec.contract].items()
            if name not in leave_out
        }
        result = self.tools.contract(spec, env)
        for value in result.secrets:
            self.tools.hide(value)
        return dict(result.env), result.problems

    def users_of_port(self, port: str) -> tuple[str, ...]:
        """The units that were told this port: in templates of theirs, or through their contract."""
        return tuple(name for name, unit in self.plan.units.items() if _mentions(self.plan, unit, port))


def resolvable(text: str, scope: Scope) -> bool:
    """Whether everything the template refers to is known."""
    try:
        expand(text, scope)
    except Unresolved:
        return False
    return True


def _contract_names(plan: Plan, unit: PlanUnit) -> set[str]:
    return set(plan.stack.contracts[unit.spec.contract]) if unit.spec.contract else set()


def _mentions(plan: Plan, unit: PlanUnit, port: str) -> bool:
    spec = unit.spec
    templates = [spec.cwd, *(spec.command or ()), *spec.env.values(), *plan.stack.env.values()]
    if spec.contract:
        templates += [item for variable in plan.stack.contracts[spec.contract].values() for item in variable.add]
    named = {("port", port), ("url", port)}
    if any(named & set(references(text)) for text in templates):
        return True
    return getattr(spec, "action", None) == "runtime-config" or getattr(spec, "provider", None) == "caddy"
