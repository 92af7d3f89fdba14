"""Faults of our own whose texts hold secrets: one sentence for the user, no secret in any traceback (security row S13).

The faults are put into the product by a `sitecustomize` of the test: it alone can make it fail in such places.
"""

import stat

import pytest

from launcher import events as e
from launcher.app import crash, discreet
from tests.security import canaries
from tests.support.small_stacks import until

FAULTS = """
import asyncio, os, sys, threading
words = os.environ.get("PLANTED_FAULT", "").split()
def boom(*_args, **_options):
    known = os.environ.get("CANARY_TOKEN") or "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    raise RuntimeError("what %r knew: %s" % (words, known))
if "contract" in words:
    import launcher.marketplace.contract as module
    module.resolve = boom
if "ports" in words:
    import launcher.ports as module
    module.PortBook.choose = boom
if "loop" in words:
    import launcher.run.supervisor as module
    real = module.Supervisor._turn
    module.Supervisor._turn = lambda self, message: boom() if os.path.exists("now") else real(self, message)
if "probe" in words:
    import launcher.probes as module
    module.build = lambda *a, **o: boom
if "around" in words:
    import launcher.control.server as module
    real_serve = module.serve
    def serve(*args, **options):
        loop = asyncio.get_running_loop()
        loop.call_soon(boom)
        threading.Thread(target=boom).start()
        asyncio.create_task(failing())
        return real_serve(*args, **{**options, "snapshot": boom})
    async def failing():
        boom()
    module.serve = serve
if "query" in words:
    import launcher.app.queries as module
    module.status = boom
if "unmasked" in words:
    import contextlib
    import launcher.app.discreet as module
    module.stderr = lambda _redact: contextlib.nullcontext()
    import launcher.app.crash as module
    module._careful = lambda: str
"""


@pytest.fixture
def faulty(stack):
    """A stack of one HTTP service with secrets, and a way to make rxlaunch itself fail."""
    (stack.root.parent / "faults").mkdir()
    (stack.root.parent / "faults" / "sitecustomize.py").write_text(FAULTS, encoding="utf-8")
    stack.env["PYTHONPATH"] = f"{stack.root.parent / 'faults'}:{stack.env['PYTHONPATH']}"
    (stack.root / ".env").write_text(canaries.DOTENV, encoding="utf-8")
    stack.web('contract = "all"' + canaries.CONTRACT)
    return stack


def leaks(stack, said=""):
    return canaries.leaks({"said": said.encode(), **canaries.files(stack)}, canaries.GIVEN)


def crash_report(stack):
    file = stack.home / "crash.log"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_text()


@pytest.mark.parametrize("detach", [(), ("-d",)], ids=["foreground", "background"])
@pytest.mark.parametrize("fault", ["contract", "ports", "probe"])
def test_a_fault_while_booting_is_a_sentence_without_secrets(faulty, fault, detach):
    faulty.env["PLANTED_FAULT"] = fault
    done = faulty.run("up", *detach, check=1)
    assert "internal error: RuntimeError" in done.stdout + done.stderr
    assert "***" in done.stdout + done.stderr
    assert leaks(faulty, done.stdout + done.stderr) == []
    if fault != "probe":  # that one is the failure of a unit
        assert "Traceback" in crash_report(faulty)
        assert "***" in crash_report(faulty)
        assert "crash.log" in done.stderr or detach
    faulty.assert_nothing_left()


def test_a_fault_of_the_supervisors_own_loop_stops_everything_in_order_and_is_told(faulty):
    faulty.env["PLANTED_FAULT"] = "loop"
    faulty.run("up", "-d", check=0)
    (faulty.root / "now").touch()
    faulty.run("restart", "web")
    assert until(lambda: faulty.run("status").returncode == 3)
    faulty.assert_nothing_left()
    told = faulty.run("status", check=3).stdout
    assert "internal error: RuntimeError" in told
    assert "Traceback" in crash_report(faulty)
    assert leaks(faulty, told) == []


def test_tracebacks_that_others_print_for_us_have_no_secrets_either(faulty):
    """A callback of the event loop, a thread, a forgotten task, and an answer of the API that fails."""
    faulty.env["PLANTED_FAULT"] = "around"
    faulty.run("up", "-d", check=0)
    faulty.run("restart", "web")
    faulty.run("down", check=0)
    (log,) = faulty.home.glob("stacks/*/supervisor.log")
    printed = log.read_text()
    assert printed.count("RuntimeError: what ['around'] knew: ***") >= 2
    assert "Exception in thread" in printed
    assert leaks(faulty) == []


def test_control_without_the_mask_those_tracebacks_tell(faulty):
    faulty.env["PLANTED_FAULT"] = "around unmasked"
    faulty.run("up", "-d", check=0)
    faulty.run("down", check=0)
    assert any("supervisor.log" in leak for leak in leaks(faulty))


def test_a_fault_of_a_command_that_knows_no_secrets_guesses_them(faulty):
    faulty.env["PLANTED_FAULT"] = "query"
    done = faulty.run("status", check=1)
    assert "internal error: RuntimeError" in done.stderr
    assert "report it" in done.stderr
    assert "***" in crash_report(faulty)
    assert leaks(faulty, done.stderr) == []
    faulty.env["PLANTED_FAULT"] = "query unmasked"
    assert leaks(faulty, faulty.run("status", check=1).stderr), "the control"


def test_our_own_trace_and_warnings_are_masked_line_by_line(capsys):
    import sys

    with discreet.stderr(lambda text: text.replace("secret-secret", "***")):
        for piece in ("a sec", "ret-se", "cret b\nnext secret-", "secret\nunfinished secret-secret"):
            sys.stderr.write(piece)
    assert capsys.readouterr().err == "a *** b\nnext ***\nunfinished ***"


def test_every_text_of_every_event_is_masked_and_names_stay():
    def redact(text):
        return text.replace("backend", "***")

    failure = e.Failure("backend", "backend", ("a backend",), "backend")
    for event, texts in (
        (e.UnitUnready("backend", "GET backend"), ["GET ***"]),
        (e.UnitProbed("backend", False, "backend"), ["***"]),
        (e.UnitFailed("backend", "backend", failure), ["***", "***", "a ***", "***"]),
        (e.UnitExited("backend", 1, e.Exit(error="no backend", leftovers=("backend",)), False), ["no ***", "***"]),
        (e.UnitSkipped("backend", "backend"), ["***"]),
        (e.Note("backend", "backend"), ["***"]),
        (e.PortChosen("backend", 1, 2, "backend"), ["***"]),
        (e.StackStopping("backend"), ["***"]),
        (e.LogTrouble("backend", "backend", 1), ["***"]),
        (e.StackReady(1.0, (("backend", "http://backend"),)), ["http://***"]),
    ):
        masked = discreet.event(event, redact)
        shown = str(e.to_json(masked))
        assert shown.count("***") == len(texts), shown
        assert getattr(masked, "unit", "backend") == "backend"
        assert type(masked) is type(event)


def test_a_group_of_one_is_told_as_what_it_is_about(tmp_path, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path))
    group = ExceptionGroup("tasks", [ExceptionGroup("inner", [ValueError("the one reason")])])
    assert crash.explained(group, str).message == "internal error: ValueError: the one reason"
    assert "the one reason" in (tmp_path / "crash.log").read_text()


def test_a_report_that_cannot_be_written_keeps_nobody_from_the_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "file" / "home"))
    explained = crash.explained(KeyError("x"), str)
    assert (explained.message, explained.remedy) == ("internal error: KeyError: 'x'", "please report it")
