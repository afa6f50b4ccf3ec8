"""Between the pages and the sums: a list in Redis, which may be lost, and a mark that shows that it was."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from market.audience.errors import CountingAway

MOST = 20_000
"""Batches that may wait; beyond, new ones are refused and the gap is told."""
PART = 400


@dataclass(frozen=True)
class Buffer:
    """The list of one copy of the product: copies that share a Redis are told apart by their database."""

    redis: Redis
    name: str

    @property
    def _work(self) -> str:
        return f"{self.name}:work"

    def put(self, batch: dict[str, Any]) -> None:
        """Raises CountingAway when Redis does not answer or too much waits."""
        try:
            waiting = self.redis.rpush(self.name, json.dumps(batch, separators=(",", ":")))
            if waiting > MOST:
                self.redis.rpop(self.name)
                self.redis.incr(f"{self.name}:refused")
                raise CountingAway
        except (RedisError, OSError) as away:
            raise CountingAway from away

    def is_waiting(self) -> bool:
        return bool(self.redis.exists(self.name, self._work))

    def parts(self) -> Iterator[list[dict[str, Any]]]:
        """What waits now, in parts. It stays until the last part was taken: a counter that dies is followed by another
        who is given the same again."""
        if not self.redis.exists(self._work):
            try:
                self.redis.rename(self.name, self._work)
            except ResponseError:  # nothing waits
                return
        start = 0
        while raw := cast("list[bytes]", self.redis.lrange(self._work, start, start + PART - 1)):
            yield [json.loads(each) for each in raw]
            start += len(raw)
        self.redis.delete(self._work)

    def mark(self) -> str:
        """Stays the same for as long as Redis keeps what it is given."""
        key = f"{self.name}:mark"
        self.redis.set(key, secrets.token_hex(8), nx=True)
        return cast(bytes, self.redis.get(key)).decode()

    def refused(self) -> int:
        """How many batches found no room since this was last asked."""
        return int(cast("bytes | None", self.redis.getdel(f"{self.name}:refused")) or 0)


@cache
def buffer(redis_url: str, database_url: str) -> Buffer:
    copy = hashlib.sha256(database_url.encode()).hexdigest()[:12]
    redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
    return Buffer(redis, f"audience:{copy}:views")
