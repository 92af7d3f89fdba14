""".env files: read as data, never sourced. Nothing in them is expanded or executed; values are never printed."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.errors import Problem

IMPLICIT = (".env", ".env.local")


@dataclass(frozen=True, slots=True)
class EnvFiles:
    """What some .env files say together (later files win), what is wrong with them, and what is merely odd."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def read_env_files(root: Path, names: Sequence[str], *, required: bool = True) -> EnvFiles:
    """Read the named files, relative to `root`. A missing one is a problem only when it is `required`."""
    values: dict[str, str] = {}
    problems: list[Problem] = []
    warnings: list[str] = []
    for name in dict.fromkeys(names):
        path = root / name
        if not path.is_file():
            if required:
                problems.append(Problem(name, "no such file, though env_file names it"))
            continue
        try:
            found, odd = _parse(decode(path.read_bytes()))
        except OSError as error:
            problems.append(Problem(name, f"cannot be read: {error.strerror}"))
        except NotUtf8 as error:
            problems.append(Problem(f"{name}:{error.line}", str(error)))
        else:
            problems += [
                Problem(name, f"{key}: the value holds a NUL character") for key in found if "\0" in found[key]
            ]
            warnings += [f"{name}:{line}: not NAME=value, ignored" for line in odd]
            values |= found
    return EnvFiles(values, tuple(problems), tuple(warnings))


class NotUtf8(ValueError):
    """The bytes are no UTF-8; `line` is where that shows."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def decode(content: bytes) -> str:
    """The text of a file written by hand, on whatever editor: UTF-8, with or without a byte order mark."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotUtf8(1, "is UTF-16 (as PowerShell's > writes it); save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotUtf8(line, f"is not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8") from error


def _parse(text: str) -> tuple[dict[str, str], list[int]]:
    """The values, and the numbers of the lines that are none."""
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    odd: list[int] = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            odd.append(binding.original.line)
        elif binding.key and binding.value is not None:
            values[binding.key] = binding.value
    return values, odd


def edited(text: str, changes: Mapping[str, str | None]) -> str:
    """The file's text with these variables set otherwise, or taken out (None); all else stays as it was written."""
    from dotenv.parser import parse_stream

    pieces = []
    for binding in parse_stream(io.StringIO(text)):
        written = binding.original.string
        if binding.key is None or binding.key not in changes:
            pieces.append(written)
            continue
        value = changes[binding.key]
        blank = written[: len(written) - len(written.lstrip())].rpartition("\n")  # empty lines before it stay
        pieces.append("".join(blank[:2]) + ("" if value is None else f"{binding.key}={value}\n"))
    return "".join(pieces)
