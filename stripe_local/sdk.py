"""What the installed stripe SDK knows: its operations and their request types.

The services of the SDK are generated from Stripe's OpenAPI file at the pinned version, one method per operation,
so their text is the table of paths; the TypedDicts in `stripe.params` are the table of parameters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import stripe
from stripe._api_version import _ApiVersion

API_VERSION: str = _ApiVersion.CURRENT

_METHOD = re.compile(
    r'    def (\w+)\(\s*self,(.*?)\)\s*->.*?self\._request\(\s*"(\w+)",\s*"([^"]+)"', re.DOTALL
)
_PARAMS = re.compile(r'params:\s*(?:Optional\[\s*)?"(\w+)"')
_IMPORT = re.compile(r"from (stripe\.params\S*) import \(?\s*(\w+)")


@dataclass(frozen=True)
class Operation:
    """One method of a service: `post /v1/transfers` and the TypedDict of its parameters."""

    verb: str
    template: str
    params_module: str
    params_name: str

    def params_type(self) -> type:
        found = getattr(import_module(self.params_module), self.params_name)
        assert isinstance(found, type)
        return found

    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.template)
        return re.compile(
            "".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts)) + "$"
        )


@cache
def operations() -> dict[tuple[str, str], Operation]:
    """Every v1 operation of the SDK by (verb, path template)."""
    return {(op.verb, op.template): op for op in _read()}


def _read() -> Iterator[Operation]:
    for path in sorted(Path(stripe.__file__).parent.rglob("*_service.py")):
        text = path.read_text(encoding="utf-8")
        modules = {name: module for module, name in _IMPORT.findall(text)}
        for _method, arguments, verb, template in _METHOD.findall(text):
            params = _PARAMS.search(arguments)
            if template.startswith("/v1/") and params:
                yield Operation(verb, template, modules[params[1]], params[1])
