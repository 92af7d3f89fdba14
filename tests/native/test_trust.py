"""Trust stores: changed when asked to, told from each other, and nothing in them that wasn't asked for."""

import shutil
import subprocess
from pathlib import Path

import pytest

from launcher.native import posix_trust, trust, windows_trust
from launcher.native.trust import Authority, NotStored

PEM = """-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUPvU0rgdyJS21ZnmbGqWnFGsLOQowCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOcnhsYXVuY2ggdGVzdHMwIBcNMjYxMTI0MjA1ODI5WhgPMjEy
NjEwMzEyMDU4MjlaMBkxFzAVBgNVBAMMDnJ4bGF1bmNoIHRlc3RzMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAErDneRO0snzDjD7ROeGlD5AH5qXBnhYpwsv1GGPI7
wwtXOZCvUN3CpKIdfvsqxqz5TMLfttmRkhjb2/+5qVVl16NTMFEwHQYDVR0OBBYE
FKMPTV1lbYq6xBkNd0PRPBeJD3AgMB8GA1UdIwQYMBaAFKMPTV1lbYq6xBkNd0PR
PBeJD3AgMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAMqtG9yf
cmIZjj4eb/blyU0ZHc3TKtuUVDQDDynYCVbGAiAdvJ6FCosnRYjQQgMuf9dp+ytE
EH9phFQ5g20Dra84wQ==
-----END CERTIFICATE-----
"""


@pytest.fixture
def authority(tmp_path):
    file = tmp_path / "root.crt"
    file.write_text(PEM)
    return Authority(file, "rxlaunch tests-1")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


needs_certutil = pytest.mark.skipif(shutil.which("certutil") is None, reason="libnss3-tools is not installed")


@pytest.mark.linux_only("NSS databases")
@needs_certutil
def test_chromiums_database_is_made_and_holds_the_authority_until_it_is_taken_out(home, authority):
    (store,) = trust.stores(home)
    assert not store.holds(authority)
    assert not home.exists()  # looking makes nothing
    store.add(authority)
    store.add(authority)  # again changes nothing
    assert store.holds(authority)
    listed = subprocess.run(
        ["certutil", "-L", "-d", f"sql:{home}/.pki/nssdb"], capture_output=True, text=True, check=True
    ).stdout
    assert listed.count("rxlaunch") == 1
    assert "C,," in listed
    store.remove(authority)
    store.remove(authority)
    assert not store.holds(authority)


@pytest.mark.linux_only("NSS databases")
@needs_certutil
def test_another_certificate_of_the_same_name_is_not_taken_for_it_and_is_replaced(home, authority, tmp_path):
    (store,) = trust.stores(home)
    store.add(authority)
    other, elsewhere = tmp_path / "other.crt", f"sql:{tmp_path}"
    subprocess.run(["certutil", "-N", "-d", elsewhere, "--empty-password"], check=True)
    made = ["certutil", "-S", "-d", elsewhere, "-n", "o", "-s", "CN=o", "-x", "-t", "C,,", "-m", "7"]
    subprocess.run([*made, "-z", str(authority.certificate)], check=True, capture_output=True)
    pem = ["certutil", "-L", "-d", elsewhere, "-n", "o", "-a"]
    other.write_bytes(subprocess.run(pem, check=True, capture_output=True).stdout)
    renewed = Authority(other, authority.label)
    assert not store.holds(renewed)
    store.add(renewed)
    assert store.holds(renewed)
    assert not store.holds(authority)


@pytest.mark.linux_only("NSS databases")
@needs_certutil
def test_profiles_of_firefox_are_served_too(home, authority):
    profile = home / ".mozilla/firefox/abc.default"
    profile.mkdir(parents=True)
    (profile / "cert9.db").touch()
    assert [store.directory for store in trust.stores(home)] == [home / ".pki/nssdb", profile]


@pytest.mark.linux_only("NSS databases")
@needs_certutil
def test_what_a_tool_complains_about_is_told(home, tmp_path):
    (store,) = trust.stores(home)
    with pytest.raises(NotStored, match="certutil: "):
        store.add(Authority(tmp_path / "none.crt", "x"))


@pytest.mark.linux_only("sudo")
def test_what_needs_privileges_is_a_command_to_read_and_never_run(home, authority, monkeypatch):
    monkeypatch.setattr(posix_trust.shutil, "which", lambda name: "/x" if name == "update-ca-certificates" else None)
    monkeypatch.setattr(trust.subprocess, "run", lambda *a, **k: pytest.fail("nothing may be run"))
    assert trust.stores(home) == []
    hints = "\n".join(trust.hints(authority))
    assert "sudo cp" in hints
    assert "libnss3-tools" in hints
    assert str(authority.certificate) in hints


def test_on_windows_it_is_the_users_own_store_and_found_by_its_thumbprint(tmp_path, home, authority, monkeypatch):
    program = tmp_path / "System32" / "certutil.exe"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    asked, there = [], set()

    def certutil(argv, **_how):
        verb, what = argv[2], argv[4]
        asked.append(argv[1:])
        if verb == "-addstore":
            there.add(Authority(Path(what), "").sha1)
        found = what in there
        if verb == "-delstore":
            there.discard(what)
        return subprocess.CompletedProcess(argv, 0 if verb == "-addstore" or found else 1, "", "not found")

    monkeypatch.setattr(trust.subprocess, "run", certutil)
    (store,) = windows_trust.trust_stores(home)
    store.add(authority)
    assert store.holds(authority)
    store.remove(authority)
    assert not store.holds(authority)
    assert {tuple(line[:1]) for line in asked} == {("-user",)}
    assert authority.sha1 == thumbprint()


def thumbprint():
    """As the standard library reads the certificate."""
    import hashlib
    import ssl

    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(PEM), usedforsecurity=False).hexdigest().upper()
