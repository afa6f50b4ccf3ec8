"""Parameters that remember whether anybody looked at them.

Stripe takes hundreds of parameters; the sandbox honours some. One that no handler reads would be taken in silence, so
after the work the unread ones are refused and the work is undone.
"""

from collections.abc import Iterator
from typing import Any

from stripe_local.errors import StripeError


class Asked(dict[str, Any]):
    """A dict that notes which of its keys were read; taking it whole reads all."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__({name: _wrap(value) for name, value in values.items()})
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def _whole(self) -> None:
        self._read.update(super().keys())

    def __iter__(self) -> Iterator[str]:
        self._whole()
        return super().__iter__()

    def keys(self) -> Any:
        self._whole()
        return super().keys()

    def items(self) -> Any:
        self._whole()
        return super().items()

    def values(self) -> Any:
        self._whole()
        return super().values()

    def unread(self, path: str = "") -> Iterator[str]:
        for name in dict.keys(self):
            where = f"{path}[{name}]" if path else name
            if name not in self._read:
                yield where
            else:
                yield from _unread_in(dict.__getitem__(self, name), where)

    def refuse_unread(self) -> None:
        for where in self.unread():
            raise StripeError(f"The local Stripe does not do {where} yet, though Stripe does.", param=where)


def _wrap(value: Any) -> Any:
    if isinstance(value, dict):
        return Asked(value)
    return [_wrap(item) for item in value] if isinstance(value, list) else value


def _unread_in(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Asked):
        yield from value.unread(path)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _unread_in(item, f"{path}[{at}]")
