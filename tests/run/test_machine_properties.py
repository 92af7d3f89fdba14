"""The machine, against anything that can happen: invariants that no order of messages may break."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from launcher.run.dependencies import missing
from launcher.stack.model import RestartSpec
from tests.support.histories import CRASH, Exit, History, Phase, e, m, unit

NAMES = ("pg", "redis", "tmig", "api", "web")
ENDED = (Phase.STOPPED, Phase.FAILED, Phase.DONE, Phase.PENDING, Phase.BACKOFF)
name = st.sampled_from(NAMES)


class Stack(RuleBasedStateMachine):
    """A model of the edge: which incarnations really run, as told by the effects."""

    def __init__(self):
        super().__init__()
        policy = RestartSpec(delay=0.5, max_delay=4, max_failures=3)
        self.history = History(
            unit("pg", restart=policy),
            unit("redis", restart=policy),
            unit("tmig", service=False, needs=("pg",)).replaced(idle=True),
            unit("api", needs=("redis", "tmig"), restart=policy).replaced(head_start=True),
            unit("web", needs=("api",), restart=policy),
        )
        self.live = {}  # unit → generation that really runs
        self.asked = set()
        self.served = set()  # ready in their last incarnation
        self.timers = {}
        self.send(m.Boot())

    def send(self, message):
        before = len(self.history.effects)
        self.history.play(message)
        for effect in self.history.effects[before:]:
            if isinstance(effect, m.Begin):
                assert effect.unit not in self.live, "two incarnations of one unit"
                self.live[effect.unit] = effect.generation
                self.served.discard(effect.unit)
            elif isinstance(effect, m.Interrupt | m.Kill):
                assert effect.unit in self.live, "an order for nobody"
                self.asked.add(effect.unit)
            elif isinstance(effect, m.ArmTimer):
                assert 0 <= effect.delay <= 4, "backoff out of bounds"
                assert effect.delay >= 0.5 or effect.unit in self.served, "who never served waits the whole delay"
                self.timers[effect.unit] = effect.generation

    def end(self, unit_name, message):
        self.live.pop(unit_name)
        self.asked.discard(unit_name)
        self.send(message)

    @rule(unit_name=name)
    def becomes_ready_or_done(self, unit_name):
        if unit_name not in self.live or unit_name in self.asked or self.on_credit(unit_name):
            return
        generation = self.live[unit_name]
        if unit_name == "tmig":
            self.end(unit_name, m.Finished(unit_name, generation))
        else:
            self.served.add(unit_name)
            self.send(m.Ready(unit_name, generation))

    def on_credit(self, unit_name):
        """The edge asks nobody whether he is ready before what he depends on holds."""
        known = self.history.state.units[unit_name]
        return known.ahead and missing(self.history.state.units, known)

    @rule()
    def the_task_finds_work(self):
        if "tmig" in self.live:
            self.send(m.Working("tmig", self.live["tmig"]))

    @rule(unit_name=name)
    def has_a_process(self, unit_name):
        if unit_name in self.live and unit_name != "tmig":
            self.send(m.Started(unit_name, self.live[unit_name]))

    @rule(unit_name=name, code=st.integers(0, 2))
    def ends_by_itself(self, unit_name, code):
        if unit_name in self.live:
            self.end(unit_name, m.Ended(unit_name, self.live[unit_name], CRASH, Exit(code)))

    @rule(unit_name=name)
    def stops_as_asked(self, unit_name):
        if unit_name in self.asked:
            self.end(unit_name, m.Stopped(unit_name, self.live[unit_name]))

    @rule(unit_name=name)
    def loses_its_port(self, unit_name):
        if unit_name in self.live and unit_name != "tmig":
            self.end(unit_name, m.PortLost(unit_name, self.live[unit_name], NAMES, CRASH))

    @rule(unit_name=name)
    def timer_fires(self, unit_name):
        if unit_name in self.timers:
            self.send(m.TimerFired(unit_name, self.timers.pop(unit_name)))

    @rule(unit_name=name, generation=st.integers(0, 3))
    def stale_messages_come_late(self, unit_name, generation):
        if generation < self.history.generation(unit_name):
            before = self.history.state
            self.send(m.Ended(unit_name, generation, CRASH, Exit(1)))
            self.send(m.Ready(unit_name, generation))
            assert self.history.state == before

    @rule(names=st.lists(name, max_size=3), kind=st.sampled_from([e.StartUnits, e.StopUnits, e.RestartUnits]))
    def somebody_commands(self, names, kind):
        self.send(kind(tuple(names)))

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds):
        self.history.now += seconds

    @rule(command=st.sampled_from([e.StopStack(), e.KillStack()]))
    def somebody_stops_the_stack(self, command):
        if self.history.now > 300:  # late enough for something to have happened
            self.send(command)

    @invariant()
    def the_machine_knows_what_runs(self):
        believed = {unit.name for unit in self.history.state.units.values() if unit.live}
        assert believed == set(self.live)

    @invariant()
    def nothing_runs_whose_phase_is_an_end(self):
        for unit_name in self.live:
            assert self.history.phase(unit_name) not in ENDED

    @invariant()
    def whoever_runs_on_credit_lacks_something_and_nobody_else_began_early(self):
        for known in self.history.state.units.values():
            if known.ahead and known.phase is Phase.STARTING:
                assert known.name == "api"
                assert known.generation == 1
                assert missing(self.history.state.units, known)

    @invariant()
    def a_finished_stack_runs_nothing(self):
        if self.history.state.finished:
            assert not self.live

    def teardown(self):
        """A stop request always ends: whatever runs is asked to stop, in some order, until nothing does."""
        self.send(e.StopStack())
        for _ in range(len(NAMES) + 1):
            for unit_name in tuple(self.asked):
                self.end(unit_name, m.Stopped(unit_name, self.live[unit_name]))
        assert self.history.state.finished
        assert self.history.exit_code() is not None


Stack.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_the_invariants_hold = Stack.TestCase
