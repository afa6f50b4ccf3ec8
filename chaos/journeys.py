"""What a company does, over and over: a brief, a bid, the award, the payment (at
Stripe, or out of the wallet that is filled there), scripts sent back, the work, and the
withdrawal of what it brought. Some give up before they pay, and some part by agreement, with money back. A journey is a generator: it yields when it must wait, so that one writer has many.
"""

import datetime as dt
import json
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from chaos.caller import PAUSE_S, Act, Away, Caller, Journal, Json, Line, Unexpected

REVISIONS = 3
LOOK_S = 2.0
METHODS = ("card", "alipay", "wechat_pay")


@dataclass
class Journeys:
    """One company's orders."""

    who: dict[str, Caller]
    stripe: Line
    journal: Journal
    random: Random
    name: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def order(self) -> Act:
        """From brief to completed, and one withdrawal of what is there by then."""
        merchant = self.who["merchant"]
        price = self.random.randrange(60_000, 200_000)
        task = yield from self._brief(price + 10_000)
        bid = yield from self._bid(task, price)
        order = yield from self._award(task, bid, price)
        if self.random.random() < 0.1:
            yield from self._cancel(order)
            return
        if self.random.random() < 0.3:
            yield from self._pay_from_wallet(order, price)
        else:
            yield from self._pay(order)
        for round in range(REVISIONS):
            script = yield from self._hand_in(order, {"script": {"text": f"Version {round + 1}. " * 4}})
            yield from merchant.once(
                "revision",
                f"/submissions/{script}/revision",
                partial(self._decided, script),
                {"remarks": [{"text": "Say it in one sentence."}]},
                submission=script,
            )
        if self.random.random() < 0.15:
            yield from self._part(order)
            return
        for content in (
            {"script": {"text": "Three walks, what each shows, how long it takes. " * 2}},
            {"article": {"title": f"{self.name}: three walks", "body": "Start early, stay late. " * 6}},
        ):
            work = yield from self._hand_in(order, content)
            yield from merchant.keyed("acceptance", f"/submissions/{work}/acceptance", {}, submission=work)
        yield from self._until(merchant, f"/orders/{order}", lambda found: found["state"] == "completed")
        if self.random.random() < 0.6:
            yield from self._withdraw(
                self.who["agency" if self.random.random() < 0.3 and "agency" in self.who else "creator"]
            )

    def _brief(self, budget: int) -> Act:
        day = dt.datetime.now(dt.UTC) + dt.timedelta(days=20)
        merchant = self.who["merchant"]
        while True:
            title = f"{self.name} {next(self._numbers)}"
            body = {
                "title": title,
                "category": "outdoor",
                "format": "article",
                "from_template": True,
                "budget_fen": budget,
                "deadline": day.isoformat(),
                "campaign_code": None,
                "revisions": REVISIONS,
            }
            # After a lost answer the next one is a brief of its own: a draft too many moves no money.
            made = yield from merchant.once("brief", "/tasks", _nothing, body)
            task = str(made["id"])

            def opened(task: str = task) -> Act:
                found = yield from merchant.read(f"/tasks/{task}")
                return found if found["state"] != "draft" else None

            yield from merchant.once("opening", f"/tasks/{task}/opening", opened, {}, task=task)
            return task

    def _bid(self, task: str, price: int) -> Act:
        bidder = self.who.get("agency", self.who["creator"])
        offer: Json = {
            "price_fen": price,
            "plan": "Three walks, one picture each, honest times.",
            "delivery_on": str((dt.datetime.now(dt.UTC) + dt.timedelta(days=10)).date()),
        }
        if "agency" in self.who:
            offer["creator_id"] = self.who["creator"].party_id

        def mine() -> Act:
            found = yield from bidder.read(f"/tasks/{task}/bids")
            return found["data"][0] if found["data"] else None

        made = yield from bidder.once("bid", f"/tasks/{task}/bids", mine, offer, task=task)
        return str(made["id"])

    def _award(self, task: str, bid: str, price: int) -> Act:
        merchant = self.who["merchant"]

        def awarded() -> Act:
            page = yield from merchant.read("/orders?limit=100")
            return next((each for each in page["data"] if each["task_id"] == task), None)

        made = yield from merchant.once(
            "award", f"/tasks/{task}/award", awarded, {"bid_id": bid, "price_fen": price}, task=task
        )
        return str(made["id"])

    def _pay(self, order: str) -> Act:
        """The merchant goes to Stripe's page; the money counts when Stripe's word has arrived."""
        merchant = self.who["merchant"]
        yield from self._paid("checkout", f"/orders/{order}/checkouts", order=order)
        yield from self._until(merchant, f"/orders/{order}", lambda found: found["state"] != "awaiting_funds")

    def _pay_from_wallet(self, order: str, price: int) -> Act:
        """Filled by just as much, so that the wallet's other orders keep theirs."""
        merchant = self.who["merchant"]
        checkout = yield from self._paid("top-up", "/wallet/top-ups", {"amount_fen": price})
        yield from self._until(
            merchant, f"/checkouts/{checkout['id']}", lambda found: found["state"] == "paid"
        )
        yield from merchant.keyed(
            "wallet payment", f"/orders/{order}/wallet-payments", {"amount_fen": price}, order=order
        )

    def _cancel(self, order: str) -> Act:
        """Given up before it is paid, sometimes with the page of Stripe already open."""
        merchant = self.who["merchant"]
        if self.random.random() < 0.5:
            yield from merchant.keyed("checkout", f"/orders/{order}/checkouts", order=order)

        def cancelled() -> Act:
            found = yield from merchant.read(f"/orders/{order}")
            return found if found["state"] == "cancelled" else None

        yield from merchant.once("cancellation", f"/orders/{order}/cancellation", cancelled, {}, order=order)
        yield from self._until(merchant, f"/orders/{order}", lambda found: found["state"] == "cancelled")

    def _part(self, order: str) -> Act:
        """The merchant asks to end the order by the computed split, and the creator agrees."""
        merchant, creator = self.who["merchant"], self.who["creator"]
        quote = yield from merchant.read(f"/orders/{order}/exit")
        wish = {"token": quote["token"], "reason": "Plans changed.", "to_wallet": self.random.random() < 0.3}
        asked = yield from merchant.keyed("exit", f"/orders/{order}/exits", wish, order=order)
        seen = yield from creator.read(f"/orders/{order}/exits/{asked['id']}")
        yield from creator.keyed(
            "consent", f"/orders/{order}/exits/{asked['id']}/consent", {"round": seen["round"]}, order=order
        )
        yield from self._until(merchant, f"/orders/{order}", lambda found: found["state"] == "settled")

    def _paid(self, what: str, path: str, body: Json | None = None, **facts: Any) -> Act:
        """The checkout whose page was paid: one that another top-up of the company has closed is opened anew."""
        while True:
            checkout = yield from self.who["merchant"].keyed(what, path, body, **facts)
            if (yield from self._pay_on_page(checkout)):
                return checkout
            self.journal.note("pages closed by another")

    def _pay_on_page(self, checkout: Json) -> Act:
        """Whether it was paid; False when the page was closed before."""
        merchant = self.who["merchant"]
        page = checkout["url"]
        while not page:
            yield LOOK_S
            found = yield from merchant.read(f"/checkouts/{checkout['id']}")
            if found["state"] not in ("created", "open"):
                return False
            page = found["url"]
        session = next(part for part in page.split("?")[0].split("/") if part.startswith("cs_"))
        return (yield from self._pay_at_stripe(session, checkout["id"]))

    def _pay_at_stripe(self, session: str, checkout: str) -> Act:
        body = {"method": self.random.choice(METHODS)}
        while True:
            try:
                status, found, _ = self.stripe.ask("POST", f"/_sandbox/pay/{session}", body, {})
            except Away:
                self.journal.note("lost answers")
                yield PAUSE_S
                continue
            if status == 200:
                self.journal.acknowledge("payment", id=session, checkout=checkout)
                return True
            if "is complete" in json.dumps(found):
                self.journal.note("found after a lost answer")
                return True
            if "is expired" in json.dumps(found):
                return False
            raise Unexpected(f"paying {session}: {status} {found}")

    def _hand_in(self, order: str, content: Json) -> Act:
        creator = self.who["creator"]

        def waiting() -> Act:
            found = yield from creator.read(f"/orders/{order}/submissions")
            return next((each for each in found if each["state"] == "submitted"), None)

        made = yield from creator.once(
            "submission", f"/orders/{order}/submissions", waiting, content, order=order
        )
        return str(made["id"])

    def _decided(self, submission: str) -> Act:
        found = yield from self.who["merchant"].read(f"/submissions/{submission}")
        return found if found["state"] != "submitted" else None

    def _withdraw(self, payee: Caller) -> Act:
        """All that is there; another journey of the same payee may have taken it meanwhile."""
        income = yield from payee.read("/income")
        amount = income["available_fen"]
        if amount < 10_000:
            return
        try:
            yield from payee.keyed("withdrawal", "/withdrawals", {"amount_fen": amount})
        except Unexpected as refused:
            if "/not-enough" not in str(refused):
                raise
            self.journal.note("overtaken withdrawals")

    @staticmethod
    def _until(who: Caller, path: str, good: Any) -> Act:
        while True:
            found = yield from who.read(path)
            if good(found):
                return found
            yield LOOK_S


def _nothing() -> Act:
    return None
    yield


@dataclass
class Writer(threading.Thread):
    """Goes from one of its journeys to the next that is due. After `stop` it begins none, and leaves none half-way
    unless time runs out."""

    journeys: Journeys
    at_once: int
    more: threading.Event
    """Set while new orders may begin."""
    give_up: threading.Event
    failures: list[str] = field(default_factory=list)
    finished: int = 0

    def __post_init__(self) -> None:
        super().__init__(name=self.journeys.name, daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        order, due = count(), []  # type: ignore[var-annotated]
        for n in range(self.at_once):
            heappush(due, (time.monotonic() + n * 0.2, next(order), self.journeys.order()))
        while due and not self.give_up.is_set():
            at, _, journey = heappop(due)
            if (wait := at - time.monotonic()) > 0:
                self.give_up.wait(wait)
            try:
                pause = next(journey)
            except StopIteration:
                self.finished += 1
                if self.more.is_set():
                    heappush(due, (time.monotonic(), next(order), self.journeys.order()))
            except Unexpected as refused:
                self.failures.append(str(refused))
                if self.more.is_set():
                    heappush(due, (time.monotonic() + 1, next(order), self.journeys.order()))
            except Exception:
                self.failures.append(traceback.format_exc())
                return
            else:
                heappush(due, (time.monotonic() + pause, next(order), journey))
