"""Reading stack files and presets as plain data: every way in which bytes fail to be TOML becomes one sentence."""

import re
import tomllib
from pathlib import Path
from typing import Any

from launcher import paths
from launcher.errors import ConfigError, Problem
from launcher.stack.envfiles import NotUtf8, decode
from launcher.stack.suggest import did_you_mean

_DEEPEST = 40  # tables and lists inside each other; a sensible stack needs seven
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_LONE_RETURN = re.compile(r"\r(?!\n)")
_PLAIN_WORDS = (
    (re.compile("Cannot overwrite a value"), "the key is given twice"),
    (re.compile(r"Cannot declare \((.*?),?\) twice"), "the table is given twice: "),
    (re.compile("Unterminated string"), "a quote is not closed"),
    (re.compile(r"Illegal character '\\n'"), "a quote is not closed on this line"),
    (re.compile(r"Expected '=' after a key"), "expected `key = value` or `[section]`"),
    (re.compile("Unclosed array"), "a [ is not closed"),
    (re.compile("Unclosed inline table"), "a { is not closed"),
    (re.compile("Exceeds the limit"), "a number is too long"),
    (re.compile("Invalid value"), "no valid value: text needs quotes, and true and false are lower-case"),
)


def read_toml(path: Path) -> dict[str, Any]:
    """The data of a TOML file. Raises ConfigError naming file and line."""
    try:
        text = decode(path.read_bytes())
        data = tomllib.loads(text)
    except OSError as error:
        raise _unreadable(path.name, f"cannot be read: {error.strerror}") from error
    except NotUtf8 as error:
        raise _unreadable(f"{path.name}:{error.line}", str(error)) from error
    except RecursionError as error:
        raise _unreadable(f"{path.name}:{_deep_line(text)}", "nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and numbers longer than Python converts
        raise _unreadable(*_place(path.name, text, str(error))) from error
    if _is_deep(data):
        raise _unreadable(path.name, f"nested more than {_DEEPEST} levels deep")
    return data


def preset_file(name: str, beside: Path) -> Path:
    """The file that `extends = name` means: a preset of ours, or a path relative to the file that says so."""
    if name.startswith(("./", "../", ".\\", "..\\")):
        path = (beside / name.replace("\\", "/")).resolve()
        if not path.is_file():
            raise _unreadable("extends", f"no such file: {name}")
        return path
    known = sorted(path.stem for path in paths.presets().glob("*.toml"))
    if name not in known:
        hint = did_you_mean(name, known) or f"; presets are {', '.join(known)}"
        raise _unreadable("extends", f"no preset named `{name[:64]}`{hint}")
    return paths.presets() / f"{name}.toml"


def _unreadable(where: str, what: str) -> ConfigError:
    return ConfigError([Problem(where, what)], title="the stack file cannot be read")


def _place(file: str, text: str, message: str) -> tuple[str, str]:
    lone = _LONE_RETURN.search(text)
    if lone:
        return (
            f"{file}:{text.count(chr(10), 0, lone.start()) + 1}",
            "a lone carriage return; use LF or CRLF line ends",
        )
    match = _PLACE.search(message)
    what = message[: match.start()] if match else message
    for pattern, words in _PLAIN_WORDS:
        found = pattern.search(what)
        if found:
            what = words + "".join(found.groups())
            break
    if match is None:
        return file, what
    return f"{file}:{match.group(1) or text.count(chr(10)) + 1}", what


def _deep_line(text: str) -> int:
    """Where brackets first stand too deep (quotes are not looked at: this only points the reader there)."""
    depth = 0
    for number, line in enumerate(text.split("\n"), start=1):
        for char in line:
            depth += (char in "[{") - (char in "]}")
            if depth > _DEEPEST:
                return number
    return 1


def _is_deep(data: dict[str, Any]) -> bool:
    """Dotted keys nest without recursion in the parser, so this must not recurse either."""
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
