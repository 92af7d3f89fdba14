"""Looking at a stack without starting it: config, graph; and writing a first one: init."""

import json
from pathlib import Path
from typing import Any

from launcher.app.opening import open_stack, recognise
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.errors import UsageError


def config(directory: Path, mode: str | None) -> Result:
    """The resolved stack, each leaf with its origin. Values of secret variables are not shown."""
    opened = open_stack(Request(directory, mode))
    data = opened.loaded.stack.as_data()
    origins = opened.loaded.origins
    secret = opened.loaded.stack.secret_names()
    data = _masked(data, secret)
    rows = [f"{path} = {_shown(value)}  # {origins[path]}" for path, value in _leaves(data) if path in origins]
    source = opened.loaded.file or "no stack file: recognised by its files"
    return Result("\n".join([f"# {source}", *rows]), {"file": str(source), "stack": data, "origins": origins})


def _masked(value: Any, secret: set[str], name: str = "") -> Any:
    """Literal values given to secret variables in `env` tables are masked; templates are not secret."""
    if isinstance(value, dict):
        return {key: _masked(item, secret, key) for key, item in value.items()}
    return "***" if name in secret and isinstance(value, str) and not value.startswith("${") else value


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{path}.{key}" if path else key)]
    return [(path, value)]


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def graph(directory: Path, mode: str | None, units: tuple[str, ...], style: str) -> Result:
    """The plan as text, dot or mermaid."""
    from launcher.plan import build, render

    opened = open_stack(Request(directory, mode, units))
    plan = build.build(opened.loaded.stack, opened.root, selected=units) if units else opened.plan
    rendered = {"text": render.text, "dot": render.dot, "mermaid": render.mermaid}[style](plan)
    data = {
        name: {"kind": unit.kind, "stage": unit.stage, "depends_on": dict(unit.depends_on)}
        for name, unit in plan.units.items()
    }
    return Result(rendered, {"units": data})


def init(directory: Path, sample: Path | None) -> Result:
    """Write a stack file for the project here, or the sample marketplace to a new directory."""
    from launcher import paths
    from launcher.stack import write

    if sample is not None:
        write.write_sample(sample)
        text = f"wrote the sample marketplace to {sample}\nnext: cd {sample} && rxlaunch up"
        return Result(text, {"written": str(sample)})
    root = paths.find_root(directory)
    detected = recognise(root)
    if detected is None:
        raise UsageError(
            f"no Medusa project was recognised in {root}",
            remedy="change into your project, or try the sample: `rxlaunch init --sample DIR`",
        )
    target = write.write_init(root, detected)
    return Result(f"wrote {target}\nnext: rxlaunch up", {"written": str(target)})
