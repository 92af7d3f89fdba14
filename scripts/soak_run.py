"""The course of a soak: boot, one action after the other with its checks, the end, the table; and the controls."""

import contextlib
import shutil
import statistics
import time
from dataclasses import dataclass, field

from launcher.errors import LauncherError
from scripts import soak_actions, soak_checks, soak_control, soak_plan, soak_supervisor
from scripts.soak_actions import Expectation
from scripts.soak_checks import Books
from scripts.soak_meter import Meter
from scripts.soak_stack import SoakStack, Unexpected, wait_until

DOERS = soak_actions.DOERS | soak_supervisor.DOERS
MOST_PROBLEMS = 5  # after so many it isn't worth going on


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    seed: int
    minutes: float
    actions: int | None = None
    first: int = 0

    def replay(self) -> str:
        """The command that does the same again."""
        words = ["python3 scripts/soak.py", f"--seed {self.seed}", f"--minutes {self.minutes:g}"]
        words += [f"--actions {self.actions}"] if self.actions is not None else []
        words += [f"--first {self.first}"] if self.first else []
        return " ".join(words)


@dataclass
class Score:
    """How one kind of action went: recoveries in seconds, and failures."""

    seconds: list[float] = field(default_factory=list)
    failures: int = 0


@dataclass
class Story:
    """What happened."""

    scores: dict[str, Score] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        """Note and print something that went wrong."""
        self.problems.append(what)
        print(f"  WRONG: {what}", flush=True)


def soak(stack: SoakStack, order: Order) -> int:
    """Boot, act, check, and tell; 0 when all is well."""
    story, meter = Story(), Meter(stack)
    print(f"seed {order.seed}, again with: {order.replay()}\nbooting in {stack.directory}", flush=True)
    try:
        stack.run("up", "-d")
        soak_checks.recovered(stack, Expectation())
        meter.start()
        act(stack, order, story, meter)
    except Unexpected as error:
        story.wrong(str(error))
    finally:
        meter.stop()
    books = the_end(stack, story)
    for problem in meter.problems():
        story.wrong(problem)
    table(story, meter, books)
    if story.problems:
        print(f"\nNOT WELL: {len(story.problems)} problems with seed {order.seed}; again: {order.replay()}")
        return 1
    print("\nall is well")
    return 0


def act(stack: SoakStack, order: Order, story: Story, meter: Meter) -> None:
    """Do one action after the other until time is up."""
    begun = time.monotonic()
    for done, action in enumerate(soak_plan.schedule(order.seed, order.first)):
        elapsed = time.monotonic() - begun
        if elapsed > order.minutes * 60 or done == order.actions or len(story.problems) >= MOST_PROBLEMS:
            return
        time.sleep(action.pause)
        print(f"{elapsed:7.1f} s  seed {order.seed}  {action!s:<40}", end=" ", flush=True)
        if one(stack, action, story):
            meter.at_rest()
        else:
            heal(stack, action)


def one(stack: SoakStack, action: soak_plan.Action, story: Story) -> bool:
    """Do one action, wait for the recovery and look around; whether all went well."""
    score = story.scores.setdefault(action.kind, Score())
    try:
        seconds = soak_checks.recovered(stack, DOERS[action.kind](stack, action))
        soak_checks.audit(stack)
    except (Unexpected, LauncherError) as error:
        score.failures += 1
        print(flush=True)
        story.wrong(f"{action}: {error}")
        return False
    score.seconds.append(seconds)
    print(f"{seconds:6.1f} s", flush=True)
    return True


def heal(stack: SoakStack, action: soak_plan.Action) -> None:
    """Keep what tells of the failure, and boot anew. Raises Unexpected when even that fails."""
    evidence = stack.directory / f"evidence-{action.index}"
    with contextlib.suppress(OSError, ValueError, shutil.Error):
        shutil.copytree(stack.paths().home, evidence, ignore=shutil.ignore_patterns("data", "*.sock"))
    stack.drop_clients()
    stack.run("down", code=None)
    stack.run("up", "-d")
    soak_checks.recovered(stack, Expectation())


def the_end(stack: SoakStack, story: Story) -> Books | None:
    """Stop the stack, see what is left, and compare the books; None when they could not be opened."""
    try:
        stack.run("down")
        for problem in soak_checks.left_behind(stack):
            story.wrong(problem)
        books = soak_checks.books(stack)
        for problem in (*books.problems, *soak_checks.left_behind(stack)):
            story.wrong(problem)
    except (Unexpected, OSError) as error:
        story.wrong(f"at the end: {error}")
        return None
    return books


def table(story: Story, meter: Meter, books: Books | None) -> None:
    """Print what was done and found."""
    print(f"\n{'action':<28} {'times':>5} {'median s':>9} {'worst s':>8} {'failures':>9}")
    for kind in sorted(story.scores):
        score = story.scores[kind]
        median, worst = (
            (f"{statistics.median(score.seconds):.1f}", f"{max(score.seconds):.1f}") if score.seconds else ("-", "-")
        )
        times = len(score.seconds) + score.failures
        print(f"{kind:<28} {times:>5} {median:>9} {worst:>8} {score.failures:>9}")
    times = sum(len(score.seconds) + score.failures for score in story.scores.values())
    rows = [("actions", str(times)), *meter.rows()]
    rows.append(("rows acknowledged", str(books.acknowledged) if books else "?"))
    rows.append(("rows found", str(books.found) if books else "?"))
    rows.append(("problems", str(len(story.problems))))
    print()
    for label, value in rows:
        print(f"{label:<28} {value}")


def control(stack: SoakStack) -> int:
    """Plant what the checks are for, and see that it is noticed; 0 when all of it was."""
    print(f"controls, in {stack.directory}", flush=True)
    stack.run("up", "-d", "writer")
    wait_until(lambda: len(stack.acknowledged()) >= 30, 30, "rows are written")
    stack.run("down")
    results = soak_control.controls(stack)
    for what, noticed in results:
        print(f"{'noticed' if noticed else 'MISSED ':<8} {what}")
    return 0 if all(noticed for _, noticed in results) else 1
