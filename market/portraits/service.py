"""Note what was counted."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from market.kit.db import db
from market.portraits.models import Portrait, Whose


def note(party_id: UUID, whose: Whose, day: date, *, persons: int, cells: Mapping[str, Any]) -> None:
    """Keep what one day's count of a party's people was; told again, it is corrected."""
    counted = {"persons": persons, "cells": dict(cells)}
    row = insert(Portrait).values(party_id=party_id, whose=whose, day=day, **counted)
    db.session.execute(row.on_conflict_do_update(index_elements=["party_id", "whose", "day"], set_=counted))
