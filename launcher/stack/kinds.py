"""The kinds of value that a stack file may hold, with the words in which a wrong one is told. No table lives here."""

from typing import Annotated, Literal

from msgspec import Meta

from launcher.values import Value

DEVICE_NAMES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
_DEVICES = "con|prn|aux|nul|(?:com|lpt)[1-9]"


# Numbers refuse true, "3" and 3.0 for 3; their bounds refuse nan and inf. The descriptions are what
# `stack/complaints.py` says a value must be, and what editors show (JSON Schema). Patterns end with \Z: $ would let a
# line end pass.
Name = Annotated[
    str,
    Meta(
        pattern=rf"^(?!(?:{_DEVICES})\Z)[a-z][a-z0-9_-]{{0,31}}\Z",
        description="a name: a lower-case letter, then at most 31 lower-case letters, digits, - or _",
    ),
]
EnvName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z",
        description="a variable's name: letters, digits and _, not starting with a digit",
    ),
]
EnvValue = Annotated[str, Meta(pattern=r"^[^\x00]*\Z", description="text without NUL characters")]
Port = Annotated[
    int,
    Meta(ge=1, le=65535, description="a whole number from 1 to 65535"),
]
Seconds = Annotated[
    float,
    Meta(gt=0, le=86_400, description="a number of seconds above 0, at most 86400"),
]
Delay = Annotated[
    float,
    Meta(ge=0, le=86_400, description="a number of seconds from 0 to 86400"),
]
Factor = Annotated[
    float,
    Meta(ge=1, le=10, description="a number from 1 to 10"),
]
Count = Annotated[
    int,
    Meta(ge=1, le=1000, description="a whole number from 1 to 1000"),
]
Status = Annotated[
    int,
    Meta(ge=100, le=599, description="an HTTP status from 100 to 599"),
]
Length = Annotated[
    int,
    Meta(ge=1, le=4096, description="a whole number from 1 to 4096"),
]
HexLength = Annotated[
    int,
    Meta(ge=16, le=256, description="a whole number from 16 to 256"),
]
Flag = bool
SqlName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z_][a-z0-9_]{0,62}\Z",
        description="a database name: lower-case letters, digits and _, at most 63",
    ),
]
ScriptName = Annotated[
    str, Meta(pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*\Z", description="the name of a JavaScript variable")
]
Mode = Literal["dev", "production"]
Condition = Literal["healthy", "completed", "started"]


class Model(Value, frozen=True, forbid_unknown_fields=True):
    """Strict about keys, immutable once read."""
