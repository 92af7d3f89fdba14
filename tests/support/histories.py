"""Scripted histories for the machine: messages in, effects out, a clock that moves when it is told to."""

from launcher import events as e
from launcher.events import Exit, Failure
from launcher.run import messages as m
from launcher.run.machine import decide
from launcher.run.state import Phase, State, UnitState
from launcher.stack.model import RestartSpec

CRASH = Failure("exited with code 1")


def unit(name, *, service=True, needs=(), restart=None, stage="services"):
    """A unit that needs others: services healthy, tasks completed (their names start with `t`)."""
    conditions = {need: "completed" if need.startswith("t") else "healthy" for need in needs}
    return UnitState(name, service, stage, conditions, restart or RestartSpec())


class History:
    """A stack that lives only in the machine."""

    def __init__(self, *units, wanted=None):
        self.state = State(units={u.name: u for u in units})
        if wanted is not None:
            changed = {n: UnitState(n, u.is_service, u.stage, u.depends_on, u.restart, wanted=n in wanted)
                       for n, u in self.state.units.items()}  # fmt: skip
            self.state = State(units=changed)
        self.now = 100.0
        self.effects = []

    def play(self, *messages):
        """Send messages; returns the effects of the last."""
        new = ()
        for message in messages:
            self.state, new = decide(self.state, message, self.now)
            self.effects += new
        return new

    def boot(self):
        return self.play(m.Boot())

    def generation(self, name):
        return self.state.units[name].generation

    def phase(self, name):
        return self.state.units[name].phase

    def started(self, name):
        return self.play(m.Started(name, self.generation(name)))

    def ready(self, *names):
        for name in names:
            self.play(m.Started(name, self.generation(name)), m.Ready(name, self.generation(name)))

    def done(self, name, skipped=None):
        return self.play(m.Finished(name, self.generation(name), skipped=skipped))

    def crash(self, name, code=1):
        return self.play(m.Ended(name, self.generation(name), CRASH, Exit(code)))

    def stopped(self, name):
        return self.play(m.Stopped(name, self.generation(name)))

    def begun(self):
        """Units begun, in order."""
        return [effect.unit for effect in self.effects if isinstance(effect, m.Begin)]

    def interrupted(self):
        return [effect.unit for effect in self.effects if isinstance(effect, m.Interrupt)]

    def delays(self):
        return [effect.delay for effect in self.effects if isinstance(effect, m.ArmTimer)]

    def published(self, kind):
        return [f.event for f in self.effects if isinstance(f, m.Publish) and isinstance(f.event, kind)]

    def exit_code(self):
        """The code it finished with, or None."""
        return next((f.exit_code for f in self.effects if isinstance(f, m.Finish)), None)


__all__ = ["CRASH", "Exit", "Failure", "History", "Phase", "e", "m", "unit"]
