"""The kinds of value that a stack file may hold, with the words in which a wrong one is told. No table lives here."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DEVICE_NAMES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})


def _portable(name: str) -> str:
    if name in DEVICE_NAMES:
        raise ValueError(f"{name!r} is a device name on Windows")
    return name


# Strict numbers refuse true, "3" and 3.0 for 3; their bounds refuse nan and inf. The descriptions are what
# `stack/complaints.py` says a value must be, and what editors show (JSON Schema).
Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="a name: a lower-case letter, then at most 31 lower-case letters, digits, - or _",
    ),
    AfterValidator(_portable),
]
EnvName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="a variable's name: letters, digits and _, not starting with a digit",
    ),
]
EnvValue = Annotated[str, Field(pattern=r"^[^\x00]*$", description="text without NUL characters")]
Port = Annotated[
    int,
    Field(strict=True, ge=1, le=65535, description="a whole number from 1 to 65535"),
]
Seconds = Annotated[
    float,
    Field(strict=True, gt=0, le=86_400, description="a number of seconds above 0, at most 86400"),
]
Delay = Annotated[
    float,
    Field(strict=True, ge=0, le=86_400, description="a number of seconds from 0 to 86400"),
]
Factor = Annotated[
    float,
    Field(strict=True, ge=1, le=10, description="a number from 1 to 10"),
]
Count = Annotated[
    int,
    Field(strict=True, ge=1, le=1000, description="a whole number from 1 to 1000"),
]
Status = Annotated[
    int,
    Field(strict=True, ge=100, le=599, description="an HTTP status from 100 to 599"),
]
Length = Annotated[
    int,
    Field(strict=True, ge=1, le=4096, description="a whole number from 1 to 4096"),
]
HexLength = Annotated[
    int,
    Field(strict=True, ge=16, le=256, description="a whole number from 16 to 256"),
]
Flag = Annotated[bool, Field(strict=True, description="true or false")]
SqlName = Annotated[
    str,
    Field(
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="a database name: lower-case letters, digits and _, at most 63",
    ),
]
ScriptName = Annotated[
    str, Field(pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*$", description="the name of a JavaScript variable")
]
Mode = Literal["dev", "production"]
Condition = Literal["healthy", "completed", "started"]


class Model(BaseModel):
    """Strict about keys, immutable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
