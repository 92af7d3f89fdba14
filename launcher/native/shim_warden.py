"""The warden: the program that forks a shim for each child. Run as `python -I -S shim_warden.py SOCKET`.

It holds nothing and decides nothing (`warden.py`, the supervisor's end, asks it): killed, it leaves the shims at work.
Imports no package code but `shim`, its neighbour, and that once for all shims.

Request: one byte with the handles of control pipe, status pipe, orders (a file), output pipe and, if given, input; the
answer is the shim's pid, or an errno below zero, and a line end.
"""

import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import marshal
import os
import struct
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # last: nothing there may stand in for a standard module
import shim  # type: ignore[import-not-found]

MOST_HANDLES = 5
PR_SET_NAME = 15


def become_shim(handles: list[int]) -> None:
    """In the warden's forked child: hold one child until nothing of its tree is left. Never returns."""
    try:
        control, status, orders, output, *given = handles
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(given[0] if given else nothing, 0)
        for standard in (1, 2):
            os.dup2(output, standard)
        os.close(output)
        with open(orders, "rb") as file:
            held = shim.Shim(control, status, marshal.loads(file.read()))
        name_ourselves("rx:" + held.spec["unit"])
        shim.become_subreaper()
        shim.bear_brand(held.spec["brand"])
        if held.start():
            for standard in range(3):  # the child's output must end when the child's tree does
                os.dup2(nothing, standard)
            held.run()
    except BaseException as error:
        os.write(2, f"the shim failed: {error!r}\n".encode())
    finally:
        os._exit(0)


def name_ourselves(name: str) -> None:
    """What `ps -o comm` and `top` show, so that one tells the shims apart."""
    if sys.platform == "linux":
        import ctypes

        words = ctypes.create_string_buffer(name.encode()[:15])
        shim.system_call("prctl", PR_SET_NAME, ctypes.addressof(words), 0, 0, 0)


def serve(door: socket.socket) -> None:
    """Fork a shim for each request, until the supervisor closes its end or dies. Shims outlive us."""
    signal.signal(signal.SIGCHLD, lambda *_: collect())
    while True:
        said, ancillary, _, _ = door.recvmsg(1, 4 * MOST_HANDLES + 64, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
        if not said:
            return
        handles: list[int] = []
        for _, _, data in ancillary:
            handles += struct.unpack(f"{len(data) // 4}i", data)
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            door.close()
            become_shim(handles)
        for handle in handles:
            os.close(handle)
        door.sendall(b"%d\n" % pid)


def collect() -> None:
    """Forget the shims that ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def warm_up() -> None:
    """Load now, once, what every shim needs, and keep the collector from touching (and so copying) shared memory."""
    import ctypes
    import gc
    import resource  # noqa: F401

    ctypes.CDLL(None)
    gc.disable()
    gc.freeze()


def main() -> None:
    door = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(door.fileno(), False)
    warm_up()
    serve(door)


if __name__ == "__main__":
    main()
