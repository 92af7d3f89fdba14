"""Several checkouts of one user at the same time, and a checkout without a stack file (rows 46, 47)."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]


def test_two_checkouts_run_side_by_side_each_with_its_own_ports(running, second):
    before = running.json("status")
    second.up()
    mine, other = running.json("status"), second.json("status")
    assert (mine["pid"], mine["ports"]) == (before["pid"], before["ports"])
    assert (mine["root"], other["root"]) == (str(running.root), str(second.root))
    assert len({*mine["ports"].values(), *other["ports"].values()}) == 8
    running.assert_healthy()
    second.assert_healthy()
    assert running.secrets["JWT_SECRET"] != second.secrets["JWT_SECRET"]


def test_stopping_one_leaves_the_other_running(running, second):
    ports = second.json("status").get("ports")
    second.down()
    second.assert_nothing_left(1, ports)
    running.assert_healthy()


def test_a_wrong_password_for_somebody_elses_database_is_told_and_nothing_starts(running, second):
    """The database is the first checkout's own, which goes on undisturbed."""
    url = f"postgres://medusa:wrong-horse-71@127.0.0.1:{running.ports['postgres']}/medusa"
    with second.changed(".env", f"DATABASE_URL={url}\n"):
        done = second.up(check=10)
    assert "postgres" in done.stdout
    assert "password authentication failed" in done.stdout
    assert "correct the user or password in DATABASE_URL" in done.stdout
    assert "wrong-horse-71" not in done.stdout + done.stderr
    second.assert_nothing_left(1)
    running.assert_healthy()


def test_a_checkout_without_a_stack_file_is_recognised(second):
    with_file = second.json("graph")
    with second.changed("rxlaunch.toml", None):
        assert second.json("graph") == with_file
        assert "recognised" in second.run("config", check=0).stdout
        assert set(second.plan()) == set(second.json("graph")["units"])
