#!/usr/bin/env python3
"""What the old launchers did, step after step: a contender of scripts/bench.py boots. Not part of the product.

TCP checks; rebuild when the port moved; `npm run start`; one poll a second until three are good; prewarm; a publishable
key by `medusa exec`; `npm run dev`; one poll a second until it listens. Then, for a fair end, one poll a second until
the home page shows a product. Usage: old_launcher.py CHECKOUT SETTINGS.json (env, port, storefront_port, work,
key_file: where the key is written, stay: until standard input ends).
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 1.0
LIMIT_SECONDS = 600.0
STOREFRONT_PORT = 8101
BUILD = (("admin build", ["npm", "run", "build"], "."),)
WORK = {  # what is done before the launch, one step after the other
    "nothing": (),
    "build": BUILD,
    "everything": (
        ("install", ["npm", "ci"], "."),
        ("install of the storefront", ["npm", "ci"], "storefront"),
        ("migrate", ["npx", "medusa", "db:migrate"], "."),
        ("seed", ["npm", "run", "seed"], "."),
        *BUILD,
    ),
}
KEY_SCRIPT = """
import { createApiKeysWorkflow, linkSalesChannelsToApiKeyWorkflow } from "@medusajs/medusa/core-flows"
export default async function key({ container }) {
  const [channel] = await container.resolve("sales_channel").listSalesChannels({}, { take: 1 })
  const { result } = await createApiKeysWorkflow(container).run({
    input: { api_keys: [{ title: "old launcher", type: "publishable", created_by: "" }] } })
  await linkSalesChannelsToApiKeyWorkflow(container).run({ input: { id: result[0].id, add: [channel.id] } })
  console.log("KEY=" + result[0].token)
}
"""


def main() -> None:
    """Boot, print each step's seconds, stop."""
    market, settings = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    port = settings["port"]
    url = f"http://127.0.0.1:{port}"
    storefront = f"http://127.0.0.1:{settings.get('storefront_port', STOREFRONT_PORT)}"
    env = {**os.environ, **settings["env"], "PORT": str(port), "MEDUSA_BACKEND_URL": url}
    for name in ("STORE_CORS", "ADMIN_CORS", "AUTH_CORS"):
        env[name] = f"{url},{storefront},http://localhost:{port}"
    children: list[subprocess.Popen[bytes]] = []
    began = time.monotonic()
    try:
        steps(market, settings, env, children)
        print(f"{time.monotonic() - began:.1f} s", flush=True)
        if settings.get("stay"):
            sys.stdin.read()
    finally:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def steps(
    market: Path, settings: dict[str, object], env: dict[str, str], children: list[subprocess.Popen[bytes]]
) -> None:
    """The sequence; each step waits for the one before."""
    port, front = int(str(settings["port"])), int(str(settings.get("storefront_port", STOREFRONT_PORT)))
    url, storefront = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{front}"
    log = (market.parent / "old.log").open("ab")
    for name, command, cwd in WORK[str(settings["work"])]:
        with Step(name):
            subprocess.run(command, cwd=market / cwd, env=env, stdout=log, stderr=log, check=True)
    with Step("backend healthy three times"):
        children.append(start(["npm", "run", "start"], market, env, log))
        streak = 0
        for _ in polls(children):
            streak = streak + 1 if answers(f"{url}/health") else 0
            if streak == 3:
                break
    with Step("prewarm"):
        answers(f"{url}/app")
    with Step("publishable key by medusa exec"):
        script = market / "src" / "scripts" / "old-key.ts"
        script.write_text(KEY_SCRIPT, encoding="utf-8")
        command = ["npx", "medusa", "exec", "./src/scripts/old-key.ts"]
        done = subprocess.run(command, cwd=market, env=env, capture_output=True, text=True, check=True)
        script.unlink()
        key = next(line.partition("KEY=")[2].strip() for line in done.stdout.splitlines() if "KEY=" in line)
    if "key_file" in settings:
        Path(str(settings["key_file"])).write_text(key, encoding="utf-8")
    with Step("storefront listens"):
        env = {**env, "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY": key, "NEXT_PUBLIC_MEDUSA_BACKEND_URL": url}
        env = {**env, "PORT": str(front)}
        run = ["npm", "run", "dev", "--", "-p", str(front)]
        children.append(start(run, market / "storefront", env, log))
        for _ in polls(children):
            if listens(front):
                break
    with Step("home page shows products"):
        for _ in polls(children):
            if answers(storefront, contains=b"/products/"):
                break


class Step:
    """Prints how long it took."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.began = 0.0

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        print(f"  {self.name}: {time.monotonic() - self.began:.1f} s", flush=True)


def start(command: list[str], cwd: Path, env: dict[str, str], log: object) -> "subprocess.Popen[bytes]":
    """A child in a session of its own, so that it can be stopped at the end."""
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=log, start_new_session=True)  # type: ignore[call-overload,no-any-return]


def polls(children: "list[subprocess.Popen[bytes]]") -> Iterator[None]:
    """Once a second, as the old scripts did; gives up when a child has ended."""
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end and all(child.poll() is None for child in children):
        yield
        time.sleep(POLL_SECONDS)
    raise SystemExit("gave up: see old.log")


def answers(url: str, contains: bytes = b"") -> bool:
    """Whether a GET gives 200 (with the text in it)."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status == 200 and contains in response.read()
    except (OSError, urllib.error.URLError, ValueError):
        return False


def listens(port: int) -> bool:
    """Whether anything listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
