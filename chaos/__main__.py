"""One run: people, load, kills, samples; then the settling, the verdict, and a report. Ends with 1 when anything is
lost, doubled, off, or late."""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import redis
import stripe

from chaos import cast, verdict
from chaos.caller import Journal, Line
from chaos.journeys import Journeys, Writer
from chaos.killer import Killer
from chaos.sampler import Sampler, until
from workers.console import say
from workers.manager import NotYet
from workers.servers import answers_http, answers_ping, answers_sql

BACK_LIMIT_S = 30
SETTLE_LIMIT_S = 120
# Stripe's own troubles, all the time: every so many calls or events.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "api", "path_prefix": "/v1/", "method": "post", "status": 500, "one_in": 41},
    {"kind": "api", "path_prefix": "/v1/", "method": "post", "status": 0, "after_commit": True, "one_in": 37},
    {"kind": "webhook", "action": "duplicate", "copies": 3, "seconds": 0.5, "one_in": 7},
    {"kind": "webhook", "action": "delay", "seconds": 4, "one_in": 11},
    {"kind": "webhook", "action": "drop", "one_in": 151},
)


def main() -> int:
    arguments = read()
    address, stripe_address = os.environ["CHAOS_ADDRESS"], os.environ["STRIPE_API_BASE"]
    url, home = os.environ["DATABASE_URL"], Path(os.environ["VTASK_HOME"])
    conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
    random = Random(arguments.seed)
    journal = Journal(Path(f"{home}-journal.jsonl"))
    app = cast.open_app(url)
    companies = cast.people(app, arguments.writers)
    client = stripe.StripeClient(
        os.environ["STRIPE_API_KEY"], base_addresses={"api": stripe_address, "files": stripe_address}
    )
    more, give_up, stop_killing, stop_looking = (threading.Event() for _ in range(4))
    more.set()
    writers = []
    for n, company in enumerate(companies):
        who = cast.callers(company, address, journal)
        for role in ("creator", "agency"):
            if role in who:
                finish(cast.open_account(who[role], stripe_address))
        journeys = Journeys(
            who, Line(stripe_address), journal, Random(random.random()), f"chaos {arguments.seed} {n}"
        )
        writers.append(Writer(journeys, arguments.at_once, more, give_up))
    for fault in FAULTS:
        cast.control(stripe_address, "faults", fault | {"times": 1_000_000})
    killer = Killer(
        home, Random(random.random()), arguments.gap_s, answering(address, conninfo), stop_killing
    )
    sampler = Sampler(conninfo, stop_looking)
    say(
        f"Seed {arguments.seed}, git {git_hash()}, load {os.getloadavg()[0]:.1f}; the journal is {journal.path}"
    )
    begin = time.monotonic()
    for thread in (sampler, *writers):
        thread.start()
    if arguments.kills != 0:
        killer.start()

    # Until there are enough operations (and kills), or the time is over.
    end = begin + arguments.minutes * 60
    told = begin
    while time.monotonic() < end and any(writer.is_alive() for writer in writers):
        enough = arguments.operations is not None and len(journal.operations) >= arguments.operations
        if enough and len(killer.kills) >= (arguments.kills or 0):
            break
        if arguments.kills is not None and len(killer.kills) >= arguments.kills:
            stop_killing.set()
        if time.monotonic() - told > 15:
            told = time.monotonic()
            say(
                f"{told - begin:.0f} s at work: {len(journal.operations)} operations, {len(killer.kills)} kills, "
                f"{sampler.samples} samples"
            )
        time.sleep(0.2)
    worked_s = time.monotonic() - begin
    stop_killing.set()
    if killer.ident:
        killer.join()
    more.clear()
    settled_s = settle(writers, conninfo, stripe_address, killer.last)
    give_up.set()
    killer.all_back()
    stop_looking.set()
    sampler.join()
    for writer in writers:
        writer.join(30)
    try:
        cast.control(stripe_address, "check")
        sandbox = []
    except OSError as refused:
        sandbox = [f"the local Stripe's own sums: {refused}"]
    back = [kill["back_s"] for kill in killer.kills if kill["back_s"] is not None]
    wrong = {
        "lost": list(verdict.lost(conninfo, journal)),
        "doubled": list(verdict.doubled(conninfo, journal)),
        "books": [*sampler.breaches, *verdict.books(app), *verdict.two_books(conninfo, client), *sandbox],
        "late": late(killer, back, settled_s),
        "refused": [failure for writer in writers for failure in writer.failures],
    }
    report = {
        "seed": arguments.seed,
        "git": git_hash(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "seconds": round(worked_s),
        "acknowledged": len(journal.operations),
        "operations": dict(sorted(journal.counts.items())),
        "orders_completed": sum(writer.finished for writer in writers),
        "kills": len(killer.kills),
        "killed": dict(sorted(killer.by_way().items())),
        "samples": sampler.samples,
        "back_s": {"median": sorted(back)[len(back) // 2], "most": max(back)} if back else {},
        "settled_s": settled_s,
        "wrong": {name: found for name, found in wrong.items() if found},
    }
    if arguments.json:
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        tell(report, wrong)
    return 1 if report["wrong"] else 0


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./vtask chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, help="at most so long (30)")
    parser.add_argument("--operations", type=int, help="until so many are acknowledged (20000)")
    parser.add_argument(
        "--kills", type=int, help="so many kills, no more and no less (as many as there is time for)"
    )
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="the order of kills and of what is done"
    )
    parser.add_argument("--gap-s", type=float, default=10.0, help="between two kills, on average")
    parser.add_argument("--writers", type=int, default=8, help="companies at work")
    parser.add_argument("--at-once", type=int, default=4, help="orders each has under way")
    parser.add_argument("--json", action="store_true", help="the report for machines")
    arguments = parser.parse_args()
    if arguments.minutes is None and arguments.operations is None:
        arguments.operations = 20_000
    arguments.minutes = arguments.minutes or 30
    return arguments


def finish(act: Any) -> None:
    for pause in act:
        time.sleep(pause)


def answering(address: str, conninfo: str) -> dict[str, Any]:
    """Per part: whether it is well again, by asking it; processes nobody can ask are well when they run."""

    def asked(ask: Any) -> Any:
        def well() -> bool:
            try:
                ask()
            except (NotYet, psycopg.Error, redis.RedisError, OSError):
                return False
            return True

        return well

    runs = lambda: True  # noqa: E731
    return {
        "web": asked(lambda: answers_http(f"{address}/healthz")),
        "postgres": asked(lambda: answers_sql(conninfo)),
        "redis": asked(lambda: answers_ping(os.environ["REDIS_URL"])),
        "stripe": asked(lambda: answers_http(f"{os.environ['STRIPE_API_BASE']}/_sandbox/health")),
        "worker": runs,
        "relay": runs,
        "schedule": runs,
    }


def settle(writers: list[Writer], conninfo: str, stripe_address: str, since: float) -> float | None:
    """Seconds from the last kill until every journey has ended and nothing waits; None when it takes too long."""

    def quiet() -> bool:
        if any(writer.is_alive() for writer in writers):
            return False
        try:
            return not verdict.waiting(conninfo, stripe_address)
        except (psycopg.Error, OSError):
            return False

    found = until(quiet, SETTLE_LIMIT_S * 2)
    return None if found is None else round(time.monotonic() - since, 1)


def late(killer: Killer, back: list[float], settled_s: float | None) -> list[str]:
    found = list(killer.failures)
    found += [
        f"{kill['way']}: back after {kill['back_s']} s"
        for kill in killer.kills
        if kill["back_s"] is not None and kill["back_s"] > BACK_LIMIT_S
    ]
    if settled_s is None or settled_s > SETTLE_LIMIT_S:
        found.append(f"settled {settled_s} s after the last kill; {SETTLE_LIMIT_S} s are allowed")
    return found


def git_hash() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"


def tell(report: dict[str, Any], wrong: dict[str, list[str]]) -> None:
    back = report["back_s"]
    counts = ", ".join(f"{name} {many}" for name, many in report["operations"].items())
    killed = ", ".join(f"{name} {many}" for name, many in report["killed"].items())
    print(f"""
  seed {report["seed"]}   git {report["git"]}   load {report["load"][0]}   {report["seconds"]} s of work
  acknowledged  {report["acknowledged"]}  ({counts})
  completed     {report["orders_completed"]} orders
  kills         {report["kills"]}  ({killed})
  back          {f"median {back['median']} s, at most {back['most']} s" if back else "-"}   (limit {BACK_LIMIT_S} s)
  settled       {report["settled_s"]} s after the last kill   (limit {SETTLE_LIMIT_S} s)
  samples       {report["samples"]}  of the books
  lost          {len(wrong["lost"])}
  doubled       {len(wrong["doubled"])}
  books         {"agree: the ledger's rules, the orders', Stripe's balance, the local Stripe's sums" if not wrong["books"] else f"{len(wrong['books'])} differences"}
""")
    for name, found in report["wrong"].items():
        for what in found[:10]:
            print(f"  {name}: {what}")
        if len(found) > 10:
            print(f"  {name}: … {len(found) - 10} more")


if __name__ == "__main__":
    sys.exit(main())
