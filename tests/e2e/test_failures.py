"""A stage that fails on the real thing: its exit code, which unit, why, what to do; nothing left (row 70)."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
PAGE = "src/admin/routes/businesses/page.tsx"
MIDDLEWARE = "storefront/src/middleware.ts"
BROKEN = """
import { NextResponse } from "next/server"
export async function middleware(): Promise<NextResponse> {
  throw new Error("the middleware is broken on purpose")
}
"""


def test_an_admin_page_with_a_syntax_error_fails_the_build_stage(stopped):
    """Medusa itself ends well, and leaves the page out."""
    with stopped.changed(PAGE, "export default function Page() { return <div> }\n"):
        done = stopped.up(check=12)
    assert "admin-build" in done.stdout
    assert f"the admin would lack {stopped.root / PAGE}: SyntaxError: Unterminated JSX contents" in done.stdout
    assert "correct that file" in done.stdout
    stopped.assert_nothing_left(1)


def test_a_storefront_that_never_renders_fails_the_storefront_stage(stopped):
    stack_file = (stopped.root / "rxlaunch.toml").read_text()
    shorter = f"{stack_file}\n[services.storefront]\nreadiness = {{ deadline = 25 }}\n"
    with stopped.changed("rxlaunch.toml", shorter), stopped.changed(MIDDLEWARE, BROKEN):
        done = stopped.up(check=15)
    assert "storefront" in done.stdout
    assert "not ready after 25 s" in done.stdout
    assert "500" in done.stdout
    assert "broken on purpose" in done.stdout
    stopped.assert_nothing_left(1)


def test_an_incomplete_environment_is_told_at_once_with_every_problem_and_no_value(stopped):
    with stopped.changed(".env", "JWT_SECRET=supersecret-4417\nCOOKIE_SECRET=cookiesecret-9923\n"):
        done = stopped.up(check=2)
    printed = done.stdout + done.stderr
    assert "JWT_SECRET" in printed
    assert "COOKIE_SECRET" in printed
    assert "64" in printed
    assert "4417" not in printed
    assert "9923" not in printed
    stopped.assert_nothing_left(1)
