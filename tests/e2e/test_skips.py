"""Work that would change nothing is skipped, and says so; work that would is done."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
WORK = ("install", "storefront-install", "migrate", "seed", "admin-build", "publishable-key")


def test_a_warm_boot_does_nothing_again(warm):
    warm.up()
    units = warm.json("status")["units"]
    assert {name: units[name]["phase"] for name in WORK} == dict.fromkeys(WORK, "skipped")
    assert all(units[name]["note"] for name in WORK)
    warm.assert_healthy()


@pytest.mark.parametrize(
    ("file", "units"),
    [
        ("src/admin/routes/businesses/page.tsx", {"admin-build"}),
        ("src/modules/business/migrations/notes.txt", {"migrate", "admin-build"}),
        ("storefront/package-lock.json", {"storefront-install"}),
    ],
)
def test_a_changed_file_calls_for_its_own_work_alone(running, file, units):
    database = running.json("env", "--reveal")["outputs"]["database_url"]["value"]
    with running.changed(".env", f"DATABASE_URL={database}\n"):  # a dry run asks no database it wasn't told of
        before = running.plan()
        old = (running.root / file).read_text() if (running.root / file).exists() else ""
        with running.changed(file, old + "\n"):
            during = running.plan()
        after = running.plan()
    assert [before[name].partition(":")[0] for name in WORK] == ["skip"] * len(WORK)
    assert {name for name in WORK if during[name].startswith("run:")} == units
    assert after == before
