"""K6: finished videos go with a bid, and the merchant can play them."""

import secrets

from market.kit.db import db, transaction
from market.kit.ids import encode
from market.media.models import Asset, AssetShare, AssetState, Kind
from tests.briefs import bid, offer, opened, problem


def clip(app, player, state=AssetState.READY):
    with app.app_context(), transaction():
        asset = Asset(
            owner_id=player.party_id,
            kind=Kind.VIDEO,
            filename="溪流.mp4",
            size=1000,
            token=secrets.token_hex(16),
            state=state,
            revision="r1" if state is AssetState.READY else None,
            renditions={"mp4": "video.mp4", "poster": "poster.jpg"},
        )
        db.session.add(asset)
        db.session.flush()
        return encode("ast", asset.id)


def test_a_finished_video_is_shared_with_the_merchant(mei, lin, app):
    mine = clip(app, lin)
    task = opened(mei)

    placed = bid(lin, task, asset_ids=[mine])

    assert placed["asset_ids"] == [mine]
    assert "video.mp4" in mei.browser().get(f"/m/tasks/{task['id']}").text
    with app.app_context():
        assert [share.party_id for share in db.session.query(AssetShare)] == [mei.party_id]


def test_only_ones_own_finished_videos_go_with_a_bid(mei, lin, bo, app):
    task = opened(mei)
    foreign, unfinished = clip(app, bo), clip(app, lin, AssetState.PROCESSING)

    for asset in (foreign, unfinished):
        answer = lin.api("POST", f"/tasks/{task['id']}/bids", json=offer(asset_ids=[asset]))
        assert problem(answer)[2] == ["/asset_ids"]
    assert mei.api("GET", f"/tasks/{task['id']}").json["bids"] == 0
