"""Secrets reach the processes that need them, and nothing else (runbook R6)."""

import stat

import pytest

from tests.support.marketplaces import Processes

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture
def secrets(running):
    found = running.secrets
    assert set(found) == {"JWT_SECRET", "COOKIE_SECRET", "postgres_password", "admin_password"}
    return found


def leaks(secrets, places):
    """Which secret stands where."""
    return [f"{name} in {place}" for place, text in places.items() for name, value in secrets.items() if value in text]


def test_no_secret_is_in_any_command_line(running, secrets):
    commands = {f"{one.pid} {one.command[:60]}": one.command for one in Processes.all()}
    assert any("medusa" in command for command in commands.values())
    assert not leaks(secrets, commands)


def test_no_secret_is_in_logs_events_state_or_public_files(running, secrets):
    state, public = running.state, running.root / "launcher_assets"
    files = [*(state / "logs").iterdir(), state / "events.ndjson", state / "state.json", state / "supervisor.log"]
    files += [public / "runtime-config.js", public / "runtime-config.json"]
    assert {"backend.log", "storefront.log", "migrate.log", "seed.log"} <= {path.name for path in files}
    places = {path.name: path.read_text(errors="replace") for path in files}
    for command in (("status", "-o", "json"), ("env",), ("config",), ("logs", "-n", "10000"), ("why", "backend")):
        places[" ".join(command)] = running.run(*command, check=0).stdout
    assert not leaks(secrets, places)


def test_the_secrets_are_readable_by_their_owner_alone(running):
    assert stat.S_IMODE((running.state / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((running.state / "outputs.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(running.state.stat().st_mode) == 0o700


def test_only_the_backend_is_told_the_backends_secrets(running, secrets):
    instance = running.json("status")["instance"]
    backend, storefront = (Processes.of_unit(instance, unit) for unit in ("backend", "storefront"))
    names = {"DATABASE_URL", "REDIS_URL", "JWT_SECRET", "COOKIE_SECRET", "ENCRYPTION_KEY_CURRENT"}
    assert names <= {variable.partition("=")[0] for one in backend for variable in one.environ}
    assert leaks(secrets, {"the backend": "\n".join(one.text for one in backend)}), "this search finds nothing"
    assert storefront
    told = {variable.partition("=")[0] for one in storefront for variable in one.environ}
    assert "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY" in told
    assert not names & told
    assert not leaks(secrets, {str(one.pid): one.text for one in storefront})
