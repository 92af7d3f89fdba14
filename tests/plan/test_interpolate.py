"""References are replaced once, by values alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.plan.interpolate import Scope, Unresolved, expand, expand_model, references
from launcher.stack.model import ProbeSpec

SCOPE = Scope(
    ports={"backend": 9001},
    env={"TOKEN": "${root} $(id) `id`", "EMPTY": ""},
    outputs={"key": "pk_1"},
    dirs={"backend": "/my shop"},
    root="/root dir",
    state="/state",
    mode="dev",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${port.backend}", "9001"),
        ("${url.backend}/health", "http://127.0.0.1:9001/health"),
        ("a${output.key}b${output.key}", "apk_1bpk_1"),
        ("${dir.backend}/x ${root} ${state} ${mode}", "/my shop/x /root dir /state dev"),
        ("[${env.EMPTY}]", "[]"),
        ("${env.TOKEN}", "${root} $(id) `id`"),
        ("$${port.backend}", "${port.backend}"),
        ("$$${port.backend}", "$${port.backend}"),
        ("$HOME %PATH% $(id) `id` $ {x} {y} $$", "$HOME %PATH% $(id) `id` $ {x} {y} $$"),
        ("", ""),
    ],
)
def test_references_become_values(text, expected):
    assert expand(text, SCOPE) == expected


@pytest.mark.parametrize(
    "inside", ["port.nope", "output.x", "env.NOPE", "dir.storefront", "HOME", "port", "a.b", "", "root.x"]
)
def test_what_has_no_value_is_named(inside):
    with pytest.raises(Unresolved) as caught:
        expand(f"x ${{{inside}}}", SCOPE)
    assert caught.value.name == inside


@given(value=st.text())
def test_a_value_is_never_expanded_again(value):
    assert expand("<${env.V}>", Scope(env={"V": value}, outputs={"V": "no"})) == f"<{value}>"


@given(text=st.text(alphabet="${}.abport "))
def test_no_text_is_a_traceback(text):
    try:
        expand(text, SCOPE)
    except Unresolved:
        assert references(text)


def test_references_are_listed_in_order_without_escaped_ones():
    assert references("${url.a} $${port.b} ${root} ${env.C.D}") == [("url", "a"), ("root", ""), ("env", "C.D")]


def test_secrets_are_not_in_the_repr_of_a_scope():
    assert "hunter2" not in repr(Scope(env={"A": "hunter2"}, outputs={"B": "hunter2"}))


def test_every_text_of_a_probe_is_expanded():
    probe = ProbeSpec(
        http="${url.backend}/x",
        contains="${output.key}",
        headers={"x-key": "${output.key}"},
        command=("ask", "${port.backend}"),
        log_line=r"on ${url.backend}/\d+",
        timeout=3,
    )
    expanded = expand_model(probe, SCOPE)
    assert expanded.http == "http://127.0.0.1:9001/x"
    assert expanded.contains == "pk_1"
    assert expanded.headers == {"x-key": "pk_1"}
    assert expanded.command == ("ask", "9001")
    assert re.search(expanded.log_line, "listening on http://127.0.0.1:9001/42")
    assert not re.search(expanded.log_line, "listening on http://127a0b0c1:9001/42")
    assert expanded.timeout == 3


def test_a_probe_without_references_stays_as_it_is():
    probe = ProbeSpec(tcp="127.0.0.1:1")
    assert expand_model(probe, Scope()) == probe
