"""How a fresh browser trusts a local authority: by the fingerprints of its public keys. Reads certificates only."""

import base64
import hashlib
import re
import ssl
from collections.abc import Iterable
from pathlib import Path

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_FIELDS_BEFORE_KEY = 5  # of a certificate: serial number, algorithm, issuer, validity, subject


def fingerprints(files: Iterable[Path]) -> list[str]:
    """The key fingerprints (base64 of SHA-256) of every certificate in these PEM files.

    Chromium looks them up in the chain that a server sends, where the root is not: the intermediate must be given.
    Raises ValueError for what is no certificate.
    """
    found = []
    for file in files:
        for text in _PEM.findall(file.read_text(encoding="ascii", errors="replace")):
            key = public_key(ssl.PEM_cert_to_DER_cert(text))
            found.append(base64.b64encode(hashlib.sha256(key).digest()).decode("ascii"))
    return found


def public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, as it stands in it (DER)."""
    outer, _ = _contents(certificate, 0)
    begin, _ = _contents(certificate, outer)  # of the part that is signed
    if certificate[begin] == 0xA0:  # the version, which may be left out
        begin = _contents(certificate, begin)[1]
    for _ in range(_FIELDS_BEFORE_KEY):
        begin = _contents(certificate, begin)[1]
    return certificate[begin : _contents(certificate, begin)[1]]


def _contents(data: bytes, begin: int) -> tuple[int, int]:
    """Where the contents of the DER value at `begin` begin and end."""
    try:
        length, first = data[begin + 1], begin + 2
        if length & 0x80:
            size = length & 0x7F
            length, first = int.from_bytes(data[first : first + size], "big"), first + size
    except IndexError:
        raise ValueError("no certificate") from None
    if first + length > len(data):
        raise ValueError("no certificate")
    return first, first + length
