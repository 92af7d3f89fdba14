"""The password is found in whatever form a secret variable holds it (security row S13)."""

from types import SimpleNamespace

import pytest

from launcher.app import secrecy
from launcher.logs.redact import Redactor

PASSWORD = "s3cr3t-p4ss"


def redactor(value):
    """The redactor for a stack whose DATABASE_URL is this."""
    stack = SimpleNamespace(secret_names=lambda: {"DATABASE_URL"})
    opened = SimpleNamespace(loaded=SimpleNamespace(stack=stack))
    made = Redactor()
    for secret in secrecy.secret_values(opened, {"DATABASE_URL": value, "OTHER": "harmless"}):
        made.add(secret)
    return made


@pytest.mark.parametrize(
    "value",
    [f"postgres://shop:{PASSWORD}@db/shop", f"postgresql+psycopg://shop:{PASSWORD}@db:5432/shop?sslmode=require",
     f"POSTGRES://shop:{PASSWORD}@db/shop", f"redis://:{PASSWORD}@cache:6379/0", f"rediss://default:{PASSWORD}@cache",
     f"postgres://db/shop?user=shop&password={PASSWORD}", f"host=db user=shop password={PASSWORD} dbname=shop",
     f"host=db password = '{PASSWORD}' dbname=shop", f"postgres://shop@db/shop?sslpassword={PASSWORD}", PASSWORD,
     f"https://user:{PASSWORD}@hooks.example/x", f"amqp://u:{PASSWORD}@[::1]:5672/v"],
)  # fmt: skip
def test_a_password_is_known_wherever_it_stands(value):
    assert redactor(value).text(f"FATAL: {PASSWORD}") == "FATAL: ***"
    assert "harmless" in redactor(value).text("harmless")


@pytest.mark.parametrize(
    "password", ["p@ssw0rd!", "pa/ssw0rd", "a:b:cdefg", "pass?word", "pass#word", "p%40ssw%2Frd", "p@ss@word"]
)
def test_characters_that_its_user_forgot_to_escape_do_no_harm(password):
    shown = redactor(f"postgres://shop:{password}@db/shop").text(f"auth failed for {password} on db")
    assert shown == "auth failed for *** on db"


@pytest.mark.parametrize(
    "value", ["postgres://shop@db/shop", "redis://cache:6379", "https://example.com/a?b=c", "", "abc"]
)
def test_where_there_is_no_password_nothing_is_hidden(value):
    assert redactor(value).text(f"connecting to {value} now") == f"connecting to {value} now"
