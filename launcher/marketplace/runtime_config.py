"""Action runtime-config: the file that tells browsers and older scripts the ports (runbook R5), and its .json twin.

The only file rxlaunch writes into a checkout, and one that watchers see: it is replaced atomically, and only when
something other than its date changed. For the same reason the instance it names is the stack's stable identity (the
name of its state directory), not that of one run. Both files are public: only ports, paths and addresses enter.
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from launcher import native
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed
from launcher.values import Value

DEFAULT_PATH = "launcher_assets/runtime-config.js"
DEFAULT_GLOBAL = "__THERXSPOT_LAUNCHER_PORTS"
DEFAULT_ADMIN_PATH = "/app"
_GLOBAL = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_FORBIDDEN_NAME = re.compile(r"secret|password|passwd|token|private|dsn|database", re.IGNORECASE)
_FORBIDDEN_VALUE = re.compile(r"^(sk_|postgres(ql)?:|rediss?:)|//[^/]*:[^/]*@")
_DATE = re.compile(r'("?generatedAt"?\s*:\s*)"[^"]*"')


class Rendered(Value, frozen=True):
    """The two files' texts."""

    script: str
    twin: str


def render(global_name: str, values: Mapping[str, int | str], *, instance: str, generated_at: str) -> Rendered:
    """Both files. Raises StepFailed for a name or value that must not become public."""
    if not _GLOBAL.fullmatch(global_name):
        raise StepFailed(f"{global_name!r} cannot be the name of a JavaScript global")
    for name, value in values.items():
        if not _GLOBAL.fullmatch(name) or _FORBIDDEN_NAME.search(name) or _FORBIDDEN_VALUE.search(str(value)):
            raise StepFailed(
                f"{name} must not go into a file that browsers load", remedy="only public values belong there"
            )
    shown = {**values, "generatedAt": generated_at}
    body = "".join(f"  {name}: {_literal(value)},\n" for name, value in shown.items())
    twin = {"version": 1, "instance": instance, **shown}
    return Rendered(
        script=f"window.{global_name} = {{\n{body}}};\n",
        twin=json.dumps(twin, indent=2, ensure_ascii=True).replace("<", "\\u003c") + "\n",
    )


def same(old: str | None, new: str) -> bool:
    """Whether two texts differ in their date at most."""
    return old is not None and _DATE.sub(r"\1", old) == _DATE.sub(r"\1", new)


class WriteRuntimeConfig:
    """Writes what changed, which on most starts is nothing."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when both files say what they would say now."""
        changed = [path.name for path in _outdated(context)]
        return Run(f"{' and '.join(changed)} to be written") if changed else Skip("both files are as they should be")

    async def run(self, context: StepContext) -> Outcome:
        """Replace what is outdated."""
        outdated = _outdated(context)
        for path, text in outdated.items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _replace(path, text)
            except OSError as error:
                raise StepFailed(
                    f"{path} cannot be written: {error.strerror}",
                    remedy="make its directory writable, or name another file in [marketplace] runtime_config",
                ) from None
        return Outcome(note=f"wrote {' and '.join(path.name for path in outdated)}" if outdated else None)


def _literal(value: int | str) -> str:
    """A JavaScript literal that may stand in a script element: ASCII only, so U+2028 is escaped too."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")


def _outdated(context: StepContext) -> dict[Path, str]:
    path = _target(context)
    rendered = render(
        str(context.options.get("runtime_config_global", DEFAULT_GLOBAL)),
        _values(context),
        instance=context.state_dir.name,
        generated_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    wanted = {path: rendered.script, path.with_suffix(".json"): rendered.twin}
    return {file: text for file, text in wanted.items() if not same(_read(file), text)}


def _target(context: StepContext) -> Path:
    """The file, which must lie in the checkout: a cloned repository's stack file doesn't choose any other."""
    root = context.root.resolve()
    path = (root / str(context.options.get("runtime_config_path", DEFAULT_PATH))).resolve()
    if root not in path.parents:
        raise StepFailed(f"{path} is outside the checkout", remedy="runtime_config.path is relative to the root")
    if path.suffix != ".js":
        raise StepFailed(
            f"{path.name} must end in .js", remedy="runtime_config.path names a script; its twin ends in .json"
        )
    return path


def _values(context: StepContext) -> dict[str, int | str]:
    named = (("backendPort", "backend"), ("storefrontPort", "storefront"))
    ports: dict[str, int | str] = {name: context.ports[port] for name, port in named if port in context.ports}
    return {**ports, "adminPath": str(context.options.get("admin_path", DEFAULT_ADMIN_PATH))}


def _read(path: Path) -> str | None:
    """The text; a byte order mark (as the old launcher wrote) is part of it, and so makes it differ."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _replace(path: Path, text: str) -> None:
    """All or nothing: a reader sees the old file or the new one. The temporary name is one that watchers ignore."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)  # of a launcher that was killed; or a link planted in a cloned repository
    try:
        with temporary.open("xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        native.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
