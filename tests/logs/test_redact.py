import base64
import itertools
import json
import re
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.logs.redact import MASK, Redactor

SECRET = 'p@ss/wörd "quoted" +1&2=3'
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

secret_texts = st.text(st.characters(exclude_categories=["C"]), min_size=5, max_size=40)


def redactor(*secrets: str) -> Redactor:
    made = Redactor()
    for secret in secrets:
        made.add(secret)
    return made


def streamed(redact: Redactor, chunks) -> bytes:
    stream = redact.stream()
    return b"".join([*(stream.feed(chunk) for chunk in chunks), stream.flush()])


def ways_to_write(secret: str) -> dict[str, bytes]:
    """How a child may print the secret."""
    raw = secret.encode()
    ways = {
        "raw": raw,
        "url": quote(secret, safe="").encode(),
        "url path": quote(secret).encode(),
        "form": quote_plus(secret).encode(),
        "url in lower case": re.sub("%..", lambda escape: escape[0].lower(), quote(secret, safe="")).encode(),
        "json": json.dumps(secret).encode(),
        "json in utf-8": json.dumps(secret, ensure_ascii=False).encode(),
        "base64": base64.b64encode(raw),
        "url-safe base64": base64.urlsafe_b64encode(raw),
    }
    return ways | {f"base64 after {n}": base64.b64encode(b"user:"[:n] + raw + b"@tail") for n in range(1, 6)}


@pytest.mark.parametrize("secret", [SECRET, TOKEN])
@pytest.mark.parametrize("way", ways_to_write(SECRET))
def test_a_secret_split_at_any_place_never_shows(secret, way):
    written = ways_to_write(secret)[way]
    line = b"before " + written + b" after\n"
    redact = redactor(secret)
    whole = redact.all_of(line)
    assert MASK in whole
    assert (whole.startswith(b"before "), whole.endswith(b" after\n")) == (True, True)
    if way.startswith("base64 after"):
        before = len(b"before ") + -(-int(way[-1]) * 8 // 6)  # what comes before is not the secret's alone
        assert whole[before:].startswith(MASK)
        assert len(whole[before + len(MASK) :]) <= len(b"NAdGFpbA== after\n")
    else:
        assert whole.removeprefix(b"before ").removesuffix(b" after\n").replace(b'"', b"") == MASK
    for cut in range(len(line) + 1):
        assert streamed(redact, [line[:cut], line[cut:]]) == whole
    assert streamed(redact, [line[i : i + 1] for i in range(len(line))]) == whole


def test_without_a_known_secret_it_does_show():
    assert SECRET.encode() in redactor("something else").all_of(SECRET.encode())


@settings(max_examples=60, deadline=None)
@given(
    secrets=st.lists(secret_texts, min_size=1, max_size=4),
    noise=st.lists(st.binary(max_size=12), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_chunk_borders_make_no_difference(secrets, noise, cuts):
    redact = redactor(*secrets)
    written = [form for secret in secrets for form in (secret.encode(), base64.b64encode(secret.encode()))]
    data = b"".join(part for pair in zip(noise, written * 6, strict=False) for part in pair) + b"\n"
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[low:high] for low, high in itertools.pairwise(places)]
    shown = streamed(redact, chunks)
    assert shown == redact.all_of(data)
    assert not any(form in shown.replace(MASK, b"") for form in written if not set(form) & set(MASK))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab", min_size=5, max_size=9), min_size=1, max_size=4), st.text("ab", max_size=60), st.data())
def test_secrets_that_overlap_are_masked_as_one(secrets, text, data):
    redact = redactor(*secrets)
    raw = text.encode()
    cut = data.draw(st.integers(0, len(raw)))
    stream = redact.stream()
    shown = stream.feed(raw[:cut]) + stream.feed(raw[cut:]) + stream.feed(b"|") + stream.flush()
    assert shown == redact.all_of(raw + b"|")
    assert not any(secret.encode() in shown for secret in secrets)


def test_without_holding_back_a_split_secret_does_show(monkeypatch):
    monkeypatch.setattr(Redactor, "cut", lambda _self, data: len(data))
    assert TOKEN.encode() in streamed(redactor(TOKEN), [TOKEN[:9].encode(), TOKEN[9:].encode()])


def test_the_password_of_a_url_is_masked_as_the_server_prints_it_too():
    assert redactor("p%40ss%2Fword").text("auth failed for p@ss/word, p%40ss%2Fword") == "auth failed for ***, ***"


def test_a_key_of_many_lines_is_masked_line_by_line():
    lines = ["-----BEGIN KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEF", "AASCBKcwggSjAgEAAoIBAQC7VJTU", "-----END KEY-----"]
    shown = redactor("\n".join(lines)).text("\n".join(f"line: {line}" for line in lines))
    assert shown == "line: -----BEGIN KEY-----\nline: ***\nline: ***\nline: -----END KEY-----"


def test_a_line_that_holds_no_secret_is_passed_on_at_once():
    stream = redactor(TOKEN).stream()
    assert stream.feed(b"listening on 9001") == b"listening on 9001"
    assert stream.feed(b" and ready\n") == b" and ready\n"
    assert stream.held == b""


def test_only_the_possible_beginning_of_a_secret_is_held_back():
    stream = redactor(TOKEN).stream()
    assert stream.feed(b"key=" + TOKEN[:9].encode()) == b"key="
    assert stream.feed(b"no") == TOKEN[:9].encode() + b"no"


def test_a_stream_that_ends_within_a_secret_does_not_show_its_beginning():
    stream = redactor(TOKEN).stream()
    stream.feed(b"key=" + TOKEN[:-1].encode())
    assert stream.held == MASK
    assert stream.flush() == MASK
    assert stream.flush() == b""


def test_a_stream_that_ends_with_a_few_harmless_bytes_shows_them():
    stream = redactor(TOKEN).stream()
    stream.feed(b"code " + TOKEN[:2].encode())
    assert stream.flush() == TOKEN[:2].encode()


def test_a_secret_learnt_while_a_stream_runs_is_masked_from_then_on():
    redact = redactor()
    stream = redact.stream()
    assert stream.feed(TOKEN.encode()) == TOKEN.encode()
    redact.add(TOKEN)
    redact.add(TOKEN)
    assert stream.feed(b"x" + TOKEN.encode() + b"\n") == b"x***\n"


def test_values_too_short_to_be_secrets_are_ignored():
    redact = redactor("", "abcd")
    data = b"abcd" * 10
    assert redact.all_of(data) is data


def test_text_is_masked_as_well_as_bytes():
    assert redactor(SECRET).text(f"postgres://u:{quote(SECRET, safe='')}@host failed") == "postgres://u:***@host failed"
    assert redactor(SECRET).text("nothing \udcff here ü") == "nothing \udcff here ü"


def test_a_chain_of_beginnings_does_not_grow_without_bound():
    stream = redactor("a" * 64).stream()
    for _ in range(8):
        stream.feed(b"a" * 8192)
        assert len(stream._held) < 16 * 1024


def test_a_flood_is_redacted_faster_than_it_can_be_read():
    redact = redactor(*(f"{number:064x}" for number in range(1000, 1008)), SECRET)
    line = b"2026-01-01T00:00:00Z info: GET /store/products?limit=20 200 - 12 ms (node 10.0.0.1)\n"
    chunk = (line * 800)[:65536]
    stream = redact.stream()
    began = time.process_time()
    for _ in range(32):
        stream.feed(chunk)
    assert time.process_time() - began < 1.0  # 2 MiB; 20 ms when measured


def test_of_a_text_that_was_cut_off_the_half_secret_at_its_end_is_masked():
    redact = redactor(TOKEN)
    for length in range(5, len(TOKEN)):
        assert redact.beginning(f"password: {TOKEN[:length]}") == "password: ***"
    assert redact.beginning(f"{TOKEN} and words") == "*** and words"
    assert redact.text(f"password: {TOKEN[:-1]}") == f"password: {TOKEN[:-1]}", "the control: whole secrets only"
