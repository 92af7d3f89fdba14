"""config, graph, env, init: looking at a stack without starting it."""

import json

import pytest

PROJECT = {"package.json": '{"name": "shop", "dependencies": {"@medusajs/medusa": "2.13.1"}}', "medusa-config.ts": ""}
STOREFRONT = '{"name": "front", "dependencies": {"next": "15.3.9", "@medusajs/js-sdk": "2.13.1"}}'


@pytest.fixture
def project(stack):
    """A Medusa checkout without a stack file; nothing in it could run."""
    for name, text in PROJECT.items():
        (stack.root / name).write_text(text)
    (stack.root / "front").mkdir()
    (stack.root / "front" / "package.json").write_text(STOREFRONT)
    return stack


def test_a_medusa_checkout_without_a_stack_file_is_recognised(project):
    document = project.json("config")
    assert document["stack"]["marketplace"]["storefront"] == "front"
    assert document["origins"]["marketplace.storefront"] == "detected"
    assert document["origins"]["services.backend.port"] == "preset medusa-next"
    assert {"postgres", "redis", "migrate", "backend", "storefront"} <= project.json("graph")["units"].keys()


def test_init_writes_a_stack_file_that_loads_and_never_overwrites_one(project):
    project.run("init", check=0)
    assert project.json("config")["stack"]["extends"] == "medusa-next"
    before = (project.root / "rxlaunch.toml").read_text()
    assert "exists already" in project.run("init", check=2).stderr
    assert (project.root / "rxlaunch.toml").read_text() == before


def test_init_writes_the_sample_only_into_a_new_or_empty_directory(stack):
    stack.run("init", "--sample", str(stack.root / "shop"), check=0)
    assert (stack.root / "shop" / "medusa-config.ts").is_file()
    assert (stack.root / "shop" / "storefront" / "package.json").is_file()
    assert stack.run("init", "--sample", str(stack.root / "shop"), check=2).stderr


def test_config_works_from_a_folder_inside_the_checkout(project):
    inside = project.json("config", "-C", str(project.root / "front"))
    assert inside["stack"]["marketplace"]["storefront"] == "front"


def test_graph_draws_the_selected_units_with_what_they_need(project):
    assert set(project.json("graph", "postgres")["units"]) == {"postgres"}
    assert "digraph" in project.run("graph", "--format", "dot", check=0).stdout
    assert "flowchart" in project.run("graph", "--format", "mermaid", check=0).stdout


def test_env_masks_secrets_and_tells_where_each_variable_comes_from(project):
    secret = "s" * 70
    (project.root / ".env").write_text(f"COOKIE_SECRET={secret}\nPLAIN=seen\n")
    rows = project.json("env", "backend")["units"]["backend"]
    assert rows["COOKIE_SECRET"] == {"value": "***", "origin": ".env"}
    assert rows["JWT_SECRET"]["value"] == "***"
    assert rows["PLAIN"]["value"] == "seen"
    assert secret not in project.run("env", check=0).stdout
    revealed = project.json("env", "backend", "--reveal")["units"]["backend"]
    assert revealed["COOKIE_SECRET"]["value"] == secret
    assert len(revealed["JWT_SECRET"]["value"]) == 64
    assert revealed["STORE_CORS"]["value"].startswith("http://127.0.0.1:8000")


def test_the_storefront_gets_no_secret_of_the_backend(project):
    (project.root / ".env").write_text("DATABASE_URL=postgres://u:pw123456@127.0.0.1/x\nJWT_SECRET=" + "j" * 64 + "\n")
    rows = project.json("env", "storefront")["units"]["storefront"]
    assert not {"DATABASE_URL", "JWT_SECRET", "COOKIE_SECRET"} & rows.keys()


def test_every_problem_of_the_environment_is_told_at_once_without_values(project):
    (project.root / ".env").write_text("JWT_SECRET=short1\nCOOKIE_SECRET=short22\nREDIS_URL=http://wrong\n")
    done = project.run("up", check=2)
    for name in ("JWT_SECRET", "COOKIE_SECRET"):
        assert name in done.stderr
    for value in ("short1", "short22"):
        assert value not in done.stderr + done.stdout


def test_a_literal_secret_in_the_stack_file_is_masked_by_config(project):
    (project.root / "rxlaunch.toml").write_text(
        'extends = "medusa-next"\n[services.backend.env]\nJWT_SECRET = "literal-secret-value"\n'
    )
    assert "literal-secret-value" not in project.run("config", check=0).stdout
    assert "literal-secret-value" not in json.dumps(project.json("config"))


def test_env_tells_what_a_unit_gets_from_its_own_file(stack):
    (stack.root / "web.env").write_text("COLOUR=green\n")
    stack.web('env_file = ["web.env"]')
    row = stack.json("env", "web")["units"]["web"]["COLOUR"]
    assert row == {"value": "green", "origin": "its env_file (web.env)"}
