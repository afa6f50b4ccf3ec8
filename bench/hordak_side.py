"""Run by bench/hordak.py inside its throw-away environment: django-hordak posts a release of three legs.

`python hordak_side.py prepare|post` with PG* in the environment; `post` reads "go <seconds>" lines and answers with
transactions per second of CLIENTS processes.
"""

import multiprocessing
import os
import random
import sys
import time

import django
from django.conf import settings

CLIENTS, MILESTONES, PAYEES = 8, 1_000, 1_000


def configure() -> None:
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": os.environ["PGDATABASE"],
                "USER": os.environ["PGUSER"],
                "PASSWORD": os.environ["PGPASSWORD"],
                "HOST": os.environ["PGHOST"],
                "PORT": os.environ.get("PGPORT", "5432"),
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_CURRENCY="CNY",
        HORDAK_INTERNAL_CURRENCY="CNY",
        CURRENCIES=["CNY"],
        CURRENCY_CHOICES=[("CNY", "CNY")],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
    )
    django.setup()


def prepare() -> None:
    from django.core.management import call_command
    from hordak.models import Account, AccountType

    call_command("migrate", verbosity=0)
    for kind, count in (("escrow", MILESTONES), ("payee", PAYEES), ("fee", 1)):
        for n in range(count):
            Account.objects.create(name=f"{kind} {n}", type=AccountType.liability, currencies=["CNY"])


def work(pipe) -> None:  # type: ignore[no-untyped-def]
    from django.db import transaction
    from djmoney.money import Money
    from hordak.models import Account, Leg, Transaction

    ids = {
        kind: list(Account.objects.filter(name__startswith=kind).values_list("id", flat=True))
        for kind in ("escrow", "payee", "fee")
    }
    pipe.send("ready")
    while True:
        seconds = pipe.recv()
        end, done, begin = time.monotonic() + seconds, 0, time.monotonic()
        while time.monotonic() < end:
            with transaction.atomic():
                posted = Transaction.objects.create()
                Leg.objects.bulk_create(
                    [
                        Leg(
                            transaction=posted,
                            account_id=random.choice(ids["escrow"]),
                            debit=Money(100, "CNY"),
                        ),
                        Leg(
                            transaction=posted,
                            account_id=random.choice(ids["payee"]),
                            credit=Money(95, "CNY"),
                        ),
                        Leg(transaction=posted, account_id=ids["fee"][0], credit=Money(5, "CNY")),
                    ]
                )
            done += 1
        pipe.send(done / (time.monotonic() - begin))


def post() -> None:
    crew = []
    for _ in range(CLIENTS):
        near, far = multiprocessing.Pipe()
        multiprocessing.Process(target=work, args=(far,), daemon=True).start()
        crew.append(near)
    for pipe in crew:
        pipe.recv()
    print("ready", flush=True)
    for line in sys.stdin:
        for pipe in crew:
            pipe.send(float(line.split()[1]))
        print(sum(pipe.recv() for pipe in crew), flush=True)


if __name__ == "__main__":
    configure()
    {"prepare": prepare, "post": post}[sys.argv[1]]()
