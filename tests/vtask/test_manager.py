"""The process manager, on small programs made for the purpose."""

import os
import re
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from tests.vtask.conftest import eventually
from workers.console import Trouble
from workers.manager import Lock, NotYet, Program, StopAsked, Supervisor, marked
from workers.servers import Home

WAITS = "import signal; signal.pause()"


def program(name: str, code: str, home: Home, **more: object) -> Program:
    return Program(name, [sys.executable, "-S", "-c", code], dict(os.environ), home.path, **more)  # type: ignore[arg-type]


def settle(supervisor: Supervisor, truth: object, limit_s: float = 60.0) -> None:
    def holds() -> object:
        supervisor.turn(0.02)
        return truth()  # type: ignore[operator]

    eventually(holds, limit_s)


def test_a_program_that_is_killed_starts_again_at_once(
    supervisor: Supervisor, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.add(program("one", WAITS, home))
    child = supervisor.children["one"]
    assert child.process
    first = child.process.pid

    os.kill(first, signal.SIGKILL)
    settle(supervisor, lambda: child.restarts == 1 and child.process)

    assert child.process.pid != first
    assert "started again at once" in capsys.readouterr().err


def test_a_program_that_keeps_dying_is_started_ever_more_slowly(
    supervisor: Supervisor, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.add(program("one", "raise SystemExit(3)", home))
    child = supervisor.children["one"]

    settle(supervisor, lambda: child.restarts == 3)

    assert re.findall(r"started again (.+?);", capsys.readouterr().err) == ["at once", "in 0.5 s", "in 1 s"]
    assert "code 3" in child.silence


def test_what_a_dead_program_started_in_a_session_of_its_own_dies_before_the_next_start(
    supervisor: Supervisor, home: Home
) -> None:
    horse = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], start_new_session=True).pid, flush=True); import signal; signal.pause()"
    supervisor.add(program("worker", horse, home))
    child = supervisor.children["worker"]
    settle(supervisor, lambda: child.log.read_text().strip())
    horse_pid = int(child.log.read_text().split()[0])
    assert child.process

    os.kill(child.process.pid, signal.SIGKILL)
    settle(supervisor, lambda: child.restarts == 1)

    assert not psutil.pid_exists(horse_pid) or psutil.Process(horse_pid).status() == psutil.STATUS_ZOMBIE


def test_the_highest_rank_stops_first_and_the_databases_last(home: Home) -> None:
    diary = home.path / "diary"
    leaves = f"""
import signal, sys
def leave(number, frame):
    with open({str(diary)!r}, "a") as file: file.write(sys.argv[1] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
signal.pause()
"""
    supervisor = Supervisor(home.path)
    with supervisor.signals():
        for rank, name in enumerate(["database", "relay", "worker", "web"]):
            command = [sys.executable, "-S", "-c", leaves, name]
            supervisor.add(Program(name, command, dict(os.environ), home.path, rank=rank))
        settle(
            supervisor, lambda: all("up" in child.log.read_text() for child in supervisor.children.values())
        )

        supervisor.stop()

    assert diary.read_text().split() == ["web", "worker", "relay", "database"]


def test_a_program_that_ignores_the_request_to_stop_is_killed_in_time(home: Home) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    supervisor = Supervisor(home.path)
    with supervisor.signals():
        supervisor.add(program("deaf", deaf, home, stop_limit_s=0.3))
        settle(supervisor, lambda: "up" in supervisor.children["deaf"].log.read_text())

        supervisor.stop()  # it would go on for ever: that this returns is the rule

    assert not marked(home.path)


def test_a_program_that_never_starts_is_reported_with_the_end_of_its_log(
    supervisor: Supervisor, home: Home
) -> None:
    broken = program("web", "raise OSError(98, 'Address already in use')", home, ready=never)
    supervisor.add(broken)

    with pytest.raises(Trouble) as refusal:
        supervisor.wait(broken)

    assert "web does not start. The port is taken." in refusal.value.cause
    assert "VTASK_PORT" in refusal.value.cure
    assert "Address already in use" in refusal.value.detail


def test_a_program_that_does_not_answer_in_time_is_reported(supervisor: Supervisor, home: Home) -> None:
    mute = program("web", WAITS, home, ready=never, start_limit_s=0.5)
    supervisor.add(mute)

    with pytest.raises(Trouble, match=r"web did not answer in 0 s \(nobody there\)|did not answer"):
        supervisor.wait(mute)


def test_a_program_that_stops_answering_is_killed_and_started_again(
    supervisor: Supervisor, home: Home
) -> None:
    answers = threading.Event()
    answers.set()
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        if not answers.is_set():
            raise NotYet("hangs")

    hangs = program("web", WAITS, home, ready=ask, hang_limit_s=2.0)
    supervisor.add(hangs)
    supervisor.wait(hangs)
    child = supervisor.children["web"]
    assert child.process
    first = child.process.pid
    settle(supervisor, lambda: len(asked) > 6, 60)
    assert child.restarts == 0

    answers.clear()
    settle(supervisor, lambda: child.restarts == 1 and child.process)
    answers.set()
    supervisor.wait(hangs)

    assert child.process.pid != first


def test_a_signal_ends_the_wait_for_a_program_that_is_still_starting(
    supervisor: Supervisor, home: Home
) -> None:
    slow = program("web", WAITS, home, ready=never)
    supervisor.add(slow)
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGTERM]).start()

    with pytest.raises(StopAsked):
        supervisor.wait(slow)


def test_the_command_in_front_gives_its_own_exit_code_while_the_table_is_kept(
    supervisor: Supervisor, home: Home
) -> None:
    lives = home.path / "lives"
    lives.touch()
    supervisor.add(program("one", f"print(1, file=open({str(lives)!r}, 'a'))", home))
    waits = (
        f"import sys, time\nwhile len(open({str(lives)!r}).readlines()) < 2: time.sleep(0.02)\nsys.exit(7)"
    )

    code = supervisor.call([sys.executable, "-S", "-c", waits], dict(os.environ), home.path)

    assert code == 7
    assert supervisor.children["one"].restarts >= 1


def test_a_folder_has_one_supervisor_and_the_kernel_forgets_a_dead_one(home: Home) -> None:
    lock = Lock(home.run / "lock")

    with lock.held("./vtask run"):
        assert lock.holder() == {"pid": os.getpid(), "what": "./vtask run"}
        with pytest.raises(Trouble) as refusal, Lock(home.run / "lock").held("./vtask test"):
            pass

    assert f"in use by `./vtask run` (pid {os.getpid()})" in refusal.value.cause
    assert "VTASK_HOME" in refusal.value.cure
    assert lock.holder() is None


def test_a_log_that_has_grown_too_long_is_set_aside_at_the_next_start(
    supervisor: Supervisor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.manager.LOG_LIMIT_BYTES", 10)
    (home.path / "log" / "one.log").write_text("an older and long story\n")

    supervisor.add(program("one", "import signal; print('new', flush=True); signal.pause()", home))
    child = supervisor.children["one"]
    settle(supervisor, lambda: "new" in child.log.read_text())

    assert child.log.read_text() == "new\n"
    assert "older" in Path(f"{child.log}.1").read_text()


def test_only_lines_that_matter_reach_the_terminal(
    supervisor: Supervisor, home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = (
        '{"level": "info", "event": "fine"}',
        '{"level": "warning", "event": "slow"}',
        "Traceback (most recent call last):",
    )
    code = f"import signal\nfor line in {lines!r}: print(line, flush=True)\nsignal.pause()"
    supervisor.add(program("relay", code, home))
    settle(supervisor, lambda: "Traceback" in supervisor.children["relay"].log.read_text())
    supervisor.turn(0)

    said = capfd.readouterr().err
    assert "slow" in said
    assert "Traceback" in said
    assert "fine" not in said


def never() -> None:
    raise NotYet("nobody there")


def test_a_program_that_cannot_even_be_started_is_tried_again(supervisor: Supervisor, home: Home) -> None:
    late = home.path / "late"
    supervisor.add(Program("late", [str(late)], dict(os.environ), home.path))
    child = supervisor.children["late"]
    settle(supervisor, lambda: child.deaths >= 2)

    late.symlink_to("/bin/cat")
    settle(supervisor, lambda: child.restarts >= 3)

    assert "cannot be started" not in child.silence


def test_once_ready_a_program_is_asked_the_other_question(supervisor: Supervisor, home: Home) -> None:
    asked: list[str] = []
    web = program(
        "web",
        WAITS,
        home,
        ready=lambda: asked.append("ready"),
        alive=lambda: asked.append("alive"),
        hang_limit_s=1,
    )
    supervisor.add(web)
    supervisor.wait(web)

    settle(supervisor, lambda: "alive" in asked)

    assert asked[0] == "ready"
    assert asked.count("ready") == 1
