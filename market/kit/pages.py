"""HTML edges: forms that lose nothing a person typed, and filters for money and time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from flask import request
from flask_babel import get_timezone
from werkzeug.datastructures import MultiDict

from market.kit.errors import Invalid, NotFound, Refusal, Unauthenticated, flatten
from market.kit.look import day_and_time
from market.kit.schemas import TypedLines, TypedRows
from market.kit.words import _, language


class Form:
    """What a person typed, what it means, and what is wrong with it.

    `values` refill the inputs, `errors` stand at the fields (key "" is about the whole form), `data` is the
    loaded result and raises Invalid while there are errors; `attempt()` catches refusals onto the form.
    """

    def __init__(
        self, values: dict[str, Any] | None = None, errors: dict[str, list[str]] | None = None
    ) -> None:
        self.values = values or {}
        self.errors = errors or {}
        self.valid: dict[str, Any] = {}
        """What could be read, also when something else could not: drafts save this much."""
        self._data: dict[str, Any] = {}

    @property
    def data(self) -> dict[str, Any]:
        if self.errors:
            raise Invalid(dict(self.errors))
        return self._data

    @property
    def status(self) -> int:
        return 422 if self.errors else 200

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run the body; a refusal becomes errors on this form instead of an error page."""
        try:
            yield
        except (NotFound, Unauthenticated):
            raise
        except Refusal as refusal:
            for field, texts in (refusal.errors() or {"": [refusal.detail()]}).items():
                self.errors[field if field in self.values or field in self._known else ""] = texts

    _known: frozenset[str] = frozenset()


def read_form(schema: ma.Schema, source: "MultiDict[str, str] | None" = None) -> Form:
    """Load the posted form: dotted names nest, repeated names are lists, what was left empty is absent."""
    posted = request.form if source is None else source
    raw: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name in posted:
        if name in ("csrf_token", "idempotency_key") or (source is not None and name == "lang"):
            continue  # in an address, the reader's choice of language stands beside the form
        given = [value for value in posted.getlist(name) if value != ""]
        field = schema.load_fields.get(name)
        many = isinstance(field, ma.fields.List) and not isinstance(field, TypedLines | TypedRows)
        values[name] = posted.getlist(name) if many else posted[name]
        if not given and not many:
            continue
        at = raw
        *path, last = name.split(".")
        for step in path:
            at = at.setdefault(step, {})
        at[last] = given if many else given[0]
    form = Form(values)
    form._known = frozenset(schema.load_fields)
    try:
        form._data = form.valid = schema.load(raw)
    except ma.ValidationError as wrong:
        form.errors = flatten(wrong.messages)
        form.valid = wrong.valid_data if isinstance(wrong.valid_data, dict) else {}
    return form


def show(schema: ma.Schema, thing: Any) -> Form:
    """A form filled from an object or dict, for the first view of an edit page."""
    return Form(dict(schema.dump(thing)))


def local_path(target: str | None, default: str = "/") -> str:
    """`target` when it is a path on this site, else `default`: no open redirects."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc or any(ord(c) < 32 for c in target) else target


def format_fen(fen: int | None) -> str:
    """12345 → ¥123.45 (CN¥123.45 in English); None → —."""
    if fen is None:
        return "—"
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{'CN¥' if language() == 'en' else '¥'}{yuan:,}.{rest:02}"


def whole_yuan(fen: int | None) -> str:
    """As format_fen, without the hundredths where there are none: 12300 → ¥123."""
    return format_fen(fen).removesuffix(".00")


def format_when(moment: datetime | None, form: str = "medium") -> str:
    """A moment in the reader's zone; None → —."""
    if moment is None:
        return "—"
    said = day_and_time(moment.astimezone(get_timezone()), year=True)
    return f"{said} ({get_timezone()})" if form == "zone" else said


def format_percent(bps: int | None) -> str:
    """1250 → 12.5 %, from basis points."""
    return "—" if bps is None else f"{bps / 100:g}%"


def local_input(moment: datetime | None) -> str:
    """A moment as the value of a `datetime-local` input in the reader's zone."""
    if moment is None:
        return ""
    return moment.astimezone(get_timezone()).strftime("%Y-%m-%dT%H:%M")


def words_of_size(size: int | None) -> str:
    """Bytes in words: 1.5 MB."""
    amount = float(size or 0)
    for unit in ("B", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return _("%(n)s GB", n=f"{amount:.1f}")
