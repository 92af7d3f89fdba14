"""What a supervisor is given to supervise: the programs that run as children, and a project of them."""

import dataclasses
import re

# --------------------------------------------------------------------------------------------------

# Each child's first action is to write "TIME PID" into started/NAME.PID, with bash builtins only, so
# that its time of start costs no further process.  A server that a child starts writes kids/NAME.PID.
CHILD = r"""#!/bin/bash
echo "$EPOCHREALTIME $$" > "@DIR@/started/$2.$$"
case $1 in
sleep)    exec sleep 1000 ;;
stubborn) trap '' TERM INT; exec sleep 1000 ;;                     # still ignored across the exec
family)   "@DIR@/server" "$2" & wait ;;                            # shell and server, one group
wrapper)  exec /bin/sh -c '"$0" "$1" nohup; true' "@DIR@/server" "$2" ;; # as npm runs a script
setsid)   setsid "@DIR@/server" "$2" nohup & wait ;;               # the server left the group
log)      cat "$3"; echo "$EPOCHREALTIME $$" > "@DIR@/done/$2"; exec sleep 1000 ;;
listen)   exec "@PYTHON@" "@DIR@/listen.py" "$3" "$4" "@DIR@/opened" ;;
esac
"""

SERVER = r"""#!/bin/bash
[ -z "$2" ] || trap '' HUP
echo "$EPOCHREALTIME $$" > "@DIR@/kids/$1.$$"
exec sleep 1000
"""

# Listens DELAY seconds after its start and answers every request with an empty 200.
LISTEN = r"""
import socket, sys, time
port, delay, mark = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", port))
time.sleep(delay)
server.listen(64)
opened = time.time()
with open(mark, "w") as file:
    file.write(f"{opened:.6f}")
while True:
    connection, _ = server.accept()
    connection.settimeout(1)
    try:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    except OSError:
        pass
    connection.close()
"""

LINE_BYTES = 100
LINE = re.compile(rb"(?<!x)(c\d):(\d{8}):x{%d}(?!x)" % (LINE_BYTES - 13))
PIECE = re.compile(rb"c\d:\d|xx")


@dataclasses.dataclass
class Child:
    """One child: its name, and what it does (a word of CHILD, and its arguments)."""

    name: str
    kind: str = "sleep"
    args: tuple[str, ...] = ()


@dataclasses.dataclass
class Project:
    """What to supervise, in terms that every peer can be configured from."""

    children: list[Child]
    restart: bool = False  # start a child again when it ends
    grace: float = 2.0  # seconds between SIGTERM and SIGKILL, where a peer lets one say
    gate_port: int = 0  # children[1:] wait until this port, of children[0], answers


def sleepers(count: int, kind: str = "sleep") -> list[Child]:
    """Children that do nothing."""
    return [Child(f"c{i}", kind) for i in range(count)]
