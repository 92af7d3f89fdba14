"""A disk that fills up costs the log bytes, which are counted, and nobody else anything (fault row 37)."""

import shutil
import subprocess
import sys

import pytest

from launcher import native

LOG = """
import os, signal, sys, threading
from pathlib import Path
from launcher.logs.files import UnitLog
from launcher.logs.redact import Redactor
directory, megabytes = Path(sys.argv[1]), int(sys.argv[2])
heard = []
log = UnitLog(directory / "logs" / "web.log", Redactor(), lambda chunk: heard.append(len(chunk)))
reading, writing = os.pipe()
def flood():
    for _ in range(megabytes * 17):
        os.write(writing, (b"x" * 99 + b"\\n") * 600)
    os.close(writing)
child = threading.Thread(target=flood)
child.start()
while chunk := os.read(reading, 65536):
    log.write(chunk)
child.join()
size = (directory / "logs" / "web.log").stat().st_size
print(sum(heard), log.lost_bytes, size, log.problem)
log.write(b"the last line\\n")
print(log.tail(1)[0])
if len(sys.argv) > 3:
    (directory / "ballast").unlink()
    log.write(b"room again\\n")
    print(log.problem, (directory / "logs" / "web.log").read_bytes()[-11:])
log.close()
"""


def run(*before, arguments):
    done = subprocess.run(
        [*before, sys.executable, "-c", LOG, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


@pytest.fixture
def small_disk(tmp_path):
    """What runs a command with a tmpfs of 256 KiB on a directory, and that directory."""
    if native.IS_WINDOWS or shutil.which("unshare") is None:
        pytest.skip("needs the mount namespaces of Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=256k none "{disk}" && head -c 100000 /dev/zero > "{disk}/ballast" && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", mount, "sh"]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("user namespaces are refused here")
    return command, str(disk)


def test_a_disk_that_fills_up_holds_up_no_child_and_every_lost_byte_is_counted(small_disk):
    command, disk = small_disk
    told, last, after = run(*command, arguments=[disk, "3", "again"])
    heard, lost, size, *problem = told.split(maxsplit=3)
    assert int(heard) == int(lost) + int(size) > 3_000_000
    assert 0 < int(size) < 200_000
    assert problem == ["No space left on device"]
    assert last == "the last line"
    assert after == "None b'room again\\n'", "once there is room it goes on"


def test_control_on_a_disk_with_room_nothing_is_lost(tmp_path):
    told, last = run(arguments=[str(tmp_path), "3"])
    heard, lost, size, problem = told.split()
    assert (lost, heard, problem, last) == ("0", size, "None", "the last line")


@pytest.mark.skipif(native.IS_WINDOWS, reason="no such limit there")
def test_a_limit_on_file_sizes_is_like_a_full_disk(tmp_path):
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 100; exec "$@"', "bash"]
    told, last = run(*limited, arguments=[str(tmp_path), "3"])
    heard, lost, size, *problem = told.split(maxsplit=3)
    assert (int(size), int(lost)) == (100 * 1024, int(heard) - 100 * 1024)
    assert problem == ["File too large"]
    assert last == "the last line"
