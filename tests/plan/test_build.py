"""The plan of the preset, whole and in parts."""

import pytest

from launcher.errors import UnknownUnit
from launcher.plan import render
from launcher.plan.build import build
from tests.support.stack_files import loaded

PRESET = 'extends = "medusa-next"\nname = "shop"\n[marketplace]\nstorefront = "storefront"\n'
FOR_MIGRATE = {"postgres", "redis", "install", "migrate"}
FOR_BACKEND = FOR_MIGRATE | {"seed", "admin-build", "runtime-config", "backend"}
CHECKED_BACKEND = FOR_BACKEND | {"publishable-key", "verify-backend", "verify-admin"}
EVERYTHING = CHECKED_BACKEND | {"storefront-install", "storefront", "verify-storefront"}


def plan_of(root, text=PRESET, selected=(), mode="dev"):
    return build(loaded(root, text, mode=mode).stack, root, selected)


@pytest.mark.parametrize(("mode", "more"), [("dev", set()), ("production", {"storefront-build"})])
def test_the_preset_gives_the_expected_plan(tmp_path, mode, more):
    plan = plan_of(tmp_path, mode=mode)
    assert plan.units.keys() == EVERYTHING | more
    assert (plan.name, plan.root, plan.mode) == ("shop", tmp_path, mode)
    assert plan.stages == ("dependencies", "schema", "build", "key", "backend", "storefront", "verify")
    assert list(plan.ports) == ["postgres", "redis", "backend", "storefront"]
    order = list(plan.units)
    for name, unit in plan.units.items():
        assert all(order.index(need) < order.index(name) for need in unit.depends_on)
        assert all(name in plan.units[need].required_by for need in unit.depends_on)


def test_a_unit_of_the_plan_says_what_the_supervisor_needs(tmp_path):
    backend = plan_of(tmp_path).units["backend"]
    assert (backend.kind, backend.stage, backend.port) == ("service", "backend", "backend")
    assert backend.depends_on["postgres"] == "healthy"
    assert backend.depends_on["migrate"] == "completed"
    assert set(backend.required_by) == {"verify-backend", "verify-storefront", "verify-admin"}


def test_a_provider_named_like_a_port_listens_on_it(tmp_path):
    units = plan_of(tmp_path).units
    assert units["postgres"].port == "postgres"
    assert units["migrate"].port is None


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (["postgres"], {"postgres"}),
        (["migrate"], FOR_MIGRATE),
        (["backend"], CHECKED_BACKEND),
        (["storefront"], EVERYTHING),
        (["publishable-key"], FOR_MIGRATE | {"seed", "publishable-key"}),
        (["postgres", "install"], {"postgres", "install"}),
        (["verify-admin"], FOR_BACKEND | {"verify-admin", "publishable-key", "verify-backend"}),
    ],
)
def test_a_selection_is_closed_over_what_it_needs_and_brings_the_checks_of_its_services(tmp_path, selected, expected):
    assert plan_of(tmp_path, selected=selected).units.keys() == expected


def test_a_backend_alone_knows_the_port_of_the_storefront_it_will_allow(tmp_path):
    assert "storefront" in plan_of(tmp_path, selected=["backend"]).ports
    assert list(plan_of(tmp_path, selected=["postgres"]).ports) == ["postgres"]


def test_required_by_names_only_units_of_the_plan(tmp_path):
    plan = plan_of(tmp_path, selected=["migrate"])
    assert plan.units["migrate"].required_by == ()
    assert plan.stages == ("dependencies", "schema")


def test_an_unknown_unit_gets_a_suggestion(tmp_path):
    with pytest.raises(UnknownUnit) as caught:
        plan_of(tmp_path, selected=["bakend"])
    assert caught.value.message == "no unit named `bakend`; did you mean `backend`?"
    assert "units are: postgres, redis" in caught.value.remedy


def test_a_disabled_unit_is_told_apart_from_an_unknown_one(tmp_path):
    text = PRESET + "[tasks.verify-admin]\nenabled = false\n"
    assert "verify-admin" not in plan_of(tmp_path, text).units
    with pytest.raises(UnknownUnit, match="verify-admin is disabled"):
        plan_of(tmp_path, text, selected=["verify-admin"])


def test_a_stack_without_stages_gets_services_and_tasks(tmp_path):
    text = '[services.a]\ncommand = "a"\n[tasks.t]\ncommand = "t"\n[services.b]\ncommand = "b"\nstage = "mine"\n'
    plan = plan_of(tmp_path, text)
    assert plan.stages == ("services", "mine", "tasks")
    assert plan.name == tmp_path.name


def test_the_same_stack_gives_the_same_plan(tmp_path):
    assert list(plan_of(tmp_path).units) == list(plan_of(tmp_path).units)


SMALL = (
    '[ports]\nend = 1\n[services.end]\ncommand = "x"\ndepends_on = ["prepare", "db"]\n'
    '[services.db]\ncommand = "y"\n[tasks.prepare]\ncommand = "z"\n'
)


def test_the_graph_as_text(tmp_path):
    assert render.text(plan_of(tmp_path, 'name = "small"\n' + SMALL)) == (
        "small (dev)\n"
        "services\n"
        "├─ db (service)\n"
        "└─ end (service, port end) after prepare done, db ready\n"
        "tasks\n"
        "└─ prepare (task)\n"
    )


def test_the_graph_as_dot_and_mermaid(tmp_path):
    plan = plan_of(tmp_path, SMALL)
    dot, mermaid = render.dot(plan), render.mermaid(plan)
    assert '  "prepare" -> "end" [label="done"];' in dot
    assert dot.count("{") == dot.count("}")
    assert '    u0["db"]' in mermaid
    assert "  u1 -->|done| u2" in mermaid
    assert '    u1(["prepare"])' in mermaid
