"""How big the supervisors of a soak get: memory sampled all the time, open files whenever the stack is at rest."""

import contextlib
import statistics
import threading
from dataclasses import dataclass, field

import psutil  # noqa: TID253 - this is no part of the program

from launcher.native.contract import Identity
from scripts.soak_stack import SoakStack

SAMPLE_SECONDS = 0.5
MOST_MEMORY = 200 * 2**20
MOST_GROWTH, GROWTH_ALLOWANCE = 0.25, 10 * 2**20
GROWTH_SAMPLES = 60  # of one supervisor, before its growth means anything
MOST_NEW_FILES = 12  # open files a supervisor may have more than at its first rest


@dataclass
class Life:
    """One supervisor's memory (each half second) and open files (whenever the stack was at rest)."""

    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def growth(self) -> int | None:
        """Bytes from the first quarter to the last, by their medians; None when it was too short."""
        quarter = len(self.memory) // 4
        if len(self.memory) < GROWTH_SAMPLES:
            return None
        return int(statistics.median(self.memory[-quarter:]) - statistics.median(self.memory[:quarter]))

    def grown_too_much(self) -> bool:
        """Whether memory has grown beyond what is allowed."""
        growth, quarter = self.growth(), len(self.memory) // 4
        if growth is None:
            return False
        return growth > MOST_GROWTH * statistics.median(self.memory[:quarter]) + GROWTH_ALLOWANCE


class Meter(threading.Thread):
    """Samples whichever supervisor lives, until told to stop."""

    def __init__(self, stack: SoakStack) -> None:
        super().__init__(daemon=True)
        self._stack = stack
        self._over = threading.Event()
        self.lives: dict[Identity, Life] = {}

    def run(self) -> None:
        """Sample memory."""
        while not self._over.wait(SAMPLE_SECONDS):
            with contextlib.suppress(psutil.Error, ValueError, OSError):
                who = self._stack.supervisor()
                memory = psutil.Process(who.pid).memory_info().rss if who is not None else 0
                if who is not None and memory:  # none is left once it ends
                    self._life(who).memory.append(memory)

    def at_rest(self) -> None:
        """Count the open files of the living supervisor."""
        with contextlib.suppress(psutil.Error, OSError):
            who = self._stack.supervisor()
            if who is not None:
                self._life(who).files.append(psutil.Process(who.pid).num_fds())

    def stop(self) -> None:
        """Stop sampling."""
        self._over.set()
        if self.is_alive():
            self.join()

    def _life(self, who: Identity) -> Life:
        return self.lives.setdefault(who, Life())

    def problems(self) -> list[str]:
        """What is too big, or has grown too much."""
        found = []
        for who, life in self.lives.items():
            if life.memory and max(life.memory) > MOST_MEMORY:
                found.append(f"supervisor {who.pid} used {max(life.memory) >> 20} MiB")
            if life.grown_too_much():
                found.append(f"supervisor {who.pid} grew by {(life.growth() or 0) >> 20} MiB")
            if life.files and max(life.files) > life.files[0] + MOST_NEW_FILES:
                found.append(f"supervisor {who.pid} had {life.files[0]} open files, later {max(life.files)}")
        return found

    def rows(self) -> list[tuple[str, str]]:
        """What was measured."""
        memory = [sample for life in self.lives.values() for sample in life.memory]
        growths = [growth for life in self.lives.values() if (growth := life.growth()) is not None]
        files = [count for life in self.lives.values() for count in life.files]
        rows = [("supervisors", str(len(self.lives)))]
        if memory:
            rows.append(("their memory", f"{min(memory) / 2**20:.0f} to {max(memory) / 2**20:.0f} MiB"))
        longest = max((len(life.memory) for life in self.lives.values()), default=0) * SAMPLE_SECONDS
        grown = f"{max(growths) / 2**20:+.1f} MiB at most" if growths else "none lived long enough to tell"
        rows.append(("their growth", f"{grown} (longest life {longest:.0f} s)"))
        if files:
            rows.append(("their open files", f"{min(files)} to {max(files)} at rest"))
        return rows
