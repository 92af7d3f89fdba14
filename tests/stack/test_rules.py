"""Row 41, and every other rule across the fields of a stack."""

import pytest

from launcher.stack.cycles import cycles
from tests.support.stack_files import MARKETPLACE, loaded, refused


def units(**needs):
    """A stack of services with these dependencies."""
    return "".join(f'[services.{name}]\ncommand = "x"\ndepends_on = {wanted!r}\n' for name, wanted in needs.items())


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({"a": ["b"], "b": ["a"]}, "a -> b -> a"),
        ({"c": ["a"], "a": ["b"], "b": ["c"]}, "a -> b -> c -> a"),
        ({"x": ["a"], "a": ["b", "y"], "b": ["a"], "y": []}, "a -> b -> a"),
    ],
)
def test_a_cycle_is_named_in_full(tmp_path, needs, cycle):
    (problem,) = refused(tmp_path, units(**needs))
    assert f"services.a.depends_on: a cycle: {cycle}; none could ever start" in problem


def test_independent_cycles_are_told_together(tmp_path):
    problems = refused(tmp_path, units(a=["b"], b=["a"], c=["d"], d=["c"]))
    assert ["a -> b -> a" in problem for problem in problems] == [True, False]


def test_a_cycle_of_thousands_is_found_without_recursion():
    chain = {f"u{number}": [f"u{(number + 1) % 5000}"] for number in range(5000)}
    assert len(next(cycles(chain))) == 5001


def test_a_unit_that_depends_on_itself_is_told_so(tmp_path):
    assert refused(tmp_path, units(a=["a"])) == ["rxlaunch.toml: services.a.depends_on.a: `a` depends on itself"]


def test_an_unknown_dependency_gets_a_suggestion(tmp_path):
    (problem,) = refused(tmp_path, units(web=["postgras"], postgres=[]))
    assert problem == (
        "rxlaunch.toml: services.web.depends_on.postgras: no unit named `postgras`; did you mean `postgres`?"
    )


def test_a_dependency_named_twice_is_told(tmp_path):
    (problem,) = refused(tmp_path, units(a=["b", "b"], b=[]))
    assert problem.endswith("services.a.depends_on: `b` is named twice")


WEB = '[services.web]\ncommand = "x"\n'
CASES = {
    "same name": (WEB + '[tasks.web]\ncommand = "x"', "tasks.web: there is a service of this name already"),
    "nothing to do": ("[services.web]\ncwd = '.'", "services.web: has neither a `command` nor `provider`"),
    "nothing to do, task": ("[tasks.web]\ncwd = '.'", "tasks.web: has neither a `command` nor `action`"),
    "two works": (WEB + 'provider = "redis"', "services.web: has both `command` and `provider`"),
    "blank command": ('[services.web]\ncommand = "  "', "services.web.command: is empty"),
    "NUL": ('[services.web]\ncommand = ["a\\u0000"]', "services.web.command: holds a NUL character"),
    "provider": (
        '[services.web]\nprovider = "postgress"',
        'must be "postgres" or "redis" or "caddy", not "postgress"; did you',
    ),
    "completed service": (
        WEB + units(b=[]).replace("[]", '{ web = "completed" }'),
        "is a service and never completes",
    ),
    "healthy task": (
        '[tasks.t]\ncommand = "x"\n' + units(b=[]).replace("[]", '{ t = "healthy" }'),
        "`t` is a task and is never healthy",
    ),
    "same fixed port": (
        "[ports]\na = { fixed = 4000 }\nb = { fixed = 4000 }",
        "ports.b.fixed: 4000 is the fixed port of `a` too",
    ),
    "reserved port": ("[ports]\na = { fixed = 9000 }", "ports.a.fixed: 9000 is one of reserved_ports"),
    "fixed and preferred": ("[ports]\na = { fixed = 4000, prefer = 4001 }", "ports.a: has both `fixed` and `prefer`"),
    "shared port": (
        "[ports]\nweb = 1\n" + WEB + units(b=[]) + 'port = "web"',
        "services.b.port: port `web` belongs to service `web` already",
    ),
    "unknown port": (
        "[ports]\nweb = 1\n" + WEB + 'port = "wib"',
        "no port named `wib` in [ports]; did you mean `web`?",
    ),
    "no question": (WEB + "readiness = { period = 1 }", "services.web.readiness: asks nothing"),
    "two questions": (WEB + 'readiness = { http = "x", tcp = "y" }', "asks 2 questions (http, tcp); keep one"),
    "no pattern": (WEB + 'readiness = { log_line = "(" }', "readiness.log_line: is no regular expression: missing )"),
    "liveness by line": (WEB + 'liveness = { log_line = "x" }', "use it for readiness only"),
    "liveness after another": (
        WEB + 'liveness = { http = "x", after = ["b"] }\n' + units(b=[]),
        "liveness.after: what is ready is",
    ),
    "after itself": (WEB + 'readiness = { http = "x", after = ["web"] }', "after: `web` would wait for itself"),
    "after nobody": (WEB + 'readiness = { http = "x", after = ["wep"] }', "no unit named `wep`; did you mean `web`?"),
    "contract pattern": ('[contracts.c]\nX = { pattern = "[" }', "contracts.c.X.pattern: is no regular expression"),
    "unknown contract": (
        WEB + 'contract = "backand"\n[contracts.backend]',
        "services.web.contract: no contract named `backand` in [contracts]; did you mean `backend`?",
    ),
    "unknown url": (
        "[ports]\nweb = 1\n[show]\na = '${url.wep}'",
        "show.a: ${url.wep}: no port named `wep`; did you mean",
    ),
    "unknown namespace": (
        "[show]\na = '${prot.web}'",
        "show.a: ${prot.web}: nothing is called so; did you mean `${port",
    ),
    "shell habit": ("[env]\na = '${HOME}'", "env.a: ${HOME}: nothing is called so; did you mean `${env.HOME}`?"),
    "no name": ("[env]\na = '${env}'", "env.a: ${env}: env of what? write ${env.NAME}"),
    "too many names": ("[env]\na = '${root.x}'", "env.a: ${root.x}: `root` has no parts"),
    "unfinished": ("[env]\na = 'x${port.web'", "env.a: a `${` has no `}`"),
    "no marketplace": ("[env]\na = '${dir.backend}'", "env.a: ${dir.backend}: the stack has no [marketplace]"),
    "unknown directory": ("[env]\na = '${dir.backed}'", "no directory named `backed`; did you mean `backend`?"),
    "no storefront": ("[marketplace]\n[env]\na = '${dir.storefront}'", "set marketplace.storefront"),
    "in a probe": (
        WEB + "readiness = { http = '${url.x}/' }",
        "services.web.readiness.http: ${url.x}: no port named",
    ),
    "in a contract": ("[contracts.c]\nX = { add = ['${url.x}'] }", "contracts.c.X.add: ${url.x}: no port named `x`"),
    "disabled": (
        WEB + "enabled = false\n" + units(b=["web"]),
        "services.b.depends_on.web: `web` is disabled (enabled = false)",
    ),
}


@pytest.mark.parametrize(("text", "words"), CASES.values(), ids=CASES.keys())
def test_a_rule_tells_where_and_what(tmp_path, text, words):
    problems = refused(tmp_path, text)
    assert len(problems) == 1, problems
    assert words in problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "[env]\na = '$${HOME} $HOME %PATH% `id` $(id)'",
        "[env]\na = '${env.ANYTHING} ${output.something} ${root} ${state} ${mode}'",
        WEB + "enabled = false\nreadiness = { http = '${root}' }\n" + units(b=[]),
        "[ports]\na = { fixed = 4000 }\nb = 4000\n",
        units(a=[], b=["a"]).replace("['a']", "{ a = 'started' }"),
        '[tasks.t]\ncommand = "x"\n' + units(a=["t"]),
    ],
)
def test_what_is_right_is_let_be(tmp_path, text):
    loaded(tmp_path, text)


def test_a_list_of_dependencies_means_healthy_services_and_completed_tasks(tmp_path):
    stack = loaded(tmp_path, '[tasks.t]\ncommand = "x"\n' + units(a=["t", "b"], b=[])).stack
    assert stack.services["a"].depends_on == {"t": "completed", "b": "healthy"}


def test_a_problem_in_the_preset_through_the_file_names_who_said_it(tmp_path):
    (problem,) = refused(tmp_path, 'extends = "medusa-next"\n[tasks.seed]\nenabled = false\n', detected=MARKETPLACE)[:1]
    assert problem.startswith("preset medusa-next: services.backend.depends_on.seed: `seed` is disabled")
