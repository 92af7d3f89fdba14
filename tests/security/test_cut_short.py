"""Answers of probes are cut short for people, and no half secret is left at the cut (security row S13)."""

import sys

import pytest

from launcher import probes
from launcher.logs.redact import Redactor
from launcher.stack.model import ProbeSpec
from tests.support import servers

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PIECES = {SECRET[at : at + 6] for at in range(len(SECRET) - 5)}


def redactor():
    made = Redactor()
    made.add(SECRET)
    return made


def pieces_in(text):
    return {piece for piece in PIECES if piece in text}


async def ask(redact, **spec):
    return (await probes.build(ProbeSpec(**spec), redact=redact)()).detail


@pytest.mark.parametrize("before", range(160, 201, 4))
async def test_of_a_page_that_is_shown_in_part(before):
    body = b"x" * before + SECRET.encode() + b" and so on " * 30
    head = b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body)
    with servers.responder(lambda connection: connection.sendall(head + body)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert pieces_in(await ask(redactor().beginning, http=url)) == set()
        cut = 175 <= before < 195
        assert bool(pieces_in(await ask(str, http=url))) or not cut, "the control: without redaction it shows"


@pytest.mark.parametrize("kept", range(4096 - 40, 4097, 8))
async def test_of_a_page_of_which_only_the_beginning_is_read(kept):
    body = b" " * (kept - 16) + SECRET.encode() + b"y" * 9000
    head = b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body)
    with servers.responder(lambda connection: connection.sendall(head + body)) as port:
        assert pieces_in(await ask(redactor().beginning, http=f"http://127.0.0.1:{port}/")) == set()


@pytest.mark.parametrize(
    ("letters", "spaces"), [(0, 0), (150, 0), (180, 0), (190, 0), (20, 4020), (20, 4040), (20, 4060)]
)
async def test_of_what_a_command_printed_last(letters, spaces):
    """Its last words are shown, after its last bytes were kept: either may cut the secret."""
    program = f"import sys; print('a' * 3000, {SECRET!r} + ' ' * {spaces} + 'b' * {letters}); sys.exit(1)"
    command = (sys.executable, "-c", program)
    assert pieces_in((await ask(redactor().beginning, command=command)).partition("exited")[2]) == set()
    if not spaces:
        assert pieces_in((await ask(str, command=command)).partition("exited")[2]), "the control"
