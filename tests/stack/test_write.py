"""Files written for a user: valid, readable, and never over something else."""

import tomllib

import pytest

from launcher import paths
from launcher.errors import LauncherError
from launcher.stack.load import load
from launcher.stack.write import render_init, stack_name, write_init, write_sample

DETECTED = {"extends": "medusa-next", "marketplace": {"backend": ".", "storefront": 'the "shop"', "x": None}}


def test_the_written_file_says_what_was_detected(tmp_path):
    data = tomllib.loads(render_init(DETECTED, "My Shop"))
    assert data == {
        "extends": "medusa-next",
        "name": "my-shop",
        "marketplace": {"backend": ".", "storefront": 'the "shop"'},
    }


@pytest.mark.parametrize("detected", [{}, {"marketplace": {"backend": ".", "storefront": "storefront"}}])
def test_the_written_file_loads_also_with_its_examples_uncommented(tmp_path, detected):
    file = write_init(tmp_path, detected)
    assert load(tmp_path).file == file
    lines = file.read_text(encoding="utf-8").splitlines()
    examples = [
        line.removeprefix("# ") if line.startswith("# ") and ("=" in line or "[" in line) else line for line in lines
    ]
    file.write_text("\n".join(line for line in examples if "Use {" not in line), encoding="utf-8")
    assert load(tmp_path).stack.units()


def test_an_existing_file_is_never_overwritten(tmp_path):
    (tmp_path / "rxlaunch.toml").write_text("mine")
    with pytest.raises(LauncherError) as caught:
        write_init(tmp_path, DETECTED)
    assert caught.value.remedy
    assert (tmp_path / "rxlaunch.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("My Shop!", "my-shop"),
        ("2024", "stack-2024"),
        ("ÆØÅ", "stack"),
        ("a" * 80, "a" * 32),
        ("con", "stack-con"),
        ("", "stack"),
    ],
)
def test_any_directory_gives_a_valid_name(directory, name):
    assert stack_name(directory) == name


@pytest.fixture
def sample(tmp_path, monkeypatch):
    """A little sample in place of the shipped one, with what a developer leaves in it."""
    source = tmp_path / "assets" / "sample"
    for file in (
        "package.json",
        "storefront/package.json",
        "node_modules/x/y.js",
        "storefront/.next/z",
        ".medusa/w",
        ".env",
    ):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_text("{}")
    monkeypatch.setattr(paths, "assets", lambda: tmp_path / "assets")
    return source


@pytest.mark.not_under_wine("it lacks the function that copies a file")
def test_the_sample_is_copied_without_what_was_built(tmp_path, sample):
    target = tmp_path / "new" / "shop"
    file = write_sample(target)
    copied = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert copied == ["package.json", "rxlaunch.toml", "storefront/package.json"]
    assert load(target).stack.marketplace.storefront == "storefront"
    assert file == target / "rxlaunch.toml"


@pytest.mark.not_under_wine("it lacks the function that copies a file")
def test_the_samples_stack_file_says_what_must_hold_of_it(tmp_path, sample):
    write_sample(tmp_path / "shop")
    checks = load(tmp_path / "shop").stack.checks
    assert "audit_log.updated_at" in checks.columns
    assert "/admin/custom/businesses" in checks.routes
    assert [(page.path, page.heading, page.rows) for page in checks.pages] == [
        ("/businesses", "Businesses", True),
        ("/orders", "Orders", False),
        ("/products", "Products", True),
    ]


@pytest.mark.not_under_wine("it lacks the function that copies a file")
def test_the_sample_goes_into_an_empty_directory_but_into_no_other(tmp_path, sample):
    empty = tmp_path / "empty"
    empty.mkdir()
    write_sample(empty)
    with pytest.raises(LauncherError, match="not an empty directory"):
        write_sample(empty)
    with pytest.raises(LauncherError, match="not an empty directory"):
        write_sample(sample / "package.json")
