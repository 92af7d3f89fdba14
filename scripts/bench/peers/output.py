"""Output: how fast a million lines reach the log, and whether each of them arrives whole and once."""

import contextlib
import os
import shutil
import time
from pathlib import Path

from scripts.bench.peers.children import Child, Project
from scripts.bench.peers.course import Bench
from scripts.bench.peers.lines import judge_logs, log_data
from scripts.bench.peers.rest import cpu_seconds, peak_rss_mb
from scripts.bench.peers.running import Run, count_of, end
from scripts.bench.peers.watch import Watch


def logs(bench: Bench) -> None:
    """A million lines of 100 bytes from one child, then 250,000 from each of four at once."""
    for names, lines in ((["c0"], 1_000_000), (["c0", "c1", "c2", "c3"], 250_000)):
        data = {name: log_data(bench.work, name, lines) for name in names}
        children = [Child(name, "log", (str(data[name]),)) for name in names]
        metric = "log_1x1M_s" if len(names) == 1 else "log_4x250k_s"
        for peer in bench.each(bench.peers("logs", floor=True), 3):
            with Run(peer, Project(children), bench.work) as run:
                run.up()
                took, seen = deliver(run, names, lines)
                bench.add(metric, peer.name, took, **seen)


def deliver(run: Run, names: list[str], lines: int) -> tuple[float, dict[str, object]]:
    """Seconds from the first child's start until its log stops growing; what that cost, and what arrived."""
    followed = Followed(run) if run.peer.rotates else None
    changed = wait_until_quiet(run, len(names), followed)
    own, _ = run.own_processes()
    cpu, peak = cpu_seconds(own), sum(map(peak_rss_mb, own))
    begun = run.started()[0][2] if run.started() else run.launched
    ended = count_of(run.dir / "done") == len(names)
    seen: dict[str, object] = {"cpu_s": round(cpu, 2), "peak_rss_mb": round(peak, 1), "all_read": ended}
    verdict = judge(run, names, lines, followed)
    if verdict["lost"]:  # perhaps only held back until the stop
        held = verdict["lost"]
        stop_and_wait(run)
        verdict = judge(run, names, lines, followed)
        seen["held_until_stop"] = held - verdict["lost"]
    if followed is not None:
        seen["rotations"] = followed.rotations
        followed.close()
    return changed - begun, seen | verdict


def wait_until_quiet(run: Run, count: int, followed: "Followed | None", timeout: float = 240) -> float:
    """When the logs last grew: they have been quiet for 3 s and all children are done, or quiet for 20 s."""
    size, changed, deadline = -1, time.time(), time.time() + timeout
    while time.time() < deadline:
        time.sleep(0.01 if followed is None else 0.002)
        if followed is not None:
            now = followed.look()
        else:
            now = sum(file.stat().st_size for file in run.peer.log_files(run) if file.exists())
        if now != size:
            size, changed = now, time.time()
        quiet = time.time() - changed
        if (quiet > 3 and count_of(run.dir / "done") == count) or quiet > 20:
            break
    return changed


def judge(run: Run, names: list[str], lines: int, followed: "Followed | None") -> dict[str, int]:
    """The verdict on the log files, or on all that was seen of files that rotate."""
    if followed is None:
        return judge_logs(run.peer.log_files(run), names, lines)
    followed.look()
    return judge_logs(followed.assembled(run.dir / "assembled"), names, lines)


def stop_and_wait(run: Run) -> None:
    """Stop by the peer's own way, and wait until the children are gone."""
    watch = Watch(pid for _, pid, _ in run.started())
    command = run.begin_down("down")
    watch.wait(5)
    end(command, patience=5)
    time.sleep(1)
    watch.close()


class Followed:
    """Log files that rotate: each is opened as soon as it is seen, and stays readable when its name is gone.

    A supervisor that keeps two files of a unit has by design lost the older lines of a million; whether it lost any
    before it rotated them away is another question, and this answers it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._files: dict[str, dict[int, int]] = {}  # by name of the log, then by inode: a descriptor, oldest first

    def look(self) -> int:
        """Open what is new; the bytes of all that was seen."""
        for path in self._run.peer.log_files(self._run):
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(path, os.O_RDONLY)
                inode = os.fstat(handle).st_ino
                known = self._files.setdefault(path.name.removesuffix(".1"), {})
                if inode in known:
                    os.close(handle)
                else:
                    known[inode] = handle
        return sum(os.fstat(handle).st_size for known in self._files.values() for handle in known.values())

    @property
    def rotations(self) -> int:
        """How often a file followed another."""
        return sum(len(known) - 1 for known in self._files.values())

    def assembled(self, folder: Path) -> list[Path]:
        """One file a log, of all its parts: a line that a rotation cut in two is whole for whoever reads on."""
        folder.mkdir(exist_ok=True)
        for name, known in self._files.items():
            with (folder / name).open("wb") as whole:
                for handle in known.values():
                    with os.fdopen(os.dup(handle), "rb") as part:
                        part.seek(0)
                        shutil.copyfileobj(part, whole)
        return [folder / name for name in self._files]

    def close(self) -> None:
        """Let go of the files."""
        for known in self._files.values():
            for handle in known.values():
                os.close(handle)
        self._files.clear()
