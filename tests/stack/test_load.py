"""How a stack is put together: preset, detection, file, mode, flags; and where each value came from."""

import pytest

from launcher.stack.load import load
from tests.support.stack_files import MARKETPLACE, loaded, refused

PRESET = 'extends = "medusa-next"\n'
STOREFRONT = PRESET + '[marketplace]\nstorefront = "storefront"\n'


def test_the_preset_is_valid_in_both_modes(tmp_path):
    dev = loaded(tmp_path, STOREFRONT, mode="dev")
    production = loaded(tmp_path, STOREFRONT, mode="production")
    assert "storefront-build" not in dev.stack.tasks
    assert "storefront-build" in production.stack.tasks
    assert "dev" in dev.stack.services["storefront"].command
    assert "start" in production.stack.services["storefront"].command
    assert (dev.warnings, production.warnings) == ((), ())


def test_later_layers_win_and_each_value_names_its_origin(tmp_path):
    text = PRESET + "[ports]\nbackend = 9100\n[env]\nLEVEL = 1\n"
    detected = {"marketplace": {"backend": "apps/api", "storefront": "apps/web"}}
    result = loaded(tmp_path, text, detected=detected, overrides={"ports": {"storefront": 8123}})
    assert result.stack.ports["backend"].prefer == 9100
    assert result.stack.ports["storefront"].prefer == 8123
    assert result.origins["ports.backend.prefer"] == "rxlaunch.toml"
    assert result.origins["ports.storefront.prefer"] == "flag"
    assert result.origins["ports.postgres.prefer"] == "preset medusa-next"
    assert result.origins["marketplace.storefront"] == "detected"
    assert result.origins["env.LEVEL"] == "rxlaunch.toml"
    assert result.origins["services.backend.stop.grace"] == "default"


def test_the_file_wins_over_what_was_detected(tmp_path):
    text = PRESET + '[marketplace]\nstorefront = "shop"\n'
    assert loaded(tmp_path, text, detected=MARKETPLACE).stack.marketplace.storefront == "shop"


def test_without_a_file_what_was_detected_is_used_as_it_is(tmp_path):
    result = load(tmp_path, detected={"extends": "medusa-next", **MARKETPLACE})
    assert result.file is None
    assert "storefront" in result.stack.services


def test_a_file_that_names_no_preset_gets_none_whatever_was_detected(tmp_path):
    result = loaded(tmp_path, "", detected={"extends": "medusa-next", **MARKETPLACE})
    assert result.stack.units() == {}


def test_the_mode_of_the_flag_wins_over_the_file(tmp_path):
    assert loaded(tmp_path, 'mode = "production"').stack.mode == "production"
    assert loaded(tmp_path, 'mode = "production"', mode="dev").stack.mode == "dev"


def test_a_mode_lies_over_the_rest_of_its_file(tmp_path):
    text = "[ports]\nweb = 1\n[modes.production.ports]\nweb = 2\n"
    assert loaded(tmp_path, text).stack.ports["web"].prefer == 1
    assert loaded(tmp_path, text, mode="production").stack.ports["web"].prefer == 2


def test_a_wrong_mode_is_told_with_a_suggestion(tmp_path):
    (problem,) = refused(tmp_path, "", mode="producton")
    assert problem == 'flag: mode: must be "dev" or "production", not "producton"; did you mean `production`?'
    (problem,) = refused(tmp_path, "[modes.prod]\n")
    assert "modes.prod: no mode named so" in problem


def test_a_problem_in_the_mode_not_asked_for_is_told_too(tmp_path):
    (problem,) = refused(tmp_path, "[modes.production.ports]\nweb = 0\n", mode="dev")
    assert problem == "rxlaunch.toml: modes.production.ports.web: must be a whole number from 1 to 65535, not 0"


def test_a_mode_cannot_choose_another_preset(tmp_path):
    (problem,) = refused(tmp_path, '[modes.dev]\nextends = "minimal"\n')
    assert problem == "rxlaunch.toml: modes.dev.extends: cannot be set inside a mode"


def test_tables_merge_and_lists_replace(tmp_path):
    text = (
        STOREFRONT
        + 'expect_text = "Hi"\n[services.backend]\ndepends_on = ["postgres"]\n[services.backend.env]\nA = "1"\n'
    )
    backend = loaded(tmp_path, text).stack.services["backend"]
    assert backend.depends_on == {"postgres": "healthy"}
    assert backend.env["A"] == "1"
    assert backend.env["PORT"] == "${port.backend}"


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ('[tasks.seed]\ncommand = "npm run seed"\n', ("tasks", "seed", "action")),
        ("[ports]\nbackend = { fixed = 9100 }\n", ("ports", "backend", "prefer")),
        ("[services.storefront.readiness]\ntcp = '127.0.0.1:1'\n", ("services", "storefront", "readiness", "http")),
    ],
)
def test_choosing_otherwise_replaces_the_presets_choice(tmp_path, change, gone):
    here = loaded(tmp_path, STOREFRONT + change).stack.as_data()
    for part in gone:
        here = here[part]
    assert here is None


def test_services_named_like_probe_questions_stay_apart(tmp_path):
    stack = loaded(tmp_path, STOREFRONT + '[services.redis]\nsource = "embedded"\n').stack
    assert {"postgres", "redis"} <= stack.services.keys()


def test_a_command_is_split_like_a_shell_would_without_a_shell(tmp_path):
    stack = loaded(tmp_path, '[services.a]\ncommand = """node \'my app.js\' --name "x y" $HOME `id`"""\n').stack
    assert stack.services["a"].command == ("node", "my app.js", "--name", "x y", "$HOME", "`id`")


def test_a_marketplace_without_a_storefront_leaves_its_units_out_and_says_so(tmp_path):
    result = loaded(tmp_path, PRESET, mode="production")
    assert "storefront" not in result.stack.services
    assert not {"storefront-install", "storefront-build", "verify-storefront"} & result.stack.tasks.keys()
    assert {"publishable-key", "verify-backend"} <= result.stack.tasks.keys()
    assert "storefront" not in result.stack.ports
    assert "storefront" not in result.stack.show
    assert not any("storefront" in item for item in result.stack.contracts["backend"]["STORE_CORS"].add)
    assert result.warnings[0].startswith("no storefront was found or configured; left out: storefront, ")


def test_a_storefront_unit_of_the_users_own_stays(tmp_path):
    text = PRESET + '[services.storefront]\ncommand = "serve"\ncwd = "web"\ndepends_on = ["backend"]\n'
    result = loaded(tmp_path, text + 'env = { URL = "${url.storefront}" }\n')
    assert result.stack.services["storefront"].command == ("serve",)
    assert "storefront" in result.stack.ports


def test_loading_changes_no_argument(tmp_path):
    detected = {"extends": "medusa-next", "marketplace": {"storefront": "s"}, "ports": {"backend": 1}}
    overrides = {"ports": {"backend": {"prefer": 2}}, "tasks": {"t": {"command": "a b"}}}
    before = repr((detected, overrides))
    loaded(tmp_path, PRESET, detected=detected, overrides=overrides)
    assert repr((detected, overrides)) == before
