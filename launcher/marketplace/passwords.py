"""Passwords as Medusa's emailpass provider keeps them: the container format of scrypt, in base64. Pure."""

import base64
import hashlib
import hmac
import secrets
import struct

_LOG_N, _R, _P = 15, 8, 1  # the provider's own defaults
_MEMORY = 64 * 1024 * 1024


def hashed(password: str, salt: bytes | None = None) -> str:
    """What the provider would store."""
    salt = salt or secrets.token_bytes(32)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=1 << _LOG_N, r=_R, p=_P, maxmem=_MEMORY, dklen=64)
    header = b"scrypt" + struct.pack(">BBII", 0, _LOG_N, _R, _P) + salt
    header += hashlib.sha256(header).digest()[:16]
    return base64.b64encode(header + hmac.digest(derived[32:], header, "sha256")).decode()


def matches(stored: str, password: str) -> bool:
    """Whether what is stored is this password, hashed as `hashed` does."""
    try:
        salt = base64.b64decode(stored, validate=True)[16:48]
    except ValueError:
        return False
    return len(salt) == 32 and hmac.compare_digest(hashed(password, salt), stored)
