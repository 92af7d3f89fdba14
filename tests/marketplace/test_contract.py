import hashlib

import pytest

from launcher.marketplace.contract import encryption_key, joined, resolve
from launcher.stack.model import VariableSpec

LONG = "j" * 64


def resolved(spec, env, *, mode="dev", ci=False):
    variables = {name: VariableSpec(**rules) for name, rules in spec.items()}
    return resolve(variables, env, mode=mode, ci=ci, secret=lambda name, count: (name + "0" * count)[:count])


def complaints(spec, env, **place):
    return [str(problem) for problem in resolved(spec, env, **place).problems]


def test_a_complete_environment_is_passed_on_with_everything_else_in_it():
    done = resolved({"JWT_SECRET": {"min_length": 64}}, {"JWT_SECRET": LONG, "HOME": "/h"})
    assert done.env == {"JWT_SECRET": LONG, "HOME": "/h"}
    assert done.problems == []
    assert done.origins == {"JWT_SECRET": "given"}


def test_every_problem_is_told_at_once_and_no_value_is_shown():
    found = complaints(
        {
            "JWT_SECRET": {"secret": True, "min_length": 64},
            "DATABASE_URL": {"pattern": "postgres(ql)?://.+", "hint": "set it in .env"},
            "KEY": {"forbidden": ("pk_test",)},
            "REDIS_URL": {"hint": "or use the embedded one"},
        },
        {"JWT_SECRET": "hunter2", "DATABASE_URL": "mysql://u:hunter2@h/d", "KEY": "PK_TEST"},
    )
    assert found == [
        "JWT_SECRET: must be at least 64 characters long, is 7",
        "DATABASE_URL: must look like postgres(ql)?://.+ (21 characters given); set it in .env",
        "KEY: still has the placeholder of a template",
        "REDIS_URL: is required and not set; or use the embedded one",
    ]
    assert "hunter2" not in "".join(found)


def test_an_empty_or_blank_value_counts_as_absent():
    assert complaints({"A": {}, "B": {}}, {"A": "", "B": "  "}) == [
        "A: is required and not set",
        "B: is required and not set",
    ]


def test_what_is_optional_may_be_absent_but_must_be_right_when_given():
    spec = {"A": {"required": False, "min_length": 5}}
    assert complaints(spec, {}) == []
    assert complaints(spec, {"A": "abc"}) == ["A: must be at least 5 characters long, is 3"]


def test_a_pattern_must_match_the_whole_value():
    assert complaints({"A": {"pattern": "[a-z]+"}}, {"A": "abc1"}) == ["A: must look like [a-z]+ (4 characters given)"]


def test_a_broken_pattern_is_a_problem_and_no_crash():
    assert "no regular expression" in complaints({"A": {"pattern": "("}}, {"A": "x"})[0]


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\rb", "trailing\n"])
def test_line_breaks_and_nul_are_refused(value):
    assert complaints({"A": {}}, {"A": value}) == ["A: contains a line break or a NUL character"]


def test_a_missing_secret_is_generated_and_hidden():
    done = resolved({"JWT_SECRET": {"generate": 64, "min_length": 64}}, {})
    assert len(done.env["JWT_SECRET"]) == 64
    assert done.secrets == {done.env["JWT_SECRET"]}
    assert done.origins["JWT_SECRET"] == "generated, kept in the state directory"
    assert done.problems == []


def test_a_short_secret_of_the_user_is_a_problem_and_never_replaced():
    done = resolved({"JWT_SECRET": {"generate": 64, "min_length": 64}}, {"JWT_SECRET": "short"})
    assert done.env["JWT_SECRET"] == "short"
    assert [str(each) for each in done.problems] == ["JWT_SECRET: must be at least 64 characters long, is 5"]


KEY = {
    "ENCRYPTION_KEY_CURRENT": {"secret": True, "derive": "encryption-key", "unless": "DATABASE_ENCRYPTION_KEY"},
    "JWT_SECRET": {"generate": 64},
    "COOKIE_SECRET": {"required": False},
}


def test_the_encryption_key_comes_from_the_jwt_secret_whatever_the_order_of_the_table():
    done = resolved(KEY, {"JWT_SECRET": "not hexadecimal", "COOKIE_SECRET": "c"})
    assert done.env["ENCRYPTION_KEY_CURRENT"] == hashlib.sha256(b"not hexadecimal").hexdigest()
    assert done.env["ENCRYPTION_KEY_CURRENT"] in done.secrets
    assert done.origins["ENCRYPTION_KEY_CURRENT"] == "derived from JWT_SECRET"


def test_the_encryption_key_comes_from_the_cookie_secret_when_there_is_no_other():
    spec = {name: rules for name, rules in KEY.items() if name != "JWT_SECRET"}
    done = resolved(spec, {"COOKIE_SECRET": "c"})
    assert done.env["ENCRYPTION_KEY_CURRENT"] == hashlib.sha256(b"c").hexdigest()


def test_sixty_four_hexadecimal_characters_are_a_key_as_they_are():
    assert encryption_key("AB" * 32) == "AB" * 32
    assert encryption_key("AB" * 33) != "AB" * 33
    assert encryption_key("zz" * 32) == hashlib.sha256(b"zz" * 32).hexdigest()


def test_a_legacy_key_serves_instead():
    done = resolved(KEY, {"DATABASE_ENCRYPTION_KEY": "k", "JWT_SECRET": LONG})
    assert "ENCRYPTION_KEY_CURRENT" not in done.env
    assert done.problems == []


def test_production_in_ci_derives_no_key_from_a_secret_that_was_given():
    found = complaints(KEY, {"JWT_SECRET": LONG}, mode="production", ci=True)
    assert found == ["ENCRYPTION_KEY_CURRENT: is required and not set"]
    assert complaints(KEY, {"JWT_SECRET": LONG}, mode="production") == []
    assert complaints(KEY, {"JWT_SECRET": LONG}, ci=True) == []
    assert complaints(KEY, {}, mode="production", ci=True) == []  # ours throughout


def test_lists_keep_the_users_items_first_and_each_once():
    assert joined(" https://a , http://b", ("http://b", "http://c")) == "https://a,http://b,http://c"
    done = resolved({"STORE_CORS": {"add": ("http://a", "http://b")}}, {"STORE_CORS": "https://shop"})
    assert done.env["STORE_CORS"] == "https://shop,http://a,http://b"
    assert resolved({"STORE_CORS": {"add": ("http://a",)}}, {}).env["STORE_CORS"] == "http://a"


def test_the_password_inside_a_url_is_a_secret_too():
    done = resolved({"DATABASE_URL": {"secret": True}}, {"DATABASE_URL": "postgres://u:right%20horse@h/d"})
    assert {"right%20horse", "right horse"} <= done.secrets
    assert resolved({"U": {"secret": True}}, {"U": "postgres://postgres:postgres@h/d"}).secrets == {
        "postgres://postgres:postgres@h/d"
    }


def test_values_do_not_show_in_the_results_own_text():
    assert LONG not in repr(resolved({"JWT_SECRET": {"secret": True}}, {"JWT_SECRET": LONG}))
