import asyncio
import contextlib
import json
import re
import threading

import pytest

from launcher.marketplace.runtime_config import WriteRuntimeConfig, render, same
from launcher.plan.step import Run, Skip, StepFailed


@pytest.fixture
def shop(context):
    context.ports.update(backend=9001, storefront=8000)
    return context


def check(context):
    return asyncio.run(WriteRuntimeConfig().check(context))


def run(context):
    return asyncio.run(WriteRuntimeConfig().run(context))


def files(context, name="launcher_assets/runtime-config"):
    return context.root / f"{name}.js", context.root / f"{name}.json"


def test_old_readers_find_what_they_look_for(shop):
    run(shop)
    raw = files(shop)[0].read_bytes()
    text = raw.decode("ascii")
    assert text.startswith("window.__THERXSPOT_LAUNCHER_PORTS = {")
    assert re.search(r"backendPort\s*:\s*(\d+)", text)[1] == "9001"
    assert re.search(r"storefrontPort\s*:\s*(\d+)", text)[1] == "8000"
    assert re.search(r'adminPath\s*:\s*"([^"]+)"', text)[1] == "/app"
    assert re.search(r'generatedAt\s*:\s*"\d{4}-\d\d-\d\dT', text)


def test_the_twin_names_the_stack_and_says_the_same(shop):
    run(shop)
    twin = json.loads(files(shop)[1].read_text())
    assert twin.pop("generatedAt")
    assert twin == {
        "version": 1,
        "instance": "state-of-stack",
        "backendPort": 9001,
        "storefrontPort": 8000,
        "adminPath": "/app",
    }


def test_nothing_is_written_while_nothing_changed(shop):
    assert check(shop) == Run("runtime-config.js and runtime-config.json to be written")
    run(shop)
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in files(shop)]
    assert isinstance(check(shop), Skip)
    run(shop)
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in files(shop)] == before
    shop.ports["backend"] = 9002
    assert isinstance(check(shop), Run)
    run(shop)
    assert "backendPort: 9002" in files(shop)[0].read_text()
    assert sorted(path.name for path in files(shop)[0].parent.iterdir()) == [
        "runtime-config.js",
        "runtime-config.json",
    ]


def test_a_file_with_a_byte_order_mark_is_replaced(shop):
    run(shop)
    script, _ = files(shop)
    script.write_bytes(b"\xef\xbb\xbf" + script.read_bytes())
    assert check(shop) == Run("runtime-config.js to be written")
    run(shop)
    assert script.read_bytes().startswith(b"window")


def test_readers_never_see_half_a_file(shop):
    run(shop)
    script, _ = files(shop)
    stop, torn = threading.Event(), []

    def read():
        while not stop.wait(0.001):
            with contextlib.suppress(PermissionError):  # Windows has moments when it is not to be had
                text = script.read_text()
                if not text.endswith("};\n"):
                    torn.append(text)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for port in range(10_000, 10_200):
            shop.ports["backend"] = port
            run(shop)
    finally:
        stop.set()
        reader.join()
    assert torn == []


def test_hostile_values_cannot_leave_their_string():
    bad = '</script><script>alert("x")\u2028\n'
    made = render("G", {"adminPath": bad}, instance="i", generated_at="now")
    assert "<" not in made.script
    assert "\u2028" not in made.script
    assert json.loads(made.twin)["adminPath"] == bad


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET", "x"),
        ("adminPassword", "x"),
        ("accessToken", "x"),
        ("DATABASE_URL", "x"),
        ("key", "sk_live"),
        ("url", "postgres://h/d"),
        ("url", "https://user:pass@host/"),
        ("a-b", "x"),
    ],
)
def test_what_must_not_be_public_is_refused(name, value):
    with pytest.raises(StepFailed, match="must not go into a file that browsers load"):
        render("G", {name: value}, instance="i", generated_at="now")


def test_path_global_and_admin_path_are_the_projects_choice(shop):
    shop.options.update(
        runtime_config_path="public/ports.js", runtime_config_global="MY_PORTS", admin_path="/dashboard"
    )
    run(shop)
    text = files(shop, "public/ports")[0].read_text()
    assert text.startswith("window.MY_PORTS = {")
    assert 'adminPath: "/dashboard"' in text


@pytest.mark.parametrize("path", ["../outside.js", "/etc/evil.js", "config.txt"])
def test_only_a_script_inside_the_checkout_may_be_named(shop, path):
    shop.options["runtime_config_path"] = path
    with pytest.raises(StepFailed, match=r"outside the checkout|must end in \.js"):
        run(shop)


@pytest.mark.not_under_wine("its links on a drive lead nowhere")
def test_a_link_that_leads_outside_is_refused(shop, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (shop.root / "launcher_assets").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(StepFailed, match="outside the checkout"):
        run(shop)


def test_a_link_planted_under_the_temporary_name_is_not_written_through(shop, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (shop.root / "launcher_assets").mkdir()
    (shop.root / "launcher_assets/.runtime-config.js.tmp").symlink_to(victim)
    run(shop)
    assert victim.read_text() == "precious"
    assert "backendPort" in files(shop)[0].read_text()


def test_a_place_that_cannot_be_written_is_named_with_a_remedy(shop):
    (shop.root / "launcher_assets").write_text("a file where the directory should be")
    with pytest.raises(StepFailed, match=r"runtime-config\.js cannot be written") as raised:
        run(shop)
    assert "writable" in raised.value.remedy


def test_a_stack_without_storefront_has_no_storefront_port(shop):
    del shop.ports["storefront"]
    run(shop)
    assert "storefrontPort" not in files(shop)[0].read_text()


def test_only_the_date_may_differ():
    one = render("G", {"backendPort": 1}, instance="i", generated_at="2026-01-01")
    two = render("G", {"backendPort": 1}, instance="i", generated_at="2027-01-01")
    three = render("G", {"backendPort": 2}, instance="i", generated_at="2026-01-01")
    assert same(one.script, two.script)
    assert same(one.twin, two.twin)
    assert not same(one.script, three.script)
    assert not same(None, one.script)
