"""Stripe's form encoding, and the check of a request against the SDK's types before anything happens."""

import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import parse_qsl

import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from stripe_local.errors import Json, StripeError

_KEY = re.compile(r"[^\[\]]+|\[\]")
_OPTIONS = frozenset(RequestOptions.__annotations__)
_REQUIRED = (typing.Required, typing_extensions.Required)
_NOT_REQUIRED = (typing.NotRequired, typing_extensions.NotRequired)
_LITERAL = (Literal, typing_extensions.Literal)
_RETIRED = {"payment_method_types": "payment_method_types_no_longer_supported"}
_TEXT_MAX = 5000
_EVIDENCE_MAX = 20_000  # the text fields of a dispute's evidence hold more than others
_FIELDS_MAX = 2000
_DEPTH_MAX = 10
_NAMES = {
    "StripeContext": object,
    "Mapping": Mapping,
}  # names that RequestOptions imports for type checkers only

Check = Callable[[Any, str], Any]


def parse_form(text: str) -> Json:
    """`a[b][0][c]=x` as nested dicts; arrays stay dicts by index until their type is known."""
    try:
        return nested(parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX))
    except ValueError as error:
        raise StripeError(f"A request can have up to {_FIELDS_MAX} parameters.") from error


def nested(pairs: Iterable[tuple[str, Any]]) -> Json:
    """The pairs of a form, also of a multipart one, by the brackets in their names."""
    tree: Json = {}
    for key, value in pairs:
        path = _KEY.findall(key)
        if not 0 < len(path) <= _DEPTH_MAX:
            raise StripeError(f"Invalid parameter name: '{key[:100]}'")
        node = tree
        for part in path[:-1]:
            below = node.setdefault(str(len(node)) if part == "[]" else part, {})
            if not isinstance(below, dict):
                raise StripeError(f"Invalid object: '{key}'", param=key)
            node = below
        last = path[-1]
        node[str(len(node)) if last == "[]" else last] = value
    return tree


def check(form: Json, params_type: type) -> Json:
    """The parameters with their types; raises the error Stripe would answer."""
    checked = _typed_dict(params_type)(form, "")
    assert isinstance(checked, dict)
    return checked


@cache
def _typed_dict(cls: type) -> Check:
    hints = typing.get_type_hints(cls, localns=_NAMES, include_extras=True)
    fields = {name: hint for name, hint in hints.items() if name not in _OPTIONS}
    required: frozenset[str] = getattr(cls, "__required_keys__", frozenset())
    checks: dict[str, Check] = {}

    def checked(value: Any, path: str) -> Json:
        if not isinstance(value, dict):
            raise _invalid("object", value, path)
        for name in value:
            if name not in fields:
                raise _unknown(name, _join(path, name))
        for name in sorted(required & fields.keys()):
            if name not in value:
                where = _join(path, name)
                raise StripeError(f"Missing required param: {where}.", code="parameter_missing", param=where)
        out: Json = {}
        for name, item in value.items():
            if name not in checks:
                checks[name] = _compile(fields[name])
            out[name] = checks[name](item, _join(path, name))
        return out

    return checked


def _unknown(name: str, path: str) -> StripeError:
    if name in _RETIRED:
        return StripeError(
            f"The parameter {path} is no longer supported. Use allowed_payment_method_types instead.",
            code=_RETIRED[name],
            param=path,
        )
    return StripeError(f"Received unknown parameter: {path}", code="parameter_unknown", param=path)


def _compile(hint: Any) -> Check:
    origin, args = get_origin(hint), get_args(hint)
    if origin in _REQUIRED or origin in _NOT_REQUIRED:
        return _compile(args[0])
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin in _LITERAL:
        return _choice(args)
    if origin is list:
        return _list(_compile(args[0]))
    if origin in (dict, UntypedStripeObject):
        return _mapping(_compile(args[-1]))
    if isinstance(hint, type) and hasattr(hint, "__required_keys__"):
        return lambda value, path: _typed_dict(hint)(value, path)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if hint is UntypedStripeObject:
        return _mapping(_text)
    return _anything


def _union(args: tuple[Any, ...]) -> Check:
    """`Literal[...] | str` is an open enum of the SDK, closed in the API; `Literal['']` allows unsetting."""
    literals = [c for a in args if get_origin(a) in _LITERAL for c in get_args(a)]
    choices = tuple(c for c in literals if c != "")
    emptyable = "" in literals
    others = [a for a in args if get_origin(a) not in _LITERAL]
    if choices and str in others:
        others.remove(str)
    structured = [_compile(a) for a in others if _is_structured(a)]
    scalars = [_compile(a) for a in others if not _is_structured(a)]

    def checked(value: Any, path: str) -> Any:
        if value == "" and emptyable:
            return ""
        if isinstance(value, dict):
            return _first(structured, value, path) if structured else _first([_not_an_object], value, path)
        if value in choices:
            return value
        if scalars:
            return _first(scalars, value, path)
        if choices:
            return _choice(choices)(value, path)
        raise _invalid("object", value, path)

    return checked


def _is_structured(hint: Any) -> bool:
    return (
        get_origin(hint) in (dict, list, UntypedStripeObject)
        or hint is UntypedStripeObject
        or hasattr(hint, "__required_keys__")
    )


def _first(checks: list[Check], value: Any, path: str) -> Any:
    refusal: StripeError | None = None
    for one in checks:
        try:
            return one(value, path)
        except StripeError as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def _choice(choices: tuple[Any, ...]) -> Check:
    def checked(value: Any, path: str) -> Any:
        if value in choices:
            return value
        if value == "" or isinstance(value, dict):
            return _text(value, path)
        words = [str(c) for c in choices]
        listed = ", ".join(words[:-1]) + (", or " if len(words) > 1 else "") + words[-1]
        raise StripeError(f"Invalid {path}: must be one of {listed}", param=path)

    return checked


def _list(item: Check) -> Check:
    def checked(value: Any, path: str) -> list[Any]:
        if not isinstance(value, dict) or not all(k.isdecimal() for k in value):
            raise StripeError(f"Invalid array: {path} must be an array.", param=path)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [item(v, f"{path}[{k}]") for k, v in ordered]

    return checked


def _mapping(item: Check) -> Check:
    def checked(value: Any, path: str) -> Json:
        if not isinstance(value, dict):
            raise _invalid("object", value, path)
        if path.rpartition("[")[2].rstrip("]") == "metadata":
            _metadata_limits(value, path)
        return {k: v if v == "" else item(v, _join(path, k)) for k, v in value.items()}

    return checked


def _metadata_limits(value: Mapping[str, Any], path: str) -> None:
    if len(value) > 50:
        raise StripeError(f"Metadata can have up to 50 keys; you passed {len(value)}.", param=path)
    for key, text in value.items():
        where = f"{path}[{key}]"
        if len(key) > 40:
            raise StripeError(
                f"Metadata keys must be under 40 characters long. The following key is too long: {key}",
                param=where,
            )
        if isinstance(text, str) and len(text) > 500:
            raise StripeError(
                f"Metadata values can have up to 500 characters, but you passed {len(text)}.", param=where
            )


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        return _not_an_object(value, path)
    if value == "":
        raise _empty(path)
    most = _EVIDENCE_MAX if path.startswith("evidence[") else _TEXT_MAX
    if len(value) > most:
        raise StripeError(f"Invalid string: must be at most {most} characters", param=path)
    return value


def _integer(value: Any, path: str) -> int:
    if value == "":
        raise _empty(path)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value, re.ASCII):
        return int(value)
    raise _invalid("integer", value, path, "parameter_invalid_integer")


def _boolean(value: Any, path: str) -> bool:
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise _empty(path) if value == "" else _invalid("boolean", value, path)


def _decimal(value: Any, path: str) -> str:
    try:
        Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise _invalid("decimal", value, path) from error
    return str(value)


def _anything(value: Any, path: str) -> Any:
    return value


def _not_an_object(value: Any, path: str) -> str:
    raise StripeError(f"Invalid string: {value}", param=path)


def _empty(path: str) -> StripeError:
    return StripeError(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=path,
    )


def _invalid(kind: str, value: Any, path: str, code: str | None = None) -> StripeError:
    return StripeError(f"Invalid {kind}: {value}", code=code, param=path or None)


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


_SCALARS: dict[Any, Check] = {str: _text, int: _integer, bool: _boolean, float: _decimal, Decimal: _decimal}
