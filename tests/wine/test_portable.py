"""The tests that know no platform, run by a Windows Python: one inner pytest, whose modules are the tests here.

What Wine or Windows cannot do is skipped by the inner tests themselves, by name and with the reason; the summary at
the end of the outer run counts and lists that. Postgres and Redis run beside Wine, as on Linux.
"""

import pytest

from tests.wine.inner import modules

pytestmark = [pytest.mark.wine, pytest.mark.timeout(600)]


@pytest.mark.parametrize("module", modules())
def test_the_module_passes_on_windows(results_of, module):
    results = results_of(module)
    bad = [f"{result.name}\n{result.text}" for result in results if result.outcome == "failed"]
    assert not bad, "\n\n".join(bad)
    assert any(result.outcome == "passed" for result in results), f"nothing of {module} ran"
