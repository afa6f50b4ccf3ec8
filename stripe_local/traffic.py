"""What was asked of this process since it began: how many requests, which operations, which parameters nobody knows.

Kept apart from the world: `/_sandbox/reset` forgets the objects and not the count.
"""

from collections import Counter
from threading import Lock
from typing import Any

UNKNOWN = ("parameter_unknown", "payment_method_types_no_longer_supported")
"""Codes of requests that carry what the pinned version does not know, or not any more."""


class Traffic:
    def __init__(self) -> None:
        self._lock = Lock()
        self._operations: Counter[str] = Counter()
        self._unknown: list[str] = []

    def note(self, operation: str) -> None:
        with self._lock:
            self._operations[operation] += 1

    def refuse(self, operation: str, param: str) -> None:
        """A request with a parameter that the pinned version does not know."""
        with self._lock:
            self._unknown.append(f"{operation} {param}")

    def summary(self) -> dict[str, Any]:
        with self._lock:
            return {
                "requests": self._operations.total(),
                "operations": dict(sorted(self._operations.items())),
                "unknown_parameters": list(self._unknown),
            }
