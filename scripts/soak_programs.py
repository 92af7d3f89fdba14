"""The stack file of a soak and the programs of its services, as text. Nothing is run here."""

from collections.abc import Mapping

from tests.support import processes

MEMBER_SECONDS = 86_400  # how long a member of the nasty tree beats at most
NUMBER_BYTES = 13  # of one number in the writer's files

STACK = """
[ports]
postgres = 23432
redis = 23379
web = 23080

[services.postgres]
provider = "postgres"
source = "embedded"
readiness = { postgres = "${output.database_url}", timeout = 2, deadline = 60 }
liveness = { postgres = "${output.database_url}", period = 1, timeout = 2 }
stop = { signal = "SIGINT", scope = "main", grace = 5 }
restart = RESTART

[services.redis]
provider = "redis"
source = "embedded"
readiness = { redis = "${output.redis_url}", timeout = 1, deadline = 30 }
liveness = { redis = "${output.redis_url}", period = 1, timeout = 1 }
restart = RESTART

[services.writer]
command = ["PYTHON", "writer.py", "TAG"]
env = { DATABASE_URL = "${output.database_url}" }
depends_on = ["postgres"]
readiness = { log_line = "^ready" }
stop = { grace = 3 }
restart = RESTART

[services.pinger]
command = ["PYTHON", "pinger.py", "TAG"]
env = { REDIS_URL = "${output.redis_url}" }
depends_on = ["redis"]
readiness = { log_line = "^ready" }
stop = { grace = 3 }
restart = RESTART

[services.web]
command = ["PYTHON", "web.py", "TAG", "${port.web}"]
readiness = { http = "${url.web}/", deadline = 30 }
liveness = { http = "${url.web}/", period = 1, timeout = 1 }
watch = ["watched"]
stop = { grace = 3 }
restart = RESTART

[services.nasty]
command = ["PYTHON", "nasty.py", "TAG", "HEARTBEAT"]
readiness = { log_line = "^ready" }
stop = { grace = 0.5 }
restart = RESTART

[services.flood]
command = ["PYTHON", "flood.py", "TAG"]
readiness = { log_line = "^ready" }
stop = { grace = 3 }
restart = RESTART

[services.deaf]
command = ["PYTHON", "deaf.py", "TAG"]
readiness = { log_line = "^ready" }
stop = { grace = 0.5 }
restart = RESTART

[services.crasher]
command = ["PYTHON", "crasher.py", "TAG"]
readiness = { log_line = "^ready" }
restart = RESTART
"""
RESTART = '{ policy = "always", delay = 0.2, max_delay = 1, max_failures = 1000, reset_after = 5 }'

# Every number is used once, whatever happens: it is claimed on disk first, then committed, then acknowledged on disk.
WRITER = """
import os, time
import psycopg

def kept(name):
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

claims, acknowledged = kept("claims"), kept("acknowledged")
for file in (claims, acknowledged):
    os.ftruncate(file, os.fstat(file).st_size // WIDTH * WIDTH)  # a number cut short by a kill

def append(file, numbers):
    os.write(file, b"".join(b"%0*d\\n" % (WIDTH - 1, number) for number in numbers))
    os.fsync(file)

def rows(connection):
    size = os.fstat(claims).st_size
    number = int(os.pread(claims, WIDTH, size - WIDTH)) if size else 0
    while True:
        batch = range(number + 1, number + 4)
        number = batch[-1]
        append(claims, [number])
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany("insert into soak (number) values (%s)", [(one,) for one in batch])
        append(acknowledged, batch)
        time.sleep(0.05)

told = False
while True:
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=3, autocommit=True) as connection:
            connection.execute("create table if not exists soak (number bigint not null)")
            if not told:
                print("ready", flush=True)
                told = True
            rows(connection)
    except psycopg.Error as error:
        print("again, after", type(error).__name__, str(error).strip(), flush=True)
        time.sleep(0.2)
"""
PINGER = """
import os, time
import redis

told = False
while True:
    try:
        client = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=2, socket_connect_timeout=2)
        while client.ping():
            with open("pings", "ab") as file:
                file.write(b".")
            if not told:
                print("ready", flush=True)
                told = True
            time.sleep(0.1)
    except (redis.RedisError, OSError) as error:
        print("again, after", type(error).__name__, error, flush=True)
        time.sleep(0.2)
"""
WEB = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""
# The tree: children that ignore TERM, left the session, were forked twice, cleared their environment, are stopped.
NASTY = """
import os, signal, subprocess, sys, time
tag, heartbeat = sys.argv[1:]
leaf = open("leaf.py").read()
members = ("deaf", "session", "daemon+deaf", "session+deaf+bare")
for member in members:
    env = {} if "bare" in member else None
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", leaf, tag, heartbeat, *member.split("+")], env=env)
while not os.path.exists(f"{heartbeat}.{child.pid}"):
    time.sleep(0.01)
os.kill(child.pid, signal.SIGSTOP)
print("ready", flush=True)
while True:
    time.sleep(3600)
"""
FLOOD = """
import os, sys, time
print("ready", flush=True)
begun = 0
while True:
    print("a drop at", time.time(), flush=True)
    if os.path.exists("flood-wanted"):
        megabytes = int(open("flood-wanted").read() or 1)
        os.rename("flood-wanted", "flood-under-way")
        sys.stdout.buffer.write(bytes(range(256)) * 40 + b"\\n")
        sys.stdout.buffer.write(b"x" * 1_000_000 + b"\\n")
        for number in range(megabytes * 10_000):
            sys.stdout.buffer.write(b"%d %s\\n" % (number, b"flood " * 15))
        sys.stdout.buffer.flush()
        os.rename("flood-under-way", "flood-done")
    time.sleep(0.05)
"""
DEAF = """
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
while True:
    time.sleep(3600)
"""
CRASHER = """
import random, sys, time
print("ready", flush=True)
time.sleep(random.uniform(2, 6))
raise SystemExit(random.choice((1, 2, 70)))
"""


def files(words: Mapping[str, str]) -> dict[str, str]:
    """Every file of the project; the words stand for values in the stack file."""
    text = STACK
    for word, value in {"RESTART": RESTART, **words}.items():
        text = text.replace(word, value)
    leaf = processes.LEAF.replace(f"+ {processes.CAP_SECONDS}", f"+ {MEMBER_SECONDS}")
    sources = {
        "rxlaunch.toml": text,
        "writer.py": WRITER.replace("WIDTH", str(NUMBER_BYTES)),
        "pinger.py": PINGER,
        "web.py": WEB,
        "nasty.py": NASTY,
        "leaf.py": leaf,
        "flood.py": FLOOD,
        "deaf.py": DEAF,
        "crasher.py": CRASHER,
        "watched/file": "0",
    }
    return {name: source.strip() + "\n" for name, source in sources.items()}
