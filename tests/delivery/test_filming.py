"""From the workroom to the camera and back: the film made by a template stands in the form of the order."""

import html
import re
from pathlib import Path
from uuid import UUID

from flask import Flask

from market.kit import ids
from tests.conftest import Player, csrf_token
from tests.delivery.test_hour import order_id  # noqa: F401
from tests.media.conftest import film, settings, shelf  # noqa: F401
from tests.media.test_work import put
from workers import media as worker


def test_whoever_films_for_an_order_comes_back_with_the_film_in_its_form(
    app: Flask,
    lin: Player,
    order_id: UUID,  # noqa: F811
    film: Path,  # noqa: F811
) -> None:
    creator = lin.browser()
    room = f"/orders/{ids.encode('ord', order_id)}"
    link = re.search(r'href="(/uploads/capture\?[^"]+)"', creator.get(room).text)
    assert link
    choice = creator.get(html.unescape(link[1])).text
    back = re.search(r'name="back" value="([^"]*)"', choice)
    assert back
    token = csrf_token(choice)

    def begin(way: str) -> str:
        said = creator.post("/uploads/capture", data={"csrf_token": token, "template": "free", "back": way})
        assert said.status_code == 303
        return str(said.location)

    studio = begin(html.unescape(back[1]))
    with app.app_context():
        asset = ids.encode("ast", put(lin, film))
    path = studio.replace("/uploads/capture", "/shoots")
    assert lin.api("PUT", f"{path}/takes/0", json={"asset_id": asset}).status_code == 200
    with app.app_context():
        worker.drain()
    made = lin.api("POST", f"{path}/film").json["film"]["id"]

    told = creator.get(f"{studio}/state").json["back"]
    assert told == f"{room}?film={made}#f-asset_id-label"
    assert f'name="asset_id" id="f-asset_id" value="{made}"' in creator.get(told.partition("#")[0]).text

    elsewhere = begin("https://evil.example/")
    other = elsewhere.replace("/uploads/capture", "/shoots")
    lin.api("PUT", f"{other}/takes/0", json={"asset_id": asset})
    lin.api("POST", f"{other}/film")
    assert creator.get(f"{elsewhere}/state").json["back"] is None, "only to pages of this site"
