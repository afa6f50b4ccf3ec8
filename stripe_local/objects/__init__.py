"""One module per Stripe resource: what it looks like, its states, and its operations."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every resource, so that its operations and timers are registered."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
