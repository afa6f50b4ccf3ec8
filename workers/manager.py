"""A small process manager: it starts programs, asks whether they answer, starts them again when they die, and
stops them in order. It knows nothing of the product; `workers/supervisor.py` holds the table.

Every program leads a session of its own, so that a Ctrl-C in the terminal reaches only the supervisor. Each carries
a mark in its environment, and so does all it starts: a work-horse of RQ or an ffmpeg outlives its dead parent in a
session nobody lists, and the mark is how it is found. `reliability.md` facts behind this: an orphaned horse finishes
beside its second copy, granian's workers go on serving the port, PostgreSQL and Redis survive their parent.
"""

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import psutil  # type: ignore[import-untyped]

from workers.console import Progress, Trouble, diagnose, paint, recognise, say, warn

MARK = "VTASK_PART"
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
STEADY_S = 30.0  # who lived this long starts again at once
TRIES_BEFORE_READY = 4
LOG_LIMIT_BYTES = 20_000_000
LOUD = re.compile(
    r"\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b|\"level\": ?\"(warning|error|critical)\"|^Traceback|^\w*Error: ",
    re.MULTILINE,
)


class NotYet(Exception):
    """The program does not answer; the text says what was tried."""


class StopAsked(Exception):
    """SIGTERM or SIGINT came."""


@dataclass(frozen=True)
class Account:
    """Whom a program runs as when the supervisor is root and the program refuses to be."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    rank: int = 0  # stopped from the highest rank to the lowest
    ready: Callable[[], None] | None = None  # a real question to it; raises NotYet
    alive: Callable[[], None] | None = None  # asked once it is ready, when that is another question
    before: Callable[[], None] | None = None  # runs ahead of each start
    account: Account | None = None
    start_limit_s: float = 60.0
    hang_limit_s: float | None = None  # silent this long after having answered: killed and started again
    stop_signal: signal.Signals = signal.SIGTERM
    last_signal: signal.Signals = signal.SIGKILL
    stop_limit_s: float = 10.0
    loud: re.Pattern[str] = LOUD  # log lines that are worth the terminal


@dataclass
class Child:
    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    deaths: int = 0  # in a row
    restarts: int = 0
    answered: float | None = None  # when it last answered, since its last start
    silence: str = "not asked yet"
    log_from: int = 0  # where this life begins in the log
    read_to: int = 0  # how much of the log the terminal has seen

    @property
    def alive(self) -> bool:
        return self.process is not None

    @property
    def well(self) -> bool:
        return self.alive and (self.program.ready is None or self.answered is not None)


@dataclass
class Supervisor:
    """Owns every process it started. One thread runs the table, a second one asks the programs how they are."""

    home: Path
    verbose: bool = False
    children: dict[str, Child] = field(default_factory=dict)
    stopping: bool = False
    announced: bool = False
    _published: dict[str, dict[str, object]] = field(default_factory=dict)
    _asked: int = 0
    _last_signal: signal.Signals | None = None
    _changed: threading.Event = field(default_factory=threading.Event)
    _closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.logs = self.home / "log"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._pulse = threading.Thread(target=self._ask_all, name="pulse", daemon=True)
        self._pulse.start()

    # Signals

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """SIGTERM, SIGINT and SIGHUP ask for an orderly stop; a second one, while stopping, kills."""
        watched = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup leaves it
            watched.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in watched}
        before[signal.SIGCHLD] = signal.signal(
            signal.SIGCHLD, lambda number, frame: None
        )  # only to wake the loop
        wakeup = signal.set_wakeup_fd(self._wake_in.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        self._last_signal = signal.Signals(number)

    @property
    def asked_to_stop(self) -> bool:
        return self._asked > 0

    # Starting

    def add(self, *programs: Program) -> None:
        for program in programs:
            self.children[program.name] = Child(program, self.logs / f"{program.name}.log")
        self.turn(0)

    def wait(self, *programs: Program, step: Progress | None = None) -> None:
        """Until all of them answer, or one of them cannot."""
        mine = [self.children[program.name] for program in programs]
        since = time.monotonic()
        while not all(child.well for child in mine):
            self.turn(0.2)
            if self.asked_to_stop:
                raise StopAsked
            waiting = [child for child in mine if not child.well]
            if step:
                step.beat(", ".join(f"{child.program.name}: {child.silence}" for child in waiting))
            for child in waiting:
                if child.deaths >= TRIES_BEFORE_READY:
                    raise self._failure(child, f"{child.program.name} does not start.")
                if time.monotonic() - since > child.program.start_limit_s:
                    limit = f"{child.program.name} did not answer in {child.program.start_limit_s:.0f} s"
                    raise self._failure(child, f"{limit} ({child.silence}).")

    def _failure(self, child: Child, what: str) -> Trouble:
        return diagnose(tail(child.log, child.log_from), what, f"The log says more: {child.log}")

    def _spawn(self, child: Child) -> None:
        program = child.program
        if program.before:
            program.before()
        rotate(child.log)
        account = program.account
        with child.log.open("ab") as log:
            child.log_from = child.read_to = log.tell()
            child.process = subprocess.Popen(
                program.command,
                env={**program.env, MARK: f"{self.home}|{program.name}"},
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        child.started, child.answered, child.silence = time.monotonic(), None, "starting"
        self._changed.set()

    # Watching

    def turn(self, timeout_s: float) -> None:
        """One round: sleep until a child dies, a signal comes or the time is up; then put things right."""
        readable, _, _ = select.select([self._wake_out], [], [], timeout_s)
        if readable:
            self._wake_out.recv(4096)
        now = time.monotonic()
        for child in self.children.values():
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            elif child.process is not None and self._hangs(child, now):
                warn(f"{child.program.name} has not answered for {child.program.hang_limit_s:.0f} s: killed")
                os.killpg(child.process.pid, signal.SIGKILL)
            elif child.process is None and not self.stopping and now >= child.next_start:
                try:
                    self._spawn(child)
                except OSError as error:  # a full disk, no more processes: it may pass
                    self._put_off(child, now, f"cannot be started ({error})")
            elif child.deaths and now - child.started > STEADY_S:
                child.deaths = 0
        self._reap_strangers()
        self._show_logs()
        self._publish_state()

    def run(self) -> None:
        """Until a signal asks to stop."""
        while not self.asked_to_stop:
            self.turn(1.0)

    def _bury(self, child: Child, now: float) -> None:
        assert child.process is not None
        code, pid = child.process.returncode, child.process.pid
        child.process, child.answered = None, None
        child.silence = ended(code)
        with contextlib.suppress(ProcessLookupError):  # the group is gone with its leader: the usual case
            os.killpg(pid, signal.SIGKILL)
        kill_marked(self.home, child.program.name)
        if self.stopping:
            return
        if now - child.started > STEADY_S:
            child.deaths = 0
        self._put_off(child, now, f"(pid {pid}) {child.silence}")
        cause, cure = recognise(tail(child.log, child.log_from))
        if cause:
            warn(f"{child.program.name}: {cause} {cure}")

    def _put_off(self, child: Child, now: float, what: str) -> None:
        delay_s = BACKOFF_S[min(child.deaths, len(BACKOFF_S) - 1)]
        child.deaths += 1
        child.restarts += 1
        child.next_start = now + delay_s
        when = f"in {delay_s:g} s" if delay_s else "at once"
        warn(f"{child.program.name} {what}: started again {when}; log: {child.log}")

    def _hangs(self, child: Child, now: float) -> bool:
        limit_s = child.program.hang_limit_s
        return limit_s is not None and child.answered is not None and now - child.answered > limit_s

    def _reap_strangers(self) -> None:
        """Inside a container we may be process 1, the parent of every orphan: leave no zombie."""
        if os.getpid() != 1:
            return
        known = {child.process.pid for child in self.children.values() if child.process}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid in known:
                return
            os.waitpid(found.si_pid, 0)

    def _ask_all(self) -> None:
        while not self._closed.is_set():
            eager, pause_s = False, 3.0
            for child in list(self.children.values()):
                pause_s = min(pause_s, (child.program.hang_limit_s or 60) / 5)
                process = child.process
                if process is None or child.program.ready is None:
                    continue
                ask = child.program.ready
                if child.answered is not None and child.program.alive is not None:
                    ask = child.program.alive
                try:
                    ask()
                except NotYet as reason:
                    child.silence = str(reason)
                    eager = True
                else:
                    if child.process is process:  # it is still the one that was asked
                        first = child.answered is None
                        child.answered = time.monotonic()
                        if first:
                            self._wake()
            self._changed.wait(0.2 if eager else pause_s)
            self._changed.clear()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it will wake anyway
            self._wake_in.send(b"\0")

    def _show_logs(self) -> None:
        for child in self.children.values():
            for line in fresh_lines(child):
                if self.verbose or (not self.stopping and child.program.loud.search(line)):
                    prefix = paint(f"{child.program.name:>15} |", 36 if self.verbose else 33)
                    say(f"{prefix} {line[:400]}")

    # One command in front, servers behind

    def call(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        log: Path | None = None,
        step: Progress | None = None,
    ) -> int:
        """Run a command to its end while the table is kept. Without a log it has the terminal to itself."""
        if not log:
            return self.attend(subprocess.Popen(command, env=env, cwd=cwd), step=step, in_front=True)
        return self.attend(self.aside(command, env, cwd, log=log), step=step)

    def aside(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        log: Path,
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own; `attend` sees it to its end, `leave` ends it."""
        with log.open("ab") as sink:
            return subprocess.Popen(
                command, env={**env, MARK: f"{self.home}|aside"}, cwd=cwd, stdin=stdin,
                stdout=sink, stderr=sink, start_new_session=True,
            )  # fmt: skip

    def attend(
        self,
        process: subprocess.Popen[bytes],
        *,
        step: Progress | None = None,
        note: Callable[[], str] = str,
        in_front: bool = False,
    ) -> int:
        """Keep the table until the process ends; its code."""
        try:
            while process.poll() is None:
                self.turn(0.2)
                if step:
                    step.beat(note())
                if self.asked_to_stop and not (
                    in_front and self._asked == 1 and self._last_signal is signal.SIGINT
                ):
                    raise StopAsked  # a Ctrl-C has reached a command in front by itself: let it end its own way
        finally:
            leave(process)
        if self.asked_to_stop:
            raise StopAsked
        return process.returncode

    # Stopping

    def stop(self) -> None:
        """From the highest rank to the lowest, each rank together; PostgreSQL is the lowest."""
        self.stopping = True
        patience = self._asked
        for rank in sorted({child.program.rank for child in self.children.values()}, reverse=True):
            alive = [
                child for child in self.children.values() if child.program.rank == rank and child.process
            ]
            for child in alive:
                if child.process and child.process.poll() is None:
                    child.process.send_signal(child.program.stop_signal)
            deadlines = {child.program.name: time.monotonic() + child.program.stop_limit_s for child in alive}
            while any(child.process for child in alive):
                self.turn(0.1)
                for child in alive:
                    late = time.monotonic() > deadlines[child.program.name] or self._asked > patience
                    if child.process and late and child.process.poll() is None:
                        warn(f"{child.program.name} does not stop: {child.program.last_signal.name}")
                        os.killpg(child.process.pid, child.program.last_signal)
                        deadlines[child.program.name] = time.monotonic() + child.program.stop_limit_s
                patience = max(patience, self._asked)
        self._closed.set()
        self._changed.set()

    def _publish_state(self) -> None:
        """For `./vtask doctor`, which asks from outside."""
        state = self.state()
        if state == self._published:
            return
        self._published = state
        path = self.home / "run" / "processes.json"
        draft = path.with_suffix(".new")
        try:
            draft.write_text(json.dumps(state, indent=1))
            draft.replace(path)
        except OSError as error:  # the processes matter more than the report on them
            warn(f"{path} cannot be written: {error}")

    def state(self) -> dict[str, dict[str, object]]:
        return {
            name: {
                "pid": child.process.pid if child.process else None,
                "answers": child.well,
                "restarts": child.restarts,
                "log": str(child.log),
            }
            for name, child in self.children.items()
        }


def leave(process: subprocess.Popen[bytes]) -> None:
    """End a command that is no longer waited for."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# Logs


def rotate(log: Path) -> None:
    """Keep one older log. Safe while nobody writes: it runs just before a start."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def tail(log: Path, start: int = 0, size: int = 4000) -> str:
    """The end of a log, nothing from before `start`."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - size))
        return file.read().decode(errors="replace")


def fresh_lines(child: Child, limit: int = 20) -> list[str]:
    """What the program has written since last asked; of a flood, the last lines."""
    try:
        size = child.log.stat().st_size
    except FileNotFoundError:
        return []
    if size < child.read_to:
        child.read_to = 0
    if size == child.read_to:
        return []
    with child.log.open("rb") as file:
        file.seek(child.read_to)
        text = file.read(size - child.read_to)
    whole = text.rfind(b"\n") + 1
    child.read_to += whole
    lines = text[:whole].decode(errors="replace").splitlines()
    return lines[-limit:]


# Finding what is ours


def marked(home: Path, name: str | None = None) -> list[psutil.Process]:
    """Live processes that a supervisor of this data folder started, and their offspring."""
    wanted = f"{home}|{name}" if name else f"{home}|"
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or another user's
            mark = process.environ().get(MARK, "")
            if (mark == wanted if name else mark.startswith(wanted)) and process.pid != os.getpid():
                found.append(process)
    return found


def living_in(folder: Path, executable: str) -> list[psutil.Process]:
    """Processes of that executable whose working folder it is: PostgreSQL and Redis write over their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name() == executable and process.cwd() == str(folder) and process.status() != "zombie":
                found.append(process)
    return found


def kill_marked(home: Path, name: str) -> None:
    end(marked(home, name), signal.SIGKILL, limit_s=0)


def end(processes: Iterable[psutil.Process], how: signal.Signals, limit_s: float = 5.0) -> int:
    """Ask them to go, wait, then kill. Returns how many there were."""
    going = list(processes)
    for process in going:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(how)
    if how is not signal.SIGKILL:
        for process in _still_there(going, limit_s):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    _still_there(going, 5)
    return len(going)


def _still_there(processes: Iterable[psutil.Process], limit_s: float) -> list[psutil.Process]:
    """Who is left after at most so long. A zombie is gone: it only waits for a parent who may be slow to look."""
    until, left = time.monotonic() + limit_s, list(processes)
    while True:
        left = [process for process in left if _lives(process)]
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


# One supervisor per data folder


class Lock:
    """Held by the kernel as long as the supervisor lives, whatever kills it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def holder(self) -> dict[str, object] | None:
        """Who holds it, or nobody."""
        if not self.path.exists():
            return None
        with self.path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read()
                return dict(json.loads(text)) if text else {"pid": 0, "what": "starting"}
        return None

    @staticmethod
    def _take(file: IO[str], patience_s: float = 1.0) -> bool:
        """Patient for a moment: `holder()` takes the lock to look."""
        until = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    return False
                time.sleep(0.05)
            else:
                return True

    @contextlib.contextmanager
    def held(self, what: str) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+") as file:
            if not self._take(file):
                holder = self.holder() or {}
                raise Trouble(
                    f"{self.path.parent.parent} is in use by `{holder.get('what')}` (pid {holder.get('pid')}).",
                    "Stop it with ./vtask stop, or give this copy its own: VTASK_HOME=var2 VTASK_PORT=8010 ./vtask run",
                )
            file.truncate(0)
            json.dump({"pid": os.getpid(), "what": what}, file)
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)
