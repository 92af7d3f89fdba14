"""`check smoke` against a small marketplace that can be used, and one that is broken in one place."""

import subprocess
import sys

import pytest

from launcher.checks import servers
from launcher.checks.smoke import check
from launcher.marketplace import database
from launcher.plan.build import build
from launcher.stack.model import ServiceSpec, Stack
from launcher.state.snapshot import UnitView
from tests.support.judged import asked, failed, here, left_out, shop, target
from tests.support.marketplace import Reply, Web, as_json, free_port

REFUSED = as_json({"message": "A valid publishable key is required to proceed with the request"}, 400)
NO_COLUMN = as_json({"type": "invalid_data", "message": "column r0.currency_code does not exist"}, 400)


@pytest.fixture
def web():
    with Web() as server:
        yield shop(server)


def test_a_deployment_that_can_be_used_passes_and_its_listeners_are_left_out_by_name(web):
    found = asked(check, target(web))
    assert failed(found) == {}
    assert left_out(found) == {"listener backend", "listener storefront"}
    assert found["route /admin/custom/stats"].evidence == "answers 401 without a session, 200 to the administrator"
    assert found["storefront"].evidence.endswith("shows 'Allergy plan'")


@pytest.mark.parametrize(
    ("page", "reply", "question", "failure"),
    [
        ("/health", Reply("", status=500), "health", None),
        ("/admin/users/me", as_json({}, 500), "admin-api", None),
        ("/app/login", as_json({}), "admin-shell", "admin-not-built"),
        ("/app/login", Reply("<p>soon</p>"), "admin-shell", "admin-not-built"),
        ("/store/regions", REFUSED, "key", "key-unknown"),
        ("/store/regions", NO_COLUMN, "key", "missing-column"),
        ("/store/regions", as_json({"regions": []}), "regions", "no-regions"),
        ("OPTIONS /store/regions", Reply(status=204), "cors", "cors-refuses"),
        ("OPTIONS /store/regions", Reply(headers={"access-control-allow-origin": "http://x"}), "cors", "cors-refuses"),
        ("POST /auth/user/emailpass", as_json({"message": "Unauthorized"}, 401), "login", None),
        ("POST /auth/session", Reply("{}"), "login", None),
        ("POST /auth/session", as_json({}, 500), "login", None),
        ("/admin/custom/stats", Reply(status=404), "route /admin/custom/stats", None),
        ("/admin/custom/stats", NO_COLUMN, "route /admin/custom/stats", "missing-column"),
        ("/", Reply("", status=500), "storefront", None),
        ("/", Reply("<h1>Nothing</h1>"), "storefront", None),
    ],
)  # fmt: skip
def test_what_is_broken_is_named_and_nothing_else(web, page, reply, question, failure):
    web.pages[page] = reply
    found = asked(check, target(web))
    assert failed(found) == {question: failure}
    assert found[question].remedy


def test_a_route_that_fails_for_the_administrator_alone_is_found(web):
    web.pages["/admin/custom/stats"] = lambda request: (
        NO_COLUMN if "authorization" in request.headers else Reply(status=401)
    )
    assert failed(asked(check, target(web))) == {"route /admin/custom/stats": "missing-column"}


def test_an_admin_api_that_never_ends_its_answer_is_redis_and_routes_are_not_waited_for(web, monkeypatch):
    monkeypatch.setattr("launcher.marketplace.verify._SESSION_SECONDS", 0.3)
    web.pages["/admin/users/me"] = Reply("{", "application/json", 401, hang=True)
    found = asked(check, target(web))
    assert failed(found) == {"admin-api": "redis-unreachable"}
    assert {"login", "route /admin/custom/stats"} <= left_out(found)
    assert "smoke.admin-api" in found["login"].evidence


@pytest.mark.parametrize(
    ("key", "failure"),
    [("pk_test", "key-placeholder"), (None, "key-missing")],
)
def test_a_key_that_is_none_is_named_without_asking(web, tmp_path, key, failure):
    found = asked(check, target(web, key=key, here=here(tmp_path, web)))
    assert failed(found) == {"key": failure}


def test_without_a_key_a_deployment_is_judged_as_far_as_possible(web):
    found = asked(check, target(web, key=None, login=None))
    assert failed(found) == {}
    assert {"key", "regions", "login"} <= left_out(found)
    assert found["route /admin/custom/stats"].evidence == "answers 401"


@pytest.mark.parametrize(
    ("state", "failure"),
    [("revoked", "key-revoked"), ("unknown", "key-unknown"), ("usable", "key-unknown")],
)
def test_the_database_tells_what_is_wrong_with_a_key_that_is_refused(web, tmp_path, monkeypatch, state, failure):
    async def known(_url, _token):
        return state

    monkeypatch.setattr(database, "key_state", known)
    web.pages["/store/regions"] = REFUSED
    mine = here(tmp_path, web, outputs={"database_url": "postgres://u@127.0.0.1:1/x"})
    found = asked(check, target(web, here=mine))
    assert failed(found) == {"key": failure}
    assert "0123456789abcdef" not in found["key"].evidence


# --- /ready -----------------------------------------------------------------------------------------------------------


def ready(**parts):
    return as_json({"status": "not ready", **parts}, 503)


def test_a_ready_that_blames_a_redis_which_answers_is_not_believed(web, tmp_path, monkeypatch):
    async def answers(_here):
        return "Redis answers"

    monkeypatch.setattr(servers, "redis", answers)
    web.pages["/ready"] = ready(database="ok", redis="error")
    found = asked(check, target(web, here=here(tmp_path, web)))
    assert failed(found) == {}
    assert "wrongly" in found["health"].evidence


@pytest.mark.parametrize("phase", ["stopped", "ready"])
def test_a_server_of_the_stack_itself_that_ended_is_to_be_started_again(web, tmp_path, phase):
    web.pages["/ready"] = ready(database="ok", redis="error")
    plain = here(tmp_path, web)
    stack = Stack(services={"cache": ServiceSpec(provider="redis")})
    mine = plain.replaced(
        plan=plain.plan.replaced(units={**plain.plan.units, **build(stack, tmp_path).units}),
        snapshot=plain.snapshot.replaced(units={**plain.snapshot.units, "cache": UnitView("cache", phase)}),
        outputs={"redis_url": f"redis://127.0.0.1:{free_port()}"},
    )
    told = asked(check, target(web, here=mine))["health"].remedy
    assert (told == "rxlaunch start cache") == (phase == "stopped")


def test_a_ready_that_blames_a_redis_which_does_not_answer_is_believed(web, tmp_path):
    web.pages["/ready"] = ready(database="ok", redis="error")
    mine = here(tmp_path, web, outputs={"redis_url": f"redis://127.0.0.1:{free_port()}"})
    found = asked(check, target(web, here=mine))
    assert failed(found) == {"health": "redis-unreachable"}
    assert "admin-api" in left_out(found)


def test_elsewhere_the_admin_api_decides_about_redis(web):
    web.pages["/ready"] = ready(database="ok", redis="error")
    assert failed(asked(check, target(web))) == {}


def test_elsewhere_a_database_that_is_blamed_is_believed(web):
    web.pages["/ready"] = ready(database="error", redis="ok")
    assert failed(asked(check, target(web))) == {"health": "postgres-unreachable"}


# --- listeners --------------------------------------------------------------------------------------------------------


def with_backend(mine, **changes):
    units = {**mine.snapshot.units, "backend": mine.snapshot.units["backend"].replaced(**changes)}
    return mine.replaced(snapshot=mine.snapshot.replaced(units=units))


def test_our_own_listener_is_ours(web, tmp_path):
    found = asked(check, target(web, here=here(tmp_path, web)))
    assert failed(found) == {}
    assert found["listener backend"].verdict == "passed"


def test_a_stranger_on_the_port_is_named_and_what_it_answers_counts_for_nothing(web, tmp_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        found = asked(check, target(web, here=with_backend(here(tmp_path, web), pid=other.pid)))
        other.stdin.close()
    assert failed(found) == {"listener backend": "port-taken"}
    assert {"health", "key", "storefront"} <= left_out(found)


def test_nobody_on_the_port_and_a_service_that_does_not_run_are_told(web, tmp_path):
    mine = here(tmp_path, web)
    ports = {"backend": free_port(), "storefront": web.port}
    nobody = asked(check, target(web, here=mine.replaced(snapshot=mine.snapshot.replaced(ports=ports))))
    assert "nobody listens" in nobody["listener backend"].evidence
    stopped = asked(check, target(web, here=with_backend(mine, pid=None, phase="failed")))
    assert stopped["listener backend"].evidence == "backend does not run (failed)"


def test_a_server_that_is_not_ours_is_left_out(web, tmp_path):
    found = asked(check, target(web, here=with_backend(here(tmp_path, web), pid=None, note="Postgres answers")))
    assert found["listener backend"].verdict == "left out"
    assert failed(found) == {}


def test_a_deployment_without_a_storefront_is_judged_without_it(web):
    judged = target(web)
    found = asked(check, judged.replaced(urls={"backend": judged.urls["backend"]}))
    assert failed(found) == {}
    assert {"cors", "storefront"} <= left_out(found)
