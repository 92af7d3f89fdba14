""".env files are data: never sourced, never expanded, and their values never shown."""

import pytest

from launcher.errors import ConfigError
from launcher.stack.envfiles import read_env_files
from launcher.stack.load import load
from tests.support.stack_files import loaded, refused, write


def test_nothing_in_an_env_file_is_expanded_or_executed(tmp_path):
    mark = tmp_path / "mark"
    (tmp_path / ".env").write_text(
        f"A=`touch {mark}`\nB=$(touch {mark})\nC=${{HOME}} $HOME %PATH%\nD='x # y'\nexport E=\"two\\nlines\"\nF=\n"
    )
    values = loaded(tmp_path, "").dotenv
    assert values == {
        "A": f"`touch {mark}`",
        "B": f"$(touch {mark})",
        "C": "${HOME} $HOME %PATH%",
        "D": "x # y",
        "E": "two\nlines",
        "F": "",
    }
    assert not mark.exists()


def test_local_files_win_and_the_backends_come_last(tmp_path):
    (tmp_path / "api").mkdir()
    for place, value in ((".env", "root"), (".env.local", "local"), ("api/.env", "api")):
        (tmp_path / place).write_text(f"WHO={value}\nFROM_{value.upper()}=1\n")
    text = '[marketplace]\nbackend = "api"\n'
    values = loaded(tmp_path, text).dotenv
    assert values == {"WHO": "api", "FROM_ROOT": "1", "FROM_LOCAL": "1", "FROM_API": "1"}


def test_a_stack_that_names_its_files_gets_those_alone(tmp_path):
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / "my.env").write_text("B=2\n")
    assert loaded(tmp_path, 'env_file = ["my.env"]').dotenv == {"B": "2"}


def test_a_named_file_that_is_missing_is_a_problem_and_an_implied_one_is_not(tmp_path):
    assert loaded(tmp_path, "").dotenv == {}
    assert refused(tmp_path, 'env_file = ["gone.env"]') == ["gone.env: no such file, though env_file names it"]


def test_a_unit_has_its_own_files(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".env.local").write_text("REGION=dk\n")
    text = '[marketplace]\nstorefront = "shop"\n[services.a]\ncommand = "x"\n'
    text += 'env_file = ["${dir.storefront}/.env.local"]\n'
    result = loaded(tmp_path, text)
    assert result.unit_env == {"a": {"REGION": "dk"}}
    assert result.dotenv == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"A=1\nB=caf\xe9\n", ".env:2: is not UTF-8 (byte 0xe9)"),
        ("A=1".encode("utf-16"), ".env:1: is UTF-16"),
        (b"A=hunter2\0\n", ".env: A: the value holds a NUL character"),
    ],
)
def test_an_env_file_that_cannot_be_used_is_told_without_its_values(tmp_path, content, words):
    (tmp_path / ".env").write_bytes(content)
    (problem,) = refused(tmp_path, "")
    assert words in problem
    assert "hunter2" not in problem


def test_a_line_that_assigns_nothing_is_a_warning_without_its_text(tmp_path):
    (tmp_path / ".env").write_text("A=1\n=hunter2\nB=2\n")
    result = loaded(tmp_path, "")
    assert result.dotenv == {"A": "1", "B": "2"}
    assert result.warnings == (".env:2: not NAME=value, ignored",)


def test_a_byte_order_mark_belongs_to_no_name(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert read_env_files(tmp_path, [".env"]).values == {"A": "1", "B": "2"}


def test_values_are_in_no_repr(tmp_path):
    (tmp_path / ".env").write_text("A=hunter2\n")
    assert "hunter2" not in repr(load(write(tmp_path, "")))
    assert "hunter2" not in repr(read_env_files(tmp_path, [".env"]))


def test_the_stack_is_judged_before_its_env_files(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="unknown section"):
        load(write(tmp_path, "[service]\n"))
