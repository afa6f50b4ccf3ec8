"""The process table, and the verbs of `./vtask` once its Python stands.

`run` owns everything from PostgreSQL to the web. The other verbs need only the servers: they use those of a running
copy on the same data folder, or start their own for as long as they last.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import redis

from workers.console import Progress, Trouble, diagnose, explain, paint, say
from workers.manager import (
    LOUD,
    MARK,
    Lock,
    NotYet,
    Program,
    StopAsked,
    Supervisor,
    end,
    leave,
    living_in,
    marked,
    tail,
)
from workers.servers import (
    ROOT,
    Home,
    LocalStripe,
    Postgres,
    Redis,
    answers_http,
    answers_ping,
    answers_sql,
    free_port,
    port_holder,
    port_is_free,
    write_private,
)

LINE = "─" * 78
OWNER_URL = "VTASK_OWNER_DATABASE_URL"
# Not granian's remark that 2 × 8 threads are many for two cores: they wait for PostgreSQL, and were measured.
WEB_IS_LOUD = re.compile(rf"^(?!.*seems quite high).*({LOUD.pattern})")


@dataclass(frozen=True)
class Settings:
    """What the environment says about this copy, defaults filled in."""

    home: Home
    host: str
    port: int
    mode: str
    given: Mapping[str, str]
    testing: bool = False

    @classmethod
    def read(cls, *, suffix: str = "", testing: bool = False) -> "Settings":
        given = dict(os.environ)
        for name in ("PYTHONDONTWRITEBYTECODE", MARK):
            given.pop(name, None)
        port = given.get("VTASK_PORT") or ("0" if testing else "8000")
        if not port.isdigit() or int(port) > 65535:
            raise Trouble(f"VTASK_PORT={port} is not a port.", "Give a number from 1024 to 65535.")
        return cls(
            home=Home.from_environment(suffix),
            host=given.get("VTASK_HOST") or "127.0.0.1",
            port=int(port) or free_port(),
            mode=given.get("VTASK_ENV") or "development",
            given=given,
            testing=testing,
        )

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class Copy:
    """One data folder with its servers, its product processes, and the environment that ties them together."""

    def __init__(
        self,
        settings: Settings,
        *,
        may_create_databases: bool = False,
        without_stripe: bool = False,
        verbose: bool = False,
    ) -> None:
        self.settings = settings
        self.home = settings.home
        given = settings.given
        self.postgres = self.redis = self.stripe = None
        if not given.get("DATABASE_URL"):
            self.postgres = Postgres(self.home, may_create_databases, durable=not settings.testing)
        if not given.get("REDIS_URL"):
            self.redis = Redis(self.home)
        if not given.get("STRIPE_API_KEY") and not without_stripe:
            if settings.mode == "production":
                raise Trouble(
                    "Production needs Stripe: STRIPE_API_KEY is not set, and the local Stripe moves no real money.",
                    "Set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET, or leave VTASK_ENV unset to try it out.",
                )
            self.stripe = LocalStripe(self.home, f"{settings.address}/webhooks/stripe")
        self.supervisor = Supervisor(self.home.path, verbose=verbose)
        self.env = self._environment()

    def _environment(self) -> dict[str, str]:
        env = dict(self.settings.given)
        env.pop(OWNER_URL, None)  # nothing that serves is to know it
        if self.postgres:
            env = {name: value for name, value in env.items() if not name.startswith("PG")}
            env["DATABASE_URL"] = self.postgres.url
        if self.redis:
            env["REDIS_URL"] = self.redis.url
        if self.stripe:
            env |= self.stripe.settings()
        defaults = {
            "VTASK_SECRET_KEY": self.home.secret("secret_key"),
            "VTASK_MEDIA_DIR": str(self.home.path / "media"),
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
        }
        return {
            **defaults,
            **env,
            "VTASK_HOME": str(self.home.path),
            "VTASK_HOST": self.settings.host,
            "VTASK_PORT": str(self.settings.port),
            "VTASK_ENV": self.settings.mode,
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}",
            **({"VTASK_TEST": "1"} if self.settings.testing else {}),
        }

    @property
    def owner_env(self) -> dict[str, str]:
        """For migrations, and for what makes databases of its own."""
        return self.env | owner_access(self.settings)

    @property
    def metrics(self) -> Path:
        return self.home.run / "metrics"

    # The servers

    def start_servers(self, database_is_there: Callable[[], None] = lambda: None) -> None:
        """All of them; PostgreSQL's folder is made while the others start."""
        step = Progress("Starting " + self._server_names())
        database, others = [], []
        if self.redis:
            self.redis.prepare()
            others.append(self.redis.program())
        else:
            require_redis(self.env["REDIS_URL"])
        if self.stripe:
            self.stripe.prepare()
            others.append(self.stripe.program(self._without_product_secrets()))
        self.supervisor.add(*others)
        if self.postgres:
            self.postgres.prepare()
            database.append(self.postgres.program())
            self.supervisor.add(*database)
            self.supervisor.wait(*database, step=step)
            self.postgres.admit()
        else:
            require_postgres(self.env["DATABASE_URL"])
        database_is_there()
        self.supervisor.wait(*others, step=step)
        step.done("all answer")

    def _server_names(self) -> str:
        names = [
            "PostgreSQL 18" if self.postgres else "PostgreSQL as DATABASE_URL says",
            "Redis" if self.redis else "Redis as REDIS_URL says",
            "the local Stripe" if self.stripe else "Stripe as STRIPE_API_KEY says",
        ]
        return ", ".join(names)

    def _without_product_secrets(self) -> dict[str, str]:
        hidden = ("DATABASE_URL", "REDIS_URL", "VTASK_SECRET_KEY", "SMTP_URL")
        return {
            name: value
            for name, value in self.env.items()
            if name not in hidden and not name.startswith("S3_")
        }

    # The product

    def product(self) -> list[Program]:
        """The table. Ranks say who stops first: the web, then those who work for it, then what they all stand on."""
        python, env = sys.executable, self.env
        settings = self.settings
        web = [
            python, "-m", "granian", "--interface", "wsgi", "wsgi:app",
            "--host", settings.host, "--port", str(settings.port),
            "--workers", env.get("VTASK_WEB_WORKERS", "2"),
            "--blocking-threads", env.get("VTASK_WEB_THREADS", "8"),
            "--backlog", "1024", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "8s",
        ]  # fmt: skip
        ready = partial(answers_http, f"{settings.address}/readyz")
        alive = partial(answers_http, f"{settings.address}/healthz")  # not its fault when a database is away
        make = partial(Program, env=env, cwd=ROOT)
        return [
            make(name="relay", command=[python, "-m", "workers.relay"], rank=2),
            make(name="schedule", command=[python, "-m", "workers.schedule"], rank=4),
            make(name="worker", command=[python, "-m", "workers.run", "default"], rank=4),
            make(name="media", command=[python, "-m", "workers.run", "media"], rank=4),
            make(
                name="web",
                command=web,
                rank=5,
                ready=ready,
                alive=alive,
                start_limit_s=90,
                hang_limit_s=120,
                loud=WEB_IS_LOUD,
            ),
        ]

    def flask(self, *arguments: str, doing: str, env: Mapping[str, str] | None = None) -> None:
        """A command of the product's own, its words in log/flask.log."""
        log = self.home.path / "log" / "flask.log"
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        step, log_from = Progress(doing), log.stat().st_size if log.exists() else 0
        if self.supervisor.call(command, env or self.env, ROOT, log=log, step=step):
            raise diagnose(tail(log, log_from), f"{doing} failed.", f"The log says why: {log}")
        step.done()

    def migrate(self) -> None:
        """Asking first spares a second start two seconds."""
        owner = self.owner_env.get(OWNER_URL) or self.env["DATABASE_URL"]
        if not (schema_is_current(owner) and self._web_role_is_admitted()):
            self.flask("db", "upgrade", doing="Migrating the database", env=self.owner_env)

    def _web_role_is_admitted(self) -> bool:
        try:
            with psycopg.connect(libpq_url(self.env["DATABASE_URL"]), connect_timeout=5) as connection:
                connection.execute("SELECT FROM ledger_postings LIMIT 1")
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            return False
        return True

    @contextlib.contextmanager
    def beginning(self) -> Iterator["Beginning"]:
        """The demo world's maker; on a folder that has none it is set up while the servers start."""
        beginning = Beginning(self)
        if self.home.memory().get("seeded") is None:
            beginning.set_up()
        try:
            yield beginning
        finally:
            if beginning.process:
                leave(beginning.process)
                assert beginning.process.stdin
                with contextlib.suppress(BrokenPipeError):
                    beginning.process.stdin.close()

    def was_whole(self) -> bool:
        """Whether it has run here before with these migrations: then there is nothing to do before the web may start."""
        kept = self.home.memory()
        return str(kept.get("seeded")).endswith(self.place) and kept.get("migrations") == migrations()

    @property
    def place(self) -> str:
        return hashlib.sha256(self.env["DATABASE_URL"].encode()).hexdigest()[:12]

    def database(self) -> str:
        """Which database this is: another one made under the same name gets another number."""
        with psycopg.connect(libpq_url(self.env["DATABASE_URL"]), connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT oid, datname FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert row
        return f"{row[1]} {row[0]} {self.place}"

    def write_runtime(self) -> None:
        """For the verbs that join a running copy."""
        ours = {name: value for name, value in self.env.items() if value != os.environ.get(name)}
        runtime = {"pid": os.getpid(), "address": self.settings.address, "env": ours}
        write_private(self.home.run / "runtime.json", json.dumps(runtime, indent=1))


class Beginning:
    """Migrations, demo world and sign-ins in one process of the product, which is half of what a first start takes."""

    DOING = "Migrating the database and seeding the demo world, if it is not there"

    def __init__(self, copy: Copy) -> None:
        self.copy, self.home = copy, copy.home
        self.process: subprocess.Popen[bytes] | None = None
        self.log = self.home.path / "log" / "flask.log"
        self.kept = self.home.run / "signins.json"

    def set_up(self) -> None:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "begin", str(self.kept)]
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        self.kept.unlink(missing_ok=True)
        self.process = self.copy.supervisor.aside(
            command, self.copy.owner_env, ROOT, log=self.log, stdin=subprocess.PIPE
        )

    def migrate(self) -> None:
        """The database is there."""
        if self.home.memory().get("seeded") == self.copy.database() and self.kept.exists():
            return
        if not self.process:
            self.set_up()
        self._tell("the database is there")

    def finish(self) -> list[dict[str, Any]]:
        """The sign-ins, once all servers are there; of a database made anew they are made anew."""
        if not self.process:
            self.copy.migrate()
            return list(json.loads(self.kept.read_text()))
        self._tell("all servers are there")
        step = Progress(self.DOING)
        if self.copy.supervisor.attend(self.process, step=step, note=self._last_word):
            why = tail(self.log, self.log_from)
            raise diagnose(why, f"{self.DOING} failed.", f"The log says why: {self.log}")
        self.home.remember("seeded", self.copy.database())
        step.done()
        return list(json.loads(self.kept.read_text()))

    def _tell(self, what: str) -> None:
        assert self.process and self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # it is gone; its code tells
            self.process.stdin.write(f"{what}\n".encode())
            self.process.stdin.flush()

    def _last_word(self) -> str:
        words = [
            line for line in tail(self.log, self.log_from).splitlines() if line.startswith("demo world: ")
        ]
        return words[-1].removeprefix("demo world: ") if words else ""


def owner_access(settings: Settings) -> dict[str, str]:
    """The owner's address: our own server's, or the one that was given; none when the web role is all there is."""
    if not settings.given.get("DATABASE_URL"):
        return {OWNER_URL: Postgres(settings.home).owner_url}
    return {OWNER_URL: settings.given[OWNER_URL]} if settings.given.get(OWNER_URL) else {}


def libpq_url(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def schema_is_current(url: str) -> bool:
    from alembic.script import ScriptDirectory  # a third of a second that the other verbs need not spend

    heads = set(ScriptDirectory(str(ROOT / "migrations")).get_heads())
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except psycopg.errors.UndefinedTable:
        return False
    return bool(heads) and {row[0] for row in rows} == heads


def migrations() -> str:
    """Which there are, without asking alembic or the database."""
    names = sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def require_postgres(url: str) -> None:
    try:
        answers_sql(libpq_url(url))
    except (NotYet, psycopg.Error) as error:
        raise Trouble(
            f"The PostgreSQL that DATABASE_URL names cannot be reached: {error}",
            "Start it or correct DATABASE_URL (postgresql://role:password@host:port/database); "
            "unset DATABASE_URL to use the embedded PostgreSQL.",
        ) from error


def require_redis(url: str) -> None:
    try:
        answers_ping(url)
    except (NotYet, redis.RedisError, ValueError) as error:
        raise Trouble(
            f"The Redis that REDIS_URL names cannot be reached: {error}",
            "Start it or correct REDIS_URL (redis://host:port/0 or unix:///path); "
            "unset REDIS_URL to use the embedded Redis.",
        ) from error


@contextlib.contextmanager
def opened(settings: Settings, what: str, **options: bool) -> Iterator[Copy]:
    """Own the data folder: lock it, clear what a killed supervisor left, and in the end stop all that was started."""
    settings.home.prepare()
    with Lock(settings.home.run / "lock").held(what):
        left = clear_leftovers(settings.home)
        if left:
            say(f"An earlier start was killed: ended {left} process{'es' if left > 1 else ''} it had left")
        copy = Copy(settings, **options)
        shutil.rmtree(copy.metrics, ignore_errors=True)  # counts of processes that are no more
        copy.metrics.mkdir(mode=0o700, exist_ok=True)
        with copy.supervisor.signals():
            try:
                yield copy
            finally:
                (copy.home.run / "runtime.json").unlink(missing_ok=True)
                if copy.supervisor.children:
                    step = Progress("Stopping")
                    copy.supervisor.stop()
                    step.done("all stopped")


def clear_leftovers(home: Home) -> int:
    """End what a supervisor killed with -9 has left running, the web before the servers it stands on."""
    databases = ("postgres", "redis-server")  # these have their own words for "stop", and go last
    count = end([one for one in marked(home.path) if one.name() not in databases], signal.SIGTERM, limit_s=3)
    count += end(living_in(Redis(home).folder, "redis-server"), signal.SIGTERM, limit_s=10)
    postgres = Postgres(home).folder
    mains = [process for process in living_in(postgres, "postgres") if "-D" in process.cmdline()]
    count += end(mains, signal.SIGINT, limit_s=30)
    end(living_in(postgres, "postgres"), signal.SIGQUIT, limit_s=5)
    return count


def running(home: Home) -> dict[str, Any] | None:
    """The copy that runs on this data folder, when it is up."""
    holder = Lock(home.run / "lock").holder()
    runtime = home.run / "runtime.json"
    if holder is None or not runtime.exists():
        return None
    known = dict(json.loads(runtime.read_text()))
    return known if known["pid"] == holder["pid"] else None


# Verbs


def run(arguments: argparse.Namespace) -> int:
    settings = Settings.read()
    ready_file = Path(arguments.ready_file).absolute() if arguments.ready_file else None
    if ready_file and not ready_file.parent.is_dir():
        raise Trouble(
            f"There is no folder {ready_file.parent} for --ready-file.", f"mkdir -p {ready_file.parent}"
        )
    with opened(settings, "./vtask run", verbose=arguments.verbose) as copy:
        if ready_file:
            ready_file.unlink(missing_ok=True)
        if not port_is_free(settings.host, settings.port):
            raise Trouble(
                f"Port {settings.port} is taken by {port_holder(settings.port)}.",
                f"Stop it, or choose another port: VTASK_PORT={settings.port + 1} ./vtask run",
            )
        signins: list[dict[str, Any]] = []
        in_demo = settings.mode == "development"
        if in_demo:
            copy.env["VTASK_DEMO"] = "1"
        *others, web = copy.product()
        early = in_demo and copy.was_whole()
        if early:  # it takes longest, and needs the servers only to answer
            copy.supervisor.add(web)
        if in_demo:
            with copy.beginning() as beginning:
                copy.start_servers(beginning.migrate)
                signins = beginning.finish()
        else:
            copy.start_servers()
            copy.migrate()
        step = Progress("Starting the web")
        if not early:
            copy.supervisor.add(web)
        copy.supervisor.wait(web, step=step)
        step.done("it answers")
        copy.supervisor.add(*others)  # nobody waits for them: what they are to do waits in the database
        copy.home.remember("migrations", migrations())
        copy.write_runtime()
        announce(copy, signins)
        if ready_file:
            write_private(ready_file, json.dumps(ready_facts(copy, signins), indent=1, ensure_ascii=False))
        try:
            copy.supervisor.run()
        finally:
            if ready_file:
                ready_file.unlink(missing_ok=True)
    return 0


def announce(copy: Copy, signins: Sequence[Mapping[str, Any]]) -> None:
    print(f"\n{LINE}\n  V-task Market   {paint(copy.settings.address, 32, sys.stdout)}")
    print(f"  API             {copy.settings.address}/api/docs")
    if copy.stripe:
        print(f"  local Stripe    {copy.stripe.address}")
    print(f"  data, logs      {copy.home.path}")
    if signins:
        print("\n  Demo sign-ins")
        for person in signins:
            print(f"    {person['role']:<10} {person['email']:<28} {person['password']}")
    print(f"\n  Ctrl-C stops everything.\n{LINE}\n", flush=True)


def ready_facts(copy: Copy, signins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "address": copy.settings.address,
        "pid": os.getpid(),
        "stripe": copy.stripe.address if copy.stripe else copy.env.get("STRIPE_API_BASE"),
        "sockets": {
            "postgres": str(copy.postgres.socket) if copy.postgres else None,
            "redis": str(copy.redis.socket) if copy.redis else None,
        },
        "database_url": copy.env["DATABASE_URL"],
        "redis_url": copy.env["REDIS_URL"],
        "home": str(copy.home.path),
        "signins": list(signins),
        "processes": copy.supervisor.state(),
    }


def with_servers(
    command: Sequence[str],
    what: str,
    settings: Settings,
    *,
    as_owner: bool = False,
    may_create_databases: bool = False,
) -> int:
    """Run a command on the servers of this data folder: those that run, or some of its own."""
    found = running(settings.home)
    if found:
        os.chdir(ROOT)
        env = {**settings.given, **found["env"]}
        env.pop(OWNER_URL, None)
        os.execvpe(command[0], list(command), env | (owner_access(settings) if as_owner else {}))
    with opened(settings, what, may_create_databases=may_create_databases) as copy:
        copy.start_servers()
        copy.write_runtime()
        return copy.supervisor.call(command, copy.owner_env if as_owner else copy.env, ROOT)


def flask(arguments: argparse.Namespace) -> int:
    """As the web role, but for what is the owner's: `db` (migrations) and `seed` (which may empty the tables)."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments.rest]
    as_owner = arguments.rest[:1] in (["db"], ["seed"])
    return with_servers(
        command, f"./vtask flask {shlex.join(arguments.rest)}", Settings.read(), as_owner=as_owner
    )


def import_history(arguments: argparse.Namespace) -> int:
    """The data door of matching; names of files are meant from where the person stands."""
    named = [each if each.startswith("-") else str(Path(each).resolve()) for each in arguments.rest]
    return flask(argparse.Namespace(rest=["matching", "import", *named]))


def seed(arguments: argparse.Namespace) -> int:
    settings = Settings.read()
    python = shlex.quote(sys.executable)
    if settings.home.path.exists():
        settings.home.remember("seeded", None)  # the sign-ins may be others afterwards
    both = f"{python} -m flask --app wsgi db upgrade && exec {python} -m flask --app wsgi seed --size {arguments.size}"
    command = ["/bin/sh", "-c", both]
    return with_servers(command, f"./vtask seed --size {arguments.size}", settings, as_owner=True)


def bench(arguments: argparse.Namespace) -> int:
    """On servers of its own, as `test`: it makes databases, and nobody's visitors disturb the numbers."""
    command = [sys.executable, "-m", "bench", *arguments.rest]
    return with_servers(
        command, "./vtask bench", Settings.read(suffix="-bench"), as_owner=True, may_create_databases=True
    )


def prove(arguments: argparse.Namespace) -> int:
    """As `bench`: databases of its own, on servers whose every commit is on disk."""
    command = [sys.executable, "-m", "prove", *arguments.rest]
    return with_servers(
        command, "./vtask prove", Settings.read(suffix="-prove"), as_owner=True, may_create_databases=True
    )


CHAOS_FIGURES = {
    "VTASK_COOLING_H": "0",  # so that what is earned can be withdrawn in the same run
    "VTASK_LIVE_BIDS": "1000000",
    "VTASK_API_PER_MINUTE": "1000000",
}
NEVER = re.compile("(?!)")
MOST_TEST_PROCESSES = 4  # each has its database, its local Stripe and its Chromium


def chaos(arguments: argparse.Namespace) -> int:
    """A whole copy of its own, empty at first, on embedded servers whatever the environment says; the driver kills it."""
    settings = Settings.read(suffix="-chaos")
    given = {
        name: value
        for name, value in settings.given.items()
        if not re.match(r"DATABASE_URL|REDIS_URL|STRIPE_|SMTP_|S3_|PG|VTASK_(?!HOME|WEB_|POOL_)", name)
    }
    settings = replace(
        settings, host="127.0.0.1", port=free_port(), mode="development", given={**given, **CHAOS_FIGURES}
    )
    with opened(settings, "./vtask chaos") as copy:
        assert copy.postgres and copy.redis and copy.stripe
        for folder in (copy.postgres.folder, copy.redis.folder, copy.stripe.folder):
            shutil.rmtree(folder, ignore_errors=True)
        copy.start_servers()
        copy.migrate()
        product = [replace(program, loud=NEVER) for program in copy.product() if program.name != "media"]
        step = Progress("Starting the web, the relay, a queue worker and the schedule")
        copy.supervisor.add(*product)
        copy.supervisor.wait(*product, step=step)
        step.done("the web answers")
        copy.write_runtime()
        env = {**copy.env, "CHAOS_ADDRESS": settings.address}
        return copy.supervisor.call([sys.executable, "-m", "chaos", *arguments.rest], env, ROOT)


def test(arguments: argparse.Namespace) -> int:
    settings = Settings.read(suffix="-test", testing=True)
    command = [sys.executable, "-m", "pytest", *side_by_side(arguments.rest), *arguments.rest]
    return with_servers(command, "./vtask test", settings, as_owner=True, may_create_databases=True)


def side_by_side(given: Sequence[str]) -> list[str]:
    """The whole suite in a process for each core and one more, for they wait as often as they work; what is asked for by
    name, in one, where `--pdb` and `-s` work."""
    if any(argument.startswith(("-n", "tests")) for argument in given):
        return []
    return [
        "-n",
        str(min(MOST_TEST_PROCESSES, (os.cpu_count() or 1) + 1)),
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
    ]


def servers(arguments: argparse.Namespace) -> int:
    """For development: only the servers, until stopped; their addresses as shell exports."""
    options = {"may_create_databases": True, "without_stripe": arguments.no_stripe}
    with opened(Settings.read(), "./vtask servers", **options) as copy:
        copy.start_servers()
        copy.write_runtime()
        names = ("DATABASE_URL", OWNER_URL, "REDIS_URL", "STRIPE_API_BASE", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET",
                 "VTASK_SECRET_KEY", "VTASK_MEDIA_DIR")  # fmt: skip
        env = copy.owner_env
        exports = "".join(f"export {name}={shlex.quote(env[name])}\n" for name in names if name in env)
        if arguments.exports:
            write_private(Path(arguments.exports).absolute(), exports)
        else:
            print(exports, end="", flush=True)
        copy.supervisor.run()
    return 0


def stop(arguments: argparse.Namespace) -> int:
    home = Home.from_environment()
    lock = Lock(home.run / "lock")
    holder = lock.holder()
    if holder is None:
        left = clear_leftovers(home) if home.path.exists() else 0
        say(f"Ended {left} leftover processes." if left else f"Nothing runs on {home.path}.")
        return 0
    pid = int(str(holder["pid"]))
    step = Progress(f"Stopping `{holder['what']}` (pid {pid})")
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 120
    while lock.holder() is not None:
        step.beat()
        if time.monotonic() > until:
            raise Trouble(
                f"pid {pid} does not stop.",
                f"kill -9 {pid}; then ./vtask stop again, which ends what it leaves.",
            )
        time.sleep(0.1)
    step.done("stopped")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vtask")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("run")
    verb.add_argument("--ready-file", metavar="F")
    verb.add_argument("--verbose", action="store_true")
    verb.set_defaults(do=run)
    verb = verbs.add_parser("servers")
    verb.add_argument("--exports", metavar="F")
    verb.add_argument("--no-stripe", action="store_true")
    verb.set_defaults(do=servers)
    verb = verbs.add_parser("seed")
    verb.add_argument("--size", choices=("demo", "large"), default="demo")
    verb.set_defaults(do=seed)
    verbs.add_parser("stop").set_defaults(do=stop)
    for name, do in (
        ("test", test),
        ("bench", bench),
        ("prove", prove),
        ("chaos", chaos),
        ("import-history", import_history),
        ("flask", flask),
    ):
        verb = verbs.add_parser(name, add_help=False, prefix_chars="\0")
        verb.add_argument("rest", nargs="*")
        verb.set_defaults(do=do)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.do(arguments))
    except Trouble as trouble:
        explain(trouble)
        return 1
    except StopAsked:
        return 130


if __name__ == "__main__":
    sys.exit(main())
