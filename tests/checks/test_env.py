"""`check env`: contracts with all their problems, Node, packages, ports; no value is told."""

import json

import pytest

from launcher.checks.env import check
from launcher.errors import Problem
from launcher.services import node, wheels
from tests.support.judged import asked, failed, here, left_out, target
from tests.support.marketplace import Web, write

LOCK = {"packages": {"": {"dependencies": {"left-pad": "1.0.0"}}, "node_modules/left-pad": {"version": "1.0.0"}}}
PROJECT = {
    "package.json": {"dependencies": {"left-pad": "1.0.0"}},
    "package-lock.json": LOCK,
    "node_modules/left-pad/package.json": {"version": "1.0.0"},
    "node_modules/.package-lock.json": {"packages": {"node_modules/left-pad": {"version": "1.0.0"}}},
}


@pytest.fixture
def mine(tmp_path):
    return here(write(tmp_path / "checkout", PROJECT))


@pytest.fixture(autouse=True)
def good_node(monkeypatch):
    found = node.Toolchain(None, "v22.1.0", "system")
    monkeypatch.setattr(node, "toolchain", lambda *_: found)


def judge(mine):
    with Web() as web:
        return asked(check, target(web, here=mine))


def test_what_is_right_passes_without_anything_running(mine):
    found = judge(mine)
    assert failed(found) == {}
    assert set(found) == {"contract backend", "contract storefront", "node", "packages backend", "ports"}


def test_elsewhere_each_question_is_left_out_by_name():
    with Web() as web:
        assert left_out(asked(check, target(web))) == {"contracts", "node", "packages", "ports"}


@pytest.mark.parametrize(
    ("what", "failure"),
    [
        ("is required and not set", "secret-missing"),
        ("must be at least 64 characters long, is 11", "secret-short"),
        ("must look like x", None),
    ],
)
def test_a_contract_that_does_not_hold_is_told_with_its_failure(mine, what, failure):
    found = judge(mine.replaced(problems={"backend": [Problem("JWT_SECRET", what)]}))
    assert failed(found) == {"contract backend": failure}
    assert found["contract backend"].evidence == f"JWT_SECRET: {what}"
    assert found["contract backend"].remedy


def test_all_problems_of_a_contract_are_told_at_once_and_each_only_once(mine):
    problems = [Problem("A", "is required and not set"), Problem("B", "must be at least 64 characters long, is 2")]
    found = judge(mine.replaced(problems={"backend": problems, "migrate": problems}))
    assert found["contract backend"].evidence.count("A:") == 1
    assert "B:" in found["contract backend"].evidence


def test_the_storefronts_placeholder_is_a_failure_of_its_own(mine):
    problem = Problem("NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY", "still has the placeholder of a template")
    assert failed(judge(mine.replaced(problems={"storefront": [problem]}))) == {
        "contract storefront": "key-placeholder"
    }


def test_an_old_node_is_told(mine, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(wheels, "node", lambda: None)
    monkeypatch.setattr(node, "version_of", lambda _: "v18.20.0")
    found = judge(mine)
    assert failed(found) == {"node": "node-too-old"}


@pytest.mark.parametrize(
    ("changed", "failure"),
    [
        ({"node_modules/left-pad/package.json": None}, "packages-missing"),
        ({"node_modules/.package-lock.json": {"packages": {"node_modules/left-pad": {"version": "0.9.0"}}}},
         "packages-out-of-step"),
        ({"package.json": {"dependencies": {"left-pad": "2.0.0"}}}, "packages-out-of-step"),
    ],
)  # fmt: skip
def test_packages_that_are_missing_or_out_of_step_are_told_apart(mine, changed, failure):
    for name, content in changed.items():
        path = mine.paths.root / name
        path.unlink() if content is None else path.write_text(json.dumps(content))
    assert failed(judge(mine)) == {"packages backend": failure}


def test_a_reserved_port_is_told_wherever_it_is_named(mine):
    taken = mine.replaced(snapshot=mine.snapshot.replaced(ports={"backend": 9000}))
    assert failed(judge(taken)) == {"ports": "port-9000"}
    told = {"backend": {**mine.environments["backend"], "MEDUSA_BACKEND_URL": "http://localhost:9000"}}
    stack = mine.plan.stack.replaced(env={"MEDUSA_BACKEND_URL": "x"})
    named = mine.replaced(environments=told, plan=mine.plan.replaced(stack=stack))
    assert "MEDUSA_BACKEND_URL of backend" in judge(named)["ports"].evidence
    elsewhere = {"backend": {"MEDUSA_BACKEND_URL": "https://shop.example:9000"}}
    assert failed(judge(named.replaced(environments=elsewhere))) == {}


def test_no_value_of_a_variable_is_told(mine):
    broken = mine.replaced(problems={"backend": [Problem("JWT_SECRET", "must be at least 64 characters long, is 19")]})
    assert "right horse battery" not in str(judge(broken))
