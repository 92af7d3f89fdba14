"""Two builds of an admin compared: what a cache must forget, keep and learn."""

import json

import pytest

from launcher.app import admin
from launcher.errors import UsageError
from launcher.marketplace import bundle
from tests.support.caching_proxy import Origin, Rules, build, served


def written(directory, files):
    """A build on the disk."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


@pytest.fixture
def old(tmp_path):
    return written(tmp_path / "old", build() | {"logo.svg": "<svg/>", "robots.txt": "Disallow: /", "gone.txt": "x"})


@pytest.fixture
def new(tmp_path):
    files = build("index-DDDDDDD4.js") | {"logo.svg": "<svg>new</svg>", "robots.txt": "Disallow: /", "more.txt": "y"}
    return written(tmp_path / "new", files)


def test_what_changed_under_its_name_is_purged_and_what_open_tabs_ask_for_is_kept(old, new):
    changes = admin.purge_list(str(old), str(new)).data
    assert changes["purge"] == ["/app", "/app/", "/app/index.html", "/app/gone.txt", "/app/logo.svg"]
    assert changes["purge_pages_below"] == "/app/"
    assert changes["but_not_below"] == "/app/assets/"
    assert changes["keep"] == ["/app/assets/index-AAAAAAA1.js"]
    assert changes["new"] == ["/app/assets/index-DDDDDDD4.js", "/app/more.txt"]
    assert changes["unchanged"] == 3  # a chunk, the stylesheet, robots.txt


def test_the_same_build_asks_for_nothing(old):
    result = admin.purge_list(str(old), str(old))
    assert not result.data["purge"]
    assert not result.data["keep"]
    assert result.data["purge_pages_below"] is None
    assert "nothing changed" in result.text


def test_a_hashed_name_with_other_content_is_purged_all_the_same(old, tmp_path):
    same_name = written(tmp_path / "broken", build() | {"assets/later-BBBBBBB2.js": "something else"})
    assert "/app/assets/later-BBBBBBB2.js" in admin.purge_list(str(old), str(same_name)).data["purge"]


def test_a_saved_manifest_stands_for_its_directory(old, new, tmp_path):
    saved = tmp_path / "old.json"
    saved.write_text(json.dumps(admin.manifest(str(old)).document()))
    assert admin.purge_list(str(saved), str(new)).data == admin.purge_list(str(old), str(new)).data


def test_a_deployment_is_compared_by_its_address(new):
    with served(Origin(), Rules()) as url:
        result = admin.purge_list(f"{url}/app", str(new))
    changes = result.data
    assert changes["partly_known"] == [f"{url}/app"]
    assert "no fonts" in result.text
    assert changes["keep"] == ["/app/assets/index-AAAAAAA1.js"]
    assert changes["purge_pages_below"] == "/app/"
    with served(Origin(files=build("index-DDDDDDD4.js")), Rules()) as url:
        assert admin.purge_list(f"{url}/app", str(new)).data["purge_pages_below"] is None  # deployed already


def test_the_backend_s_directory_leads_to_its_admin(tmp_path):
    written(tmp_path / ".medusa" / "server" / "public" / "admin", build())
    assert "index.html" in admin.manifest(str(tmp_path)).data["files"]


def test_a_path_other_than_app_is_taken_from_the_page(tmp_path):
    files = {name: text.replace("/app/", "/dashboard/") for name, text in build().items()}
    assert admin.manifest(str(written(tmp_path / "one", files))).data["base"] == "/dashboard/"


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"files": {}}'])
def test_what_is_no_build_is_told_with_a_remedy(tmp_path, text):
    place = tmp_path / "it"
    if text is not None:
        place.write_text(text)
    with pytest.raises(UsageError) as told:
        admin.load(str(place))
    assert told.value.remedy
    with pytest.raises(UsageError):
        admin.load(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("assets/index-BoKL8XfO.js", True),
        ("assets/add-locales-F4BOSZNU-BHkxt2G_.js", True),
        ("assets/list-abcdefgh.js", True),  # in vite's folder eight letters are a hash
        ("my-settings.js", False),
        ("index.html", False),
        ("logo-BoKL8XfO.svg", True),
    ],
)
def test_names_with_a_hash_are_told_from_others(name, hashed):
    assert bundle.is_hashed(name) is hashed
