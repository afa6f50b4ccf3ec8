"""The world as one call sees it: the objects, the clock, the timers, and who is asking.

A `World` lives inside one transaction of the store. Keys of an object that begin with `_` are the sandbox's own
notes; they are kept and never shown.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.ids import new_id
from stripe_local.settings import Rules, Settings
from stripe_local.store import Store, dump


@dataclass
class World:
    """Everything a handler may read or change; `touched` and `queued` are shared by `acting_as`."""

    store: Store
    settings: Settings
    rules: Rules
    platform: str
    account: str
    now: int
    base_url: str
    request_id: str | None = None
    idempotency_key: str | None = None
    touched: set[tuple[str, str]] = field(default_factory=set)
    queued: list[str] = field(default_factory=list)

    def acting_as(self, account: str) -> "World":
        """The same call, seen from another account."""
        return replace(self, account=account)

    def new(self, kind: str, prefix: str, fields: Mapping[str, Any], *, id: str | None = None) -> Json:
        """A new object of the acting account, with the three fields that nearly all share."""
        body: Json = {
            "id": id or new_id(prefix),
            "object": kind,
            "created": self.now,
            "livemode": False,
            **fields,
        }
        for name in [n for n, v in body.items() if v is _ABSENT]:
            del body[name]
        self.store.db.execute(
            "INSERT INTO objects (id, kind, account, created, body) VALUES (?, ?, ?, ?, ?)",
            (body["id"], kind, self.account, self.now, dump(body)),
        )
        return body

    def save(self, body: Json) -> Json:
        self.store.db.execute("UPDATE objects SET body = ? WHERE id = ?", (dump(body), body["id"]))
        return body

    def delete(self, body: Json) -> None:
        self.store.db.execute("DELETE FROM objects WHERE id = ?", (body["id"],))

    def find(self, kind: str, id: str) -> Json | None:
        found = self.store.row(
            "SELECT body FROM objects WHERE id = ? AND kind = ? AND account = ?", id, kind, self.account
        )
        return self._body(found)

    def get(self, kind: str, id: str, param: str = "id", status: int = 404) -> Json:
        """The object, or Stripe's refusal: 404 for the path's own id, 400 with `param` for one in the parameters."""
        found = self.find(kind, id)
        if found is None:
            raise StripeError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)
        return found

    def given(self, kind: str, id: str, param: str) -> Json:
        """An object named by a parameter."""
        return self.get(kind, id, param, status=400)

    def anywhere(self, id: str) -> tuple[Json, str] | None:
        """Any object by id with its account, for timers, pages and expansion."""
        found = self.store.row("SELECT body, account FROM objects WHERE id = ?", id)
        return (json.loads(found[0]), found[1]) if found else None

    def every(self, kind: str, **equals: Any) -> list[Json]:
        """All objects of a kind with these field values, oldest first."""
        where, values = _where(equals)
        rows = self.store.rows(
            f"SELECT body FROM objects WHERE kind = ? AND account = ?{where} ORDER BY seq",
            kind, self.account, *values,
        )  # fmt: skip
        return [json.loads(row[0]) for row in rows]

    def page(
        self,
        kind: str,
        url: str,
        params: Mapping[str, Any],
        filters: tuple[str, ...] = (),
        also: tuple[str, list[Any]] = ("", []),
    ) -> Json:
        """A list answer, newest first, by Stripe's cursors.

        `filters` are parameters that equal a field; `also` is more SQL (starting with AND) and its values.
        """
        where, values = _where({name: params[name] for name in filters if name in params})
        where, values = _created(params.get("created"), where, values)
        where, values = also[0] + where, [*also[1], *values]
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise StripeError(
                "Invalid integer: limit must be between 1 and 100",
                code="parameter_invalid_integer",
                param="limit",
            )
        backwards = "ending_before" in params
        for name, sign in (("starting_after", "<"), ("ending_before", ">")):
            if name in params:
                where += f" AND seq {sign} ?"
                values.append(self._seq(kind, params[name], name))
        rows = self.store.rows(
            f"SELECT body FROM objects WHERE kind = ? AND account = ?{where}"
            f" ORDER BY seq {'ASC' if backwards else 'DESC'} LIMIT ?",
            kind, self.account, *values, limit + 1,
        )  # fmt: skip
        data = [json.loads(row[0]) for row in rows[:limit]]
        if backwards:
            data.reverse()
        return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": data}

    def _seq(self, kind: str, id: str, param: str) -> int:
        found = self.store.row(
            "SELECT seq FROM objects WHERE id = ? AND kind = ? AND account = ?", id, kind, self.account
        )
        if found is None:
            raise StripeError(f"No such {kind}: '{id}'", code="resource_missing", param=param)
        return int(found[0])

    @staticmethod
    def _body(found: tuple[Any, ...] | None) -> Json | None:
        if found is None:
            return None
        body: Json = json.loads(found[0])
        return body

    def after(self, seconds: int, kind: str, object_id: str) -> None:
        """Call the timer `kind` for this object later, by the sandbox's clock."""
        self.at(self.now + seconds, kind, object_id)

    def at(self, due: int, kind: str, object_id: str) -> None:
        self.store.db.execute(
            "INSERT INTO timers (due, kind, object, account) VALUES (?, ?, ?, ?)",
            (due, kind, object_id, self.account),
        )

    def when_funded(self, kind: str, object_id: str) -> None:
        """Call the timer when money comes to the acting account, and never before."""
        self.at(_NEVER, kind, object_id)

    def money_came(self) -> None:
        self.store.db.execute(
            "UPDATE timers SET due = ? WHERE due = ? AND account = ?", (self.now, _NEVER, self.account)
        )


_NEVER = 1 << 60
_ABSENT = object()


def absent() -> Any:
    """For `World.new`: this object has no such field (few lack `livemode`)."""
    return _ABSENT


def _where(equals: Mapping[str, Any]) -> tuple[str, list[Any]]:
    return "".join(f" AND json_extract(body, '$.{name}') = ?" for name in equals), list(equals.values())


def _created(given: Any, where: str, values: list[Any]) -> tuple[str, list[Any]]:
    if isinstance(given, int):
        return where + " AND created = ?", [*values, given]
    for name, sign in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
        if given and name in given:
            where += f" AND created {sign} ?"
            values = [*values, given[name]]
    return where, values


Timer = Callable[[World, str], None]
TIMERS: dict[str, Timer] = {}


def timer(kind: str) -> Callable[[Timer], Timer]:
    """The function that a timer of this kind calls, with the object's id."""

    def register(function: Timer) -> Timer:
        TIMERS[kind] = function
        return function

    return register


def wall_clock() -> float:
    return time.time()
