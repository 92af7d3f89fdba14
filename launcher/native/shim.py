"""What holds one child and all it spawns, in a process of its own that the warden forked; imports no package code.

A shim is the subreaper of the child's tree, leads its own session (a Ctrl-C of the terminal or a kill of the
launcher's process group passes it by) and reads a control pipe. When that pipe ends, because the supervisor stopped or
was killed, the tree is stopped all the same. Small, flat and light on imports: every boot pays for it.

Control pipe, one letter each: `i` stop (signal, then KILL after the grace period), `k` kill now, end of file = stop.
Status pipe, one line each: `main PID`, `error STEP ERRNO`, `exit CODE`, `signal N`, `leftover NAME`, `forced`.
"""

import _signal as signal  # type: ignore[import-not-found]  # `signal` itself builds enums, which costs more than the rest of this program
import os
import select
import struct
import sys
import time
from _signal import SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGTERM

SETTLE_SECONDS = 0.1  # what a main process left behind may still go by itself (esbuild, watchers)
LEFTOVER_SECONDS = 1.0  # then it is asked, and after this time killed
ORPHAN_SECONDS = 5.0  # longest grace when the supervisor is dead and nobody waits
GIVE_UP_SECONDS = 5.0  # of KILL without effect: another user's process, or one stuck in the kernel
MOST_NAMES = 20

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_CHILD_SUBREAPER = 1, 8, 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, LINUX_CAPABILITY_VERSION_3 = 47, 2, 1, 0x20080522
CLONE_NEWUSER = 0x10000000
RUNNING, SETTLING, STOPPING, KILLING = range(4)


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as listing:
                found += map(int, listing.read().split())
    except OSError:
        pass
    return found


def parents() -> dict[int, int]:
    """Every process and its parent, for kernels without the children file (and slower)."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(int(name))
            if fields:
                found[int(name)] = int(fields[1])
    return found


def descendants(pid: int) -> list[int]:
    """All processes below this one, parents before their children."""
    found: list[int] = []
    if os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        pending = children(pid)
        while pending:
            found += pending
            pending = [grandchild for child in pending for grandchild in children(child)]
        return found
    if not os.path.isdir("/proc"):
        return found
    family = parents()
    level = {pid}
    while level := {child for child, parent in family.items() if parent in level}:
        found += level
    return found


def stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat after the command name: state, parent, group, session, …; empty if gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def command_name(pid: int) -> str:
    """What the process calls itself, never its arguments (they may carry what must not be shown)."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            name = file.read(4096).split(b"\0")[0]
        if not name:
            with open(f"/proc/{pid}/comm", "rb") as file:
                name = file.read(64).strip()
    except OSError:
        return ""
    words = name.decode("utf-8", "replace").rpartition("/")[2]
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:40]


def system_call(name: str, *arguments: int) -> int:
    """Call a function of the C library by its name; the value it gave, or OSError."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    result = getattr(library, name)(*map(ctypes.c_ulong, arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return int(result)


def become_subreaper() -> None:
    """From now on orphans below us become our children instead of init's."""
    if sys.platform == "linux":
        system_call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def drop_privileges(user: int, group: int) -> None:
    """Stop being root: in a user namespace whose only user is nobody (files stay ours), else as an ordinary user."""
    try:
        system_call("unshare", CLONE_NEWUSER)
    except OSError:
        become(user, group)
        return
    for name, text in (("setgroups", b"deny"), ("gid_map", b"65534 0 1"), ("uid_map", b"65534 0 1")):
        handle = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(handle, text)
        os.close(handle)


def become(user: int, group: int) -> None:
    """An ordinary user who may still enter root's private directories (where the data is), if we may grant that."""
    import ctypes  # loaded long ago: that user may not be able to read our standard library

    mask = 1 << CAP_DAC_OVERRIDE
    header = ctypes.create_string_buffer(struct.pack("=Ii", LINUX_CAPABILITY_VERSION_3, 0))
    sets = ctypes.create_string_buffer(struct.pack("=6I", mask, mask, mask, 0, 0, 0))  # this one, and no other
    try:
        system_call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
    except OSError:
        pass
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    try:
        system_call("capset", ctypes.addressof(header), ctypes.addressof(sets))
        system_call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)  # exec keeps it
    except OSError:
        pass  # we never had it: whether the data can be reached is up to the directories


def bear_brand(brand: int) -> None:
    """Take on the limit that tells whose child this is, for ourselves and all that is born below us (brand.py)."""
    import resource

    kind = getattr(resource, "RLIMIT_RTTIME", None)
    try:
        if kind is not None:
            resource.setrlimit(kind, (brand, brand))
    except (OSError, ValueError):
        pass  # somebody set a lower one: the marks in the environment must do


class Shim:
    """The state of one tree: running, settling (main is gone), stopping (asked to go), killing."""

    def __init__(self, control: int, status: int, spec: dict) -> None:  # type: ignore[type-arg]
        self.control = control
        self.status = status
        self.spec = spec
        self.main = 0
        self.main_gone = False
        self.state = RUNNING
        self.asked = False
        self.rest_told = False
        self.told: set[int] = set()
        self.deadline: float | None = None
        self.killing_since = 0.0
        self.wake, wake_writer = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_writer, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in (SIGTERM, SIGINT, SIGHUP):
            signal.signal(number, lambda *_: self.stop(min(self.spec["grace"], ORPHAN_SECONDS)))
        signal.signal(SIGCHLD, lambda *_: None)

    def report(self, line: str) -> None:
        try:
            os.write(self.status, line.encode() + b"\n")
        except OSError:
            pass  # the supervisor is dead: nobody to tell

    def start(self) -> bool:
        """Fork and exec the main process; False (and reported) when that is impossible."""
        trouble, trouble_writer = os.pipe()
        try:
            self.main = os.fork()
        except OSError as error:
            self.report(f"error fork {error.errno}")
            return False
        if self.main == 0:
            self.become_main(trouble_writer)
        os.close(trouble_writer)
        said = os.read(trouble, 100)  # ends at exec
        os.close(trouble)
        if said:
            os.waitpid(self.main, 0)
            self.report("error " + said.decode())
            return False
        self.report(f"main {self.main}")
        return True

    def become_main(self, trouble: int) -> None:
        """In the forked child: become what was asked for, or say at which step it failed. Never returns."""
        spec, shim, step, number = self.spec, os.getppid(), "start", 0
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for other in signal.valid_signals() - {SIGKILL, signal.SIGSTOP}:
                try:
                    signal.signal(other, signal.SIG_DFL)
                except (OSError, ValueError):
                    pass
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            step = "cwd"
            os.chdir(spec["cwd"])
            step = "user"
            if spec["user"]:
                drop_privileges(*spec["user"])
            step = "start"
            if sys.platform == "linux":
                system_call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)  # after the user: changing that clears it
            if os.getppid() != shim:
                os._exit(127)
            step = "exec"
            os.execve(spec["path"], spec["argv"], spec["env"])
        except OSError as error:
            number = error.errno or 0
        except ValueError:
            number = 22  # a zero byte in an argument, or a variable's name with "="
        finally:
            os.write(trouble, f"{step} {number}".encode())
            os._exit(127)

    def reap(self) -> bool:
        """Collect the dead; whether any child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.main:
                self.main_gone = True
                code = os.waitstatus_to_exitcode(status)
                self.report(f"exit {code}" if code >= 0 else f"signal {-code}")

    def tell(self, pids: list[int], number: int) -> None:
        """Signal each of these once in its life, and wake those that are stopped so that they can obey."""
        for pid in pids:
            if pid not in self.told:
                self.told.add(pid)
                try:
                    os.kill(pid, number)
                    os.kill(pid, SIGCONT)
                except OSError:
                    pass

    def stop(self, grace: float) -> None:
        """Ask the tree to go. Asking again may only shorten the time."""
        deadline = time.monotonic() + grace
        if self.state in (RUNNING, SETTLING):
            self.state, self.deadline = STOPPING, deadline
            only_main = self.spec["scope"] == "main" and not self.main_gone
            self.tell([self.main] if only_main else descendants(os.getpid()), self.spec["stop"])
        elif self.deadline is not None:
            self.deadline = min(self.deadline, deadline)
        self.asked = True

    def kill(self) -> None:
        """Leave no time at all."""
        if self.state != KILLING:
            self.state, self.deadline, self.killing_since = KILLING, None, time.monotonic()

    def advance(self, now: float) -> bool:
        """Take the steps that are due; False when the rest cannot be killed."""
        if self.main_gone and self.state == RUNNING:
            self.state, self.deadline = SETTLING, now + SETTLE_SECONDS
        elif self.main_gone and self.state == STOPPING and not self.rest_told:
            # The rest keeps the time it was given: npm goes at once, the server below it may need a while.
            self.rest_told = True
            self.tell(descendants(os.getpid()), SIGTERM)
            if self.spec["scope"] == "main":
                self.deadline = min(self.deadline or now, now + LEFTOVER_SECONDS)
        if self.deadline is not None and now >= self.deadline:
            if self.state == SETTLING:
                self.name_leftovers()
                self.tell(descendants(os.getpid()), SIGTERM)
                self.state, self.rest_told = STOPPING, True
                self.deadline = now + min(self.spec["grace"], LEFTOVER_SECONDS)
            else:
                if self.asked:
                    self.report("forced")
                self.kill()
        if self.state == KILLING:
            for pid in descendants(os.getpid()):
                try:
                    os.kill(pid, SIGKILL)
                except OSError:
                    pass
            if now - self.killing_since > GIVE_UP_SECONDS:
                self.name_leftovers()
                return False
        return True

    def name_leftovers(self) -> None:
        names = [command_name(pid) for pid in descendants(os.getpid()) if stat(pid)[:1] not in ([], [b"Z"])]
        for name in names[:MOST_NAMES]:
            self.report(f"leftover {name or '?'}")

    def timeout(self, now: float) -> float | None:
        if self.state == KILLING:
            return min(0.05, max(0.001, (now - self.killing_since) / 10))
        return None if self.deadline is None else max(0.0, self.deadline - now)

    def listen(self, timeout: float | None) -> None:
        """Sleep until a child dies, the supervisor speaks or dies, or time is up."""
        poll = select.poll()  # unlike select(), it takes the high numbers a busy supervisor's pipes may have
        for handle in (self.wake, self.control):
            if handle >= 0:
                poll.register(handle, select.POLLIN)
        ready = [handle for handle, _ in poll.poll(None if timeout is None else timeout * 1000)]
        if self.wake in ready:
            os.read(self.wake, 4096)
        if self.control in ready:
            said = os.read(self.control, 64)
            if b"k" in said:
                self.kill()
            elif b"i" in said:
                self.stop(self.spec["grace"])
            if not said:
                os.close(self.control)
                self.control = -1
                self.stop(min(self.spec["grace"], ORPHAN_SECONDS))

    def run(self) -> None:
        """Hold the tree until nothing of it is left."""
        while self.reap():
            if not self.advance(time.monotonic()):
                return
            if self.reap():
                self.listen(self.timeout(time.monotonic()))
