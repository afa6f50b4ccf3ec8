"""A page as a browser has it: its visit, the placements on it, and the batches it sends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.audience.buffer import Buffer
from workers import views


@pytest.fixture
def line(app: Flask) -> Iterator[Buffer]:
    """The buffer of this copy, empty before and after."""
    with app.app_context():
        here = views.here()
    names = [here.name, here._work, f"{here.name}:mark", f"{here.name}:refused"]
    here.redis.delete(*names)
    yield here
    here.redis.delete(*names)


@dataclass
class Opened:
    """An open page."""

    client: FlaskClient
    visit: str
    placements: list[str]

    def send(self, *events: str, **more: Any) -> Any:
        batch = {"visit": self.visit, "events": [f"{self.placements[0]}.{event}" for event in events]}
        return self.client.post("/api/v1/views", json=batch | more)


def open_page(client: FlaskClient, url: str) -> Opened:
    text = client.get(url).text
    found = re.search(r'data-visit="([^"]+)"', text)
    assert found, url
    return Opened(client, found[1], re.findall(r'data-view="([^"]+)"', text))


def count(app: Flask) -> int:
    with app.app_context():
        return views.drain()
