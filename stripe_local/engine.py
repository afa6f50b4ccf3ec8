"""The running sandbox: opens worlds on the store, keeps the clock, and fires what is due."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stripe_local import balance, idempotency
from stripe_local.errors import StripeError
from stripe_local.ids import new_id
from stripe_local.settings import Rules, Settings
from stripe_local.store import Store
from stripe_local.traffic import Traffic
from stripe_local.webhooks import Sender
from stripe_local.world import TIMERS, World, wall_clock

log = logging.getLogger("stripe_local")
_TICK_S = 0.25
PARKED = (1 << 60) + 1


class Engine:
    """One per process. Threads: the server's, the webhook sender's, and one that fires timers."""

    def __init__(self, settings: Settings) -> None:
        settings.home.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.base_url = settings.public_url
        self.store = Store(settings.home / "stripe.sqlite")
        with self.store.transaction():
            self.platform = self._platform_id()
        self.in_flight = idempotency.InFlight()
        self.traffic = Traffic()
        self.sender = Sender(self.store, settings)
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="timers", daemon=True)

    def _platform_id(self) -> str:
        found = self.store.meta("platform")
        if found is None:
            found = new_id("acct_1")
            self.store.set_meta("platform", found)
        return str(found)

    def start(self) -> None:
        self.sender.start()
        self._ticker.start()

    def stop(self) -> None:
        """Finish what is running; what waits stays in the database."""
        self._stop.set()
        self.sender.stop()
        if self._ticker.is_alive():
            self._ticker.join(timeout=5)
        self.store.close()

    @contextmanager
    def world(
        self, account: str | None = None, request_id: str | None = None, idempotency_key: str | None = None
    ) -> Iterator[World]:
        """One transaction: all of it or nothing, and never with a broken sum."""
        with self.store.transaction():
            w = World(
                store=self.store,
                settings=self.settings,
                rules=self.rules(),
                platform=self.platform,
                account=account or self.platform,
                now=self.now(),
                base_url=self.base_url,
                request_id=request_id,
                idempotency_key=idempotency_key,
            )
            yield w
            balance.check(w)
        if w.queued:
            self.sender.wake(len(w.queued))

    def now(self) -> int:
        """Seconds since 1970 on the sandbox's clock; call with the store locked."""
        return int(wall_clock()) + int(self.store.meta("clock_offset", 0))

    def rules(self) -> Rules:
        return Rules.from_json(self.store.meta("rules", {"pace": self.settings.pace}))

    def set_rules(self, rules: Rules) -> None:
        self.store.set_meta("rules", rules.to_json())

    def advance(self, seconds: int) -> int:
        """Move the clock, stopping at every timer on the way, so that each sees its own time."""
        with self.store.transaction():
            target = self.now() + seconds
        while self._fire_next(target):
            pass
        with self.store.transaction():
            self._set_clock(target)
            idempotency.prune(self.store, target)
            return target

    def start_at(self, now: int) -> int:
        """Set the clock of an empty sandbox, also back: a demo world can then live through its history."""
        with self.store.transaction():
            if self.store.row("SELECT 1 FROM objects LIMIT 1"):
                raise StripeError("The clock can only be set while the sandbox is empty; reset it first.")
            self.store.set_meta("clock_offset", now - int(wall_clock()))
            return self.now()

    def _set_clock(self, now: int) -> int:
        """Forward to `now`; never back."""
        self.store.set_meta("clock_offset", max(now, self.now()) - int(wall_clock()))
        return self.now()

    def _fire_next(self, until: int) -> bool:
        """One timer in one transaction; one that fails is parked and `check` tells of it."""
        with self.store.transaction():
            found = self.store.row(
                "SELECT id, due, kind, object, account FROM timers WHERE due <= ? ORDER BY due, id LIMIT 1",
                until,
            )
        if found is None:
            return False
        id, due, kind, object_id, account = found
        try:
            with self.world(account) as w:
                w.now = self._set_clock(due)
                taken = w.store.db.execute("DELETE FROM timers WHERE id = ? AND due = ?", (id, due)).rowcount
                if taken:
                    TIMERS[kind](w, object_id)
        except Exception:
            log.exception("timer %s of %s failed and is parked", kind, object_id)
            with self.store.transaction():
                self.store.db.execute("UPDATE timers SET due = ? WHERE id = ?", (PARKED, id))
        return True

    def parked(self) -> list[str]:
        with self.store.transaction():
            return [
                f"{k} of {o}"
                for k, o in self.store.rows("SELECT kind, object FROM timers WHERE due = ?", PARKED)
            ]

    def _tick(self) -> None:
        pruned = 0.0
        while not self._stop.wait(_TICK_S):
            try:
                with self.store.transaction():
                    now = self.now()
                    if wall_clock() - pruned > 60:
                        pruned = wall_clock()
                        idempotency.prune(self.store, now)
                while self._fire_next(now) and not self._stop.is_set():
                    pass
            except Exception:
                log.exception("the clock's thread could not look at the timers; it tries again")

    def reset(self) -> None:
        """Forget all objects, events, deliveries, keys and faults; the platform keeps its id."""
        with self.store.transaction():
            self.store.clear()

    def summary(self) -> dict[str, Any]:
        with self.store.transaction():
            counts = dict(self.store.rows("SELECT kind, COUNT(*) FROM objects GROUP BY kind ORDER BY kind"))
            waiting = self.store.row("SELECT COUNT(*) FROM deliveries WHERE state = 'waiting'") or (0,)
            return {"clock": self.now(), "objects": counts, "webhooks_waiting": waiting[0]}
