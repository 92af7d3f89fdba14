"""From files to a Stack, in visible steps: read, layer, merge, spell out, validate, apply the rules, read .env files.

Every problem is reported at once, with the file and the TOML path. Nothing is started, created or written here.
"""

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher import paths
from launcher.errors import ConfigError, Problem
from launcher.stack import complaints, https_layer, rules, storefrontless
from launcher.stack.complaints import Complaint
from launcher.stack.envfiles import IMPLICIT, EnvFiles, read_env_files
from launcher.stack.files import preset_file, read_toml
from launcher.stack.known import MODES
from launcher.stack.layers import Layer, as_written, leaves, merge, origin, spell
from launcher.stack.layers import Path as TomlPath
from launcher.stack.model import Stack
from launcher.stack.short import spell_out
from launcher.stack.suggest import did_you_mean
from launcher.stack.template import substitute
from launcher.values import Value, made

DEFAULT_PRESET = "minimal"
_PRESET = "preset "  # what the origins of presets begin with
_TITLE = "the stack is not valid"
_ATTEMPTS = 5  # each removes what was complained about; what is left after this many is not judged any further


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid stack, and where each of its values came from."""

    stack: Stack
    origins: Mapping[str, str]  # TOML path → "rxlaunch.toml", "preset medusa-next", "detected", "flag", "default"
    file: Path | None  # the stack file; None when there is none
    dotenv: Mapping[str, str] = field(repr=False)  # what the stack's .env files say
    unit_env: Mapping[str, Mapping[str, str]] = field(repr=False)  # what the units' own .env files say
    warnings: tuple[str, ...] = ()


def load(
    root: Path,
    *,
    mode: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    detected: Mapping[str, Any] | None = None,
) -> Loaded:
    """The stack of the checkout `root`. Later wins: preset, what was detected, the stack file, `overrides`.

    Raises ConfigError with every problem found.
    """
    file = root / paths.STACK_FILE
    own = read_toml(file) if file.is_file() else {}
    flags = {**(overrides or {}), **({"mode": mode} if mode else {})}
    layers = _Layers(_sources(file, own, dict(detected or {}), flags))
    active = layers.mode()
    judged = _judge(layers, active)
    problems = judged.problems + _other_mode(layers, active, judged.problems) + layers.problems
    if judged.stack is None or problems:
        raise ConfigError(list(dict.fromkeys(problems)), title=_TITLE)
    stack = judged.stack
    env, unit_env = _env_files(root, stack)
    everything = (env, *unit_env.values())
    if any(files.problems for files in everything):
        unique = dict.fromkeys(problem for files in everything for problem in files.problems)
        raise ConfigError(list(unique), title="the .env files cannot be used")
    return Loaded(
        stack=stack,
        origins=_origins(stack, layers.of(active)),
        file=file if file.is_file() else None,
        dotenv=env.values,
        unit_env={name: files.values for name, files in unit_env.items() if files.values},
        warnings=(*judged.warnings, *(text for files in everything for text in files.warnings)),
    )


# --- layers -------------------------------------------------------------------------------------------------


def _sources(file: Path, own: dict[str, Any], detected: dict[str, Any], flags: dict[str, Any]) -> list[Layer]:
    """Every source on its own, the most general first. `modes` tables are still inside."""
    if file.is_file():
        detected.pop("extends", None)  # who writes a stack file decides what it builds on
    said = next((source["extends"] for source in (flags, own, detected) if "extends" in source), DEFAULT_PRESET)
    bases = _bases(said, file)
    named = [Layer("detected", detected), Layer(file.name, own), Layer("flag", flags)]
    return [*bases, *(layer for layer in named if layer.data)]


def _bases(extends: Any, file: Path) -> list[Layer]:
    """The preset, under it the preset that one extends, and so on."""
    found: list[Layer] = []
    seen = [file.resolve()]
    while isinstance(extends, str):  # anything else is for validation to complain about
        path = preset_file(extends, seen[-1].parent)
        if path in seen:
            chain = " -> ".join(step.name for step in (*seen, path))
            raise ConfigError([Problem("extends", f"a cycle: {chain}")], title=_TITLE)
        seen.append(path)
        data = read_toml(path)
        label = f"{_PRESET}{path.stem}" if path.parent == paths.presets() else path.name
        found.insert(0, Layer(label, {key: value for key, value in data.items() if key != "extends"}))
        extends = data.get("extends")
    return found


class _Layers:
    """The sources, and how they lie over each other in a mode."""

    def __init__(self, sources: Sequence[Layer]) -> None:
        self.sources = sources
        self.problems = [problem for source in sources for problem in _bad_modes(source)]

    def mode(self) -> str:
        """The mode that the last source asks for; a wrong one is complained about later."""
        asked = [source.data["mode"] for source in self.sources if "mode" in source.data]
        return asked[-1] if asked and asked[-1] in MODES else MODES[0]

    def of(self, mode: str) -> list[Layer]:
        """Each source, its `modes.<mode>` right above it, and what HTTPS adds where it is enabled."""
        bases = _with_mode([source for source in self.sources if source.origin.startswith(_PRESET)], mode)
        named = _with_mode([source for source in self.sources if not source.origin.startswith(_PRESET)], mode)
        https = https_layer.layers(merge([*bases, *named]))
        return [*bases, *named] if https is None else [*bases, https.beneath, *named, https.above]

    def varied(self, mode: str) -> bool:
        """Whether the user's own files say anything special about a mode (presets are tested by us)."""
        return any(_overlay(source, mode) for source in self.sources if not source.origin.startswith(_PRESET))


def _with_mode(sources: Sequence[Layer], mode: str) -> list[Layer]:
    found: list[Layer] = []
    for source in sources:
        found.append(Layer(source.origin, {k: v for k, v in source.data.items() if k != "modes"}))
        overlay = _overlay(source, mode)
        if overlay:
            found.append(Layer(source.origin, overlay, ("modes", mode)))
    return found


def _overlay(source: Layer, mode: str) -> dict[str, Any]:
    modes = source.data.get("modes")
    overlay = modes.get(mode) if isinstance(modes, dict) else None
    return overlay if isinstance(overlay, dict) else {}


def _bad_modes(source: Layer) -> list[Problem]:
    modes = source.data.get("modes", {})
    if not isinstance(modes, dict):
        return [Problem(f"{source.origin}: modes", "must be a table with `dev` or `production` in it")]
    found = []
    for name, overlay in modes.items():
        where = f"{source.origin}: {spell(('modes', name))}"
        if name not in MODES:
            found.append(Problem(where, f"no mode named so{did_you_mean(name, MODES)}; modes are dev and production"))
        elif not isinstance(overlay, dict):
            found.append(Problem(where, "must be a table"))
        else:
            odd = [key for key in ("modes", "mode", "extends") if key in overlay]
            found += [Problem(f"{where}.{key}", "cannot be set inside a mode") for key in odd]
    return found


# --- judging ------------------------------------------------------------------------------------------------


class _Judged(Value, frozen=True):
    stack: Stack | None
    problems: list[Problem]
    warnings: tuple[str, ...]


def _judge(layers: _Layers, mode: str) -> _Judged:
    """Validate one mode of the stack, and apply the rules to whatever of it is valid."""
    stacked = layers.of(mode)
    data = merge(stacked)
    warnings = storefrontless.leave_out(data)
    found = spell_out(data)
    stack, invalid = _validated(data)
    found += invalid
    if stack is not None:
        found += _not_caused_by(found, rules.complaints(stack))
    return _Judged(stack, [_problem(complaint, stacked) for complaint in found], warnings)


def _validated(data: dict[str, Any]) -> tuple[Stack | None, list[Complaint]]:
    """The stack; where values are invalid, the stack without them, so that the rules can judge the rest."""
    found: list[Complaint] = []
    data = copy.deepcopy(data)
    for _ in range(_ATTEMPTS):
        try:
            return made(Stack, data), found
        except ValueError as error:
            wrong = complaints.of(data) or [Complaint((), str(error))]
        found += wrong
        for complaint in sorted(wrong, key=lambda one: one.path, reverse=True):
            _remove(data, complaint.path)
    return None, found


def _remove(data: Any, path: TomlPath) -> None:
    *above, last = path
    for part in above:
        if not isinstance(data, dict) or part not in data:
            return
        if isinstance(data[part], list):  # an item of a list: the list as a whole is of no use
            del data[part]
            return
        data = data[part]
    if isinstance(data, dict):
        data.pop(last, None)


def _not_caused_by(found: list[Complaint], more: list[Complaint]) -> list[Complaint]:
    """Without what only follows from values that were removed: what held them lacks a part, names vanished."""
    removed = [complaint.path for complaint in found]
    lost = {f"`{path[1]}`" for path in removed if len(path) == 2}
    return [
        one
        for one in more
        if not any(one.path == path[: len(one.path)] or path == one.path[: len(path)] for path in removed)
        and not any(name in one.what for name in lost)
    ]


def _other_mode(layers: _Layers, active: str, known: list[Problem]) -> list[Problem]:
    """Problems that only show in the mode that was not asked for."""
    others = [mode for mode in MODES if mode != active and layers.varied(mode)]
    return [problem for mode in others for problem in _judge(layers, mode).problems if problem not in known]


def _problem(complaint: Complaint, layers: Sequence[Layer]) -> Problem:
    """With the file that is to blame: the last one that said anything on the way to the value."""
    source = None
    for length in range(len(complaint.path), 0, -1):
        source = origin(layers, complaint.path[:length])
        if source is not None:
            break
    if source is None:
        return Problem(spell(complaint.path), complaint.what)
    path = as_written(source.data, complaint.path)
    return Problem(f"{source.origin}: {spell((*source.prefix, *path))}", complaint.what)


def _origins(stack: Stack, layers: Sequence[Layer]) -> dict[str, str]:
    found = {}
    for path, _ in leaves(stack.as_data()):
        source = origin(layers, path)
        found[spell(path)] = source.origin if source else "default"
    return found


# --- .env files ---------------------------------------------------------------------------------------------


def _env_files(root: Path, stack: Stack) -> tuple[EnvFiles, dict[str, EnvFiles]]:
    """The stack's .env files and those of the backend, then those of single units."""
    directories = _directories(root, stack)
    resolve = _resolver(root, directories)
    stated = read_env_files(root, [substitute(name, resolve) for name in stack.env_file])
    implied = read_env_files(root, _implied(root, stack, directories), required=False)
    both = EnvFiles(
        {**stated.values, **implied.values} if stack.env_file else implied.values,
        (*stated.problems, *implied.problems),
        (*stated.warnings, *implied.warnings),
    )
    units = {
        name: read_env_files(root, [substitute(file, resolve) for file in unit.env_file])
        for name, unit in stack.units().items()
        if unit.env_file
    }
    return both, units


def _directories(root: Path, stack: Stack) -> dict[str, Path]:
    place = stack.marketplace
    if place is None:
        return {}
    found = {"backend": root / place.backend}
    return found | {"storefront": root / place.storefront} if place.storefront else found


def _resolver(root: Path, directories: Mapping[str, Path]) -> Callable[[str, str], str]:
    def value_of(namespace: str, name: str) -> str:
        return str(directories.get(name, root)) if namespace == "dir" else str(root)

    return value_of


def _implied(root: Path, stack: Stack, directories: Mapping[str, Path]) -> list[str]:
    """The root's .env files unless others were named, then the backend's."""
    places = ([] if stack.env_file else [root]) + [directories[name] for name in ("backend",) if name in directories]
    relative = [os.path.relpath(place, root) for place in places]
    found = [os.path.normpath(os.path.join(place, name)) for place in relative for name in IMPLICIT]  # noqa: PTH118 - text
    return list(dict.fromkeys(found))
