"""`./vtask` as a person uses it: what it refuses and how it says so, and what it leaves behind."""

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import psutil
import psycopg
import pytest

from tests.vtask.conftest import ROOT, Run, eventually
from workers.console import Trouble, diagnose
from workers.manager import living_in, marked
from workers.servers import Home, Postgres, Redis, free_port

Start = Callable[..., Run]


def script(
    *arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "vtask"), *arguments],
        env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def module() -> ModuleType:
    loader = SourceFileLoader("vtask_script", str(ROOT / "vtask"))
    spec = spec_from_loader("vtask_script", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def servers_are_up(home: Home) -> bool:
    return (home.run / "runtime.json").exists()


def everything_is_gone(home: Home) -> bool:
    return not (
        marked(home.path)
        or living_in(Postgres(home).folder, "postgres")
        or living_in(Redis(home).folder, "redis-server")
    )


# The script


def test_help_names_the_verbs_and_an_unknown_verb_is_refused() -> None:
    assert "./vtask run" in script("help").stdout
    refused = script("fly")
    assert refused.returncode == 2
    assert "no such verb: fly" in refused.stdout


def test_an_old_python_can_read_the_script_far_enough_to_refuse(module: ModuleType) -> None:
    for name in ("vtask", "workers/console.py"):
        ast.parse((ROOT / name).read_text(), feature_version=(3, 7))


def test_an_old_python_is_refused_with_the_cure(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(module.shutil, "which", lambda name: None)

    with pytest.raises(SystemExit) as refusal:
        module.require_python()

    assert "this is Python 3.9" in str(refusal.value)
    assert "apt install python3.11" in str(refusal.value)


def test_the_pins_are_followed_through_their_includes(module: ModuleType) -> None:
    assert "requirements.txt" in module.pins("requirements-dev.txt")
    assert module.pins("requirements-demo.txt") == ["requirements-demo.txt", "requirements.txt"]


def test_a_disk_too_full_to_install_is_refused(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 10 * 2**20

    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage())
    monkeypatch.setattr(module, "installed", dict)

    with pytest.raises(Trouble, match="disk is nearly full"):
        module.install("requirements-demo.txt")


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('...: Failed to "
         "establish a new connection: [Errno 111] Connection refused')': /simple/flask/", "index cannot be reached"),
        ("Temporary failure in name resolution", "index cannot be reached"),
        ("npm error code ENOTFOUND", "index cannot be reached"),
        ("error: Failed to fetch: `…/flask/`\n  Caused by: dns error", "index cannot be reached"),
        ("ERROR: No matching distribution found for granian==2.8.7", "does not exist for this Python"),
        ("PermissionError: [Errno 13] Permission denied: '.venv/lib'", "belongs to another user"),
    ],
)  # fmt: skip
def test_a_failed_installation_names_cause_and_cure(words: str, cause: str) -> None:
    trouble = diagnose(words, "Installing the Python packages failed.", "Read the log.", installing=True)

    assert cause in trouble.cause
    assert trouble.cure != "Read the log."
    assert words.splitlines()[-1] in trouble.detail


def first_start(folder: Path, requirements: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`./vtask run` in a checkout that has only the script and these pins, with these settings of the installers."""
    copy = folder / "copy"
    (copy / "workers").mkdir(parents=True)
    for name in ("vtask", "workers/__init__.py", "workers/console.py"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "requirements-demo.txt").write_text(requirements)
    ours = re.compile(r"DATABASE_URL|REDIS_URL|STRIPE_|VTASK_|PG|PYTHONPATH|PIP_|UV_")
    env = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return subprocess.run(
        [sys.executable, str(copy / "vtask"), "run"], cwd="/",
        env={**env, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", **settings},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_without_a_network_the_first_start_says_so(folder: Path) -> None:
    nowhere = "http://127.0.0.1:9/simple"

    tried = first_start(
        folder,
        "granian==2.8.7\n",
        PIP_INDEX_URL=nowhere,
        UV_INDEX_URL=nowhere,
        PIP_RETRIES="0",
        UV_HTTP_RETRIES="0",
    )

    assert tried.returncode == 1
    assert "The package index cannot be reached." in tried.stderr
    assert "Cure:" in tried.stderr
    assert "PIP_INDEX_URL" in tried.stderr


def test_a_folder_of_wheels_without_uv_is_enough(folder: Path) -> None:
    with zipfile.ZipFile(folder / "tiny-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        wheel.writestr(
            "tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny-1.dist-info/RECORD", "tiny.py,,\ntiny-1.dist-info/RECORD,,\n")

    tried = first_start(folder, "tiny==1\n", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(folder))

    assert "Installing the Python packages: done" in tried.stderr
    assert list((folder / "copy" / ".venv").glob("lib/python3*/site-packages/tiny.py"))


def test_uv_is_told_where_pip_finds_its_packages(module: ModuleType) -> None:
    settings = """\
:env:.disable-pip-version-check='1'
:env:.index-url='https://near.example/simple'
global.cert='/etc/ssl/certs/ca-certificates.crt'
global.extra-index-url='file:///one/simple file:///two/simple'
global.index-url='https://far.example/simple'
install.no-index='true'
"""

    assert module.as_pip_is_told(settings) == [
        "--index-url=https://near.example/simple",
        "--extra-index-url=file:///one/simple",
        "--extra-index-url=file:///two/simple",
        "--no-index",
        "--index-strategy=unsafe-best-match",
    ]
    assert module.as_pip_is_told("") == []


# The supervisor


def test_an_unreachable_database_url_is_refused_at_once(vtask: Start) -> None:
    run = vtask("servers", "--no-stripe", DATABASE_URL="postgresql://me:secret@127.0.0.1:9/none")

    assert run.ends() == 1
    assert "The PostgreSQL that DATABASE_URL names cannot be reached" in run.said()
    assert "unset DATABASE_URL to use the embedded PostgreSQL" in run.said()
    assert "secret" not in run.said()


def test_an_unreachable_redis_url_is_refused_at_once(vtask: Start) -> None:
    run = vtask("servers", "--no-stripe", REDIS_URL="redis://127.0.0.1:9/0")

    assert run.ends() == 1
    assert "The Redis that REDIS_URL names cannot be reached" in run.said()


def test_a_taken_port_is_refused_with_its_holder(vtask: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        run = vtask("run", VTASK_PORT=str(port))

        assert run.ends() == 1
    assert f"Port {port} is taken by pid {os.getpid()}" in run.said()
    assert f"VTASK_PORT={port + 1} ./vtask run" in run.said()


@pytest.mark.parametrize("port", ["eighty", "70000"])
def test_a_port_that_is_none_is_refused(vtask: Start, port: str) -> None:
    run = vtask("run", VTASK_PORT=port)

    assert run.ends() == 1
    assert f"VTASK_PORT={port} is not a port" in run.said()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_stops_everything_that_was_started(
    vtask: Start, home: Home, number: signal.Signals
) -> None:
    run = vtask("servers", "--no-stripe")
    eventually(lambda: servers_are_up(home))

    run.signal(number)

    assert run.ends() == 0
    assert everything_is_gone(home)
    assert not (Postgres(home).folder / "postmaster.pid").exists()


def test_a_second_supervisor_on_the_folder_is_refused_and_another_folder_is_not(
    vtask: Start, home: Home, folder: Path
) -> None:
    first = vtask("servers", "--no-stripe")
    eventually(lambda: servers_are_up(home))
    beside = Home(folder / "beside")

    second = vtask("servers", "--no-stripe")
    third = vtask("servers", "--no-stripe", VTASK_HOME=str(beside.path))

    assert second.ends() == 1
    assert f"is in use by `./vtask servers` (pid {first.process.pid})" in second.said()
    assert "VTASK_HOME" in second.said()
    eventually(lambda: servers_are_up(beside))
    third.signal(signal.SIGTERM)
    assert third.ends() == 0


def test_after_a_killed_supervisor_the_next_start_recovers_by_itself(vtask: Start, home: Home) -> None:
    first = vtask("servers")
    eventually(lambda: servers_are_up(home))
    stripe_port = home.memory()["stripe_port"]
    postgres = Postgres(home)
    with psycopg.connect(postgres.owner_url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    orphans = living_in(Redis(home).folder, "redis-server")
    orphans += [process for process in living_in(postgres.folder, "postgres") if "-D" in process.cmdline()]
    assert len(orphans) == 2

    first.process.kill()
    first.process.wait()
    assert all(orphan.is_running() for orphan in orphans)
    (home.run / "runtime.json").unlink()
    second = vtask("servers")
    eventually(lambda: servers_are_up(home))

    assert home.memory()["stripe_port"] == stripe_port
    assert "An earlier start was killed" in second.said()
    assert not any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans)
    with psycopg.connect(postgres.owner_url) as connection:
        connection.execute("SELECT id FROM kept")


def test_stop_ends_a_running_copy_and_also_what_a_killed_one_left(vtask: Start, home: Home) -> None:
    running = vtask("servers", "--no-stripe")
    eventually(lambda: servers_are_up(home))
    stop = vtask("stop")
    assert stop.ends() == 0
    assert running.ends() == 0

    killed = vtask("servers", "--no-stripe")
    eventually(lambda: servers_are_up(home))
    killed.process.kill()
    killed.process.wait()
    again = vtask("stop")

    assert again.ends() == 0
    assert "leftover processes" in again.said()
    assert everything_is_gone(home)
    nothing = vtask("stop")
    nothing.ends()
    assert "Nothing runs" in nothing.said()


def test_a_verb_joins_the_servers_that_run(vtask: Start, home: Home) -> None:
    vtask("servers", "--no-stripe")
    eventually(lambda: servers_are_up(home))
    (mains_before,) = [process.pid for process in living_in(Redis(home).folder, "redis-server")]

    joined = vtask("flask", "--version")
    joined.ends()

    assert [process.pid for process in living_in(Redis(home).folder, "redis-server")] == [mains_before]
    assert "in use" not in joined.said()
    assert "Flask" in joined.said()


def test_doctor_finds_what_a_killed_supervisor_left_and_names_the_cure(
    vtask: Start, home: Home, clean_environment: dict[str, str]
) -> None:
    killed = vtask("servers", "--no-stripe")
    eventually(lambda: servers_are_up(home))
    env = {**clean_environment, "VTASK_HOME": str(home.path), "VTASK_PORT": str(free_port())}
    doctor = [sys.executable, "-m", "workers.doctor"]
    healthy = subprocess.run(doctor, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    killed.process.kill()
    killed.process.wait()

    sick = subprocess.run(doctor, env=env, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "PostgreSQL    answers in" in healthy.stdout
    assert "leftovers" in sick.stdout
    assert "./vtask stop ends them" in sick.stdout
    assert sick.returncode == 1
    vtask("stop").ends()


# All of it


def test_production_without_stripe_is_refused_with_the_cure(vtask: Start) -> None:
    run = vtask("run", VTASK_PORT=str(free_port()), VTASK_ENV="production", STRIPE_API_KEY="")

    assert run.ends(60) == 1
    assert "STRIPE_API_KEY is not set" in run.said()
    assert "Set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET" in run.said()


def test_the_whole_copy_starts_heals_and_stops(vtask: Start, home: Home, folder: Path) -> None:
    """As in production, where nothing is seeded: the demo world and its sign-ins are the journey's."""
    ready = folder / "ready.json"
    production = {
        "VTASK_ENV": "production",
        "VTASK_PUBLIC_URL": "https://market.example",
        "STRIPE_API_KEY": "sk_test_nobody",
        "STRIPE_WEBHOOK_SECRET": "whsec_nobody",
    }
    run = vtask("run", "--ready-file", str(ready), VTASK_PORT=str(free_port()), **production)
    eventually(lambda: ready.exists() or run.process.poll() is not None, 120)
    facts = json.loads(ready.read_text())
    assert facts["pid"] == run.process.pid
    assert answers(f"{facts['address']}/readyz")
    assert facts["signins"] == []

    for name in ("postgres", "redis", "web", "relay", "worker", "media", "schedule"):
        os.kill(table(home)[name]["pid"], signal.SIGKILL)
        eventually(lambda name=name: table(home)[name]["restarts"] == 1)  # type: ignore[misc]
    eventually(lambda: all(state["pid"] and state["answers"] for state in table(home).values()), 90)
    assert answers(f"{facts['address']}/readyz")
    run.signal(signal.SIGTERM)

    assert run.ends(60) == 0
    assert everything_is_gone(home)
    assert not ready.exists()


def makers(home: Home) -> list[psutil.Process]:
    """Who migrates and seeds for a first start."""
    return [process for process in marked(home.path, "aside") if "begin" in process.cmdline()]


def test_the_maker_of_the_demo_world_is_set_up_while_the_servers_start_and_ends_with_the_start(
    vtask: Start, home: Home
) -> None:
    run = vtask("run", VTASK_PORT=str(free_port()))
    eventually(lambda: makers(home))
    assert not servers_are_up(home)

    run.signal(signal.SIGTERM)

    assert run.ends(60) == 130
    assert everything_is_gone(home)
    assert "seeded" not in home.memory()


def test_what_a_killed_first_start_was_seeding_with_is_ended(vtask: Start, home: Home) -> None:
    run = vtask("run", VTASK_PORT=str(free_port()))
    eventually(lambda: makers(home))
    run.process.kill()
    run.process.wait()

    assert vtask("stop").ends(60) == 0

    assert everything_is_gone(home)


def test_a_database_that_a_killed_first_start_was_making_is_let_go(vtask: Start, home: Home) -> None:
    run = vtask("run", VTASK_PORT=str(free_port()))
    draft = Postgres(home).folder.with_name("pg.new")
    eventually(lambda: living_in(draft, "initdb"))
    run.process.kill()
    run.process.wait()

    assert vtask("stop").ends(60) == 0

    assert not living_in(draft, "initdb")


def table(home: Home) -> dict[str, dict[str, int]]:
    return dict(json.loads((home.run / "processes.json").read_text()))


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
