import stat
import threading

import pytest

from launcher import native
from launcher.errors import LauncherError
from launcher.state import sticky
from launcher.state.fingerprints import FileFingerprints
from launcher.state.outputs import Outputs
from launcher.state.secrets import Secrets

GARBAGE = [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private" / "record.json"


def write(path, data):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def test_a_secret_is_made_once_and_is_the_same_ever_after(path):
    made = Secrets(path).get_or_make("database_password", 33)
    assert len(made) == 33
    assert int(made, 16) >= 0
    assert Secrets(path).get_or_make("database_password", 33) == made
    assert list(Secrets(path).values()) == [made]
    assert Secrets(path).get("another") is None


@pytest.mark.skipif(native.IS_WINDOWS, reason="modes are no protection there; the directory's access list is")
def test_secrets_are_their_owners_alone(path):
    Secrets(path).get_or_make("password", 32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_who_make_the_same_secret_get_the_same(path):
    stores = [Secrets(path) for _ in range(8)]
    for each in stores:
        assert each.get("password") is None
    made = []
    threads = [threading.Thread(target=lambda s=s: made.append(s.get_or_make("password", 32))) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1


@pytest.mark.parametrize("data", [*GARBAGE, b'{"a": 1}', b'{"a": ""}'], ids=lambda data: repr(data[:12]))
def test_secrets_that_cannot_be_read_are_refused_and_never_replaced(path, data):
    write(path, data)
    for use in (lambda s: s.get("a"), lambda s: s.values(), lambda s: s.get_or_make("b", 32)):
        with pytest.raises(LauncherError, match=r"record\.json"):
            use(Secrets(path))
    assert path.read_bytes() == data


def test_a_fingerprint_is_kept_until_it_is_forgotten(path):
    FileFingerprints(path).put("build", {"inputs": "abc"})
    FileFingerprints(path).put("install", {"inputs": "def"})
    assert FileFingerprints(path).get("build") == {"inputs": "abc"}
    FileFingerprints(path).forget("build")
    FileFingerprints(path).forget("build")
    assert FileFingerprints(path).get("build") is None
    assert FileFingerprints(path).get("install") == {"inputs": "def"}


@pytest.mark.parametrize("data", GARBAGE, ids=lambda data: repr(data[:12]))
def test_small_records_that_cannot_be_read_count_as_empty_and_are_kept_aside(path, data):
    for load in (
        lambda: FileFingerprints(path).get("build"),
        lambda: sticky.load(path),
        lambda: Outputs(path).load(),
    ):
        write(path, data)
        assert not load()
        assert path.with_name("record.json.bad").read_bytes() == data


def test_values_that_make_no_sense_are_left_out(path):
    write(path, b'{"a": "x", "b": 70000, "c": true, "d": 8000, "e": {"k": 1}, "f": {"k": "v"}}')
    assert sticky.load(path) == {"d": 8000}
    assert FileFingerprints(path).get("e") is None
    assert FileFingerprints(path).get("f") == {"k": "v"}
    assert Outputs(path).load() == {"a": "x"}


def test_ports_and_outputs_are_remembered(path):
    sticky.save(path, {"backend": 9005})
    assert sticky.load(path) == {"backend": 9005}
    Outputs(path).save({"publishable_key": "pk_1"})
    assert Outputs(path).load() == {"publishable_key": "pk_1"}


def test_what_another_process_forgets_is_forgotten_here_too(path):
    """`doctor` forgets while a supervisor runs that has read the file already."""
    supervisor = FileFingerprints(path)
    supervisor.put("built", {"sources": "1"})
    supervisor.put("migrated", {"files": "2"})
    FileFingerprints(path).forget("built")
    assert supervisor.get("built") is None
    assert supervisor.get("migrated") == {"files": "2"}
    supervisor.put("seeded", {"database": "3"})
    assert FileFingerprints(path).get("built") is None
    path.unlink()
    assert supervisor.get("migrated") is None
