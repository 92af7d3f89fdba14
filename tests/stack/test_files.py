"""Row 39 of the faults: bytes that are no TOML become one sentence with file and line."""

import sys

import pytest

from tests.support.stack_files import loaded, refused, write

BROKEN = {
    "duplicate key": ('mode = "dev"\nmode = "dev"\n', "rxlaunch.toml:2: the key is given twice"),
    "duplicate table": ("[env]\n[env]\n", "rxlaunch.toml:2: the table is given twice: 'env'"),
    "unterminated": ('name = "shop\n', "rxlaunch.toml:1: a quote is not closed on this line"),
    "unterminated text": ('name = """shop\n\n', "rxlaunch.toml:3: "),
    "open list": ("reserved_ports = [1,\n", "rxlaunch.toml:2: "),
    "open table": ("ports = { a = 1", "rxlaunch.toml:1: a { is not closed"),
    "no assignment": ("hello\n", "rxlaunch.toml:1: expected `key = value`"),
    "Python's True": ("[services.a]\nenabled = True\n", "rxlaunch.toml:2: no valid value"),
    "Latin-1": (b'mode = "dev"\nname = "caf\xe9"\n', "rxlaunch.toml:2: is not UTF-8 (byte 0xe9)"),
    "UTF-16": ('name = "shop"'.encode("utf-16"), "rxlaunch.toml:1: is UTF-16"),
    "lone CR": (b'mode = "dev"\n# x\rname = "shop"\n', "rxlaunch.toml:2: a lone carriage return"),
    "open nesting": ("x = " + "[" * 2000, "rxlaunch.toml:1: "),
    "closed nesting": ("\nx = " + "[" * 2000 + "]" * 2000, "rxlaunch.toml:2: nested too deeply"),
    "dotted nesting": (".".join("a" * 2000) + " = 1", "rxlaunch.toml: nested more than"),
    "endless number": ("x = " + "1" * 5000, "rxlaunch.toml: a number is too long"),
}


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_no_toml_is_told_in_one_sentence(tmp_path, text, sentence):
    problems = refused(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith(sentence)
    assert "\n" not in problems[0]


@pytest.mark.parametrize("text", [b'\xef\xbb\xbfname = "shop"\n', b'name = "shop"\r\nmode = "dev"\r\n'])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path, text):
    assert loaded(tmp_path, text).stack.name == "shop"


def test_an_unreadable_file_is_told_with_the_reason(tmp_path, monkeypatch):
    def denied(_):
        raise PermissionError(13, "Permission denied")

    write(tmp_path, "")
    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    assert refused_as_is(tmp_path) == ["rxlaunch.toml: cannot be read: Permission denied"]


def refused_as_is(root):
    from launcher.errors import ConfigError
    from launcher.stack.load import load

    with pytest.raises(ConfigError) as caught:
        load(root)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["medusa-nxt", "medusa", "minimum"])
def test_an_unknown_preset_gets_a_suggestion(tmp_path, name):
    (problem,) = refused(tmp_path, f'extends = "{name}"')
    assert f"no preset named `{name}`; did you mean `m" in problem


@pytest.mark.parametrize("name", ["/etc/passwd", "", "medusa-next.toml/../x", "a\0b", "x" * 300])
def test_a_preset_is_a_name_and_no_way_to_read_other_files(tmp_path, name):
    (problem,) = refused(tmp_path, f"extends = {name!r}".replace("'", '"').replace("\\x00", "\\u0000"))
    assert "no preset named" in problem


def test_a_stack_may_build_on_a_file_beside_it_which_builds_on_a_preset(tmp_path):
    (tmp_path / "base.toml").write_text('extends = "medusa-next"\n[ports]\nbackend = 9100\n')
    result = loaded(tmp_path, 'extends = "./base.toml"\n[marketplace]\nstorefront = "shop"\n')
    assert result.stack.ports["backend"].prefer == 9100
    assert result.origins["ports.backend.prefer"] == "base.toml"
    assert result.origins["ports.storefront.prefer"] == "preset medusa-next"


def test_files_that_build_on_each_other_are_a_cycle(tmp_path):
    (tmp_path / "base.toml").write_text('extends = "./rxlaunch.toml"\n')
    (problem,) = refused(tmp_path, 'extends = "./base.toml"\n')
    assert problem == "extends: a cycle: rxlaunch.toml -> base.toml -> rxlaunch.toml"


def test_a_file_to_build_on_that_is_missing_is_named(tmp_path):
    assert refused(tmp_path, 'extends = "./gone.toml"') == ["extends: no such file: ./gone.toml"]


def test_reading_leaves_the_recursion_limit_alone(tmp_path):
    before = sys.getrecursionlimit()
    refused(tmp_path, BROKEN["closed nesting"][0])
    assert sys.getrecursionlimit() == before
