"""Keeping secret values out of everything that is shown or kept: raw, URL-encoded, base64 and JSON-escaped."""

import base64
import json
import re
from bisect import insort
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote

MASK = b"***"
SHORTEST = 5  # shorter values would mask half of every line
_LIKE_ENCODE_URI_COMPONENT = "!'()*~-_."
_LONG_LINE = 16
_BIG = 4096  # bytes from which looking for each needle beats one pattern of them all


class Redactor:
    """Knows the secrets of one instance. They may come while streams are running."""

    def __init__(self) -> None:
        self._forms: list[bytes] = []  # longest first
        self._by_first: dict[int, list[bytes]] = {}
        self._first: re.Pattern[bytes] | None = None  # what a form begins with
        self._pattern: re.Pattern[bytes] | None = None
        self._needles: list[tuple[bytes, frozenset[int]]] = []  # one of these is in every form; with its letters
        self._letters = b""  # of all needles

    def add(self, value: str) -> None:
        """From now on mask this value, however it is written. Values under five characters are ignored."""
        if len(value) < SHORTEST:
            return
        new = forms_of(value) - set(self._forms)
        if not new:
            return
        for form in new:
            insort(self._forms, form, key=lambda known: -len(known))
            self._by_first.setdefault(form[0], []).append(form)
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms)))
        self._first = re.compile(b"|".join(re.escape(bytes([first])) for first in self._by_first))
        needles = _shortest_within(self._forms)
        self._needles = [(needle, frozenset(needle)) for needle in needles]
        self._letters = bytes(set(b"".join(needles)))

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        if self._pattern is None:
            return text
        return self.all_of(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def beginning(self, text: str) -> str:
        """The same for a text that was cut off: what is left of a secret at its end is masked too."""
        stream = self.stream()
        shown = stream.feed(text.encode("utf-8", "surrogatepass")) + stream.flush()
        return shown.decode("utf-8", "replace")

    def all_of(self, data: bytes) -> bytes:
        """The bytes with every secret masked; nothing follows them."""
        return self.until(data, len(data))

    def stream(self) -> "RedactedStream":
        """A redactor of one stream of chunks."""
        return RedactedStream(self)

    # --- for streams ----------------------------------------------------------------------------------------

    @property
    def most_held(self) -> int:
        """How much a stream may hold back."""
        return max(_BIG, 4 * len(self._forms[0])) if self._forms else 0

    def cut(self, data: bytes) -> int:
        """Up to where the bytes can be told from secrets: what follows may be the beginning of one."""
        if self._first is None:
            return len(data)
        for found in self._first.finditer(data, max(0, len(data) - len(self._forms[0]) + 1)):
            start = found.start()
            if self._begins_a_form(data[start:]):
                return next((low for low, high in self._secrets(data) if low < start < high), start)
        return len(data)

    def until(self, data: bytes, end: int) -> bytes:
        """The first `end` bytes with every secret masked."""
        parts: list[bytes] = []
        shown = 0
        for low, high in self._secrets(data):
            if high > end:
                break
            parts += [data[shown:low], MASK]
            shown = high
        parts.append(data[shown:end])
        return b"".join(parts)

    def _begins_a_form(self, rest: bytes) -> bool:
        return any(len(form) > len(rest) and form.startswith(rest) for form in self._by_first[rest[0]])

    def _may_hold(self, data: bytes) -> bool:
        """Whether any secret is in the data. A letter that is missing, which costs next to nothing, tells of most."""
        missing = frozenset(letter for letter in self._letters if letter not in data)
        return any(letters.isdisjoint(missing) and needle in data for needle, letters in self._needles)

    def _secrets(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where secrets are, from left to right; those that overlap are one."""
        if self._pattern is None or (len(data) > _BIG and not self._may_hold(data)):
            return
        low = high = -1
        found = self._pattern.search(data)
        while found:
            if found.start() >= high:
                if high > 0:
                    yield low, high
                low, high = found.span()
            else:
                high = max(high, found.end())
            found = self._pattern.search(data, found.start() + 1)
        if high > 0:
            yield low, high


class RedactedStream:
    """One stream of chunks. Holds back only what may be the beginning of a secret."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""

    @property
    def held(self) -> bytes:
        """What is held back, masked if so much of it could be a secret that it must not be shown."""
        whole = self._redactor.all_of(self._held)
        return MASK if whole == self._held and len(self._held) >= SHORTEST else whole

    def feed(self, chunk: bytes) -> bytes:
        """What of the stream may be shown now."""
        data = self._held + chunk if self._held else chunk
        cut = self._redactor.cut(data)
        if len(data) - cut > self._redactor.most_held:  # a long chain of secrets that overlap
            cut = len(data)
        self._held = data[cut:]
        return self._redactor.until(data, cut)

    def flush(self) -> bytes:
        """The rest: the stream has ended."""
        rest, self._held = self.held, b""
        return rest


def _shortest_within(forms: list[bytes]) -> list[bytes]:
    """The forms that have no other within them. Where none of these is, there is none at all."""
    shortest: list[bytes] = []
    for form in sorted(forms, key=len):
        if not any(shorter in form for shorter in shortest):
            shortest.append(form)
    return shortest


def forms_of(value: str) -> set[bytes]:
    """How a value may appear in output."""
    decoded = unquote(value)  # the password of a URL is known in its escaped form
    values = {value, decoded, *_long_lines(value)}
    return {form for each in values for form in _forms(each) if len(form) >= SHORTEST}


def _long_lines(value: str) -> list[str]:
    """The lines of a key file, which may be printed one by one; not its first and last one, which all such have."""
    return [line for line in value.splitlines() if len(line) >= _LONG_LINE and not line.startswith("-----")]


def _forms(value: str) -> set[bytes]:
    raw = value.encode("utf-8", "surrogatepass")
    quoted = {quote(raw, safe=safe) for safe in ("", "/", _LIKE_ENCODE_URI_COMPONENT)} | {quote_plus(raw)}
    quoted |= {_lower_escapes(text) for text in quoted}
    escaped = {json.dumps(value)[1:-1], json.dumps(value).replace("/", "\\/")[1:-1]}
    forms = {raw, *(text.encode() for text in quoted | escaped)}
    forms.add(json.dumps(value, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"))
    return forms | _base64_forms(raw)


def _lower_escapes(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), text)


def _base64_forms(raw: bytes) -> set[bytes]:
    """The base64 of the value alone, and the characters that only it decides wherever it is within longer input."""
    forms = {base64.b64encode(raw)}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        forms.add(encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    return forms | {form.replace(b"+", b"-").replace(b"/", b"_") for form in forms}
