"""One incarnation of a service: prepared, started or adopted, proven, watched, and stopped in order.

What it has in common with tasks, and how it ends, is in `units.py`.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from launcher import native
from launcher.errors import PortTaken
from launcher.events import Exit, PortChosen, UnitProbed, UnitProbing, UnitStarted
from launcher.native.contract import Child, LaunchSpec
from launcher.plan.interpolate import expand, expand_model
from launcher.plan.step import Adopted, Launch, Verdict
from launcher.run import listening
from launcher.run import messages as m
from launcher.run.listening import PortStolen
from launcher.run.probing import NotReady, Signs, until_ready, watch
from launcher.run.steps import Context, program
from launcher.run.toolbox import Ask
from launcher.run.units import Incarnation
from launcher.stack.model import ProbeSpec, ServiceSpec
from launcher.values import Value

_LOOK_SECONDS = 1.0  # for what a change that woke nobody up
_DEAF_SECONDS = 1.0  # after which a task that goes on although it was cancelled is cancelled again


class _Plan(Value, frozen=True):
    """How one incarnation of a service is to be started; no spec when an external server was adopted."""

    spec: LaunchSpec | None
    note: str | None


class ServiceIncarnation(Incarnation):
    """A service: resolved, started, proven ready, watched until it ends."""

    @property
    def spec(self) -> ServiceSpec:
        """The service as the stack has it."""
        if not isinstance(self.unit.spec, ServiceSpec):
            raise TypeError(self.unit.name)
        return self.unit.spec

    async def work(self) -> m.Message:
        with self.hearing_others():
            plan = await self.prepare()
        try:
            return await (self.adopt(plan.note) if plan.spec is None else self.serve(plan.spec, plan.note))
        except PortStolen as stolen:
            return self.pick_another_port(stolen)

    async def prepare(self) -> _Plan:
        """Resolve the command, or ask the provider."""
        context = Context(self.world, self.unit, self.log, self.children)
        if self.spec.provider is None:
            scope = self.world.scope(context.env)
            argv = tuple(expand(part, scope) for part in self.spec.command or ())
            return _Plan(self.launch_spec(Launch(argv, context.cwd, "", {}), context.env), None)
        resolved = await self.world.tools.provider(self.spec.provider).resolve(context)
        self.world.add_outputs(resolved.outputs, resolved.secrets)
        if isinstance(resolved, Adopted):
            return _Plan(None, resolved.note)
        return _Plan(self.launch_spec(resolved, {**context.env, **resolved.env}), resolved.note)

    def launch_spec(self, launch: Launch, env: Mapping[str, str]) -> LaunchSpec:
        """The launch with the stack's way of stopping it."""
        whole = dict(env)
        return LaunchSpec(
            argv=program(launch.argv, whole),
            cwd=str(launch.cwd),
            env=whole,
            stop_signal=self.spec.stop.signal,
            stop_scope=self.spec.stop.scope,
            grace_seconds=self.spec.stop.grace,
            unprivileged=launch.unprivileged,
        )

    async def adopt(self, note: str | None) -> m.Message:
        """An external server: proven and watched like our own, never stopped."""
        self.post(m.Started(self.unit.name, self.generation))
        await self.prove(None)
        self.post(m.Ready(self.unit.name, self.generation, note))
        await self.keep_watch(None)
        await asyncio.Event().wait()  # until interrupted: there is nothing of ours that could end
        raise AssertionError

    async def serve(self, launch: LaunchSpec, note: str | None) -> m.Message:
        """Our own child, from spawn to exit."""
        if self.unit.port:
            self.world.tools.ports.release(self.unit.port)
        child = await native.spawn(launch, self.log.write)
        self.children.add(child)
        ended = asyncio.ensure_future(child.wait())
        proving = asyncio.create_task(self.prove(child))
        watching: asyncio.Task[None] | None = None
        try:
            self.world.publish(UnitStarted(self.unit.name, self.generation, child.pid))
            self.post(m.Started(self.unit.name, self.generation))
            await asyncio.wait({ended, proving}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await self.raise_unready(proving, child)
                self.post(m.Ready(self.unit.name, self.generation, note))
                watching = asyncio.create_task(self.keep_watch(child))
                await asyncio.wait({ended})
                return m.Ended(self.unit.name, self.generation, self.failure(str(ended.result())), ended.result())
            return self.ended_early(ended.result())
        finally:
            for task in (proving, watching):
                if task is not None:
                    await _cancelled(task)
            if not ended.done():
                child.interrupt()
                await asyncio.wait({ended})
            self.forced = self.forced or child.forced()
            self.children.discard(child)

    def ended_early(self, ended: Exit) -> m.Message:
        """It exited before it was ready; the reason may be that a stranger has its port."""
        self.raise_if_stolen(None, missed=True)
        if self.port is not None and listening.said_taken(self.port, self.log.seen):
            raise PortStolen(self.port, "somebody who has let go of it since")
        reason = str(ended) if ended.error else f"{ended} before it was ready"
        return m.Ended(self.unit.name, self.generation, self.failure(reason), ended)

    # --- proof ----------------------------------------------------------------------------------------------

    async def prove(self, child: Child | None) -> None:
        """Return when the service is ready: its probe passed and the listener on its port is its own."""
        await self._caught_up()
        spec = self.spec.readiness
        if spec is None:
            return
        port = self.port
        with self.world.awake.counting():
            await until_ready(
                self.question(spec, child),
                self.expanded(spec),
                self.world,
                changed=self.changed,
                signs=Signs(
                    listens=None if port is None else lambda: native.listens(port),
                    early=lambda: self.world.expects(spec.after),
                ),
            )

    async def _caught_up(self) -> None:
        """Return once what it depends on holds: a head start proves nothing."""
        while self.world.is_ahead(self.unit.name):
            await self.world.pause(_LOOK_SECONDS)

    def question(self, spec: ProbeSpec, child: Child | None) -> Ask:
        """The probe, joined with the question whose listener answers."""
        ask = self.world.tools.probe(self.expanded(spec), self.log.seen)
        asked = verified = False

        async def ask_and_verify() -> Verdict:
            nonlocal asked, verified
            if not asked:
                self.world.publish(UnitProbing(self.unit.name, self.generation))
            asked = True
            answer = await ask()
            missed = self.log.seen("EADDRINUSE")
            if child is not None and (answer.ok or missed):
                seen = self.raise_if_stolen(child, missed=missed)
                if not seen and not verified:  # a service that lost its port lives on for a moment
                    await asyncio.sleep(listening.UNSEEN_FOR)
                    self.raise_if_stolen(child, missed=self.log.seen("EADDRINUSE"))
                verified = True
            return answer

        return ask_and_verify

    def expanded(self, spec: ProbeSpec) -> ProbeSpec:
        """The probe with its templates filled in."""
        return expand_model(spec, self.world.scope())

    def changed(self, answer: Verdict) -> None:
        """Remember and publish an answer that differs from the last."""
        self.last = answer
        self.world.publish(UnitProbed(self.unit.name, answer.ok, self.world.tools.redact(answer.detail)))

    @property
    def port(self) -> int | None:
        """The number of the port it was told to listen on."""
        return self.world.tools.ports.chosen[self.unit.port] if self.unit.port else None

    def raise_if_stolen(self, child: Child | None, *, missed: bool) -> bool:
        """Raise PortStolen when the listener on our port is a process that is not ours; False if that is unknown."""
        return self.port is None or listening.raise_if_stolen(self.port, child, missed=missed)

    async def raise_unready(self, proving: "asyncio.Task[None]", child: Child) -> None:
        """Raise what made it give up, if anything did; and where it listens, if that is somewhere else."""
        try:
            proving.result()
        except NotReady as error:
            elsewhere = await listening.whereabouts(child, self.port) if self.port is not None else ""
            raise NotReady(error.reason + elsewhere, error.last) from error

    async def warn_if_exposed(self, child: Child) -> None:
        """Tell, once, when other machines can reach the service."""
        if self.generation == 1 and self.port is not None and await listening.exposed(child, self.port):
            self.world.note(
                f"listens on every address of this machine (port {self.port}): others in its network can reach it; "
                "let it listen on 127.0.0.1 unless they shall",
                self.unit.name,
            )

    def pick_another_port(self, stolen: PortStolen) -> m.Message:
        """Choose another port; who knew the old one is told by a restart."""
        name = self.unit.port or self.unit.name
        failure = self.failure(str(stolen), remedy="stop it, or set another port in [ports]")
        affected = self.world.users_of_port(name)
        lost = self.world.tools.ports.chosen[name]
        try:
            port = self.world.tools.ports.pick_again(name)
        except PortTaken as error:
            return m.Ended(self.unit.name, self.generation, self.failure_of(error))
        self.world.publish(PortChosen(name, port, lost, stolen.holder))
        return m.PortLost(self.unit.name, self.generation, affected, failure)

    async def keep_watch(self, child: Child | None) -> None:
        """Watch liveness for as long as the service runs."""
        if child is not None:
            await self.warn_if_exposed(child)
        spec = self.spec.liveness
        if spec is None:
            return
        await watch(
            self.world.tools.probe(self.expanded(spec), self.log.seen),
            self.expanded(spec),
            lost=lambda answer: self.post(m.Unready(self.unit.name, self.generation, answer.detail)),
            back=lambda: self.post(m.Ready(self.unit.name, self.generation, None)),
        )


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel, again if need be: what it waits for may have swallowed that (`wait_for` of Python 3.11 does)."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_DEAF_SECONDS)
    if not task.cancelled():
        with suppress(Exception):
            task.exception()
