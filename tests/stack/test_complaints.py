"""Rows 40, 42, 44, 45: unknown keys, wrong types, ports, durations and names, each in plain words."""

import string

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from launcher.errors import ConfigError
from launcher.stack.complaints import fields
from launcher.stack.load import load
from launcher.stack.model import (
    MarketplaceSpec,
    ProbeSpec,
    RestartSpec,
    ServiceSpec,
    Stack,
    StopSpec,
    TaskSpec,
    VariableSpec,
)
from tests.support.stack_files import loaded, refused

WEB = '[services.web]\ncommand = "web"\n'
PLACES = {
    "": Stack,
    "services.web": ServiceSpec,
    "services.web.readiness": ProbeSpec,
    "services.web.restart": RestartSpec,
    "services.web.stop": StopSpec,
    "tasks.build": TaskSpec,
    "marketplace": MarketplaceSpec,
    "contracts.web.TOKEN": VariableSpec,
}


def test_an_unknown_key_is_told_with_its_path_and_the_nearest_name(tmp_path):
    problems = refused(tmp_path, WEB + 'readiness = { http = "http://x", periode = 1 }')
    assert problems == ["rxlaunch.toml: services.web.readiness.periode: unknown key; did you mean `period`?"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("depends-on = []", "depends_on"),
        ("dependsOn = []", "depends_on"),
        ("environment = {}", "env"),
        ("healthcheck = {}", "readiness"),
        ("workdir = 1", "cwd"),
        ("period = 1", "liveness.period"),
    ],
)
def test_the_words_of_other_tools_are_understood(tmp_path, wrong, right):
    (problem,) = refused(tmp_path, WEB + wrong)
    assert problem.endswith(f"unknown key; did you mean `{right}`?")


@pytest.mark.parametrize(
    ("section", "right"), [("service", "services"), ("Ports", "ports"), ("mode_s", "modes"), ("taks", "tasks")]
)
def test_an_unknown_section_gets_a_suggestion(tmp_path, section, right):
    (problem,) = refused(tmp_path, f"[{section}.x]\n")
    assert problem == f"rxlaunch.toml: {section}: unknown section; did you mean `{right}`?"


def test_a_key_that_resembles_nothing_gets_the_list_of_known_ones(tmp_path):
    (problem,) = refused(tmp_path, WEB + "zzzz = 1")
    assert "unknown key; known are command, contract, cwd" in problem


@st.composite
def misspellings(draw):
    """A known key with one letter wrong, missing, added or swapped, and where it stands."""
    place = draw(st.sampled_from(sorted(PLACES)))
    known = sorted(fields(PLACES[place]))
    key = draw(st.sampled_from(known))
    at = draw(st.integers(0, len(key) - 1))
    letter = draw(st.sampled_from(string.ascii_letters + string.digits + "_-"))
    wrong = draw(
        st.sampled_from(
            [
                key[:at] + letter + key[at + 1 :],
                key[:at] + key[at + 1 :],
                key[:at] + letter + key[at:],
                key[:at] + key[at + 1 : at + 2] + key[at] + key[at + 2 :],
            ]
        )
    )
    assume(wrong not in known)
    return place, wrong


@given(misspelling=misspellings())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_misspelt_key_gets_a_suggestion(tmp_path, misspelling):
    place, wrong = misspelling
    text = f"{wrong} = 1\n" if not place else f"[{place}]\n{wrong} = 1\n"
    problems = refused(tmp_path, text)
    path = f"{place}.{wrong}" if place else wrong
    (about,) = [problem for problem in problems if problem.startswith(f"rxlaunch.toml: {path}: ")]
    assert "; did you mean `" in about


TOML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(place=st.sampled_from(sorted(PLACES)), data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_anywhere_is_accepted_or_refused_but_never_a_traceback(tmp_path, place, data):
    key = data.draw(st.sampled_from(sorted(fields(PLACES[place]))) | st.text(max_size=8))
    value: object = {key: data.draw(TOML_VALUES)}
    for part in reversed(place.split(".") if place else []):
        value = {part: value}
    try:
        load(tmp_path, overrides=value)  # type: ignore[arg-type]
    except ConfigError as error:
        assert error.problems


PORTS = {
    "0": "0",
    "-1": "-1",
    "65536": "65536",
    str(10**20): str(10**20),
    "true": "true",
    '"3000"': '"3000"',
    "3.0": "3.0",
}


@pytest.mark.parametrize("value", PORTS)
@pytest.mark.parametrize("form", ["web = {}", "web = {{ prefer = {} }}", "web = {{ fixed = {} }}"])
def test_a_port_that_is_none_is_refused_with_the_range(tmp_path, form, value):
    (problem,) = refused(tmp_path, "[ports]\n" + form.format(value))
    assert problem.startswith("rxlaunch.toml: ports.web")
    assert problem.endswith(f": must be a whole number from 1 to 65535, not {PORTS[value]}")


def test_a_short_form_is_complained_about_where_it_was_written(tmp_path):
    (problem,) = refused(tmp_path, "[ports]\nweb = true\n")
    assert problem.startswith("rxlaunch.toml: ports.web: must be")


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "-1", "0", "1e308", "-0.5", "true", '"5"', "[5]", str(10**400)]
)
@pytest.mark.parametrize("key", ["timeout", "period", "deadline"])
def test_a_duration_that_is_none_is_refused(tmp_path, key, value):
    (problem,) = refused(tmp_path, WEB + f'readiness = {{ http = "http://x", {key} = {value} }}')
    where = f"rxlaunch.toml: services.web.readiness.{key}: "
    assert problem.startswith(where + "must be a number of seconds above 0, at most 86400, not ")


NAMES = [
    "con",
    "nul",
    "aux",
    "com1",
    "lpt9",
    "a/b",
    "..",
    "",
    "a" * 300,
    "A",
    "Web",
    "-x",
    "1st",
    "a b",
    "a\\b",
    "ü",
    "a\n",
]


@pytest.mark.parametrize("section", ["services", "tasks", "ports"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_file_name_everywhere_is_refused(tmp_path, section, name):
    inside = "prefer = 1" if section == "ports" else 'command = "x"'
    key = '"' + name.replace("\\", "\\\\").replace("\n", "\\n") + '"'
    (problem,) = refused(tmp_path, f"[{section}.{key}]\n{inside}\n")
    assert "is a device name on Windows" in problem or "must be a name: a lower-case letter" in problem
    assert len(problem) < 200
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("command = 3", "command: must be a list of text in quotes, not 3"),
        ("command = []", "command: is empty"),
        ("command = 'echo \"'", "command: a quote is not closed"),
        ('command = "x"\nenabled = "yes"', 'enabled: must be true or false, not "yes"'),
        ('command = "x"\nrestart = "always"', 'restart: must be a table, not "always"'),
        ('command = "x"\nrestart = { policy = "allways" }', "did you mean `always`?"),
        ('command = "x"\nreadiness = { http = "x", status = [true] }', "status[0]: must be an HTTP status"),
        ('command = "x"\nenv_file = ".env"', "env_file: must be a list of text in quotes"),
        ('command = "x"\ndepends_on = 3', "depends_on: must be a table, not 3"),
        ('command = "x"\nstage = 1979-05-27', "stage: must be a name: "),
    ],
)
def test_a_wrong_type_is_told_in_plain_words(tmp_path, line, words):
    problems = refused(tmp_path, f"[services.web]\n{line}\n")
    assert len(problems) == 1
    assert words in problems[0]


def test_values_that_may_be_secret_are_not_shown(tmp_path):
    text = WEB + 'readiness = { http = "http://x" }\nenv = { TOKEN = ["hunter2"], "a b" = "hunter2" }\n'
    text += '[services.db]\ncommand = "x"\nreadiness = { postgres = ["hunter2"] }\nenv = { X = "hunter2\\u0000" }\n'
    problems = refused(tmp_path, text)
    assert len(problems) == 4
    assert not any("hunter2" in problem for problem in problems)


def test_every_problem_is_told_at_once_those_of_the_rules_too(tmp_path):
    text = """
[ports]
web = 0
[services.web]
command = "web"
comand = "web"
readiness = { http = "http://x", timeout = nan }
depends_on = ["web", "db"]
[services.worker]
command = "work ${port.nowhere}"
[tasks.build]
action = "medusa-bild"
[mode.dev]
"""
    problems = refused(tmp_path, text)
    expected = [
        "ports.web: must be a whole number",
        "services.web.comand: unknown key; did you mean `command`?",
        "services.web.readiness.timeout: must be a number of seconds",
        "services.web.depends_on.web: `web` depends on itself",
        "services.web.depends_on.db: no unit named `db`",
        "services.worker.command: ${port.nowhere}: no port named `nowhere`",
        "tasks.build.action: no action named `medusa-bild`; did you mean `medusa-build`?",
        'mode: must be "dev" or "production", not a table',
    ]
    for words in expected:
        assert [problem for problem in problems if f": {words}" in problem], (words, problems)
    assert len(problems) == len(expected)


def test_a_missing_part_that_only_follows_from_another_problem_is_not_told(tmp_path):
    assert len(refused(tmp_path, '[services.web]\ncomand = "web"\n')) == 1
    assert len(refused(tmp_path, '[services.a]\ncommand = "x"\ndepends_on = ["web"]\n[services]\nweb = 3\n')) == 1


def test_numbers_and_booleans_in_the_environment_are_text(tmp_path):
    stack = loaded(tmp_path, "[env]\nA = 1\nB = true\nC = 1.5\n" + WEB + "env = { D = false }").stack
    assert stack.env == {"A": "1", "B": "true", "C": "1.5"}
    assert stack.services["web"].env == {"D": "false"}
