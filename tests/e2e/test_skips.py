"""Work that would change nothing is skipped, and says so; work that would is done."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
WORK = ("install", "storefront-install", "migrate", "seed", "admin-build", "publishable-key")


def test_a_warm_boot_does_nothing_again(stopped):
    stopped.up()
    units = stopped.json("status")["units"]
    assert {name: units[name]["phase"] for name in WORK} == dict.fromkeys(WORK, "skipped")
    assert all(units[name]["note"] for name in WORK)
    stopped.assert_healthy()


@pytest.mark.parametrize(
    ("file", "unit"),
    [
        ("src/admin/routes/businesses/page.tsx", "admin-build"),
        ("src/modules/business/migrations/notes.txt", "migrate"),
        ("storefront/package-lock.json", "storefront-install"),
    ],
)
def test_a_changed_file_calls_for_its_own_work_alone(running, file, unit):
    before = running.plan()
    assert before[unit].startswith("skip:")
    old = (running.root / file).read_text() if (running.root / file).exists() else ""
    with running.changed(file, old + "\n"):
        during = running.plan()
    assert during[unit].startswith("run:")
    assert {name for name in WORK if during[name] != before[name]} == {unit}
    assert running.plan() == before
